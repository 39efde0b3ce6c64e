package roberta

// An Attention holds the attention weights of one layer: for each head and each token
// of a sequence, how much of each token of the sequence goes into what the head makes
// of it. They are the probabilities after the softmax, so the weights of a row add up
// to 1, up to rounding.
//
// The memory is 4·heads·T² bytes for a sequence of T tokens, pads not counted: 12.6 MB
// for a layer of roberta.base and 512 tokens. It belongs to the caller.
type Attention struct {
	layout *layout
	heads  int
	at     []int     // where each sequence begins
	values []float32 // [heads, T, T] of each sequence, end to end; pads have no rows and columns
}

// Shape is (H, T, T) of a sequence: heads, tokens that attend, tokens that they attend
// to. Pads count.
func (a *Attention) Shape(sequence int) Shape {
	n := a.layout.lengths[sequence]
	return Shape{a.heads, n, n}
}

// Row is the weights that a token gives, in a head 0 … H-1, to each token of the
// sequence that is no pad, in order. It lies in the Attention's own memory. A pad has
// no row: nil.
func (a *Attention) Row(sequence, head, token int) []float32 {
	r := a.layout.row(sequence, token)
	if r < 0 {
		return nil
	}
	if head < 0 || head >= a.heads {
		panic("roberta: no such attention head")
	}
	T := a.layout.tokens(sequence)
	at := a.at[sequence] + (head*T+r-a.layout.offsets[sequence])*T
	return a.values[at:][:T:T]
}

// Float32s is the weights of a sequence as Shape says, row-major: element (h, q, k) is
// at (h·T+q)·T+k. Rows and columns of pads are zeros. It is a new slice.
func (a *Attention) Float32s(sequence int) []float32 {
	n := a.layout.lengths[sequence]
	rows := a.layout.rows[sequence]
	out := make([]float32, a.heads*n*n)
	for h := range a.heads {
		for q := range n {
			row, dst := a.Row(sequence, h, q), out[(h*n+q)*n:][:n]
			if rows == nil {
				copy(dst, row)
				continue
			}
			next := 0
			for k := range n {
				if row != nil && rows[k] >= 0 {
					dst[k] = row[next]
					next++
				}
			}
		}
	}
	return out
}
