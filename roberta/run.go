package roberta

import (
	"context"

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

// maskRows bounds the LM logits that are in memory at a time: 50 MB for GPT-2's
// vocabulary.
const maskRows = 256

// eachMask calls f with the LM logits [V] of the positions at[s] of each input, in
// order, and of no others. No position is that of a pad.
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
				rows, sequences = append(rows, l.row(s-lo, i)), append(sequences, s)
			}
		}
		r, err := m.run(ctx, nn.Request{Batch: b, Rows: nn.Only(rows...), LM: m.lm})
		if err != nil {
			return err
		}
		for i, s := range sequences {
			f(s, r.Logits[i*m.cfg.VocabSize:][:m.cfg.VocabSize])
		}
	}
	return nil
}
