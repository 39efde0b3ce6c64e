package hf

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/goroberta/goroberta/bpe"
)

// A preTokenizer cuts a piece into pieces, none of them empty, and appends them to dst.
type preTokenizer interface {
	split(dst []piece, p piece, sc *scratch) []piece
}

// splitAt cuts at the matches of a finder.
type splitAt struct {
	finder
	behavior
}

func (s splitAt) split(dst []piece, p piece, sc *scratch) []piece {
	sc.matches = s.find(sc.matches[:0], p.text)
	return p.split(dst, sc.matches, s.behavior)
}

// whitespaceSplit drops white space and keeps what lies between.
type whitespaceSplit struct{}

func (whitespaceSplit) split(dst []piece, p piece, _ *scratch) []piece {
	for i := 0; i < len(p.text); {
		rest := p.text[i:]
		i += len(rest) - len(strings.TrimLeftFunc(rest, unicode.IsSpace))
		end := strings.IndexFunc(p.text[i:], unicode.IsSpace)
		if end < 0 {
			end = len(p.text) - i
		}
		if end > 0 {
			dst = append(dst, p.slice(i, i+end))
		}
		i += end
	}
	return dst
}

// words finds what \w+|[^\w\s]+ matches.
type words struct{}

func (words) find(dst []match, text string) []match {
	class := func(c rune) int {
		switch {
		case isWord(c):
			return 1
		case unicode.IsSpace(c):
			return 0
		}
		return 2
	}
	last, done := -1, 0
	for i, c := range text {
		now := class(c)
		if now != last && i > done {
			dst = append(dst, match{done, i, last != 0})
			done = i
		}
		last = now
	}
	if done < len(text) {
		dst = append(dst, match{done, len(text), last != 0})
	}
	return dst
}

// metaspace writes ▁, or another character, for spaces.
type metaspace struct {
	replacement string
	scheme      prependScheme
	cut         bool // before each replacement
}

type prependScheme uint8

const (
	always prependScheme = iota
	first                // only at the start of the text
	never
)

var prependSchemes = map[string]prependScheme{"always": always, "first": first, "never": never}

func (m *metaspace) split(dst []piece, p piece, sc *scratch) []piece {
	if strings.IndexByte(p.text, ' ') >= 0 {
		sc.matches = literal(" ").find(sc.matches[:0], p.text)
		p.replace(sc.matches, m.replacement)
	}
	if m.scheme != never && !strings.HasPrefix(p.text, m.replacement) && (m.scheme == always || p.orig == 0) {
		p.prepend(m.replacement)
	}
	if !m.cut {
		return append(dst, p)
	}
	sc.matches = literal(m.replacement).find(sc.matches[:0], p.text)
	return p.split(dst, sc.matches, withNext)
}

// byteLevel cuts text by GPT-2's pattern and writes its bytes as characters.
type byteLevel struct {
	prefix bool // a space is put before what does not begin with one
	regex  bool // cut by the pattern
	write  bool // write the bytes here, not in the model
}

func (b *byteLevel) split(dst []piece, p piece, sc *scratch) []piece {
	if b.prefix && !strings.HasPrefix(p.text, " ") {
		p.prepend(" ")
	}
	n := len(dst)
	if b.regex {
		for i := 0; i < len(p.text); {
			end := bpe.NextPiece(p.text, i)
			dst = append(dst, p.slice(i, end))
			i = end
		}
	} else {
		dst = append(dst, p)
	}
	if b.write {
		for i := n; i < len(dst); i++ {
			dst[i].writeBytes()
		}
	}
	return dst
}

// writeBytes writes each byte of the text as a character.
func (p *piece) writeBytes() {
	var changes []change
	for _, c := range p.text {
		var buf [utf8.UTFMax]byte
		for i, b := range utf8.AppendRune(buf[:0], c) {
			r, _ := utf8.DecodeRuneInString(byteNames[b])
			changes = append(changes, change{r, min(i, 1)})
		}
	}
	p.transform(changes, 0)
}

// fixedLength cuts after each n characters.
type fixedLength int

func (n fixedLength) split(dst []piece, p piece, _ *scratch) []piece {
	count, done := 0, 0
	for i := range p.text {
		if count == int(n) {
			dst = append(dst, p.slice(done, i))
			count, done = 0, i
		}
		count++
	}
	return append(dst, p.slice(done, len(p.text)))
}
