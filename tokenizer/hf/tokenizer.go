package hf

import (
	"slices"
	"unicode"
	"unicode/utf8"

	"github.com/goroberta/goroberta/tokenizer"
)

// A Tokenizer is the pipeline that a tokenizer.json describes. It is a
// tokenizer.Tokenizer. It does not change and may be used by any number of
// goroutines.
type Tokenizer struct {
	vocab      *vocabulary
	added      addedTokens
	raw        *matcher // added tokens that are looked for in the text
	normalized *matcher // those that are looked for in the normalised text
	plain      bool     // special tokens in a text are letters

	normalizer  []normalizer
	pre         []preTokenizer
	anyBytes    bool    // text that is not UTF-8 goes through as it is
	mapped      bool    // the last of pre writes bytes as characters; the model takes the bytes themselves
	direct      bool    // pre is GPT-2's pattern alone, which package bpe knows
	prefix      bool    // with direct: a space is put before a part that does not begin with one
	expressions bool    // the normaliser or the pre-tokeniser has regular expressions, which may give up
	loose       bool    // ids do not depend on where text comes from
	chunks      *chunks // how words are encoded by themselves, or nil
	model       model
	trims       []bool // how offsets are trimmed; true: a space at the start was added
	decoder     []decoder
	joined      bool // there is no decoder: tokens have spaces between

	template tokenizer.Template
	special  tokenizer.Special
	info     tokenizer.Info
	size     int
}

var _ tokenizer.Checker = (*Tokenizer)(nil)

// A model turns a piece into tokens.
type model interface {
	// appendIDs appends the ids of a piece that is not empty.
	appendIDs(ids []int, piece string) []int
	// appendTokens appends its tokens.
	appendTokens(tokens []token, piece string) []token
	// withoutSpecial returns the model in which no text is one of these tokens.
	withoutSpecial(special map[string]bool) model
}

// A token is what a model makes of a part of a piece.
type token struct {
	id     int
	lo, hi int    // the part
	value  string // what the tokenizers library calls it
}

// Info returns what the files say of the tokenizer. The caller must not change it.
func (t *Tokenizer) Info() tokenizer.Info { return t.info }

// Plain returns the tokenizer for which special tokens spelled out in a text are
// letters, as is safe for texts of strangers. Added tokens that are not special are
// found as before. That is encode_special_tokens in the tokenizers library.
func (t *Tokenizer) Plain() *Tokenizer {
	plain := *t
	plain.plain = true
	plain.model = t.model.withoutSpecial(t.added.special)
	plain.chunks = newChunks(&plain)
	return &plain
}

// Lookup returns the id of the token with this name, as the file writes it.
func (t *Tokenizer) Lookup(name string) (id int, ok bool) {
	if id, ok := t.added.ids[name]; ok {
		return id, true
	}
	return t.vocab.id(name)
}

// Name returns the name of the token with this id, as the file writes it: "Ġthe".
func (t *Tokenizer) Name(id int) (name string, ok bool) {
	if a := t.added.get(id); a != nil {
		return a.Content, true
	}
	return t.vocab.name(id)
}

// Len returns one more than the largest id.
func (t *Tokenizer) Len() int { return t.size }

// Special returns the ids of the special tokens.
func (t *Tokenizer) Special() tokenizer.Special { return t.special }

// Template returns the special tokens that the file's post-processor puts around texts.
func (t *Tokenizer) Template() tokenizer.Template { return t.template }

// Kind returns Text for tokens of the vocabulary and for added tokens that are not
// special. Of those that are, it returns Marker for the ones that begin and end a text,
// Filler for the one that pads, and Symbol for the others.
func (t *Tokenizer) Kind(id int) tokenizer.Kind {
	name, ok := t.decodedName(id)
	switch {
	case !ok:
		return tokenizer.Filler
	case !t.added.special[name]:
		return tokenizer.Text
	case id == t.special.BOS || id == t.special.EOS:
		return tokenizer.Marker
	case id == t.special.Pad:
		return tokenizer.Filler
	}
	return tokenizer.Symbol
}

// Append appends the ids of text, without special tokens around it. Added tokens
// spelled out in text get their ids: see Plain.
func (t *Tokenizer) Append(ids []int, text string) []int {
	e := encoding{t: t, ids: ids}
	if e.run(text) != nil {
		return ids
	}
	return e.ids
}

// Check returns a *PatternError if a regular expression of the file gives up on text,
// as a hostile pair of an expression and a text makes it. For such a text Append and
// AppendSpans append nothing. Check takes as long as Append, or no time at all if the
// file has no regular expression.
func (t *Tokenizer) Check(text string) error {
	if !t.expressions {
		return nil
	}
	e := encoding{t: t}
	return e.run(text)
}

// run encodes text.
func (e *encoding) run(text string) error {
	if e.t.expressions {
		return e.runExpressions(text)
	}
	e.encode(text)
	return nil
}

func (e *encoding) runExpressions(text string) (err error) {
	defer giveUp(&err)
	e.encode(text)
	return nil
}

// AppendSpans is Append that also appends the bytes that each id stands for. Where
// text is normalised these are those of the characters that a token comes from, each
// whole: neighbours may share them.
func (t *Tokenizer) AppendSpans(ids []int, spans []tokenizer.Span, text string) ([]int, []tokenizer.Span) {
	e := encoding{t: t, ids: ids, spans: spans, withSpans: true, first: len(spans), source: text}
	if e.run(text) != nil {
		return ids, spans
	}
	// A token that begins in white space which the one before took may end before it.
	end := 0
	for i := e.first; i < len(e.spans); i++ {
		s := &e.spans[i]
		s.End = max(s.End, end)
		end = s.End
	}
	return e.ids, e.spans
}

// An encoding is a text while it is encoded.
type encoding struct {
	t         *Tokenizer
	ids       []int
	spans     []tokenizer.Span
	withSpans bool
	first     int    // the place of the text's first span
	source    string // the whole text
	scratch   *scratch
}

// scratch is memory that is used again.
type scratch struct {
	pieces, next []piece
	matches      []match
	tokens       []token
}

func (e *encoding) encode(text string) {
	s := e.t.splitter(e.t.raw, text)
	for c, ok := s.next(); ok; c, ok = s.next() {
		if c.lo >= c.hi {
			continue // nothing is left of a token in the white space that the one before took
		}
		if c.id >= 0 {
			e.token(token{c.id, c.lo, c.hi, text[c.lo:c.hi]}, tokenizer.Span{Start: c.lo, End: c.hi})
		} else {
			e.normalize(piece{text: text[c.lo:c.hi], base: c.lo, orig: c.lo})
		}
	}
}

// normal returns p normalised. It is a function of its own because p then lives on the
// heap.
func (t *Tokenizer) normal(p piece) piece {
	for _, n := range t.normalizer {
		n.normalize(&p)
	}
	return p
}

// normalize encodes what lies between added tokens of the text.
func (e *encoding) normalize(p piece) {
	if !e.t.anyBytes {
		p.loose = e.t.loose && !e.withSpans
		if !utf8.ValidString(p.text) {
			p.toValid()
		} else if e.t.chunks != nil && !e.withSpans && e.chunks(p) {
			return
		}
	}
	if len(e.t.normalizer) > 0 {
		p = e.t.normal(p)
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
			e.token(token{c.id, c.lo, c.hi, p.text[c.lo:c.hi]}, p.span(c.lo, c.hi))
		} else {
			e.part(p.slice(c.lo, c.hi))
		}
	}
}

// part encodes what lies between added tokens of the normalised text.
func (e *encoding) part(p piece) {
	if e.t.direct {
		e.direct(p)
		return
	}
	if e.scratch == nil {
		e.scratch = new(scratch)
	}
	sc := e.scratch
	sc.pieces = append(sc.pieces[:0], p)
	for _, pre := range e.t.pre {
		sc.next = sc.next[:0]
		for i := range sc.pieces {
			sc.next = pre.split(sc.next, sc.pieces[i], sc)
		}
		sc.pieces, sc.next = sc.next, sc.pieces
	}
	for i := range sc.pieces {
		e.piece(&sc.pieces[i])
	}
}

// piece encodes one piece.
func (e *encoding) piece(p *piece) {
	if !e.withSpans {
		e.ids = e.t.model.appendIDs(e.ids, p.text)
		return
	}
	e.scratch.tokens = e.t.model.appendTokens(e.scratch.tokens[:0], p.text)
	for _, t := range e.scratch.tokens {
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
