package roberta

import (
	"context"
	"fmt"

	"github.com/goroberta/goroberta/internal/nn"
)

// run runs the encoder. A fault in the memory map of the checkpoint's file becomes
// an error.
func (m *Model) run(ctx context.Context, q nn.Request) (r *nn.Result, err error) {
	err = m.file.Guard(func() (err error) {
		r, err = m.enc.Run(ctx, m.pool, q)
		return err
	})
	return r, err
}

// maskRows is how many masks are predicted at a time, if a sequence has no more.
const maskRows = 256

// eachMask calls f with the LM logits [V] of the positions at[s] of each input, in
// order, and of no others. Their memory is used again.
func (m *Model) eachMask(ctx context.Context, inputs []Input, at [][]int, f func(s int, logits []float32)) error {
	if _, _, err := m.batch(inputs); err != nil { // before anything is computed
		return err
	}
	for lo, hi := 0, 0; lo < len(inputs); lo = hi {
		n := 0
		for hi = lo; hi < len(inputs) && (hi == lo || n+len(at[hi]) <= maskRows); hi++ {
			n += len(at[hi])
		}
		b, l, err := m.batch(inputs[lo:hi])
		if err != nil {
			return err
		}
		var rows, sequences []int
		for s := lo; s < hi; s++ {
			for _, i := range at[s] {
				row := l.row(s-lo, i)
				if row < 0 {
					return fmt.Errorf("%w: the vocabulary's mask is its padding token", ErrModel)
				}
				rows, sequences = append(rows, row), append(sequences, s)
			}
		}
		each := func(row int, logits []float32) { f(sequences[row], logits) }
		if _, err := m.run(ctx, nn.Request{Batch: b, Rows: nn.Only(rows...), LM: m.lm, EachLogits: each}); err != nil {
			return err
		}
	}
	return nil
}
