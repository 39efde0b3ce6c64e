package hf

import (
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/goroberta/goroberta/bpe"
)

// Regular expressions that many files have. They are found by their exact text; what they
// match is found without them.
const (
	gpt2Split   = `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`
	cl100kSplit = `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`
	qwenSplit   = `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`
)

// known returns what finds the matches of an expression, if it is one of these.
func known(x expression) finder {
	switch x.source {
	case gpt2Split:
		return gpt2Pieces{}
	case cl100kSplit:
		return cl100kPieces{3, kindsOfChars()}
	case qwenSplit:
		return cl100kPieces{1, kindsOfChars()}
	}
	return x
}

// gpt2Pieces finds what gpt2Split matches: all of a text, piece by piece.
type gpt2Pieces struct{}

func (gpt2Pieces) find(dst []match, text string) []match {
	for i := 0; i < len(text); {
		end := bpe.NextPiece(text, i)
		dst = append(dst, match{i, end, true})
		i = end
	}
	return dst
}

// cl100kPieces finds what cl100kSplit matches, with so many digits in a piece.
type cl100kPieces struct {
	digits int
	kinds  *charKinds
}

func (f cl100kPieces) find(dst []match, text string) []match {
	for i := 0; i < len(text); {
		end := f.next(text, i)
		dst = append(dst, match{i, end, true})
		i = end
	}
	return dst
}

// next returns where the piece ends that begins at byte i.
func (f cl100kPieces) next(text string, i int) int {
	kind, size := f.kinds.at(text, i)
	c, after := text[i], i+size
	if c == '\'' {
		if n := contraction(text[after:]); n > 0 {
			return after + n
		}
	}
	next := kindOther
	if after < len(text) {
		next, size = f.kinds.at(text, after)
	}
	switch {
	case kind == kindLetter:
		return f.run(text, after, kindLetter)
	case kind != kindNumber && c != '\r' && c != '\n' && after < len(text) && next == kindLetter:
		return f.run(text, after+size, kindLetter)
	case kind == kindNumber:
		for n := 1; n < f.digits && after < len(text); n++ {
			if kind, size = f.kinds.at(text, after); kind != kindNumber {
				break
			}
			after += size
		}
		return after
	case kind == kindOther || c == ' ' && after < len(text) && next == kindOther:
		after = f.run(text, after, kindOther)
		for after < len(text) && (text[after] == '\r' || text[after] == '\n') {
			after++
		}
		return after
	}
	// White space: up to its last line feed, else all at the end of the text, else all but the
	// last character, for that goes with what follows.
	line, last := -1, i
	end := i
	for end < len(text) {
		if kind, size = f.kinds.at(text, end); kind != kindSpace {
			break
		}
		last = end
		if end += size; text[last] == '\r' || text[last] == '\n' {
			line = end
		}
	}
	switch {
	case line >= 0:
		return line
	case end < len(text) && last > i:
		return last
	}
	return end
}

// run returns where a run of characters of one kind ends.
func (f cl100kPieces) run(text string, i int, kind charKind) int {
	for i < len(text) {
		k, size := f.kinds.at(text, i)
		if k != kind {
			break
		}
		i += size
	}
	return i
}

// contraction returns the length of what stands after an apostrophe in 's, 't, 're, 've,
// 'm, 'll or 'd, in either case, or 0.
func contraction(s string) int {
	if s == "" {
		return 0
	}
	switch s[0] | ' ' {
	case 's', 't', 'm', 'd':
		return 1
	case 'r', 'v':
		if len(s) > 1 && s[1]|' ' == 'e' {
			return 2
		}
	case 'l':
		if len(s) > 1 && s[1]|' ' == 'l' {
			return 2
		}
	}
	if strings.HasPrefix(s, longS) {
		return len(longS)
	}
	return 0
}

const longS = "\u017f" // s in another case

// A charKind is what the expressions above ask of a character.
type charKind uint8

const (
	kindOther charKind = iota
	kindLetter
	kindNumber
	kindSpace
)

// charKinds are the kinds of all characters, in pages of 256. Most pages are the first, on
// which all are kindOther.
type charKinds struct {
	page  [(utf8.MaxRune + 1) >> 8]uint16
	pages [][256]charKind
	ascii [utf8.RuneSelf]charKind
}

// at returns the kind of the character at byte i and its length. A byte that is not UTF-8
// is U+FFFD, as for regular expressions.
func (t *charKinds) at(text string, i int) (charKind, int) {
	if c := text[i]; c < utf8.RuneSelf {
		return t.ascii[c], 1
	}
	c, size := utf8.DecodeRuneInString(text[i:])
	return t.pages[t.page[c>>8]][c&0xFF], size
}

func (t *charKinds) set(lo, hi, stride rune, kind charKind) {
	for c := lo; c <= hi; c += stride {
		if t.page[c>>8] == 0 {
			t.page[c>>8] = uint16(len(t.pages))
			t.pages = append(t.pages, [256]charKind{})
		}
		t.pages[t.page[c>>8]][c&0xFF] = kind
	}
}

var kindsOfChars = sync.OnceValue(func() *charKinds {
	t := &charKinds{pages: make([][256]charKind, 1)}
	table := func(r *unicode.RangeTable, kind charKind) {
		for _, x := range r.R16 {
			t.set(rune(x.Lo), rune(x.Hi), rune(x.Stride), kind)
		}
		for _, x := range r.R32 {
			t.set(rune(x.Lo), rune(x.Hi), rune(x.Stride), kind)
		}
	}
	table(unicode.White_Space, kindSpace)
	table(unicode.L, kindLetter)
	table(unicode.N, kindNumber)
	// The parts of laterCategories are characters and ranges of them.
	for name, chars := range laterCategories {
		kind := map[byte]charKind{'L': kindLetter, 'N': kindNumber}[name[0]]
		if kind == kindOther {
			continue
		}
		all := []rune(chars)
		for i := 0; i < len(all); i++ {
			lo, hi := all[i], all[i]
			if i+2 < len(all) && all[i+1] == '-' {
				hi = all[i+2]
				i += 2
			}
			t.set(lo, hi, 1, kind)
		}
	}
	for c := range t.ascii {
		t.ascii[c] = t.pages[t.page[0]][c]
	}
	return t
})
