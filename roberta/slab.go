package roberta

import "sync"

// slabBytes is the size of a slab.
const slabBytes = 64 << 20

// A slab hands out memory for packed weights, one piece after another from large
// blocks, so that nearly all of it lies in whole huge pages. left is how many
// elements will be wanted in all; more may be asked for.
type slab[E float32 | uint16] struct {
	mu   sync.Mutex
	left int
	free []E
}

// take returns n elements from the start of a cache line.
func (s *slab[E]) take(n int) []E {
	const line = 64 / 2 // elements, of the smaller type
	s.mu.Lock()
	defer s.mu.Unlock()
	room := (n + line - 1) / line * line
	if len(s.free) < room {
		s.free = inHugePages[E](max(room, min(s.left, slabBytes/4)))
	}
	s.left = max(0, s.left-room)
	w := s.free[:n:n]
	s.free = s.free[room:]
	return w
}
