// Package charsmap reads the precompiled_charsmap of SentencePiece: a table of
// byte strings and what replaces each of them, which is how SentencePiece models
// and the Precompiled normaliser of tokenizer.json carry Unicode normalisation.
//
//	n        4 bytes, little endian
//	trie     n bytes: n/4 units of 4 bytes, little endian
//	texts    the replacements, UTF-8, each ended by a NUL byte
//
// The trie is a double array as darts-clone writes it. A unit is
//
//	31      30 … 10    9       8          7 … 0
//	value?  offset     ×256?   a key ends  the byte that leads here
//
// and the children of the unit at position i lie around i ^ offset: the one for
// byte c at i ^ offset ^ c. Where a key ends, the unit at i ^ offset itself has
// bit 31 set and holds the place of the key's replacement among the texts.
//
// The two users of the table look it up differently. SentencePiece takes the
// longest key at a place of the text, tokenizer.json the shortest.
//
// References: sentencepiece 0.2.3, normalizer.cc and third_party/darts_clone;
// tokenizers 0.23, normalizers/precompiled.rs.
package charsmap

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// maxKey is the longest key that Parse accepts, in bytes. It bounds what a look-up
// costs. The longest key that SentencePiece's own rules have is of 12 bytes.
const maxKey = 256

// ErrFormat is wrapped by all errors of Parse.
var ErrFormat = errors.New("malformed charsmap")

// A FormatError reports why a charsmap could not be read. It wraps ErrFormat.
type FormatError struct {
	Offset int // the byte of the charsmap that is at fault
	Reason string
}

func (e *FormatError) Error() string {
	return fmt.Sprintf("%v: byte %d: %s", ErrFormat, e.Offset, e.Reason)
}

func (e *FormatError) Unwrap() error { return ErrFormat }

// A Map is a parsed charsmap. It does not change and may be used by any number of
// goroutines.
type Map struct {
	units []uint32
	root  uint32 // where the children of the first unit lie
	texts string
	first [256]bool // the bytes that keys begin with
}

// The parts of a unit.
func offset(u uint32) uint32 { return u >> 10 << (u & 0x200 >> 6) }
func label(u uint32) uint32  { return u & 0x800000FF } // never a byte if bit 31 is set
func hasLeaf(u uint32) bool  { return u&0x100 != 0 }
func value(u uint32) uint32  { return u & 0x7FFFFFFF }
func isValue(u uint32) bool  { return u>>31 != 0 }

// Parse reads a charsmap. Every unit is checked, so that no look-up leads out of
// the table; a trie that leads back to itself or has keys of more than 256 bytes
// is refused, so that a look-up takes bounded time. The error is a *FormatError.
// The Map keeps no reference to data.
func Parse(data []byte) (*Map, error) {
	if len(data) < 4 {
		return nil, &FormatError{0, fmt.Sprintf("%d bytes, want at least 4", len(data))}
	}
	n := binary.LittleEndian.Uint32(data)
	switch {
	case n == 0 || n%4 != 0:
		return nil, &FormatError{0, fmt.Sprintf("a trie of %d bytes, want a positive multiple of 4", n)}
	case uint64(n) > uint64(len(data)-4):
		return nil, &FormatError{0, fmt.Sprintf("a trie of %d bytes, but %d follow", n, len(data)-4)}
	}
	texts := data[4+n:]
	if len(texts) > 0 && texts[len(texts)-1] != 0 {
		return nil, &FormatError{len(data) - 1, "the last replacement is not ended by a NUL byte"}
	}
	m := &Map{units: make([]uint32, n/4), texts: string(texts)}
	for i := range m.units {
		m.units[i] = binary.LittleEndian.Uint32(data[4+4*i:])
	}
	m.root = offset(m.units[0])
	if err := m.check(); err != nil {
		return nil, err
	}
	for c := range m.first {
		_, m.first[c] = m.child(m.root, byte(c))
	}
	return m, nil
}

// check follows every edge of the trie that can be walked.
func (m *Map) check() error {
	fail := func(i int, reason string) error { return &FormatError{4 + 4*i, reason} }
	// The children of a place are found in one pass: unit j with label c is the child
	// c of whatever place j^c is.
	n := len(m.units)
	place := func(j int) int { return j ^ int(m.units[j]&0xFF) }
	count := make([]int32, n+1)
	for j, u := range m.units {
		if p := place(j); j > 0 && !isValue(u) && p < n {
			count[p+1]++
		}
	}
	for p := range n {
		count[p+1] += count[p]
	}
	children := make([]int32, count[n])
	next := append([]int32(nil), count[:n]...)
	for j, u := range m.units {
		if p := place(j); j > 0 && !isValue(u) && p < n {
			children[next[p]] = int32(j)
			next[p]++
		}
	}
	// Then every place that the root leads to is visited once, depth first. height is
	// the length of the longest key from a place on.
	const unseen, open = -1, -2
	height := make([]int32, n)
	for p := range height {
		height[p] = unseen
	}
	if int(m.root) >= n {
		return fail(0, "the root leads out of the trie")
	}
	type frame struct{ place, child int32 }
	stack := []frame{{int32(m.root), count[m.root]}}
	height[m.root] = open
	for len(stack) > 0 {
		top := &stack[len(stack)-1]
		if top.child < count[top.place+1] {
			j := int(children[top.child])
			top.child++
			u := m.units[j]
			to := j ^ int(offset(u))
			if to >= n {
				return fail(j, "the unit leads out of the trie")
			}
			if hasLeaf(u) {
				v := value(m.units[to])
				if !isValue(m.units[to]) {
					return fail(to, "a key ends here, but the unit holds no value")
				}
				if int(v) >= len(m.texts) {
					return fail(to, fmt.Sprintf("a replacement at byte %d of %d", v, len(m.texts)))
				}
			}
			switch height[to] {
			case open:
				return fail(j, "the trie leads back to itself")
			case unseen:
				if len(stack) > maxKey {
					return fail(j, fmt.Sprintf("a key of more than %d bytes", maxKey))
				}
				height[to] = open
				stack = append(stack, frame{int32(to), count[to]})
			}
			continue
		}
		h := int32(0)
		for _, j := range children[count[top.place]:count[top.place+1]] {
			h = max(h, 1+height[int(j)^int(offset(m.units[j]))])
		}
		if h > maxKey {
			return fail(int(top.place), fmt.Sprintf("a key of more than %d bytes", maxKey))
		}
		height[top.place] = h
		stack = stack[:len(stack)-1]
	}
	return nil
}

// child returns the unit that byte c leads to from place at.
func (m *Map) child(at uint32, c byte) (pos uint32, ok bool) {
	pos = at ^ uint32(c)
	return pos, pos > 0 && int(pos) < len(m.units) && label(m.units[pos]) == uint32(c)
}

// text returns the replacement of the key whose value is at place at.
func (m *Map) text(at uint32) string {
	s := m.texts[value(m.units[at]):]
	for i := range len(s) {
		if s[i] == 0 {
			return s[:i]
		}
	}
	return s
}

// Longest returns the replacement of the longest key that s begins with, and the
// key's length; ok is false if no key does.
func (m *Map) Longest(s string) (to string, n int, ok bool) {
	at, leaf := m.root, uint32(0)
	for i := range len(s) {
		pos, found := m.child(at, s[i])
		if !found {
			break
		}
		u := m.units[pos]
		at = pos ^ offset(u)
		if hasLeaf(u) {
			leaf, n = at, i+1
		}
	}
	if n == 0 {
		return "", 0, false
	}
	return m.text(leaf), n, true
}

// Shortest is Longest for the shortest key.
func (m *Map) Shortest(s string) (to string, n int, ok bool) {
	at := m.root
	for i := range len(s) {
		pos, found := m.child(at, s[i])
		if !found {
			break
		}
		u := m.units[pos]
		at = pos ^ offset(u)
		if hasLeaf(u) {
			return m.text(at), i + 1, true
		}
	}
	return "", 0, false
}

// Begins reports whether any key begins with byte c.
func (m *Map) Begins(c byte) bool { return m.first[c] }

// Keys says which keys a character can be the beginning of.
type Keys uint8

const (
	NoKey    Keys = iota // none
	NotASCII             // only longer ones, which go on with a byte that is not ASCII
	Longer               // only longer ones
	Within               // one that is the character or ends in it
)

// Keys returns which keys begin with a character, whose bytes char are.
func (m *Map) Keys(char []byte) Keys {
	at := m.root
	for _, c := range char {
		pos, found := m.child(at, c)
		if !found {
			return NoKey
		}
		u := m.units[pos]
		if hasLeaf(u) {
			return Within
		}
		at = pos ^ offset(u)
	}
	for c := range byte(0x80) {
		if _, found := m.child(at, c); found {
			return Longer
		}
	}
	return NotASCII
}

// Begins2 reports whether any key begins with bytes c, d.
func (m *Map) Begins2(c, d byte) bool {
	pos, ok := m.child(m.root, c)
	if ok {
		_, ok = m.child(pos^offset(m.units[pos]), d)
	}
	return ok
}
