package sentencepiece

import (
	"encoding/binary"
	"errors"
	"slices"
	"testing"
	"unicode/utf8"

	"github.com/goroberta/goroberta/internal/unigram"
)

// viterbi is the search as the package's page has it, in plain loops: the slow twin of
// what a unigram model does with normalised text. It returns the ids, unknown characters
// joined.
func viterbi(m *Model, s string) []int {
	type entry struct {
		score float32
		start int
		id    int
		set   bool
	}
	byText := map[string]int{}
	longest := 0
	unknown := float32(3.4028234663852886e38)
	for id, p := range m.pieces {
		if p.kind == Normal {
			unknown = min(unknown, p.score)
		}
		if p.kind == Normal || p.kind == UserDefined {
			byText[p.text] = id
			longest = max(longest, len(p.text))
		}
	}
	unknown -= 10
	best := make([]entry, len(s)+1)
	offer := func(end int, e entry) {
		if !best[end].set || e.score > best[end].score {
			best[end] = e
		}
	}
	for at := 0; at < len(s); {
		if here := best[at].score; here < -100000 || here > 100000 {
			for i := at; i < len(best); i++ {
				best[i].score -= here // of those not reached it does not matter
			}
			best[at].score = 0
		}
		size := min(unigram.CharLen(s[at]), len(s)-at)
		single := false
		for n := 1; n <= min(longest, len(s)-at); n++ {
			id, ok := byText[s[at:at+n]]
			if !ok {
				continue
			}
			score := m.pieces[id].score
			if m.pieces[id].kind == UserDefined {
				score = float32(0.1 * float64(n-1))
			}
			offer(at+n, entry{score + best[at].score, at, id, true})
			single = single || n == size
		}
		if !single {
			offer(at+size, entry{unknown + best[at].score, at, m.unk, true})
		}
		at += size
	}
	var ids []int
	for end := len(s); end > 0; end = best[end].start {
		if id := best[end].id; id != m.unk || len(ids) == 0 || ids[len(ids)-1] != m.unk {
			ids = append(ids, id)
		}
	}
	slices.Reverse(ids)
	return ids
}

// checkEncoding holds what a model makes of a text to what must be true of it.
func checkEncoding(t *testing.T, m *Model, text string) {
	t.Helper()
	s := m.cut(text, true)
	norm, end, origin := string(s.text), 0, 0
	for _, token := range s.tokens {
		if token.End <= end || token.End > len(norm) {
			t.Fatalf("%q: token to %d after %d, of %d normalised bytes", text, token.End, end, len(norm))
		}
		if p := norm[end:token.End]; token.ID != m.unk && m.pieces[token.ID].text != p {
			t.Fatalf("%q: id %d for %q is piece %q", text, token.ID, p, m.pieces[token.ID].text)
		}
		end = token.End
	}
	if end != len(norm) || len(s.origin) != len(norm)+1 {
		t.Fatalf("%q: the pieces end at %d of %d normalised bytes, with %d origins", text, end, len(norm), len(s.origin))
	}
	for _, o := range s.origin {
		if o < origin || o > len(text) {
			t.Fatalf("%q: origins %v", text, s.origin)
		}
		origin = o
	}
	if m.bpe && len(norm) < 300 {
		if want := merged(m, norm); !slices.Equal(s.tokens, want) {
			t.Fatalf("%q: cut into %v, want %v", text, s.tokens, want)
		}
	}
	m.release(s)
	if got := m.Normalize(text); got != norm {
		t.Fatalf("%q: normalised to %q, without offsets to %q", text, norm, got)
	}
	tok := m.Tokenizer()
	checkSpans(t, tok, text)
	ids := tok.Append(nil, text)
	if !m.bpe && !m.byteFallback {
		if want := viterbi(m, norm); !slices.Equal(ids, want) {
			t.Fatalf("%q: ids %v, want %v", text, ids, want)
		}
	}
	tok.AppendText(nil, ids)
}

// fuzzModels are small: what a model of thousands of pieces takes to check a text leaves
// no time for other texts. Letters are few, so that pieces are found often.
func fuzzModels(f *testing.F) (all []*Model) {
	// The charsmap makes "a b" of \x01 and nothing of \x01\x04.
	var charsmap []byte
	const leaf, value = 1 << 8, 1 << 31
	for _, u := range []uint32{32, 0, leaf | 3<<10 | 1, value, 0, 0, 0, leaf | 1<<10 | 4, value | 4} {
		charsmap = binary.LittleEndian.AppendUint32(charsmap, u)
	}
	charsmap = append(charsmap, "a b\x00\x00"...)
	unused := func() *maker {
		return small().piece("ba", -1, Unused).piece("aba", -1, Unused).piece("abab", -0.5, Unused).piece("▁a", -3, Normal).piece("b▁a", -6, Normal)
	}
	normalizer := func(m *maker) { m.bytes(2, charsmap) }
	fallback := func(m *maker) { m.varint(35, 1) }
	for i, m := range []*maker{
		small().normalizer(normalizer),
		small().piece("▁a", -4.5, Normal).piece("a▁", -1, Normal).piece("aba", -6, Normal).piece("abab", -8, Normal),
		small().piece("<c>", 0, UserDefined).piece("b▁b", 0, UserDefined).normalizer(func(m *maker) { m.bytes(2, charsmap).varint(4, 0).varint(5, 0) }),
		small().trainer(func(m *maker) { m.varint(24, 1) }).normalizer(normalizer),
		bytePieces(small()).trainer(fallback),
		small().piece("▁a", -3, Normal).piece("aba", -1, Normal).trainer(bpeType),
		unused().trainer(bpeType),
		unused().piece("b▁b", 0, UserDefined).trainer(bpeType).normalizer(normalizer),
		bytePieces(unused()).trainer(func(m *maker) { bpeType(m); fallback(m) }),
	} {
		model, err := Load(m.data, "fuzz.model")
		if err != nil {
			f.Fatalf("model %d: %v", i, err)
		}
		all = append(all, model)
	}
	return all
}

func FuzzEncode(f *testing.F) {
	all := fuzzModels(f)
	for _, s := range []string{"aba  b", "ab abc  ▁▁ab", "\x01\x01\x04 \x01b \x04", "\xff\xe2\x96a\ufffdb", "a<c>b b▁b", "☃☃ ☃\x00", "ababababa bababab"} {
		for which := range all {
			f.Add(uint8(which), s)
		}
	}
	f.Fuzz(func(t *testing.T, which uint8, text string) {
		checkEncoding(t, all[int(which)%len(all)], text[:min(len(text), 200)])
	})
}

func FuzzLoad(f *testing.F) {
	for _, data := range [][]byte{
		small().data,
		small().piece("ba", -1, UserDefined).piece("bb", -1, Unused).trainer(bpeType).data,
		small().trainer(func(m *maker) { m.varint(24, 1).bytes(44, []byte("?")) }).data,
		small().normalizer(func(m *maker) { m.varint(3, 0).varint(4, 0).varint(5, 0) }).data,
	} {
		f.Add(data, "ab ba▁b☃\xff")
	}
	f.Fuzz(func(t *testing.T, data []byte, text string) {
		m, err := Load(data, "fuzz.model")
		if err != nil {
			if _, ok := errors.AsType[*FileError](err); !ok || len(err.Error()) > 400 || !utf8.ValidString(err.Error()) {
				t.Fatalf("error %#v", err)
			}
			return
		}
		if n := m.Len(); n > len(data)/2 {
			t.Fatalf("%d bytes have %d pieces", len(data), n)
		}
		if len(text) < 1000 {
			checkEncoding(t, m, text)
		}
		for id := -1; id <= min(m.Len(), 300); id++ {
			m.Tokenizer().AppendText(nil, []int{id, 0, id})
		}
	})
}
