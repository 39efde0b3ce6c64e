package hf

import (
	"unicode/utf8"

	"github.com/goroberta/goroberta/tokenizer"
)

// A change is a character of a new text, and how it relates to the old one.
type change struct {
	char rune
	// by is 0 if char replaces a character, 1 if it is inserted, and -n if it replaces
	// a character and n characters after that are removed.
	by int
}

// A rewrite replaces the text of a piece, change by change. It is what the tokenizers
// library calls transform.
type rewrite struct {
	p        piece
	text     []byte           // the new text
	align    []tokenizer.Span // and where its bytes come from
	head     int
	at, end  int    // the old text that is left
	last     change // what has been put last; remove may still change it
	anything bool   // last is there
}

// rewrite begins to replace the text of p.
func (p piece) rewrite() rewrite {
	room := len(p.text) + len(p.text)/8 + utf8.UTFMax
	w := rewrite{p: p, end: len(p.text), text: p.mem.text.begin(room)}
	if p.loose {
		return w
	}
	w.align = p.mem.align.begin(room)
	// The library replaces only from the first byte on that stands for something in the
	// source.
	for w.at < len(p.align) && p.align[w.at].Start == p.align[w.at].End {
		w.at++
	}
	if w.at == w.end {
		w.at, w.end = 0, 0 // nothing does
	}
	w.text = append(w.text, p.text[:w.at]...)
	w.align = append(w.align, p.align[:w.at]...)
	return w
}

// put writes a character: see change.
func (w *rewrite) put(char rune, by int) {
	w.flush()
	w.last, w.anything = change{char, by}, true
}

// replace writes the characters of to for n characters. If to is empty and nothing comes
// before, the characters are lost, and what follows is aligned as if it came from them,
// as in the library.
func (w *rewrite) replace(n int, to string) {
	for _, c := range to {
		by := 0
		if n <= 0 {
			by = 1
		}
		w.put(c, by)
		n--
	}
	if n > 0 && w.anything {
		w.last.by -= n
	}
}

// remove leaves out a character.
func (w *rewrite) remove() {
	if w.anything {
		w.last.by--
	} else {
		w.skip()
	}
}

// keep writes the old text[lo:hi], each character for itself.
func (w *rewrite) keep(lo, hi int) {
	if lo == hi {
		return
	}
	w.flush()
	p := &w.p
	_, n := utf8.DecodeLastRuneInString(p.text[lo:hi])
	last := hi - n
	switch {
	case p.loose && w.at > p.head:
	case w.at != lo || hi > w.end: // characters before were lost
		for _, c := range p.text[lo:last] {
			w.put(c, 0)
		}
		w.flush()
		lo = last
	case p.loose:
		if w.at < p.head {
			w.head = len(w.text) + min(p.head, last) - lo
		}
		w.at = last
	default:
		w.align = p.appendAlign(w.align, lo, last)
		w.at = last
	}
	w.text = append(w.text, p.text[lo:last]...)
	c, _ := utf8.DecodeRuneInString(p.text[last:hi])
	w.put(c, 0)
}

// skip goes on by a character of the old text.
func (w *rewrite) skip() {
	if w.at < w.end {
		_, n := utf8.DecodeRuneInString(w.p.text[w.at:w.end])
		w.at += n
	}
}

// flush writes the last change.
func (w *rewrite) flush() {
	if !w.anything {
		return
	}
	w.anything = false
	p, c := &w.p, w.last
	n := len(w.text)
	w.text = utf8.AppendRune(w.text, c.char)
	n = len(w.text) - n
	if p.loose && w.at > p.head {
		return // only the head counts
	}
	from := tokenizer.Span{Start: p.orig, End: p.orig}
	switch {
	case c.by <= 0:
		from = p.place(min(w.at, len(p.text)-1)) // beyond the end the library panics
		for range 1 - c.by {
			w.skip()
		}
	case w.at > 0:
		from = p.place(w.at - 1)
	}
	switch {
	case !p.loose:
		for range n {
			w.align = append(w.align, from)
		}
	case from.Start == 0:
		w.head = len(w.text)
	}
}

// done returns the piece with its new text.
func (w *rewrite) done() piece {
	w.flush()
	p := w.p
	if !p.loose {
		if w.end == 0 { // the old text stays
			w.text = append(w.text, p.text...)
			w.align = append(w.align, p.align...)
		}
		p.align = p.mem.align.end(w.align)
	}
	p.text, p.head = view(p.mem.text.end(w.text)), w.head
	return p
}
