package pipeline

import (
	"slices"

	"github.com/goroberta/goroberta/tokenizer"
)

// A wordReader encodes a text that is cut into words. It is a tokenizer.Tokenizer for
// that one text.
type wordReader struct {
	tokenizer.Tokenizer
	words  []string
	text   string   // the words with a space between them
	places [][2]int // of the words in it
	space  bool     // whether a word after a space has other tokens than one at the beginning
}

func newWordReader(tok tokenizer.Tokenizer, words []string) *wordReader {
	w := &wordReader{Tokenizer: tok, words: words, places: make([][2]int, len(words))}
	n := 0
	for _, word := range words {
		n += len(word) + 1
	}
	text := make([]byte, 0, n)
	for i, word := range words {
		if i > 0 {
			text = append(text, ' ')
		}
		w.places[i][0] = len(text)
		text = append(text, word...)
		w.places[i][1] = len(text)
	}
	w.text = string(text)
	w.space = !slices.Equal(tok.Append(nil, "a"), tok.Append(nil, " a"))
	return w
}

// Check is that of the tokenizer for all words, whatever the text.
func (w *wordReader) Check(string) error { return tokenizer.Check(w.Tokenizer, w.words...) }

func (w *wordReader) Append(ids []int, _ string) []int {
	ids, _ = w.AppendSpans(ids, nil, "")
	return ids
}

func (w *wordReader) AppendSpans(ids []int, spans []tokenizer.Span, _ string) ([]int, []tokenizer.Span) {
	for i, word := range w.words {
		if word == "" {
			continue
		}
		at, text := w.places[i][0], word
		if w.space && i > 0 && word[0] != ' ' {
			at, text = at-1, " "+word // the space between the words
		}
		first := len(spans)
		ids, spans = w.Tokenizer.AppendSpans(ids, spans, text)
		for k := first; k < len(spans); k++ {
			s := &spans[k]
			s.Start, s.End = max(s.Start+at, w.places[i][0]), max(s.End+at, w.places[i][0])
		}
	}
	return ids, spans
}
