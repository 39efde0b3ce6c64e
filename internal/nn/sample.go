package nn

import (
	"context"

	"github.com/goroberta/goroberta/internal/parallel"
)

// A sample is rows of a batch whose values are looked at on their way through the
// encoder.
type sample struct {
	rows []int
	each func(l *Linear, i int, x []float32)
}

// keep hands on the sampled rows of x, the input of l. A nil sample has none.
func (s *sample) keep(l *Linear, x matrix) {
	if s == nil {
		return
	}
	for i, r := range s.rows {
		s.each(l, i, x.row(r))
	}
}

// Sample runs the encoder on a batch for what its linear layers multiply: each gets row
// rows[i] of the input of every layer l. The memory of x is used again. each is called by
// one goroutine, with equal bits whatever the threads. The only error is the context's,
// as of Run.
func (e *Encoder) Sample(ctx context.Context, pool *parallel.Pool, b *Batch, rows []int, each func(l *Linear, i int, x []float32)) error {
	if err := pool.Join(ctx); err != nil {
		return err
	}
	defer pool.Leave()
	t := newTeam(pool)
	defer t.release()
	t.sample = &sample{rows, each}
	_, err := e.forward(ctx, t, b, All(), nil)
	return err
}
