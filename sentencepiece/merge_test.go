package sentencepiece

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/goroberta/goroberta/internal/trie"
	"github.com/goroberta/goroberta/internal/unigram"
)

// merged is what the library does with a normalised text, in plain loops: the slow twin of
// a merger. All of the text is merged at once, and the parts of UNUSED pieces are those of
// the last pair that was seen.
func merged(m *Model, text string) (tokens []unigram.Token) {
	type parts struct{ left, right string }
	var symbols []string
	frozen := map[int]bool{} // by where in the text a symbol begins
	for at := 0; at < len(text); {
		size := min(unigram.CharLen(text[at]), len(text)-at)
		if len(m.normalizer.user.Units) > 0 {
			if _, n := trie.Longest(m.normalizer.user, text[at:]); n > 0 {
				size, frozen[at] = n, true
			}
		}
		symbols = append(symbols, text[at:at+size])
		at += size
	}
	last := map[string]parts{}
	see := func(i, at int) {
		if i < 0 || i+1 >= len(symbols) || frozen[at] || frozen[at+len(symbols[i])] {
			return
		}
		made := symbols[i] + symbols[i+1]
		if n := trie.Find(m.texts, made); n >= 0 && m.pieces[n].kind == Unused {
			last[made] = parts{symbols[i], symbols[i+1]}
		}
	}
	at := 0
	for i, s := range symbols {
		see(i, at)
		at += len(s)
	}
	for {
		best, where, score := -1, 0, int32(0)
		at := 0
		for i := range len(symbols) - 1 {
			n := trie.Find(m.texts, symbols[i]+symbols[i+1])
			if n >= 0 && !frozen[at] && !frozen[at+len(symbols[i])] && (best < 0 || order(m.pieces[n].score) > score) {
				best, where, score = i, at, order(m.pieces[n].score)
			}
			at += len(symbols[i])
		}
		if best < 0 {
			break
		}
		symbols[best] += symbols[best+1]
		symbols = slices.Delete(symbols, best+1, best+2)
		if best > 0 {
			see(best-1, where-len(symbols[best-1]))
		}
		see(best, where)
	}
	end := 0
	var put func(s string, depth int)
	put = func(s string, depth int) {
		n := trie.Find(m.texts, s)
		if n >= 0 && m.pieces[n].kind == Unused && depth <= maxSplits {
			if p, ok := last[s]; ok {
				put(p.left, depth+1)
				put(p.right, depth+1)
				return
			}
			n = -1
		}
		end += len(s)
		if n < 0 {
			n = m.unk
			if k := len(tokens) - 1; !m.byteFallback && k >= 0 && tokens[k].ID == n {
				tokens[k].End = end
				return
			}
		}
		tokens = append(tokens, unigram.Token{ID: n, End: end})
	}
	for _, s := range symbols {
		put(s, 0)
	}
	return tokens
}

// TestMerge: a merger does what its twin does, whichever pieces are UNUSED, whichever scores
// are equal, and whether pieces cross words.
func TestMerge(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	texts := 0
	for range 400 {
		letters := "abc"[:2+r.IntN(2)]
		m := small()
		seen := map[string]bool{"a": true, "b": true, spaceSymbol: true, "ab": true}
		crossing := r.IntN(4) == 0
		random := func(n int) string {
			var s strings.Builder
			if r.IntN(3) == 0 {
				s.WriteString(spaceSymbol)
			}
			for range n {
				s.WriteByte(letters[r.IntN(len(letters))])
				if crossing && r.IntN(10) == 0 {
					s.WriteString(spaceSymbol)
				}
			}
			return s.String()
		}
		for range 5 + r.IntN(30) {
			kind := []PieceType{Normal, Normal, Normal, Unused, Unused, Unused, UserDefined}[r.IntN(6+r.IntN(2))]
			if p := random(1 + r.IntN(5)); !seen[p] {
				seen[p] = true
				m.piece(p, -float32(r.IntN(6)), kind)
			}
		}
		model, err := Load(m.trainer(bpeType).data, "m.model")
		if err != nil {
			t.Fatal(err)
		}
		var mem merging
		for range 60 {
			text := ""
			for range 1 + r.IntN(8) {
				text += random(r.IntN(8))
			}
			texts++
			if got, want := model.merger.append(&mem, nil, []byte(text)), merged(model, text); !slices.Equal(got, want) {
				t.Fatalf("%q: %v, want %v, of pieces %v", text, got, want, model.pieces)
			}
		}
	}
	if texts < 20000 {
		t.Errorf("%d texts", texts)
	}
}
