// Package merges shows the merges of a BPE step by step. The packages that have a BPE
// merge faster by themselves and without a record; this is for explaining what they do.
package merges

import (
	"container/heap"

	"github.com/goroberta/goroberta/tokenizer"
)

// A Rule is what becomes of two neighbouring symbols: a symbol, by the merge of this rank.
// The lowest rank comes first.
type Rule struct {
	Rank  int
	Made  int32
	Score float64 // goes into the record
}

// A pair is two neighbours that wait to be merged, by where they begin.
type pair struct {
	Rule
	left, right int // symbols
	l, r        int32
}

type queue []pair

func (q queue) Len() int { return len(q) }
func (q queue) Less(i, j int) bool {
	return q[i].Rank < q[j].Rank || q[i].Rank == q[j].Rank && q[i].left < q[j].left
}
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(x any)   { *q = append(*q, x.(pair)) }
func (q *queue) Pop() any {
	x := (*q)[len(*q)-1]
	*q = (*q)[:len(*q)-1]
	return x
}

// Trace merges symbols until no rule joins two neighbours, the lowest rank first and of
// equal ones the leftmost. With together, all pairs of the lowest rank are merged before
// those that arise meanwhile count, as in GPT-2's and fastBPE's programs; without, a new
// pair of a lower rank comes first. It returns the merges, in whose places a symbol counts
// as one part, and takes n log n steps for n symbols.
func Trace(symbols []int32, together bool, rule func(left, right int32) (Rule, bool), name func(symbol int32) string) []tokenizer.Merge {
	type cell struct {
		symbol     int32
		end        int // the next cell's place
		prev       int
		isAbsorbed bool
	}
	cells := make([]cell, len(symbols))
	for i, s := range symbols {
		cells[i] = cell{symbol: s, end: i + 1, prev: i - 1}
	}
	var waiting queue
	var later []pair
	offer := func(left int, to *[]pair) {
		if left < 0 || cells[left].end >= len(cells) {
			return
		}
		right := cells[left].end
		l, r := cells[left].symbol, cells[right].symbol
		if x, ok := rule(l, r); ok {
			*to = append(*to, pair{x, left, right, l, r})
		}
	}
	for i := range cells {
		offer(i, (*[]pair)(&waiting))
	}
	heap.Init(&waiting)
	var all []tokenizer.Merge
	for rank := -1; len(waiting) > 0 || len(later) > 0; {
		if len(waiting) == 0 || waiting[0].Rank != rank || !together {
			for _, p := range later {
				heap.Push(&waiting, p)
			}
			later = later[:0]
			rank = waiting[0].Rank
		}
		p := heap.Pop(&waiting).(pair)
		left, right := &cells[p.left], &cells[p.right]
		if left.isAbsorbed || right.isAbsorbed || left.symbol != p.l || right.symbol != p.r || left.end != p.right {
			continue // one of the two has been merged since
		}
		left.symbol, left.end, right.isAbsorbed = p.Made, right.end, true
		if left.end < len(cells) {
			cells[left.end].prev = p.left
		}
		all = append(all, tokenizer.Merge{From: p.left, Mid: p.right, To: left.end, Made: name(p.Made), Rank: p.Rank, Score: p.Score})
		offer(left.prev, &later)
		offer(p.left, &later)
	}
	return all
}
