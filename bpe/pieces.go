package bpe

import (
	"iter"

	"github.com/goroberta/goroberta/tokenizer"
)

// Pieces yields the start and end of each piece that s is cut into. The pieces follow one
// another without gaps, and each is merged by itself.
func (e *Encoder) Pieces(s string) iter.Seq2[int, int] {
	return func(yield func(start, end int) bool) {
		if e.pattern != nil {
			more := true
			e.pattern.split(s, func(start, end int) { more = more && yield(start, end) })
			return
		}
		for start := 0; start < len(s); {
			end := nextPiece(s, start, e.edition)
			if !yield(start, end) {
				return
			}
			start = end
		}
	}
}

// Words returns the pieces of text with their ids: it makes a Tokenizer a
// tokenizer.WordTokenizer.
func (t *Tokenizer) Words(text string) []tokenizer.Word {
	var words []tokenizer.Word
	add := func(start, end int, ids []int) {
		words = append(words, tokenizer.Word{Text: text[start:end], Span: tokenizer.Span{Start: start, End: end}, IDs: ids})
	}
	if t.encoder == nil {
		for start, end := range fields(text) {
			add(start, end, []int{t.dict.Index(text[start:end])})
		}
		return words
	}
	for start, end := range t.encoder.Pieces(text) {
		ids := t.encoder.AppendPiece(nil, text[start:end])
		t.mapIDs(ids)
		add(start, end, ids)
	}
	return words
}

var _ tokenizer.WordTokenizer = (*Tokenizer)(nil)
