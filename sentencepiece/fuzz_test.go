package sentencepiece

import (
	"errors"
	"slices"
	"strings"
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

func FuzzEncode(f *testing.F) {
	var all []*Model
	for _, name := range []string{"ties", "symbols", "lowcoverage", "suffix", "noprefix", "bytefallback", "bpe_unused", "bpe_bytefallback"} {
		all = append(all, loadGolden(f, "spm", name+".model"))
	}
	for _, s := range []string{"Hello world", "ab abc  ▁▁ab", "½ ﬁ\u0301 ｶﾞ", "\xff\xe2\x96a\ufffdb", "<sep>(c)ab c", "☃☃ ☃\x00", strings.Repeat("abcde ", 50)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, m := range all {
			checkEncoding(t, m, text)
		}
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
