package main

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/goroberta/goroberta/bpe"
	"github.com/goroberta/goroberta/tokenizer"
)

// TestCutWords: a text that is too long keeps as many whole words as there is room for, and
// no others.
func TestCutWords(t *testing.T) {
	tok := bpe.DefaultTokenizer()
	template := tok.Template()
	rng := rand.New(rand.NewPCG(1, 2))
	some := []string{"a", "Hello", "unbelievableness", "é", "日本語", "don't", ",", "\u00a0x", "🙂🙂", "\u00ff"}
	for range 2000 {
		var words []string
		var b strings.Builder
		for range 1 + rng.IntN(12) {
			w := some[rng.IntN(len(some))]
			if b.Len() > 0 && rng.IntN(4) > 0 {
				b.WriteByte(' ')
			}
			b.WriteString(w)
			words = append(words, w)
		}
		text, left := b.String(), rng.IntN(2) == 0
		limit := tokenizer.Limit{Length: 3 + rng.IntN(20), Truncation: tokenizer.LongestFirst, Left: left}
		got := wordText{text, words}
		err := got.cut(&encoder{tok: tok, template: template, limit: limit})
		tokens := func(text string) int { return len(template.IDs(tok, text)) }
		kept := len(got.Words)
		switch {
		case err != nil:
			if first := got.Words[:1]; strings.Contains(err.Error(), "no word fits") && tokens(first[0]) < limit.Length-2 && !left {
				t.Errorf("%q in %d tokens: %v", text, limit.Length, err)
			}
			continue
		case tokens(got.Text) > limit.Length:
			t.Errorf("%q in %d tokens, left %v: %q", text, limit.Length, left, got)
		case left && (!slices.Equal(got.Words, words[len(words)-kept:]) || !strings.HasSuffix(text, got.Text)),
			!left && (!slices.Equal(got.Words, words[:kept]) || !strings.HasPrefix(text, got.Text)):
			t.Errorf("%q in %d tokens, left %v: %q", text, limit.Length, left, got)
		case kept == len(words) && got.Text != text, kept < len(words) && tokens(text) <= limit.Length:
			t.Errorf("%q in %d tokens, left %v: %q", text, limit.Length, left, got)
		}
		if ends := wordEnds(got.Text, got.Words); ends == nil {
			t.Errorf("%q in %d tokens, left %v: the words of %q are not the text's", text, limit.Length, left, got)
		}
	}
}
