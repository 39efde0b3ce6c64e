package pipeline

import (
	"errors"
	"strings"
	"testing"

	"github.com/goroberta/goroberta/tokenizer"
)

// A wordLetters makes words of single bytes; with forgets it forgets half of them, as a
// tokenizer may whose regular expression gives up.
type wordLetters struct {
	letters
	forgets bool
}

func (w *wordLetters) Words(text string) []tokenizer.Word {
	ids := w.Append(nil, text)
	if w.forgets {
		ids = ids[:len(ids)/2]
	}
	var words []tokenizer.Word // a word for each byte
	for i := range ids {
		words = append(words, tokenizer.Word{IDs: ids[i : i+1]})
	}
	return words
}

// TestReaderWords checks that windows and words must fit, whatever the tokenizer says.
func TestReaderWords(t *testing.T) {
	for _, left := range []bool{false, true} {
		limit := tokenizer.Limit{Length: 20, Stride: 3, Truncation: tokenizer.OnlySecond, Left: left}
		for _, windows := range []bool{false, true} {
			r := &Reader{sequencer: &sequencer{limit: limit, windows: windows, spans: true}, align: true}
			text := strings.Repeat("letters ", 9)
			r.sequencer.tok = &wordLetters{}
			j, err := r.prepare(Question{"who?", text})
			if err != nil {
				t.Fatal(err)
			}
			for w := range j.sequences {
				s := &j.sequences[w]
				first := 0
				for s.Sequence[first] != 1 {
					first++
				}
				if len(s.words) != ofText(s, 1) || s.words[0] != s.Spans[first].Start {
					t.Errorf("window %d has the words %v, want them from %d", w, s.words, s.Spans[first].Start)
				}
			}
			if windows == (len(j.sequences) == 1) {
				t.Errorf("%d windows", len(j.sequences))
			}
			r.sequencer.tok = &wordLetters{forgets: true}
			if _, err := r.prepare(Question{"who?", text}); windows && !errors.Is(err, ErrInput) {
				t.Errorf("error %v, want ErrInput", err)
			}
			if _, err := r.prepare(Question{"who?", "abcdef"}); !errors.Is(err, ErrInput) {
				t.Errorf("error %v, want ErrInput", err)
			}
		}
	}
}
