package fastbpe

import (
	"slices"
	"testing"
)

// checkExplain: the words have the ids of the text, and the merges of each end as the
// pieces that it is cut into.
func checkExplain(t *testing.T, tok *Tokenizer, text string) {
	var ids []int
	last := 0
	for _, w := range tok.Words(text) {
		ids = append(ids, w.IDs...)
		if w.Span.Start < last || w.Span.End < w.Span.Start || w.Span.End > len(text) {
			t.Errorf("%q: word %+v after byte %d", text, w, last)
		}
		last = w.Span.Start
		if w.Whole {
			continue
		}
		var want []string
		tok.codes.split(w.Text, func(lo, hi int) { want = append(want, w.Text[lo:hi]) })
		want[len(want)-1] += endOfWord
		x := tok.Explain(w)
		if got := x.Pieces(); !slices.Equal(got, want) {
			t.Errorf("the merges of %q end as %q, want %q", w.Text, got, want)
		}
	}
	if want := tok.Append(nil, text); !slices.Equal(ids, want) {
		t.Errorf("%q: the words have ids %v, the text %v", text, ids, want)
	}
}

// FuzzExplain holds words and their merges to the ids of the text, with and without tweets
// and for fairseq's ids.
func FuzzExplain(f *testing.F) {
	spec := readSpec(f)
	toks := []*Tokenizer{NewFairseq(append([]string{"<s>", "<pad>", "</s>", "<unk>"}, spec.Words...), -1, spec.Codes)}
	for _, tweets := range []bool{false, true} {
		spec.NormalizeTweets = tweets
		tok, err := New(spec)
		if err != nil {
			f.Fatal(err)
		}
		toks = append(toks, tok)
	}
	for i, text := range []string{"see http://a.b/c @me <mask> it's 5 p . m .", "  unbelievable \nwords\n\n", "\xff…’&#x41; <s>", "a</w> b@@ 🙂"} {
		f.Add(uint8(i), text)
	}
	f.Fuzz(func(t *testing.T, which uint8, text string) {
		if len(text) < 3000 {
			checkExplain(t, toks[int(which)%len(toks)], text)
		}
	})
}

// TestSteps: a tweet is rewritten before it is cut into words.
func TestSteps(t *testing.T) {
	spec := readSpec(t)
	spec.NormalizeTweets = true
	tok, err := New(spec)
	if err != nil {
		t.Fatal(err)
	}
	if s := tok.Steps("see http://a.b <mask> @me"); len(s) != 1 || s[0].Name != "normalizeTweet" || s[0].Text != "see HTTPURL<mask>@USER" {
		t.Errorf("steps %+v", s)
	}
	spec.NormalizeTweets = false
	if tok, err = New(spec); err != nil || tok.Steps("see http://a.b") != nil {
		t.Errorf("steps without tweets, %v", err)
	}
}
