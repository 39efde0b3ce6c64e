package bpe

import (
	"math/bits"
	"slices"
	"sync"
)

// Merging, as GPT-2 does it: a piece starts as its bytes' tokens; as long as
// any two neighbours form a known pair, the pair of lowest rank is merged
// wherever it occurs, from left to right. (Sennrich, Haddow and Birch, "Neural
// Machine Translation of Rare Words with Subword Units", 2016, section 3.2;
// on bytes: Radford et al., "Language Models are Unsupervised Multitask
// Learners", 2019, section 2.2.)
//
// While one pair is merged, no new occurrence of it can arise: a new neighbour
// is longer than either half of the pair. Both functions below rely on that.

// shortPiece is the longest piece in bytes that mergeShort takes. For longer
// pieces mergeLong is faster.
const shortPiece = 48

// mergeShort appends the tokens of piece to dst. Each time it searches all pairs
// for the lowest rank, which for a word is faster than a queue.
func (v *vocabulary) mergeShort(dst []uint32, piece string) []uint32 {
	var tokens, ranks, made [shortPiece]uint32 // ranks[i], made[i]: the merge of tokens i and i+1
	n := len(piece)
	for i := range n {
		tokens[i] = v.bytes[piece[i]]
	}
	for i := range n - 1 {
		ranks[i], made[i] = v.pairs.find(tokens[i], tokens[i+1])
	}
	for n > 1 {
		best := slices.Min(ranks[:n-1])
		if best == noRank {
			break
		}
		for i := 0; i < n-1; i++ {
			if ranks[i] != best {
				continue
			}
			tokens[i] = made[i]
			n--
			copy(tokens[i+1:n], tokens[i+2:n+1])
			copy(ranks[i:n-1], ranks[i+1:n])
			copy(made[i:n-1], made[i+1:n])
			if i > 0 {
				ranks[i-1], made[i-1] = v.pairs.find(tokens[i-1], tokens[i])
			}
			if i < n-1 {
				ranks[i], made[i] = v.pairs.find(tokens[i], tokens[i+1])
			}
		}
	}
	return append(dst, tokens[:n]...)
}

// longestPiece is the longest piece in bytes that is merged as one: offsets in
// the queues have 31 bits, and merging takes some 70 bytes of memory for each
// byte. A longer piece, half a gigabyte of one class of characters, is cut.
const longestPiece = 1 << 29

// mergeLong appends the ids of piece to dst. It keeps a queue of pairs for each
// rank, so that a piece of n bytes takes a time in proportion to n, whatever
// its letters.
func (v *vocabulary) mergeLong(dst []int, piece string) []int {
	if len(piece) > longestPiece {
		return v.mergeLong(v.mergeLong(dst, piece[:longestPiece]), piece[longestPiece:])
	}
	m := mergers.Get().(*merger)
	m.reset(v, piece)
	for {
		rank, ok := m.lowest()
		if !ok {
			break
		}
		m.mergeAll(rank)
	}
	for i := int32(0); i >= 0; i = m.cells[i].next {
		dst = append(dst, int(v.id(m.cells[i].token)))
	}
	if len(piece) <= 1<<16 { // the memory of a very long piece is not kept
		mergers.Put(m)
	}
	return dst
}

var mergers = sync.Pool{New: func() any { return new(merger) }}

// A merger holds one piece while it is merged. Cells are the tokens in a
// linked list; cell i begins with byte i of the piece and absorbs the cells to
// its right. The queue of rank r, links from heads[r] on, lists the cells whose
// pair with the next cell has that rank, stale entries included. A tree of
// bitmaps tells which queues aren't empty:
//
//	level 0: bit r        queue r holds something
//	level 1: bit w        word w of level 0 isn't zero
//	level 2: bit w        word w of level 1 isn't zero, …
type merger struct {
	v      *vocabulary
	cells  []mergeCell
	links  []mergeLink
	heads  []int32 // by rank: the newest link of the queue, or -1
	levels [][]uint64
	batch  []int32
}

type mergeCell struct {
	token      uint32
	rank, made uint32 // of the merge with the next cell
	prev, next int32  // -1 at either end; prev is absorbed once the cell is part of another
}

// absorbed is the prev of a cell that is no longer in the list.
const absorbed = -2

type mergeLink struct{ cell, next int32 }

func (m *merger) reset(v *vocabulary, piece string) {
	if m.v != v { // heads are all -1 and levels all 0 again after each piece
		m.v = v
		m.heads = make([]int32, v.ranks)
		for i := range m.heads {
			m.heads[i] = -1
		}
		m.levels = m.levels[:0]
		for n := v.ranks; ; {
			n = (n + 63) / 64
			m.levels = append(m.levels, make([]uint64, n))
			if n <= 1 {
				break
			}
		}
	}
	n := len(piece)
	m.links = slices.Grow(m.links[:0], n)
	m.cells = slices.Grow(m.cells[:0], n)[:n]
	for i := range n {
		c := &m.cells[i]
		c.token = v.bytes[piece[i]]
		c.prev, c.next = int32(i-1), int32(i+1)
	}
	m.cells[n-1].next = -1
	for i := range n {
		m.pair(int32(i))
	}
}

// pair looks up the merge of cell i with the next one and queues it.
func (m *merger) pair(i int32) {
	c := &m.cells[i]
	if c.next < 0 {
		c.rank = noRank
		return
	}
	c.rank, c.made = m.v.pairs.find(c.token, m.cells[c.next].token)
	if c.rank == noRank {
		return
	}
	if m.heads[c.rank] < 0 {
		bit := c.rank
		for _, level := range m.levels {
			level[bit/64] |= 1 << (bit % 64)
			bit /= 64
		}
	}
	m.links = append(m.links, mergeLink{i, m.heads[c.rank]})
	m.heads[c.rank] = int32(len(m.links) - 1)
}

// lowest returns the lowest rank that has a queue.
func (m *merger) lowest() (rank uint32, ok bool) {
	top := len(m.levels) - 1
	if len(m.levels[top]) == 0 || m.levels[top][0] == 0 {
		return 0, false
	}
	for l := top; l >= 0; l-- {
		rank = rank*64 + uint32(bits.TrailingZeros64(m.levels[l][rank]))
	}
	return rank, true
}

// mergeAll empties the queue of rank and merges its pairs from left to right.
func (m *merger) mergeAll(rank uint32) {
	m.batch = m.batch[:0]
	for l := m.heads[rank]; l >= 0; l = m.links[l].next {
		m.batch = append(m.batch, m.links[l].cell)
	}
	m.heads[rank] = -1
	bit := rank
	for _, level := range m.levels {
		level[bit/64] &^= 1 << (bit % 64)
		if level[bit/64] != 0 {
			break
		}
		bit /= 64
	}
	slices.Reverse(m.batch) // mostly sorted now: cells are queued from left to right
	if !slices.IsSorted(m.batch) {
		slices.Sort(m.batch)
	}
	merged := m.batch[:0]
	for _, i := range m.batch {
		c := &m.cells[i]
		if c.prev == absorbed || c.rank != rank {
			continue // stale: one of the two has been merged since
		}
		c.token = c.made
		c.rank = noRank
		next := c.next
		c.next = m.cells[next].next
		m.cells[next].prev = absorbed
		if c.next >= 0 {
			m.cells[c.next].prev = i
		}
		merged = append(merged, i)
	}
	last := int32(-1)
	for _, i := range merged {
		if prev := m.cells[i].prev; prev != last { // if prev was merged too, it has just been paired
			m.pair(prev)
		}
		m.pair(i)
		last = i
	}
}
