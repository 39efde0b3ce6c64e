package hf

import (
	"slices"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/goroberta/goroberta/tokenizer"
)

// A model turns a piece into tokens.
type model interface {
	// appendIDs appends the ids of a piece that is not empty.
	appendIDs(ids []int, piece string, mem *scratch) []int
	// appendTokens appends its tokens.
	appendTokens(tokens []token, piece string, mem *scratch) []token
	// withoutSpecial returns the model in which no text is one of these tokens.
	withoutSpecial(special map[string]bool) model
}

// A token is what a model makes of a part of a piece.
type token struct {
	id     int
	lo, hi int    // the part
	value  string // what the tokenizers library calls it
}

// encode appends the ids of text, and the spans if they are wanted. If it returns an
// error it appends nothing.
func (t *Tokenizer) encode(ids []int, spans []tokenizer.Span, text string, withSpans bool) ([]int, []tokenizer.Span, error) {
	e := encodings.Get().(*encoding)
	defer e.release()
	e.t, e.ids, e.spans, e.withSpans, e.first, e.source = t, ids, spans, withSpans, len(spans), text
	if t.expressions {
		if err := e.try(text); err != nil {
			return ids, spans, err
		}
	} else {
		e.text(text)
	}
	return e.ids, e.spans, nil
}

// try is text with regular expressions, which may give up.
func (e *encoding) try(text string) (err error) {
	defer giveUp(&err)
	e.text(text)
	return nil
}

// An encoding is a text while it is encoded. It is used again for the next.
type encoding struct {
	t         *Tokenizer
	ids       []int
	spans     []tokenizer.Span
	withSpans bool
	first     int    // the place of the text's first span
	source    string // the whole text
	mem       scratch

	wantWords bool             // instead of ids and spans
	words     []tokenizer.Word // see Words
}

var encodings = sync.Pool{New: func() any { return new(encoding) }}

// release gives e back, without what belongs to the caller. Memory that is too large
// is not kept.
func (e *encoding) release() {
	if !e.mem.keep() {
		e.mem = scratch{}
	}
	*e = encoding{mem: e.mem}
	encodings.Put(e)
}

// text encodes the whole text.
func (e *encoding) text(text string) {
	s := e.t.splitter(e.t.raw, text)
	for c, ok := s.next(); ok; c, ok = s.next() {
		if c.lo >= c.hi {
			continue // nothing is left of a token in the white space that the one before took
		}
		if c.id >= 0 {
			e.added(c.id, text[c.lo:c.hi], c, tokenizer.Span{Start: c.lo, End: c.hi})
		} else {
			e.normalize(text[c.lo:c.hi], c.lo)
		}
	}
}

// normalize encodes text, which lies between added tokens and begins at byte base of the
// source.
func (e *encoding) normalize(text string, base int) {
	e.mem.reset()
	p := piece{text: text, base: base, orig: base, mem: &e.mem}
	if !e.t.anyBytes {
		p.loose = e.t.loose && !e.withSpans
		if p.loose && base == 0 {
			_, p.head = utf8.DecodeRuneInString(text)
		}
		if !utf8.ValidString(text) {
			p = p.toValid()
		} else if e.t.chunks != nil && !e.withSpans && e.chunks(text) {
			return
		}
	}
	for _, n := range e.t.normalizer {
		p = n.normalize(p)
	}
	if p.text == "" {
		return
	}
	s := e.t.splitter(e.t.normalized, p.text)
	for c, ok := s.next(); ok; c, ok = s.next() {
		if c.lo >= c.hi {
			continue
		}
		if c.id >= 0 {
			e.added(c.id, p.text[c.lo:c.hi], c, p.span(c.lo, c.hi))
		} else {
			e.part(p.slice(c.lo, c.hi))
		}
	}
}

// part encodes what lies between added tokens of the normalised text.
func (e *encoding) part(p piece) {
	switch {
	case !e.t.direct:
		e.cut(p, 0)
	case e.wantWords:
		e.directWords(p)
	default:
		e.direct(p)
	}
}

// cut encodes a piece by the pre-tokenisers from the given one on.
func (e *encoding) cut(p piece, next int) {
	if next < len(e.t.pre) {
		e.t.pre[next].split(e, p, next+1)
	} else {
		e.piece(&p)
	}
}

// piece encodes one piece.
func (e *encoding) piece(p *piece) {
	if !e.withSpans {
		e.ids = e.t.model.appendIDs(e.ids, p.text, &e.mem)
		return
	}
	if e.wantWords {
		e.word(p.text, p.span(0, len(p.text)))
		return
	}
	e.mem.tokens = e.t.model.appendTokens(e.mem.tokens[:0], p.text, &e.mem)
	for _, t := range e.mem.tokens {
		e.token(t, p.span(t.lo, t.hi))
	}
}

// direct encodes a part by package bpe, which cuts it itself.
func (e *encoding) direct(p piece) {
	m := e.t.model.(*byteBPE)
	space := 0
	n := len(e.ids)
	if e.t.prefix && p.text[0] != ' ' {
		space = 1
		e.ids = m.encoder.AppendAfterSpace(e.ids, p.text)
	} else {
		e.ids = m.encoder.Append(e.ids, p.text)
	}
	if !e.withSpans {
		return
	}
	e.spans = slices.Grow(e.spans, len(e.ids)-n)
	at := -space
	for _, id := range e.ids[n:] {
		info := m.info(id)
		end := at + int(info.size)
		s := p.span(max(at, 0), end)
		if at < 0 && end == 0 { // the space alone: it counts as a part of the first character
			s = p.span(0, 1)
		}
		e.spans = append(e.spans, e.trim(s, int(info.leading), int(info.trailing)))
		at = end
	}
}

// token appends a token.
func (e *encoding) token(t token, s tokenizer.Span) {
	e.ids = append(e.ids, t.id)
	if !e.withSpans {
		return
	}
	if len(e.t.trims) > 0 {
		leading, trailing := spacesAround(t.value)
		s = e.trim(s, leading, trailing)
	}
	e.spans = append(e.spans, s)
}

// spacesAround returns how many characters at either end of a token's name are white
// space.
func spacesAround(name string) (leading, trailing int) {
	for _, c := range name {
		if !isSpaceName(c) {
			break
		}
		leading++
	}
	for name != "" {
		c, n := utf8.DecodeLastRuneInString(name)
		if !isSpaceName(c) {
			break
		}
		trailing++
		name = name[:len(name)-n]
	}
	return leading, trailing
}

func isSpaceName(c rune) bool { return c == 'Ġ' || unicode.IsSpace(c) }

// trim takes the white space at either end of a token out of its span, as the
// post-processor ByteLevel does for the next token. It counts characters, not bytes.
func (e *encoding) trim(s tokenizer.Span, leading, trailing int) tokenizer.Span {
	if leading == 0 && trailing == 0 {
		return s
	}
	for _, prefix := range e.t.trims {
		n := leading
		if prefix && n == 1 && (len(e.spans) == e.first || s.Start == 0) {
			n = 0 // the space was added
		}
		for range n {
			if s.Start >= s.End {
				break
			}
			_, size := utf8.DecodeRuneInString(e.source[s.Start:])
			s.Start += size
		}
		end := s.End
		n = trailing
		for ; n > 0 && end > 0; n-- {
			_, size := utf8.DecodeLastRuneInString(e.source[:end])
			end -= size
		}
		if n == 0 {
			s.End = max(end, s.Start)
		}
	}
	return s
}
