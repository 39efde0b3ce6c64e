package hf

import (
	"unicode/utf8"

	"github.com/goroberta/goroberta/tokenizer"
)

var _ tokenizer.WordTokenizer = (*Tokenizer)(nil)

// Words returns what the pre-tokeniser makes of text, and the added tokens in it: what the
// tokenizers library numbers as word_ids. A text that Check refuses has none.
func (t *Tokenizer) Words(text string) []tokenizer.Word {
	w := &wording{t: t}
	if w.run(text) != nil {
		return nil
	}
	return w.words
}

// A wording is a text while it is cut into words. It takes the steps of an encoding, one
// by one.
type wording struct {
	t     *Tokenizer
	words []tokenizer.Word
}

func (w *wording) run(text string) (err error) {
	defer giveUp(&err)
	s := w.t.splitter(w.t.raw, text)
	for c, ok := s.next(); ok; c, ok = s.next() {
		switch {
		case c.lo >= c.hi:
		case c.id >= 0:
			w.whole(text[c.lo:c.hi], tokenizer.Span{Start: c.lo, End: c.hi}, c.id)
		default:
			w.normalize(piece{text: text[c.lo:c.hi], base: c.lo, orig: c.lo})
		}
	}
	return nil
}

func (w *wording) whole(text string, s tokenizer.Span, id int) {
	w.words = append(w.words, tokenizer.Word{Text: text, Span: s, IDs: []int{id}, Whole: true})
}

// normalize cuts what lies between added tokens of the text.
func (w *wording) normalize(p piece) {
	if !w.t.anyBytes && !utf8.ValidString(p.text) {
		p.toValid()
	}
	p = w.t.normal(p)
	s := w.t.splitter(w.t.normalized, p.text)
	for c, ok := s.next(); ok; c, ok = s.next() {
		switch {
		case c.lo >= c.hi:
		case c.id >= 0:
			w.whole(p.text[c.lo:c.hi], p.span(c.lo, c.hi), c.id)
		default:
			w.part(p.slice(c.lo, c.hi))
		}
	}
}

// part cuts what lies between added tokens of the normalised text.
func (w *wording) part(p piece) {
	if w.t.direct {
		w.direct(p)
		return
	}
	sc := new(scratch)
	pieces := []piece{p}
	for _, pre := range w.t.pre {
		var next []piece
		for i := range pieces {
			next = pre.split(next, pieces[i], sc)
		}
		pieces = next
	}
	for i := range pieces {
		p := &pieces[i]
		w.word(p.text, p.span(0, len(p.text)))
	}
}

// direct cuts a part as package bpe does. Its pieces are the text's bytes.
func (w *wording) direct(p piece) {
	text, space := p.text, 0
	if w.t.prefix && text[0] != ' ' {
		text, space = " "+text, 1
	}
	for start, end := range w.t.model.(*byteBPE).encoder.Pieces(text) {
		w.word(text[start:end], p.span(max(start-space, 0), end-space))
	}
}

func (w *wording) word(text string, s tokenizer.Span) {
	w.words = append(w.words, tokenizer.Word{Text: text, Span: s, IDs: w.t.model.appendIDs(nil, text)})
}
