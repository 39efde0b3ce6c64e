package roberta

import (
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

// logits writes the logits of x's rows into dst, row r at dst[r*ld:][:V].
func (l *lmHead) logits(p *parallel.Pool, a *arena, dst []float32, ld int, x matrix, act func([]float32), eps float32) {
	h := a.matrix(bufHeadInner, x.rows, x.cols)
	l.dense.run(p, a, h, x, 0, simd.Panels(x.cols), act)
	eachRow(p, h.rows, func(r int) { simd.LayerNorm(h.row(r), h.row(r), l.ln.gain, l.ln.bias, eps) })

	const width = lmPanels * simd.PanelWidth
	p.Run((l.w.rows+width-1)/width, func(slot, item int) {
		s := &a.scratch[slot]
		lo, hi := item*width, min(l.w.rows, (item+1)*width)
		w := l.w.pack(&s.packed, lo, hi)
		const tile = 64
		s.out = grow(s.out, tile*width)
		for r := 0; r < h.rows; r += tile {
			n := min(tile, h.rows-r)
			simd.Product(s.out, width, h.from(r, 0), h.stride, n, &w, 0, simd.Panels(w.N), l.bias[lo:], 0, s.product)
			for i := range n {
				copy(dst[(r+i)*ld+lo:][:hi-lo], s.out[i*width:])
			}
		}
	})
}
