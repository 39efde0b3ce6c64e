package nn

import "slices"

// A Batch is the tokens of some sequences, end to end and without pads.
type Batch struct {
	Tokens    []int
	Positions []int // from 0 in each sequence
	Offsets   []int // sequence s is rows Offsets[s] … Offsets[s+1]-1; begins with 0
}

// Len is M, the number of rows.
func (b *Batch) Len() int { return len(b.Tokens) }

// Sequences is the number of sequences.
func (b *Batch) Sequences() int { return len(b.Offsets) - 1 }

// pick is the batch of the given sequences.
func (b *Batch) pick(sequences []int) *Batch {
	p := &Batch{Offsets: make([]int, 1, len(sequences)+1)}
	for _, s := range sequences {
		lo, hi := b.Offsets[s], b.Offsets[s+1]
		p.Tokens = append(p.Tokens, b.Tokens[lo:hi]...)
		p.Positions = append(p.Positions, b.Positions[lo:hi]...)
		p.Offsets = append(p.Offsets, len(p.Tokens))
	}
	return p
}

// A Selection is the rows of the last layer that are wanted. The last layer computes
// no others.
type Selection struct {
	some bool
	rows []int
}

// All selects every row.
func All() Selection { return Selection{} }

// Only selects the given rows of a batch, in rising order.
func Only(rows ...int) Selection { return Selection{some: true, rows: rows} }

// count is the number of rows selected of n.
func (s Selection) count(n int) int {
	if s.some {
		return len(s.rows)
	}
	return n
}

// between returns which of the selected rows lie in lo … hi-1: those that are number
// first … end-1 among the selected.
func (s Selection) between(lo, hi int) (first, end int) {
	if !s.some {
		return lo, hi
	}
	first, _ = slices.BinarySearch(s.rows, lo)
	end, _ = slices.BinarySearch(s.rows, hi)
	return first, end
}
