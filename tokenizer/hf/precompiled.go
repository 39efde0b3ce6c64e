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
	keys *charKeys
}

// charKeys are the keys of all characters, in pages of 256. Most pages are the first,
// without any.
type charKeys struct {
	page  [(utf8.MaxRune + 1) >> 8]uint16
	pages [][256]charsmap.Keys
	first [256]charsmap.Keys // a copy of page 0
}

func (t *charKeys) of(c rune) charsmap.Keys { return t.pages[t.page[c>>8]][c&0xFF] }

func (t *charKeys) set(c rune, keys charsmap.Keys) {
	if t.page[c>>8] == 0 {
		t.page[c>>8] = uint16(len(t.pages))
		t.pages = append(t.pages, [256]charsmap.Keys{})
	}
	t.pages[t.page[c>>8]][c&0xFF] = keys
}

func newPrecompiled(m *charsmap.Map) precompiled {
	t := &charKeys{pages: make([][256]charsmap.Keys, 1)}
	var buf [utf8.UTFMax]byte
	for c := rune(0); c <= utf8.MaxRune; c++ {
		char := utf8.AppendRune(buf[:0], c)
		// Characters are skipped as many at a time as share the bytes that no key begins with.
		if c >= 0x800 && c&0xFFF == 0 && !m.Begins(char[0]) {
			c |= 0xFFF
			continue
		}
		if c >= 0x10000 && c&0xFFF == 0 && !m.Begins2(char[0], char[1]) {
			c |= 0xFFF
			continue
		}
		if c >= 0x800 && c&0x3F == 0 && !m.Begins2(char[0], char[1]) {
			c |= 0x3F
			continue
		}
		if k := m.Keys(char); k != charsmap.NoKey {
			t.set(c, k)
		}
	}
	t.first = t.pages[t.page[0]]
	return precompiled{m, t}
}

func (n precompiled) normalize(p piece) piece {
	text := p.text
	// Most texts do not change.
	i, change := n.unchanged(text, 0)
	if change == len(text) {
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
		if i > change {
			end, change = n.unchanged(text, i)
			w.keep(i, end)
			i = end
		}
	}
	return w.done()
}

// unchanged returns the first byte from at on, which begins a cluster, at which a key may
// stand, and where the cluster begins that has it, or one before: all up to there stays
// as it is.
func (n precompiled) unchanged(text string, at int) (end, change int) {
	i := at
search:
	for i < len(text) {
		c, size := rune(text[i]), 1
		switch {
		case c < utf8.RuneSelf:
			if n.keys.first[c] == charsmap.NoKey {
				i++
				continue
			}
		case 0xC2 <= c && c < 0xE0 && i+1 < len(text): // text is UTF-8
			c, size = c&0x1F<<6|rune(text[i+1]&0x3F), 2
		case 0xE0 <= c && c < 0xF0 && i+2 < len(text):
			c, size = c&0x0F<<12|rune(text[i+1]&0x3F)<<6|rune(text[i+2]&0x3F), 3
		default:
			c, size = utf8.DecodeRuneInString(text[i:])
		}
		switch n.keys.of(c) {
		case charsmap.NotASCII:
			if i+size == len(text) || text[i+size] < utf8.RuneSelf {
				break
			}
			fallthrough
		case charsmap.Longer:
			if _, _, ok := n.m.Shortest(text[i:]); !ok {
				break
			}
			break search
		case charsmap.Within:
			break search
		}
		i += size
	}
	if i == len(text) {
		return i, i
	}
	// Back to a boundary.
	after, _ := utf8.DecodeRuneInString(text[i:])
	for end = i; end > at; {
		before, size := utf8.DecodeLastRuneInString(text[:end])
		if alone(before) && alone(after) && (before != '\r' || after != '\n') {
			break
		}
		after = before
		end -= size
	}
	return end, i
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
