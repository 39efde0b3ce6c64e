package sentencepiece

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"github.com/goroberta/goroberta/internal/charsmap"
	"github.com/goroberta/goroberta/internal/trie"
)

// spaceSymbol stands for a space: U+2581.
const spaceSymbol = "\u2581"

const replacement = "\ufffd"

// A normalizer brings text into the form that pieces are found in. It goes through the
// text in steps. A step is, whichever comes first:
//
//	the longest user-defined symbol here        taken as it is
//	the longest key of the charsmap here        its replacement
//	a well-formed character                     as it is
//	a byte that begins none                     U+FFFD
//
// The U+FFFD of the last line is not replaced again, whatever the charsmap says about it.
type normalizer struct {
	charsmap          *charsmap.Map // nil: none
	user              trie.Trie     // the user-defined symbols; no units: there are none
	dummyPrefix       bool
	removeExtraSpaces bool
	suffix            bool   // the space of dummyPrefix stands at the end
	space             string // what is written for a space

	class [256]class
}

// A class says what a step that begins with this byte can be, if it is an ASCII character.
type class uint8

const (
	other class = iota // anything
	plain              // a character that is copied, if none of the rest follows
	joins              // the same, but a key may go on with a byte that is not ASCII
)

// classify fills n.class.
func (n *normalizer) classify(userDefined []string) {
	for c := range utf8.RuneSelf {
		n.class[c] = plain
		if n.charsmap == nil || !n.charsmap.Begins(byte(c)) {
			continue
		}
		if _, _, ok := n.charsmap.Longest(string(rune(c))); ok {
			n.class[c] = other
			continue
		}
		n.class[c] = joins
		for d := range utf8.RuneSelf {
			if n.charsmap.Begins2(byte(c), byte(d)) {
				n.class[c] = other
			}
		}
	}
	for _, s := range userDefined {
		n.class[s[0]] = other
	}
}

// A normalized is a text, normalised. origin[i] is where the step began in the text that
// text[i] came from; one more tells where the last one ended. It is only kept if it was
// asked for.
type normalized struct {
	text    []byte
	origin  []int
	origins bool
}

// put appends s, which a step at from made.
func (d *normalized) put(s string, from int) {
	d.text = append(d.text, s...)
	if d.origins {
		for range len(s) {
			d.origin = append(d.origin, from)
		}
	}
}

// step returns what the step at the beginning of s makes, and how many bytes it takes.
func (n *normalizer) step(s string) (to string, size int) {
	if len(n.user.Units) > 0 {
		if _, size := trie.Longest(n.user, s); size > 0 {
			return s[:size], size
		}
	}
	if n.charsmap != nil {
		if to, size, ok := n.charsmap.Longest(s); ok {
			return to, size
		}
	}
	if s[0] < utf8.RuneSelf {
		return s[:1], 1
	}
	if r, size := utf8.DecodeRuneInString(s); r != utf8.RuneError || size == 3 {
		return s[:size], size
	}
	return replacement, 1
}

// normalize sets d to text, normalised.
//
// With removeExtraSpaces, steps that give one space are skipped at the beginning,
// spaces that a step begins with are left out where the text before ends in one, and
// spaces at the end are left out. A text of which nothing is left does not get the
// dummy prefix.
func (n *normalizer) normalize(d *normalized, text string, origins bool) {
	d.text, d.origin, d.origins = d.text[:0], d.origin[:0], origins
	at := 0
	if n.removeExtraSpaces {
		for at < len(text) {
			to, size := n.step(text[at:])
			if to != " " {
				break
			}
			at += size
		}
	}
	if at < len(text) {
		at = n.body(d, text, at)
	} else {
		at = 0
	}
	if origins {
		d.origin = append(d.origin, at)
	}
}

// body appends text[at:], which does not begin with spaces that are to be left out. It
// returns where the last step that is left ended.
func (n *normalizer) body(d *normalized, text string, at int) int {
	if n.dummyPrefix && !n.suffix {
		d.put(n.space, at)
	}
	afterSpace := n.removeExtraSpaces // spaces are left out
	for at < len(text) {
		c := text[at]
		switch n.class[c] {
		case plain, joins:
			if c == ' ' {
				if at+1 < len(text) && text[at+1] >= utf8.RuneSelf && n.class[c] == joins {
					break
				}
				if !afterSpace {
					d.put(n.space, at)
					afterSpace = n.removeExtraSpaces
				}
				at++
				continue
			}
			end := at + 1
			for end < len(text) && n.class[text[end]] != other && text[end] != ' ' {
				end++
			}
			if end < len(text) && text[end] >= utf8.RuneSelf && n.class[text[end-1]] == joins {
				end--
			}
			if end == at {
				break
			}
			d.text = append(d.text, text[at:end]...)
			if d.origins {
				for i := at; i < end; i++ {
					d.origin = append(d.origin, i)
				}
			}
			afterSpace = false
			at = end
			continue
		}
		to, size := n.step(text[at:])
		for afterSpace && to != "" && to[0] == ' ' {
			to = to[1:]
		}
		if to != "" {
			afterSpace = n.removeExtraSpaces && to[len(to)-1] == ' '
			for {
				i := strings.IndexByte(to, ' ')
				if i < 0 {
					d.put(to, at)
					break
				}
				d.put(to[:i], at)
				d.put(n.space, at)
				to = to[i+1:]
			}
		}
		at += size
	}
	if n.removeExtraSpaces {
		for len(d.text) > 0 && bytes.HasSuffix(d.text, []byte(n.space)) {
			length := len(d.text) - len(n.space)
			d.text = d.text[:length]
			if d.origins {
				at = d.origin[length]
				d.origin = d.origin[:length]
			}
		}
	}
	if n.dummyPrefix && n.suffix {
		d.put(n.space, at)
	}
	return at
}
