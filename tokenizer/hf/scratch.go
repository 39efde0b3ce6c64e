package hf

import (
	"github.com/goroberta/goroberta/internal/unigram"
	"github.com/goroberta/goroberta/tokenizer"
)

// A scratch is the memory in which a text is normalised and cut. It is used again, for
// the next text and for parts of one text that have nothing to do with each other. What
// lies in it, the texts of pieces too, counts only until then.
type scratch struct {
	text    stack[byte]
	align   stack[tokenizer.Span]
	matches stack[match]
	tokens  []token
	ids     []int           // of a piece
	found   []unigram.Token // in a piece
	lattice unigram.Memory[float64]
	piece   []byte // what a search is in
	chunk   bool   // a piece is part of a chunk, whose ids are remembered as a whole
}

// keepScratch is how many bytes of text, spans and so on a scratch may have that is kept.
const keepScratch = 1 << 20

// reset frees all that has been taken.
func (m *scratch) reset() {
	m.text.reset()
	m.align.reset()
	m.matches.reset()
}

// keep frees all, and reports whether the memory is small enough to be kept.
func (m *scratch) keep() bool {
	if max(m.text.size(), m.align.size(), m.matches.size(), cap(m.tokens), cap(m.ids), cap(m.found), cap(m.piece), m.lattice.Size()) > keepScratch {
		return false
	}
	m.reset()
	return true
}

// A stack is memory that slices are taken from, one after the other.
type stack[T any] struct {
	block []T
	taken int // since the last reset
}

// begin returns an empty slice with room for n elements, which end takes.
func (s *stack[T]) begin(n int) []T {
	if cap(s.block)-len(s.block) < n {
		s.block = make([]T, 0, max(n, 2*cap(s.block)))
	}
	return s.block[len(s.block):]
}

// end takes what begin returned and what has been appended to it since.
func (s *stack[T]) end(t []T) []T {
	if cap(t) == cap(s.block)-len(s.block) {
		s.block = s.block[:len(s.block)+len(t)]
	} else {
		s.block = t // it has outgrown the block
	}
	s.taken += len(t)
	return t[:len(t):len(t)]
}

// reset frees all. If that was in several blocks, there will be one of their size.
func (s *stack[T]) reset() {
	if s.taken > cap(s.block) {
		s.block = make([]T, 0, s.taken)
	}
	s.block, s.taken = s.block[:0], 0
}

func (s *stack[T]) size() int { return max(s.taken, cap(s.block)) }
