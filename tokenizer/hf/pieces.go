package hf

import (
	"strings"

	"github.com/goroberta/goroberta/tokenizer"
)

var _ tokenizer.WordTokenizer = (*Tokenizer)(nil)

// Words returns what the pre-tokeniser makes of text, and the added tokens in it: what the
// tokenizers library numbers as word_ids. A text that Check refuses has none.
func (t *Tokenizer) Words(text string) []tokenizer.Word {
	e := encodings.Get().(*encoding)
	defer e.release()
	e.t, e.withSpans, e.wantWords, e.source = t, true, true, text
	if e.try(text) != nil {
		return nil
	}
	return e.words
}

// added appends an added token, which text is.
func (e *encoding) added(id int, text string, c cut, s tokenizer.Span) {
	if e.wantWords {
		e.words = append(e.words, tokenizer.Word{Text: strings.Clone(text), Span: s, IDs: []int{id}, Whole: true})
		return
	}
	e.token(token{id, c.lo, c.hi, text}, s)
}

// word appends what the model gets as one piece.
func (e *encoding) word(text string, s tokenizer.Span) {
	ids := e.t.model.appendIDs(nil, text, &e.mem)
	e.words = append(e.words, tokenizer.Word{Text: strings.Clone(text), Span: s, IDs: ids})
}

// directWords cuts a part as package bpe does. Its pieces are the text's bytes.
func (e *encoding) directWords(p piece) {
	text, space := p.text, 0
	if e.t.prefix && text[0] != ' ' {
		text, space = " "+text, 1
	}
	for start, end := range e.t.model.(*byteBPE).encoder.Pieces(text) {
		e.word(text[start:end], p.span(max(start-space, 0), end-space))
	}
}
