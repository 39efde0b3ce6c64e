package bpe

import (
	"slices"
	"strings"
	"testing"

	"github.com/goroberta/goroberta/tokenizer"
)

// checkExplain: the words have the ids of the text, and the merges of each end as its
// tokens.
func checkExplain(t *testing.T, tok *Tokenizer, text string) {
	var ids []int
	at := 0
	for _, w := range tok.Words(text) {
		ids = append(ids, w.IDs...)
		if w.Span.Start != at || w.Text != text[at:w.Span.End] {
			t.Errorf("%q: word %+v after byte %d", text, w, at)
		}
		at = w.Span.End
		x := tok.Explain(w)
		var want []string
		for _, id := range w.IDs {
			want = append(want, Written(tok.Bytes(id)))
		}
		if got := x.Pieces(); !slices.Equal(got, want) {
			t.Errorf("the merges of %q end as %q, want %q", w.Text, got, want)
		}
		for _, m := range x.Merges {
			if m.Made != strings.Join(x.Parts[m.From:m.To], "") || m.Mid <= m.From || m.To <= m.Mid {
				t.Errorf("%q: merge %+v of %q", w.Text, m, x.Parts)
			}
		}
	}
	if want := tok.Append(nil, text); at != len(text) || !slices.Equal(ids, want) {
		t.Errorf("%q: words of %d bytes with ids %v, want %v", text, at, ids, want)
	}
}

// FuzzExplain holds words and their merges to the ids of the text.
func FuzzExplain(f *testing.F) {
	tok := DefaultTokenizer()
	for _, text := range []string{"", "Hello world! It's 2026.", " An  unbelievableness\n\n", "naïve 東京 \xff\xf0\x9f", strings.Repeat("aB", 60)} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) < 3000 {
			checkExplain(t, tok, text)
		}
	})
}

// TestExplainSymbols: without a BPE words are symbols.
func TestExplainSymbols(t *testing.T) {
	tok := NewTokenizer(nil, DefaultDictionary())
	words := tok.Words(" 31414 <mask>\t232 ")
	var got []string
	for _, w := range words {
		got = append(got, w.Text)
		if x := tok.Explain(w); x.Pieces() != nil {
			t.Errorf("%q: %+v", w.Text, x)
		}
	}
	if !slices.Equal(got, []string{"31414", "<mask>", "232"}) || tok.Steps("a") != nil {
		t.Errorf("words %q", got)
	}
	var _ tokenizer.Explainer = tok
}
