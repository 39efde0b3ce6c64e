package nn

import (
	"context"
	"sync/atomic"

	"github.com/goroberta/goroberta/internal/simd"
)

// An LMHead maps hidden states to logits over the vocabulary:
// LN(act(dense(x)))·Wᵀ + b (fairseq/models/roberta/model.py, RobertaLMHead).
//
// A tied W is the token embedding. That is held once, row-major, because the
// embedding reads rows of it; the product packs a few panels at a time.
type LMHead struct {
	Dense      Linear
	Activation Activation // after Dense
	Norm       Norm
	W          *Table    // V × C
	Bias       []float32 // padded with zeros to whole panels
}

// logits calls each with the logits of the rows of x, in pieces: see Request.EachPiece. For
// many rows that is as much work as several layers, so it checks the context before
// each item.
func (h *LMHead) logits(ctx context.Context, t team, x matrix, eps float32, each func(row, first int, logits []float32)) error {
	inner := t.linear(useHeadInner, x, &h.Dense, h.Activation)
	t.normInto(inner, inner, &h.Norm, eps)

	const width = lmPanels * simd.PanelWidth
	V := h.W.Rows
	like := h.W.Int8 // its factors too
	if like == nil {
		like = &simd.Matrix{Format: h.W.format()}
	}
	in := t.input(&t.arena.rounded, inner, like)
	var ended atomic.Bool
	t.run((V+width-1)/width, func(m *member, item int) {
		if ended.Load() {
			return
		}
		if ctx.Err() != nil {
			ended.Store(true)
			return
		}
		lo, hi := item*width, min(V, (item+1)*width)
		w := m.rows.pack(h.W, lo, hi)
		m.out = grow(m.out, lmRows*width)
		for r := 0; r < in.rows; r += lmRows {
			n := min(lmRows, in.rows-r)
			simd.Multiply(&simd.Job{
				Dst: m.out, DstStride: width,
				X: in.from(r, 0), XStride: in.stride, Rows: n,
				Int8: in.int8, BF16: in.bf16, Row: r,
				W: w, Panels: w.All(),
				Base: h.Bias[lo:],
			}, &m.product)
			for i := range n {
				each(r+i, lo, m.out[i*width:][:hi-lo])
			}
		}
	})
	if ended.Load() {
		return ctx.Err()
	}
	return nil
}
