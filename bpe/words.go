package bpe

import "sync/atomic"

// wordSlots is the size of the word cache. A megabyte of English prose has some
// ten thousand distinct pieces; a full cache takes about 4 MB.
const (
	wordSlotBits = 16
	wordSlots    = 1 << wordSlotBits
)

// longestWord is the longest piece in bytes that is cached.
const longestWord = 16

// A wordKey is a piece of at most longestWord bytes: lo and hi hold its bytes,
// the first one lowest, and zeros after them.
type wordKey struct {
	lo, hi uint64
	size   uint8
}

// keyOf returns the key of s[start:end], which is not empty.
func keyOf(s string, start, end int) (k wordKey) {
	n := end - start
	k.size = uint8(n)
	if start+16 <= len(s) {
		// Read 16 bytes and clear those past the piece. If none of lo is past it,
		// 1<<64 is 0 and the mask has all bits.
		k.lo = load64(s[start:]) & (1<<(8*uint(n)) - 1)
		if n > 8 {
			k.hi = load64(s[start+8:]) & (1<<(8*uint(n-8)) - 1)
		}
		return k
	}
	for i := range n {
		b := uint64(s[start+i])
		if i < 8 {
			k.lo |= b << (8 * i)
		} else {
			k.hi |= b << (8 * (i - 8))
		}
	}
	return k
}

func (k wordKey) slot() uint {
	h := (k.lo ^ uint64(k.size)<<56) * 0x9E3779B97F4A7C15
	h ^= h >> 32
	h = (h ^ k.hi) * 0xD6E8FEB86659FD93
	return uint(h >> (64 - wordSlotBits))
}

// A word is a piece and its ids. It does not change once it is in the cache.
// Nearly all words have at most 5 ids and take 48 bytes.
type word struct {
	wordKey
	count uint8    // number of ids
	ids   [5]int32 // the ids, if that many hold them
	more  *[longestWord]int32
}

// all returns the ids.
func (w *word) all() []int32 {
	if w.more != nil {
		return w.more[:w.count]
	}
	return w.ids[:w.count]
}

// words caches the ids of recent pieces. A piece is in the slot that its hash
// gives or in that slot's neighbour. No lock is needed: a slot is one pointer to
// a word that does not change. If two goroutines write to a slot at once, a word
// may be lost, and it is merged again when it is needed.
type words [wordSlots]atomic.Pointer[word]

func (c *words) find(k wordKey) *word {
	i := k.slot()
	if w := c[i].Load(); w != nil && w.wordKey == k {
		return w
	}
	if w := c[i^1].Load(); w != nil && w.wordKey == k {
		return w
	}
	return nil
}

// add puts w into its slot and moves the word that was there to the neighbour.
func (c *words) add(w *word) {
	i := w.slot()
	if old := c[i].Load(); old != nil {
		c[i^1].Store(old)
	}
	c[i].Store(w)
}
