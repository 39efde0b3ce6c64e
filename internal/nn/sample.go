package nn

import (
	"context"

	"github.com/goroberta/goroberta/internal/parallel"
)

// A sample is rows of a batch whose values are looked at on their way through the
// encoder.
type sample struct {
	rows   []int
	places []int // the number of each
	each   func(l *Linear, i int, x []float32)
}

// keep hands on the sampled rows of x, the input of l. A nil sample has none.
func (s *sample) keep(l *Linear, x matrix) {
	if s == nil {
		return
	}
	for i, r := range s.rows {
		s.each(l, s.places[i], x.row(r))
	}
}

// sampleTokens is how many tokens are computed at a time for a sample, unless one
// sequence has more.
const sampleTokens = 4096

// Sample runs the encoder for what its linear layers multiply: each gets the i-th
// selected row of the input of every layer l. Sequences without selected rows are not
// computed. The memory of x is used again. One goroutine calls each, in no order that
// matters, and values have the same bits whatever the threads. The only error is the
// context's, as of Run.
func (e *Encoder) Sample(ctx context.Context, pool *parallel.Pool, b *Batch, s Selection, each func(l *Linear, i int, x []float32)) error {
	if err := pool.Join(ctx); err != nil {
		return err
	}
	defer pool.Leave()
	t := newTeam(pool)
	defer t.release()
	run := func(p *part) error {
		within, places := p.selection(b, s)
		t.sample = &sample{within.rows, places, each}
		_, err := e.forward(ctx, t, b.pick(p.sequences), All(), nil)
		return err
	}
	var p part
	tokens := 0
	for q := range b.Sequences() {
		lo, hi := b.Offsets[q], b.Offsets[q+1]
		if first, end := s.between(lo, hi); first == end {
			continue
		}
		if tokens > 0 && tokens+hi-lo > sampleTokens {
			if err := run(&p); err != nil {
				return err
			}
			p.sequences, tokens = nil, 0
		}
		p.sequences, tokens = append(p.sequences, q), tokens+hi-lo
	}
	if tokens == 0 {
		return nil
	}
	return run(&p)
}
