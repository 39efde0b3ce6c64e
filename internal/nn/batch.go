package nn

// A Batch is the tokens of some sequences, end to end and without pads.
type Batch struct {
	Tokens    []int
	Types     []int // token types; nil: all are 0
	Positions []int // from 0 in each sequence; -1 for pads that are computed
	Offsets   []int // sequence s is rows Offsets[s] … Offsets[s+1]-1; begins with 0
}

// typeOf is the type of row r.
func (b *Batch) typeOf(r int) int {
	if b.Types == nil {
		return 0
	}
	return b.Types[r]
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
		if b.Types != nil {
			p.Types = append(p.Types, b.Types[lo:hi]...)
		}
		p.Positions = append(p.Positions, b.Positions[lo:hi]...)
		p.Offsets = append(p.Offsets, len(p.Tokens))
	}
	return p
}
