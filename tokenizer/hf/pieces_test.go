package hf

import (
	"compress/gzip"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/goroberta/goroberta/tokenizer"
)

// TestWords compares words with word_ids of the tokenizers library.
func TestWords(t *testing.T) {
	f, err := os.Open("testdata/words.json.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var want map[string][][]int
	if err := json.NewDecoder(z).Decode(&want); err != nil {
		t.Fatal(err)
	}
	all, err := goldens()
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range all {
		tok, err := Parse(g.json, "tokenizer.json")
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, row := range g.Rows {
			if len(row.Texts) != 1 {
				continue
			}
			got, want := tokenizer.WordIDs(tok, row.Texts[0]), renumbered(want[g.Name][n])
			if got = renumbered(got); !slices.Equal(got, want) {
				t.Errorf("%s: words of %q are %v, want %v", g.Name, row.Texts[0], got, want)
			}
			checkWords(t, tok, row.Texts[0])
			n++
		}
		if n != len(want[g.Name]) || n == 0 {
			t.Errorf("%s: %d texts, want %d", g.Name, n, len(want[g.Name]))
		}
	}
}

// renumbered counts words from 0 without gaps: a word may have no tokens.
func renumbered(words []int) []int {
	out, n := make([]int, len(words)), 0
	for i := range words {
		if i > 0 && words[i] != words[i-1] {
			n++
		}
		out[i] = n
	}
	return out
}

// checkWords: the words' ids are those of the text, and their spans lie in it.
func checkWords(t *testing.T, tok *Tokenizer, text string) {
	var ids []int
	for _, w := range tok.Words(text) {
		ids = append(ids, w.IDs...)
		if w.Span.Start < 0 || w.Span.End < w.Span.Start || w.Span.End > len(text) {
			t.Errorf("%q: word %+v", text, w)
		}
		if w.Whole && (len(w.IDs) != 1 || !strings.Contains(text, w.Text) && tok.normalized == nil) {
			t.Errorf("%q: added token %+v", text, w)
		}
	}
	if want := tok.Append(nil, text); !slices.Equal(ids, want) {
		t.Errorf("%q: the words have ids %v, the text %v", text, ids, want)
	}
}

// FuzzWords holds words to the ids of the whole text, for all golden tokenizers.
func FuzzWords(f *testing.F) {
	all, err := goldens()
	if err != nil {
		f.Fatal(err)
	}
	var toks []*Tokenizer
	for i, g := range all {
		tok, err := Parse(g.json, "tokenizer.json")
		if err != nil {
			f.Fatal(err)
		}
		toks = append(toks, tok, tok.Plain())
		f.Add(uint8(i), "  Don't <mask>\u00a0cut é 12,5\n\n▁words </s>")
	}
	f.Fuzz(func(t *testing.T, which uint8, text string) {
		checkWords(t, toks[int(which)%len(toks)], text)
	})
}
