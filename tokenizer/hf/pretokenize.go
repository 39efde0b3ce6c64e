package hf

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/goroberta/goroberta/bpe"
)

// A preTokenizer cuts a piece into pieces, none of them empty.
type preTokenizer interface {
	// split encodes the pieces of p by the pre-tokenisers that come next.
	split(e *encoding, p piece, next int)
}

// splitAt cuts at the matches of a finder.
type splitAt struct {
	finder
	behavior
}

func (s splitAt) split(e *encoding, p piece, next int) {
	for _, m := range s.join(p.find(s.finder)) {
		if m.lo < m.hi && (s.behavior != removed || !m.ok) {
			e.cut(p.slice(m.lo, m.hi), next)
		}
	}
}

// find returns what a finder finds in the text.
func (p *piece) find(f finder) []match {
	return p.mem.matches.end(f.find(p.mem.matches.begin(16), p.text))
}

// whitespaceSplit drops white space and keeps what lies between.
type whitespaceSplit struct{}

func (whitespaceSplit) split(e *encoding, p piece, next int) {
	if e.t.prefixes && !e.withSpans {
		e.prefixedWords(p.text)
		return
	}
	start := 0
	for start < len(p.text) {
		i, n := space(p.text, start)
		if start == 0 && i == len(p.text) {
			e.cut(p, next)
			return
		}
		if start < i {
			e.cut(p.slice(start, i), next)
		}
		start = i + n
	}
}

// prefixedWords appends the ids of text, whose words get a replacement before them.
func (e *encoding) prefixedWords(text string) {
	m, replacement := e.t.model.(*unigramModel), e.t.pre[1].(*metaspace).replacement
	for start := 0; start < len(text); {
		i, n := space(text, start)
		if start < i {
			if word := text[start:i]; strings.Contains(word, replacement) {
				e.cut(piece{text: word, loose: true, mem: &e.mem}, 1)
			} else {
				e.ids = m.appendWord(e.ids, replacement, word, &e.mem)
			}
		}
		start = i + n
	}
}

// prefixesWords reports whether pre-tokenisers put a replacement before each word.
func prefixesWords(pre []preTokenizer) bool {
	if len(pre) != 2 {
		return false
	}
	_, ok := pre[0].(whitespaceSplit)
	m, ok2 := pre[1].(*metaspace)
	return ok && ok2 && m.cut && m.scheme == always
}

// space returns where the first white space of text[at:] is and its length, or the end of
// the text.
func space(text string, at int) (i, n int) {
	for i = at; i < len(text); i++ {
		switch spaceBytes[text[i]] {
		case 1:
			return i, 1
		case 2:
			if c, n := utf8.DecodeRuneInString(text[i:]); unicode.IsSpace(c) {
				return i, n
			}
		}
	}
	return len(text), 0
}

// spaceBytes has 1 for a byte that is white space, 2 for one that white space begins with.
var spaceBytes = func() (t [256]uint8) {
	for _, r := range unicode.White_Space.R16 {
		for c := rune(r.Lo); c <= rune(r.Hi); c += rune(r.Stride) {
			s := string(c)
			t[s[0]] = uint8(min(len(s), 2))
		}
	}
	return t
}()

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
	cutter      finder // of the replacement
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

func (m *metaspace) split(e *encoding, p piece, next int) {
	if strings.IndexByte(p.text, ' ') >= 0 {
		p.replace(p.find(literal(" ")), m.replacement)
	}
	if m.scheme != never && !strings.HasPrefix(p.text, m.replacement) && (m.scheme == always || p.orig == 0) {
		p.prepend(m.replacement)
	}
	if !m.cut || !strings.Contains(p.text[1:], m.replacement) {
		e.cut(p, next)
		return
	}
	splitAt{m.cutter, withNext}.split(e, p, next)
}

// byteLevel cuts text by GPT-2's pattern and writes its bytes as characters.
type byteLevel struct {
	prefix bool // a space is put before what does not begin with one
	regex  bool // cut by the pattern
	write  bool // write the bytes here, not in the model
}

func (b *byteLevel) split(e *encoding, p piece, next int) {
	if b.prefix && !strings.HasPrefix(p.text, " ") {
		p.prepend(" ")
	}
	for i := 0; i < len(p.text); {
		end := len(p.text)
		if b.regex {
			end = bpe.NextPiece(p.text, i)
		}
		part := p.slice(i, end)
		if b.write {
			part = part.writeBytes()
		}
		e.cut(part, next)
		i = end
	}
}

// writeBytes writes each byte of the text as a character.
func (p piece) writeBytes() piece {
	w := p.rewrite()
	for _, c := range p.text {
		var buf [utf8.UTFMax]byte
		for i, b := range utf8.AppendRune(buf[:0], c) {
			r, _ := utf8.DecodeRuneInString(byteNames[b])
			w.put(r, min(i, 1))
		}
	}
	return w.done()
}

// fixedLength cuts after each n characters.
type fixedLength int

func (n fixedLength) split(e *encoding, p piece, next int) {
	count, done := 0, 0
	for i := range p.text {
		if count == int(n) {
			e.cut(p.slice(done, i), next)
			count, done = 0, i
		}
		count++
	}
	e.cut(p.slice(done, len(p.text)), next)
}
