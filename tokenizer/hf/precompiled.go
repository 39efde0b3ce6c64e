package hf

import (
	"unicode/utf8"

	"github.com/clipperhouse/uax29/v2/graphemes"

	"github.com/goroberta/goroberta/internal/charsmap"
)

// precompiled normalises with SentencePiece's table, but not as SentencePiece does:
// the shortest key of a grapheme cluster of fewer than 6 bytes replaces all of the
// cluster. Other clusters go character by character.
type precompiled struct{ m *charsmap.Map }

func (n precompiled) normalize(p *piece) {
	text := p.text
	// Find what changes first, and remember nothing of a text in which nothing does.
	i := n.unchanged(text)
	if i == len(text) {
		return
	}
	changes := make([]change, 0, len(text)+len(text)/8)
	for _, c := range text[:i] {
		changes = append(changes, change{c, 0})
	}
	for i < len(text) {
		end := i + cluster(text[i:])
		if end-i < 6 {
			if to, _, ok := n.m.Shortest(text[i:end]); ok {
				changes = replaceBy(changes, utf8.RuneCountInString(text[i:end]), to)
				i = end
				continue
			}
		}
		for i < end {
			c, size := utf8.DecodeRuneInString(text[i:])
			if to, _, ok := n.m.Shortest(text[i : i+size]); ok {
				changes = replaceBy(changes, 1, to)
			} else {
				changes = append(changes, change{c, 0})
			}
			i += size
		}
	}
	p.transform(changes, 0)
}

// unchanged returns how much of text, from its beginning on, stays as it is. It ends
// at a cluster's end.
func (n precompiled) unchanged(text string) int {
	for i := 0; i < len(text); {
		size := cluster(text[i:])
		if n.m.Begins(text[i]) || size > 1 && text[i] < utf8.RuneSelf || size > utf8.UTFMax {
			for j := i; j < i+size; {
				_, m := utf8.DecodeRuneInString(text[j:])
				if _, _, ok := n.m.Shortest(text[j : j+m]); ok {
					return i
				}
				j += m
			}
			if _, _, ok := n.m.Shortest(text[i : i+size]); ok {
				return i
			}
		}
		i += size
	}
	return len(text)
}

// replaceBy appends the changes that write to for n characters. If to is empty and
// nothing comes before, the characters are lost, and what follows is aligned as if
// it came from them, as in the tokenizers library.
func replaceBy(changes []change, n int, to string) []change {
	at := len(changes)
	for _, c := range to {
		changes = append(changes, change{c, 0})
	}
	switch more := len(changes) - at - n; {
	case more > 0:
		for i := range more {
			changes[len(changes)-1-i].by = 1
		}
	case more < 0 && len(changes) > 0:
		changes[len(changes)-1].by += more
	}
	return changes
}

// cluster returns the length of the grapheme cluster that s, which is not empty,
// begins with.
func cluster(s string) int {
	c, n := rune(s[0]), 1
	if c >= utf8.RuneSelf {
		c, n = utf8.DecodeRuneInString(s)
	}
	if alone(c) {
		if n == len(s) {
			return n
		}
		next := rune(s[n])
		if next >= utf8.RuneSelf {
			next, _ = utf8.DecodeRuneInString(s[n:])
		}
		if alone(next) && (c != '\r' || next != '\n') {
			return n
		}
	}
	g := graphemes.FromString(s)
	g.Next()
	return len(g.Value())
}

// alone reports whether there is a boundary between any two such characters, apart
// from CR and LF: they are letters of scripts without marks of their own, and most of
// Latin-1. For others the tables have to be asked.
func alone(c rune) bool {
	switch {
	case c < 0x300:
		return c != 0xAD
	case c < 0x2000:
		return 0x370 <= c && c <= 0x482 || 0x48A <= c && c <= 0x58F || 0x1E00 <= c && c <= 0x1FFF
	case c < 0xAC00:
		return 0x2010 <= c && c <= 0x2027 || 0x3000 <= c && c <= 0x3029 || 0x3041 <= c && c <= 0x3096 || 0x30A0 <= c && c <= 0x30FF || 0x4E00 <= c && c <= 0x9FFF
	}
	return c <= 0xD7A3
}
