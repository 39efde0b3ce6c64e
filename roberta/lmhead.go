package roberta

import (
	"context"
	"sync/atomic"

	"github.com/goroberta/goroberta/internal/parallel"
	"github.com/goroberta/goroberta/internal/simd"
)

// An lmHead maps hidden states to logits over the vocabulary:
// LN(act(dense(x)))·Wᵀ + b (fairseq/models/roberta/model.py, RobertaLMHead).
//
// A tied W is the token embedding. That is held once, row-major, since the
// embedding reads rows of it; the product packs a few panels at a time.
type lmHead struct {
	dense linear
	ln    norm
	w     *table
	bias  []float32 // padded with zeros to whole panels
}

// lmPanels is the number of panels that are packed at a time: few enough that
// they are still in the second-level cache when the product reads them.
const lmPanels = 16

// logits writes the logits of x's row r into dst(r), of length V. For many rows
// that is as much work as several layers, so the context is looked at as often.
func (l *lmHead) logits(ctx context.Context, p *parallel.Pool, a *arena, dst func(r int) []float32, x matrix, act func([]float32), eps float32) error {
	h := a.matrix(bufHeadInner, x.rows, x.cols)
	l.dense.run(p, a, h, x, 0, simd.Panels(x.cols), act, successor{})
	eachRow(p, h.rows, func(r int) { simd.LayerNorm(h.row(r), h.row(r), l.ln.gain, l.ln.bias, eps) })

	const width = lmPanels * simd.PanelWidth
	var ended atomic.Bool
	p.Run((l.w.rows+width-1)/width, func(slot, item int) {
		if ended.Load() {
			return
		}
		if ctx.Err() != nil {
			ended.Store(true)
			return
		}
		s := &a.scratch[slot]
		lo, hi := item*width, min(l.w.rows, (item+1)*width)
		w := &s.w[0]
		*w = l.w.pack(&s.packed, lo, hi)
		const tile = 64
		s.out = grow(s.out, tile*width)
		for r := 0; r < h.rows; r += tile {
			n := min(tile, h.rows-r)
			simd.Multiply(&simd.Job{Dst: s.out, DstStride: width, X: h.from(r, 0), XStride: h.stride, Rows: n, W: w, Panels: w.All(), Base: l.bias[lo:]}, s.product)
			for i := range n {
				copy(dst(r + i)[lo:hi], s.out[i*width:])
			}
		}
	})
	if ended.Load() {
		return ctx.Err()
	}
	return nil
}
