package tokenizer

import "slices"

// Words is a Tokenizer of one text, which the caller has cut into words: whatever text it
// is given, it encodes its words one by one, each as it would be in the middle of a text.
// A tokenizer that tells words after a space from others sees the space. Offsets count in
// Text. A Words is immutable, and as safe for concurrent use as its tokenizer.
type Words struct {
	Tokenizer
	Text   string   // the words with a space between them
	Places [][2]int // where each word begins and ends in Text
	words  []string
	space  bool // whether a word after a space has other tokens than one at the beginning
}

// NewWords makes a Words, which holds on to the slice.
func NewWords(t Tokenizer, words []string) *Words {
	w := &Words{Tokenizer: t, words: words, Places: make([][2]int, len(words))}
	n := 0
	for _, word := range words {
		n += len(word) + 1
	}
	text := make([]byte, 0, n)
	for i, word := range words {
		if i > 0 {
			text = append(text, ' ')
		}
		w.Places[i][0] = len(text)
		text = append(text, word...)
		w.Places[i][1] = len(text)
	}
	w.Text = string(text)
	w.space = !slices.Equal(t.Append(nil, "a"), t.Append(nil, " a"))
	return w
}

// Check is that of the tokenizer for all words, whatever the text.
func (w *Words) Check(string) error { return Check(w.Tokenizer, w.words...) }

// Append appends the ids of the words, whatever the text.
func (w *Words) Append(ids []int, _ string) []int {
	ids, _ = w.AppendSpans(ids, nil, "")
	return ids
}

// AppendSpans appends the ids of the words and their places in Text, whatever the text.
func (w *Words) AppendSpans(ids []int, spans []Span, _ string) ([]int, []Span) {
	for i, word := range w.words {
		if word == "" {
			continue
		}
		at, text := w.Places[i][0], word
		if w.space && i > 0 && word[0] != ' ' {
			at, text = at-1, " "+word // the space between the words
		}
		first := len(spans)
		ids, spans = w.Tokenizer.AppendSpans(ids, spans, text)
		for k := first; k < len(spans); k++ {
			s := &spans[k]
			s.Start, s.End = max(s.Start+at, w.Places[i][0]), max(s.End+at, w.Places[i][0])
		}
	}
	return ids, spans
}

// Of returns the index of the word that each token of an encoding of the words is of; -1
// for special tokens.
func (w *Words) Of(e *Encoding) []int {
	of := make([]int, len(e.IDs))
	k := 0
	for i, text := range e.Sequence {
		if text < 0 {
			of[i] = -1
			continue
		}
		for k+1 < len(w.Places) && e.Spans[i].Start >= w.Places[k+1][0] {
			k++
		}
		of[i] = k
	}
	return of
}
