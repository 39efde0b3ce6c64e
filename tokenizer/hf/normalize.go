package hf

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// A normalizer changes the text of a piece and keeps where its characters come from.
type normalizer interface{ normalize(p *piece) }

// lowercase writes each character in lower case by itself: a final sigma is none.
type lowercase struct{}

func (lowercase) normalize(p *piece) {
	if strings.IndexFunc(p.text, func(c rune) bool { return toLower(c) != c }) < 0 {
		return
	}
	changes := make([]change, 0, len(p.text))
	for _, c := range p.text {
		if c == 'İ' { // the only character whose lower case has two
			changes = append(changes, change{'i', 0}, change{'\u0307', 1})
		} else {
			changes = append(changes, change{toLower(c), 0})
		}
	}
	p.transform(changes, 0)
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

func (n stripNormalizer) normalize(p *piece) { p.strip(n.left, n.right) }

// filter removes characters.
func (p *piece) filter(keep func(c rune) bool) {
	if strings.IndexFunc(p.text, func(c rune) bool { return !keep(c) }) < 0 {
		return
	}
	changes := make([]change, 0, len(p.text))
	removed := 0
	for _, c := range p.text {
		switch {
		case keep(c):
			changes = append(changes, change{c, 0})
		case len(changes) == 0:
			removed++
		default:
			changes[len(changes)-1].by--
		}
	}
	if len(changes) == 0 {
		removed = 0 // as the library counts
	}
	p.transform(changes, removed)
}

// stripAccents removes combining marks.
type stripAccents struct{}

func (stripAccents) normalize(p *piece) {
	p.filter(func(c rune) bool { return c < utf8.RuneSelf || !isMark(c) })
}

// nmt is the normalisation of SentencePiece's NMT rules.
type nmt struct{}

func (nmt) normalize(p *piece) {
	p.filter(func(c rune) bool {
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
		return
	}
	changes := make([]change, 0, len(p.text))
	for _, c := range p.text {
		if isSpace(c) {
			c = ' '
		}
		changes = append(changes, change{c, 0})
	}
	p.transform(changes, 0)
}

// replaceNormalizer writes content for each match.
type replaceNormalizer struct {
	finder
	source  string // of the regular expression, or ""
	content string
}

func (n replaceNormalizer) normalize(p *piece) {
	if p.text != "" {
		p.replace(n.find(nil, p.text), n.content)
	}
}

// prepend puts a string before a text that is not empty.
type prepend string

func (n prepend) normalize(p *piece) { p.prepend(string(n)) }

// bytesNormalizer writes each byte as a character.
type bytesNormalizer struct{}

func (bytesNormalizer) normalize(p *piece) {
	if p.text != "" {
		p.writeBytes()
	}
}
