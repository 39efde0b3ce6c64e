package hf

import (
	"unicode/utf8"

	"github.com/clipperhouse/uax29/v2/graphemes"

	"github.com/goroberta/goroberta/internal/charsmap"
)

// precompiled normalises with SentencePiece's table, but not as SentencePiece does:
// the shortest key of a grapheme cluster of fewer than 6 bytes replaces all of the
// cluster. Other clusters go character by character.
type precompiled struct {
	m    *charsmap.Map
	same *[utf8.RuneSelf]bool // the ASCII characters that stay as they are before another one
}

func newPrecompiled(m *charsmap.Map) precompiled {
	n := precompiled{m, new([utf8.RuneSelf]bool)}
	for c := range n.same {
		_, _, ok := m.Shortest(string(rune(c)))
		n.same[c] = !ok && c != '\r' // which makes a cluster with \n
	}
	return n
}

func (n precompiled) normalize(p piece) piece {
	text := p.text
	// Most texts do not change.
	i := n.unchanged(text)
	if i == len(text) {
		return p
	}
	w := p.rewrite()
	w.keep(0, i)
	for i < len(text) {
		end := i + cluster(text[i:])
		if to, _, ok := n.m.Shortest(text[i:end]); ok && end-i < 6 {
			w.replace(utf8.RuneCountInString(text[i:end]), to)
			i = end
		}
		for i < end {
			_, size := utf8.DecodeRuneInString(text[i:])
			if to, _, ok := n.m.Shortest(text[i : i+size]); ok {
				w.replace(1, to)
			} else {
				w.keep(i, i+size)
			}
			i += size
		}
		same := n.unchanged(text[i:])
		w.keep(i, i+same)
		i += same
	}
	return w.done()
}

// unchanged returns how much of text, from its beginning on, stays as it is. It ends
// at a cluster's end.
func (n precompiled) unchanged(text string) int {
	for i := 0; i < len(text); {
		if text[i] < utf8.RuneSelf && n.same[text[i]] && i+1 < len(text) && text[i+1] < utf8.RuneSelf {
			i++
			continue
		}
		size := cluster(text[i:])
		if _, first := utf8.DecodeRuneInString(text[i:]); first < size || n.m.Begins(text[i]) {
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
