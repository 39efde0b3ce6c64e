package hf

import "sync/atomic"

// wordSlots is the size of a word cache. A megabyte of English prose has some ten
// thousand distinct pieces.
const (
	wordSlotBits = 16
	wordSlots    = 1 << wordSlotBits
)

// The largest word that is cached: its bytes and its ids.
const (
	longestWord = 24
	mostWordIDs = 8
)

// A wordKey is a piece of at most longestWord bytes.
type wordKey struct {
	a, b, c uint64
	size    uint8
}

// keyOf returns the key of piece, which is not empty, or false if it is too long. The
// last word of a key is the last 8 bytes of the piece, which may overlap the one
// before: together with the size that still tells pieces apart.
func keyOf(piece string) (wordKey, bool) {
	n := len(piece)
	k := wordKey{size: uint8(n)}
	switch {
	case n > longestWord:
		return k, false
	case n > 16:
		k.a, k.b, k.c = load64(piece), load64(piece[8:]), load64(piece[n-8:])
	case n > 8:
		k.a, k.b = load64(piece), load64(piece[n-8:])
	case n == 8:
		k.a = load64(piece)
	case n >= 4:
		k.a = uint64(load32(piece)) | uint64(load32(piece[n-4:]))<<32
	default:
		k.a = uint64(piece[0]) | uint64(piece[n/2])<<8 | uint64(piece[n-1])<<16
	}
	return k, true
}

func load64(s string) uint64 {
	_ = s[7]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

func load32(s string) uint32 {
	_ = s[3]
	return uint32(s[0]) | uint32(s[1])<<8 | uint32(s[2])<<16 | uint32(s[3])<<24
}

// hash is well mixed in its upper bits.
func (k wordKey) hash() uint64 {
	h := (k.a ^ uint64(k.size)<<56) * 0x9E3779B97F4A7C15
	h ^= h >> 32
	h = (h ^ k.b) * 0xD6E8FEB86659FD93
	h ^= h >> 32
	h = (h ^ k.c) * 0xA0761D6478BD642F
	return h
}

// A word is a piece and its ids, in a cache line:
//
//	state  32 bits   how often it was written, twice; odd: it is being written
//	        8 bits   the number of ids
//	        8 bits   the size of the piece; 0: there is none
//	key    the piece
//	ids    two in each
//
// Whoever reads looks at the state before and after: if it is the same and even, what was
// read between belongs together.
type word struct {
	state atomic.Uint64
	key   [3]atomic.Uint64
	ids   [mostWordIDs / 2]atomic.Uint64
}

const (
	writing = 1 << 32
	written = 2 << 32
)

// A wordCache caches the ids of recent pieces, in some 4 MB. A piece is in the slot that
// its hash gives or in that slot's neighbour. There is no lock: of two goroutines that
// write to a slot at once, one gives up.
//
// Text in which hardly a word comes twice would fill the cache with what nobody asks for,
// at a third of the cost of the words themselves. So a piece is cached when it comes the
// second time, and seen, which is small, tells which have come.
type wordCache struct {
	memory atomic.Pointer[wordMemory] // nil until there is a piece
}

type wordMemory struct {
	seen  [wordSlots / 2]atomic.Uint64 // parts of the hashes of two recent pieces each
	words [wordSlots]word
}

// append appends the ids of a piece, if it is in the cache. If it is not, again says
// whether it has come before, so that it is worth to be added.
func (c *wordCache) append(ids []int, k wordKey) (_ []int, ok, again bool) {
	memory := c.memory.Load()
	if memory == nil {
		memory = new(wordMemory)
		if !c.memory.CompareAndSwap(nil, memory) {
			memory = c.memory.Load()
		}
	}
	h := k.hash()
	i := uint(h >> (64 - wordSlotBits))
	tag := uint32(h>>8) | 1 // 0: none
	seen := &memory.seen[i/2]
	if two := seen.Load(); uint32(two) != tag && uint32(two>>32) != tag {
		seen.Store(two<<32 | uint64(tag))
		return ids, false, false
	}
	words := &memory.words
	for _, i := range [2]uint{i, i ^ 1} {
		w := &words[i]
		state := w.state.Load()
		if uint8(state) != k.size || state&writing != 0 || w.key[0].Load() != k.a || w.key[1].Load() != k.b || w.key[2].Load() != k.c {
			continue
		}
		n := len(ids)
		for j := range int(uint8(state>>8)+1) / 2 {
			two := w.ids[j].Load()
			ids = append(ids, int(int32(two)), int(int32(two>>32)))
		}
		if w.state.Load() == state {
			return ids[:n+int(uint8(state>>8))], true, true
		}
		ids = ids[:n]
	}
	return ids, false, true
}

// add records the ids of a piece which append has not found, unless they are too many.
func (c *wordCache) add(k wordKey, ids []int) {
	if len(ids) > mostWordIDs {
		return
	}
	words := &c.memory.Load().words
	i := uint(k.hash() >> (64 - wordSlotBits))
	w := &words[i]
	if w.state.Load() != 0 {
		if other := &words[i^1]; other.state.Load() == 0 || k.a>>11&1 == 0 {
			w = other
		}
	}
	state := w.state.Load()
	if state&writing != 0 || !w.state.CompareAndSwap(state, state|writing) {
		return
	}
	for j, part := range [3]uint64{k.a, k.b, k.c} {
		if w.key[j].Load() != part { // much faster than to store it
			w.key[j].Store(part)
		}
	}
	for j := 0; j < len(ids); j += 2 {
		two := uint64(uint32(ids[j]))
		if j+1 < len(ids) {
			two |= uint64(uint32(ids[j+1])) << 32
		}
		w.ids[j/2].Store(two)
	}
	const count = 1<<32 - 1
	w.state.Store((state+written)&^count | uint64(len(ids))<<8 | uint64(k.size))
}
