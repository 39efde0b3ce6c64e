package hf

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/goroberta/goroberta/tokenizer"
)

// A piece is a part of a text while it is normalised and cut, with the place that
// each of its bytes comes from. It is the NormalizedString of the tokenizers library:
// its methods do what the library's do, step by step, since where a character comes
// from after several changes is defined by these steps and not by the result.
//
//	text    "ﬁ x"            base 0, align nil
//	NFKC    "f"    "i"    " "    "x"
//	align   [0,3)  [0,3)  [3,4)  [4,5)
//
// Places are those of whole characters of the whole text. A byte that is not UTF-8
// counts as a character.
type piece struct {
	text  string
	align []tokenizer.Span // by byte of text; nil: text is the source's from base on
	base  int
	orig  int  // where in the source the piece begins
	loose bool // only the text counts: nobody asks for places
}

// slice returns text[lo:hi] of the piece. It is not empty.
func (p *piece) slice(lo, hi int) piece {
	if p.loose {
		return piece{text: p.text[lo:hi], loose: true}
	}
	if p.align == nil {
		return piece{text: p.text[lo:hi], base: p.base + lo, orig: p.base + lo}
	}
	return piece{text: p.text[lo:hi], align: p.align[lo:hi], orig: p.align[lo].Start}
}

// span returns the bytes of the source that text[lo:hi] stands for.
func (p *piece) span(lo, hi int) tokenizer.Span {
	// A byte fallback of a prefix or suffix counts bytes that the text does not have.
	lo, hi = min(lo, len(p.text)), min(hi, len(p.text))
	if lo >= hi {
		end := p.orig
		if lo > 0 {
			end = p.span(lo-1, lo).End
		}
		return tokenizer.Span{Start: end, End: end}
	}
	if p.align != nil {
		return tokenizer.Span{Start: p.align[lo].Start, End: p.align[hi-1].End}
	}
	for lo > 0 && !utf8.RuneStart(p.text[lo]) && insideRune(p.text, lo) {
		lo--
	}
	for hi < len(p.text) && !utf8.RuneStart(p.text[hi]) && insideRune(p.text, hi) {
		hi++
	}
	return tokenizer.Span{Start: p.base + lo, End: p.base + hi}
}

// insideRune reports whether byte i of s is inside a well-formed character.
func insideRune(s string, i int) bool {
	from := i - 1
	for from > 0 && i-from < utf8.UTFMax && !utf8.RuneStart(s[from]) {
		from--
	}
	_, size := utf8.DecodeRuneInString(s[from:])
	return from+size > i
}

// aligned gives p its align.
func (p *piece) aligned() {
	if p.align != nil || p.loose {
		return
	}
	p.align = make([]tokenizer.Span, 0, len(p.text))
	for i := 0; i < len(p.text); {
		_, n := utf8.DecodeRuneInString(p.text[i:])
		for range n {
			p.align = append(p.align, tokenizer.Span{Start: p.base + i, End: p.base + i + n})
		}
		i += n
	}
}

// toValid writes U+FFFD for each byte that is not part of a character.
func (p *piece) toValid() {
	p.aligned()
	text := make([]byte, 0, len(p.text)+64)
	var align []tokenizer.Span
	for i, c := range p.text {
		n := len(text)
		text = utf8.AppendRune(text, c)
		for range len(text) - n {
			if !p.loose {
				align = append(align, p.align[i])
			}
		}
	}
	p.text, p.align = string(text), align
}

// A change is a character of a new text, and how it relates to the old one.
type change struct {
	char rune
	// by is 0 if char replaces a character, 1 if it is inserted, and -n if it replaces
	// a character and n characters after that are removed.
	by int
}

// transform replaces the text by the characters of changes. removed is the number of
// characters that are taken off the beginning.
func (p *piece) transform(changes []change, removed int) {
	if p.loose {
		text := make([]byte, 0, len(p.text)+16)
		for _, c := range changes {
			text = utf8.AppendRune(text, c.char)
		}
		p.text = string(text)
		return
	}
	p.aligned()
	// The part that the library replaces is that of the bytes which stand for
	// something in the source.
	from, to := 0, len(p.text)
	for from < len(p.align) && p.align[from].Start == p.align[from].End {
		from++
	}
	switch {
	case len(p.align) == 0:
		return
	case from == to: // nothing of the source is in the piece
		from, to = 0, 0
	}
	p.replaceRange(from, to, changes, removed)
}

// replaceRange is transform of text[lo:hi].
func (p *piece) replaceRange(lo, hi int, changes []change, removed int) {
	old := p.text[lo:hi]
	next := func() int { // reads a character of old
		if old == "" {
			return 0
		}
		_, n := utf8.DecodeRuneInString(old)
		old = old[n:]
		return n
	}
	at := lo
	for range removed {
		at += next()
	}
	text := make([]byte, 0, len(p.text)+16)
	align := make([]tokenizer.Span, 0, len(p.text)+16)
	text = append(text, p.text[:lo]...)
	align = append(align, p.align[:lo]...)
	for _, c := range changes {
		var from tokenizer.Span
		switch {
		case c.by > 0 && at == 0:
			from = tokenizer.Span{Start: p.orig, End: p.orig}
		case c.by > 0:
			from = p.align[at-1]
		case at < len(p.align):
			from = p.align[at]
		default: // the library panics
			from = p.align[len(p.align)-1]
		}
		if c.by <= 0 {
			at += next()
			for range -c.by {
				at += next()
			}
		}
		n := len(text)
		text = utf8.AppendRune(text, c.char)
		for range len(text) - n {
			align = append(align, from)
		}
	}
	text = append(text, p.text[hi:]...)
	align = append(align, p.align[hi:]...)
	p.text, p.align = string(text), align
}

// prepend puts s before the text, as a part of its first character. An empty piece
// stays empty.
func (p *piece) prepend(s string) {
	if p.text == "" || s == "" {
		return
	}
	if p.loose {
		p.text = s + p.text
		return
	}
	p.aligned()
	n := len(s)
	align := make([]tokenizer.Span, n+len(p.text))
	for i := range n {
		align[i] = p.align[0]
	}
	copy(align[n:], p.align)
	p.text, p.align = s+p.text, align
}

// A match is a part of a text and whether a pattern matched it.
type match struct {
	lo, hi int
	ok     bool
}

// replace puts content in the place of every match. matches cover the text in order.
func (p *piece) replace(matches []match, content string) {
	if !slices.ContainsFunc(matches, func(m match) bool { return m.ok }) {
		return
	}
	p.aligned()
	text := make([]byte, 0, len(p.text)+len(p.text)/4)
	var align []tokenizer.Span
	if !p.loose {
		align = make([]tokenizer.Span, 0, len(p.text))
	}
	done := 0
	for _, m := range matches {
		if !m.ok {
			continue
		}
		text = append(append(text, p.text[done:m.lo]...), content...)
		if p.loose {
			done = m.hi
			continue
		}
		align = append(align, p.align[done:m.lo]...)
		from := tokenizer.Span{Start: p.orig, End: p.orig}
		if m.hi > 0 {
			from = p.align[m.hi-1]
		}
		for range len(content) {
			align = append(align, from)
		}
		done = m.hi
	}
	text = append(text, p.text[done:]...)
	if !p.loose {
		align = append(align, p.align[done:]...)
	}
	p.text, p.align = string(text), align
}

// strip takes white space off either end.
func (p *piece) strip(left, right bool) {
	lo, hi := 0, len(p.text)
	if left {
		lo = hi - len(strings.TrimLeftFunc(p.text, unicode.IsSpace))
	}
	if right {
		hi = lo + len(strings.TrimRightFunc(p.text[lo:], unicode.IsSpace))
	}
	if p.align != nil {
		p.align = p.align[lo:hi]
	}
	p.text = p.text[lo:hi]
	p.base += lo
}

// A behavior says what becomes of the matches of a pattern that cuts a piece.
type behavior uint8

const (
	removed      behavior = iota
	isolated              // each match is a piece
	withPrevious          // a match ends the piece before it
	withNext              // a match begins the piece after it
	contiguous            // matches side by side are one piece
)

var behaviors = map[string]behavior{
	"Removed": removed, "Isolated": isolated, "MergedWithPrevious": withPrevious, "MergedWithNext": withNext, "Contiguous": contiguous,
}

// split appends to dst the pieces that matches, which cover the text, cut p into.
// It overwrites matches.
func (p *piece) split(dst []piece, matches []match, b behavior) []piece {
	switch b {
	case contiguous, withPrevious:
		out := matches[:0]
		previous := false
		for _, m := range matches {
			join := m.ok == previous
			if b == withPrevious {
				join = m.ok && !previous
			}
			previous = m.ok
			if n := len(out); join && n > 0 {
				out[n-1].hi = m.hi
			} else {
				out = append(out, m)
			}
		}
		matches = out
	case withNext:
		previous := false
		n := len(matches) // matches[n:] are done
		for i := len(matches) - 1; i >= 0; i-- {
			m := matches[i]
			join := m.ok && !previous && n < len(matches)
			previous = m.ok
			if join {
				matches[n].lo = m.lo
			} else {
				n--
				matches[n] = m
			}
		}
		matches = matches[n:]
	}
	for _, m := range matches {
		if m.lo < m.hi && (b != removed || !m.ok) {
			dst = append(dst, p.slice(m.lo, m.hi))
		}
	}
	return dst
}
