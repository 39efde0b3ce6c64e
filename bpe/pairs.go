package bpe

import "math/bits"

// noRank is the rank of two tokens that do not merge.
const noRank = 1<<32 - 1

// A pairTable maps two adjacent tokens to the rank of their merge and the
// token that it makes. It is a hash table with open addressing and linear
// probing, less than half full. An entry has 16 bytes and so lies in one cache
// line.
type pairTable struct {
	entries []pairEntry // their number is a power of two
	shift   uint
}

type pairEntry struct {
	pair uint64 // left<<32 | right
	rank uint32 // noRank in a free entry
	made uint32
}

func newPairTable(n int) pairTable {
	log := uint(bits.Len(uint(2*n + 1)))
	t := pairTable{make([]pairEntry, 1<<log), 64 - log}
	for i := range t.entries {
		t.entries[i].rank = noRank
	}
	return t
}

func (t *pairTable) slot(pair uint64) uint {
	return uint(pair * 0x9E3779B97F4A7C15 >> t.shift)
}

// set records that left and right merge into made with this rank. It replaces
// an earlier merge of the same two.
func (t *pairTable) set(left, right, rank, made uint32) {
	pair := uint64(left)<<32 | uint64(right)
	mask := uint(len(t.entries) - 1)
	i := t.slot(pair)
	for t.entries[i].rank != noRank && t.entries[i].pair != pair {
		i = (i + 1) & mask
	}
	t.entries[i] = pairEntry{pair, rank, made}
}

// find returns the rank of the merge of left and right, and what it makes.
func (t *pairTable) find(left, right uint32) (rank, made uint32) {
	pair := uint64(left)<<32 | uint64(right)
	mask := uint(len(t.entries) - 1)
	for i := t.slot(pair); ; i = (i + 1) & mask {
		e := &t.entries[i&mask]
		if e.pair == pair || e.rank == noRank {
			return e.rank, e.made
		}
	}
}
