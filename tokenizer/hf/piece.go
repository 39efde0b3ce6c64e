package hf

import (
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
	head  int  // of a loose piece: how many bytes at the beginning come from the source's byte 0
	mem   *scratch
}

// slice returns text[lo:hi] of the piece. It is not empty.
func (p *piece) slice(lo, hi int) piece {
	s := piece{text: p.text[lo:hi], loose: p.loose, mem: p.mem}
	switch {
	case p.loose:
		s.head = min(max(p.head-lo, 0), hi-lo)
		s.orig = p.place(lo).Start
	case p.align == nil:
		s.base = p.base + lo
		s.orig = s.base
	default:
		s.align = p.align[lo:hi]
		s.orig = p.align[lo].Start
	}
	return s
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

// place returns the bytes of the source that the character comes from which has byte i.
// Of a loose piece it only tells whether they begin at 0.
func (p *piece) place(i int) tokenizer.Span {
	switch {
	case p.align != nil:
		return p.align[i]
	case !p.loose:
		return p.span(i, i+1)
	case i < p.head:
		return tokenizer.Span{}
	}
	return tokenizer.Span{Start: 1, End: 1}
}

// appendAlign appends the places of the bytes text[lo:hi].
func (p *piece) appendAlign(align []tokenizer.Span, lo, hi int) []tokenizer.Span {
	if p.align != nil {
		return append(align, p.align[lo:hi]...)
	}
	for i := lo; i < hi; {
		n := 1
		if p.text[i] >= utf8.RuneSelf {
			_, n = utf8.DecodeRuneInString(p.text[i:hi])
		}
		for range n {
			align = append(align, tokenizer.Span{Start: p.base + i, End: p.base + i + n})
		}
		i += n
	}
	return align
}

// toValid writes U+FFFD for each byte that is not part of a character.
func (p piece) toValid() piece {
	w := p.rewrite()
	for _, c := range p.text {
		w.put(c, 0)
	}
	return w.done()
}

// prepend puts s before the text, as a part of its first character. An empty piece
// stays empty.
func (p *piece) prepend(s string) {
	if p.text == "" || s == "" {
		return
	}
	text := append(append(p.mem.text.begin(len(s)+len(p.text)), s...), p.text...)
	if !p.loose {
		align := p.mem.align.begin(len(text))
		for first := p.place(0); len(align) < len(s); {
			align = append(align, first)
		}
		p.align = p.mem.align.end(p.appendAlign(align, 0, len(p.text)))
	} else if p.head > 0 {
		p.head += len(s)
	}
	p.text = view(p.mem.text.end(text))
}

// A match is a part of a text and whether a pattern matched it.
type match struct {
	lo, hi int
	ok     bool
}

// replace puts content in the place of every match. matches cover the text in order.
func (p *piece) replace(matches []match, content string) {
	n := 0
	for _, m := range matches {
		if m.ok {
			n++
		}
	}
	if n == 0 {
		return
	}
	room := len(p.text) + n*len(content)
	text := p.mem.text.begin(room)
	var align []tokenizer.Span
	if !p.loose {
		align = p.mem.align.begin(room)
	}
	head, done := 0, 0
	keep := func(hi int) { // writes the old text up to hi
		if done < p.head {
			head = len(text) + min(p.head, hi) - done
		}
		text = append(text, p.text[done:hi]...)
		if !p.loose {
			align = p.appendAlign(align, done, hi)
		}
	}
	for _, m := range matches {
		if !m.ok {
			continue
		}
		keep(m.lo)
		done = m.hi
		text = append(text, content...)
		from := tokenizer.Span{Start: p.orig, End: p.orig}
		if m.hi > 0 {
			from = p.place(m.hi - 1)
		}
		if p.loose {
			if from.Start == 0 {
				head = len(text)
			}
			continue
		}
		for range len(content) {
			align = append(align, from)
		}
	}
	keep(len(p.text))
	if !p.loose {
		p.align = p.mem.align.end(align)
	}
	p.text, p.head = view(p.mem.text.end(text)), head
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
	p.head = min(max(p.head-lo, 0), hi-lo)
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

// join makes one of matches that belong together, which cover a text, and of what lies
// between. It overwrites them.
func (b behavior) join(matches []match) []match {
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
	return matches
}
