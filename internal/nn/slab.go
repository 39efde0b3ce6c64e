package nn

import "sync"

// A Slab hands out memory for packed weights: pieces of large blocks, so that nearly
// all of it lies in whole huge pages.
type Slab[E float32 | uint16 | uint8] struct {
	Want int // elements that are expected to be taken in total

	mu   sync.Mutex
	free []E
}

// Take returns n elements from the start of a cache line. It may be called by
// several goroutines at once.
func (s *Slab[E]) Take(n int) []E {
	const line = 64 // elements, of the smallest type
	s.mu.Lock()
	defer s.mu.Unlock()
	room := (n + line - 1) / line * line
	if len(s.free) < room {
		s.free = inHugePages[E](max(room, min(s.Want, slabBytes/4)))
	}
	s.Want = max(0, s.Want-room)
	w := s.free[:n:n]
	s.free = s.free[room:]
	return w
}
