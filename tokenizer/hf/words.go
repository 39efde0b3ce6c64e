package hf

import "sync/atomic"

// wordSlots is the size of a word cache. A megabyte of English prose has some ten
// thousand distinct pieces.
const (
	wordSlotBits = 16
	wordSlots    = 1 << wordSlotBits
)

// longestWord is the longest piece in bytes that is cached.
const longestWord = 24

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

func (k wordKey) slot() uint {
	h := (k.a ^ uint64(k.size)<<56) * 0x9E3779B97F4A7C15
	h ^= h >> 32
	h = (h ^ k.b) * 0xD6E8FEB86659FD93
	h ^= h >> 32
	h = (h ^ k.c) * 0xA0761D6478BD642F
	return uint(h >> (64 - wordSlotBits))
}

// A word is a piece and its ids. It does not change once it is in the cache. Nearly
// all words have at most 5 ids and take 64 bytes.
type word struct {
	wordKey
	count uint8
	ids   [5]int32
	more  *[longestWord]int32
}

func (w *word) append(ids []int) []int {
	if w.more != nil {
		for _, id := range w.more[:w.count] {
			ids = append(ids, int(id))
		}
		return ids
	}
	if w.count == 1 {
		return append(ids, int(w.ids[0]))
	}
	for _, id := range w.ids[:w.count] {
		ids = append(ids, int(id))
	}
	return ids
}

// A wordCache caches the ids of recent pieces, in at most about 6 MB. A piece is in
// the slot that its hash gives or in that slot's neighbour. No lock is needed: a slot
// is one pointer to a word that does not change. If two goroutines write to a slot at
// once, a word may be lost, and it is made again when it is needed.
type wordCache [wordSlots]atomic.Pointer[word]

func (c *wordCache) find(k wordKey) *word {
	i := k.slot()
	if w := c[i].Load(); w != nil && w.wordKey == k {
		return w
	}
	if w := c[i^1].Load(); w != nil && w.wordKey == k {
		return w
	}
	return nil
}

// add records the ids of a piece, unless they are too many.
func (c *wordCache) add(k wordKey, ids []int) {
	if len(ids) > longestWord {
		return
	}
	w := &word{wordKey: k, count: uint8(len(ids))}
	to := w.ids[:]
	if len(ids) > len(w.ids) {
		w.more = new([longestWord]int32)
		to = w.more[:]
	}
	for i, id := range ids {
		to[i] = int32(id)
	}
	i := k.slot()
	if old := c[i].Load(); old != nil {
		c[i^1].Store(old)
	}
	c[i].Store(w)
}
