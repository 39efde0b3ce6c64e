package pipeline

import (
	"errors"
	"slices"
	"testing"

	"github.com/goroberta/goroberta/roberta"
	"github.com/goroberta/goroberta/tokenizer"
)

// TestScorerWords checks what is hidden with words, also of a text that is cut, and that
// words must fit, whatever the tokenizer says.
func TestScorerWords(t *testing.T) {
	for _, left := range []bool{false, true} {
		sc := &Scorer{words: true, sequencer: &sequencer{limit: tokenizer.Limit{Length: 6, Truncation: tokenizer.OnlyFirst, Left: left}, spans: true}}
		sc.sequencer.tok = &wordLetters{}
		j, err := sc.prepare(Text("abcdefgh"))
		if err != nil {
			t.Fatal(err)
		}
		s := &j.sequences[0]
		var want []roberta.Cloze // each letter is a word
		for i, text := range s.Sequence {
			if text == 0 {
				want = append(want, roberta.Cloze{At: i, End: i + 1})
			}
		}
		if !slices.Equal(s.clozes, want) || len(want) == 0 {
			t.Errorf("hidden %v, want %v", s.clozes, want)
		}
		sc.sequencer.tok = &wordLetters{forgets: true}
		if _, err := sc.prepare(Text("abcd")); !errors.Is(err, ErrInput) {
			t.Errorf("error %v, want ErrInput", err)
		}
	}
}
