package sentencepiece

import (
	"slices"
	"strings"
	"testing"

	"github.com/goroberta/goroberta/internal/trie"
	"github.com/goroberta/goroberta/tokenizer"
)

// checkExplain: the words have the ids of the text; the merges of each, or the best path of
// its lattice, end as its pieces.
func checkExplain(t *testing.T, tok *Tokenizer, text string) {
	t.Helper()
	m := tok.model
	var ids []int
	at := 0
	for _, w := range tok.Words(text) {
		ids = append(ids, w.IDs...)
		if w.Span.Start < at || w.Span.End < w.Span.Start || w.Span.End > len(text) {
			t.Fatalf("%q: word %+v after byte %d", text, w, at)
		}
		at = w.Span.Start
		x := tok.Explain(w)
		if w.Whole {
			continue
		}
		if got := strings.Join(x.Pieces(), ""); got != w.Text {
			t.Fatalf("%q: the pieces of %q are %q", text, w.Text, x.Pieces())
		}
		if tok.entries != nil || m.merger != nil && m.merger.left != nil {
			continue // pieces have other ids, or fall apart again
		}
		var want []int
		for _, p := range x.Pieces() {
			switch n := trie.Find(m.texts, p); {
			case n >= 0:
				want = append(want, n)
			case m.byteFallback:
				for i := range len(p) {
					want = append(want, int(m.bytes[p[i]]))
				}
			case len(want) == 0 || want[len(want)-1] != m.unk:
				want = append(want, m.unk)
			}
		}
		if !slices.Equal(w.IDs, want) {
			t.Fatalf("%q: the pieces %q of %q have ids %v, the word %v", text, x.Pieces(), w.Text, want, w.IDs)
		}
		for _, g := range x.Merges {
			if g.Made != strings.Join(x.Parts[g.From:g.To], "") || trie.Find(m.texts, g.Made) < 0 {
				t.Fatalf("%q: merge %+v of %q", w.Text, g, x.Parts)
			}
		}
		checkLattice(t, w.Text, x.Lattice)
	}
	if want := tok.Append(nil, text); !slices.Equal(ids, want) {
		t.Fatalf("%q: the words have ids %v, the text %v", text, ids, want)
	}
}

// checkLattice: no path through a lattice has a larger sum than the best one.
func checkLattice(t *testing.T, text string, lattice []tokenizer.Candidate) {
	t.Helper()
	if lattice == nil {
		return
	}
	best := map[int]float64{0: 0} // by byte
	path, end := 0.0, 0
	for _, c := range lattice {
		from, ok := best[c.Start]
		if !ok || c.Text != text[c.Start:c.End] {
			t.Fatalf("%q: candidate %+v", text, c)
		}
		if old, ok := best[c.End]; !ok || from+c.Score > old {
			best[c.End] = from + c.Score
		}
		if c.Best {
			if c.Start != end {
				t.Fatalf("%q: the best path has %+v after byte %d", text, c, end)
			}
			path, end = path+c.Score, c.End
		}
	}
	if limit := best[len(text)]; end != len(text) || path < limit-1e-3-1e-5*max(limit, -limit) {
		t.Fatalf("%q: the best path ends at %d with %v, want %v", text, end, path, limit)
	}
}

// FuzzExplain holds words, merges and lattices to the ids of the text.
func FuzzExplain(f *testing.F) {
	var all []*Tokenizer
	for _, name := range []string{"ties", "symbols", "lowcoverage", "suffix", "noprefix", "bytefallback", "bpe_unused", "bpe_bytefallback"} {
		m := loadGolden(f, "spm", name+".model")
		xlmr, err := NewXLMRoberta(m)
		if err != nil {
			f.Fatal(err)
		}
		all = append(all, m.Tokenizer(), xlmr)
	}
	for i, s := range []string{"Hello world", "ab abc  ▁▁ab", "½ ﬁ\u0301 ｶﾞ <mask> x", "\xff\xe2\x96a\ufffdb", "<sep>(c)ab c</s>", "☃☃ ☃\x00", strings.Repeat("abcde ", 50)} {
		f.Add(uint8(i), s)
	}
	f.Fuzz(func(t *testing.T, which uint8, text string) {
		if len(text) < 2000 {
			checkExplain(t, all[int(which)%len(all)], text)
		}
	})
}

// TestExplain goes through the golden texts with every model.
func TestExplain(t *testing.T) {
	all := texts(t)
	for _, name := range models(t) {
		tok := loadGolden(t, "spm", name+".model").Tokenizer()
		for i, text := range all {
			if i%3 == 0 && len(text) < 1000 {
				checkExplain(t, tok, text)
			}
		}
		if s := tok.Steps("a  b"); len(s) != 1 || s[0].Text != tok.model.Normalize("a  b") {
			t.Errorf("%s: steps %+v", name, s)
		}
	}
}
