package hf

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// A normalizer changes the text of a piece and keeps where its characters come from.
type normalizer interface{ normalize(p piece) piece }

// lowercase writes each character in lower case by itself: a final sigma is none.
type lowercase struct{}

func (lowercase) normalize(p piece) piece {
	if strings.IndexFunc(p.text, func(c rune) bool { return toLower(c) != c }) < 0 {
		return p
	}
	w := p.rewrite()
	for _, c := range p.text {
		if c == 'İ' { // the only character whose lower case has two
			w.put('i', 0)
			w.put('\u0307', 1)
		} else {
			w.put(toLower(c), 0)
		}
	}
	return w.done()
}

func toLower(c rune) rune {
	if c < 0x1C89 {
		return unicode.ToLower(c)
	}
	for _, r := range laterLower {
		if r.first <= c && c <= r.last {
			return c + r.add
		}
	}
	return unicode.ToLower(c)
}

// stripNormalizer takes white space off the ends.
type stripNormalizer struct{ left, right bool }

func (n stripNormalizer) normalize(p piece) piece {
	if len(p.align) == 0 || p.align[0].Start < p.align[0].End {
		p.strip(n.left, n.right)
		return p
	}
	// Text that an empty match has put at the beginning comes from nowhere, and the library
	// replaces only what comes after it: see rewrite.
	kept := p.text
	if n.left {
		kept = strings.TrimLeftFunc(kept, unicode.IsSpace)
	}
	leading := utf8.RuneCountInString(p.text[:len(p.text)-len(kept)])
	if n.right {
		kept = strings.TrimRightFunc(kept, unicode.IsSpace)
	}
	if len(kept) == len(p.text) {
		return p
	}
	w := p.rewrite()
	for range leading {
		w.skip()
	}
	for _, c := range kept {
		w.put(c, 0)
	}
	return w.done()
}

// filter removes characters.
func (p piece) filter(keep func(c rune) bool) piece {
	if strings.IndexFunc(p.text, func(c rune) bool { return !keep(c) }) < 0 {
		return p
	}
	w := p.rewrite()
	for _, c := range p.text {
		if keep(c) {
			w.put(c, 0)
		} else {
			w.remove()
		}
	}
	return w.done()
}

// stripAccents removes combining marks.
type stripAccents struct{}

func (stripAccents) normalize(p piece) piece {
	return p.filter(func(c rune) bool { return c < utf8.RuneSelf || !isMark(c) })
}

// nmt is the normalisation of SentencePiece's NMT rules.
type nmt struct{}

func (nmt) normalize(p piece) piece {
	p = p.filter(func(c rune) bool {
		return !(1 <= c && c <= 8 || c == 0x0B || 0x0E <= c && c <= 0x1F || c == 0x7F || c == 0x8F || c == 0x9F)
	})
	isSpace := func(c rune) bool {
		switch c {
		case '\t', '\n', '\f', '\r', 0x1680, 0x2028, 0x2029, 0x2581, 0xFEFF, 0xFFFD:
			return true
		}
		return 0x200B <= c && c <= 0x200F
	}
	if strings.IndexFunc(p.text, isSpace) < 0 {
		return p
	}
	w := p.rewrite()
	for _, c := range p.text {
		if isSpace(c) {
			c = ' '
		}
		w.put(c, 0)
	}
	return w.done()
}

// replaceNormalizer writes content for each match.
type replaceNormalizer struct {
	finder
	source  string // of the regular expression, or ""
	content string
}

func (n replaceNormalizer) normalize(p piece) piece {
	if p.text != "" {
		p.replace(p.find(n.finder), n.content)
	}
	return p
}

// prepend puts a string before a text that is not empty.
type prepend string

func (n prepend) normalize(p piece) piece {
	p.prepend(string(n))
	return p
}

// bytesNormalizer writes each byte as a character.
type bytesNormalizer struct{}

func (bytesNormalizer) normalize(p piece) piece {
	return p.writeBytes()
}
