package nn

import "github.com/goroberta/goroberta/internal/simd"

// A Linear layer is y = x·Wᵀ + b.
type Linear struct {
	W    simd.Matrix
	Bias []float32 // padded with zeros to whole panels

	next *Linear // the layer that is multiplied after this one

	// Of a layer for queries, keys and values:
	headPanels int // panels of a head; 0 if a head is not a whole number of panels
	heads      int
}

// NewLinear packs W [out, in] in float32. A nil bias is zeros.
func NewLinear(w []float32, out, in int, bias []float32) Linear {
	l := Linear{W: simd.Matrix{N: out, K: in, F32: make([]float32, simd.PackedLen(out, in))}}
	simd.Pack(l.W.F32, w, in, out, in)
	l.Bias = make([]float32, simd.Panels(out)*simd.PanelWidth)
	copy(l.Bias, bias)
	return l
}

// Weights is the inverse of NewLinear: W [out, in] and the bias, in new memory.
func (l *Linear) Weights() (w, bias []float32) {
	w = make([]float32, l.W.N*l.W.K)
	for n := range l.W.N {
		for k := range l.W.K {
			at := (n/simd.PanelWidth*l.W.K+k)*simd.PanelWidth + n%simd.PanelWidth
			if l.W.Format == simd.Float16 {
				simd.FromF16(w[n*l.W.K+k:][:1], l.W.F16[at:][:1])
			} else {
				w[n*l.W.K+k] = l.W.F32[at]
			}
		}
	}
	return w, append([]float32(nil), l.Bias[:l.W.N]...)
}

// linear is f(x·Wᵀ + b), with f applied to each element; a nil f is the identity.
func (t team) linear(u use, x matrix, l *Linear, f Activation) matrix {
	y := t.matrix(u, x.rows, l.W.N)
	t.multiply(y, x, l, simd.PanelRanges{End: simd.Panels(l.W.N), Count: 1}, f, l.next)
	return y
}

// multiply sets the columns of the given panels of y to f(x·Wᵀ + b), in items that
// the team shares. next is the layer multiplied afterwards, or nil.
func (t team) multiply(y, x matrix, l *Linear, panels simd.PanelRanges, f Activation, next *Linear) {
	threads := t.threads()
	c := cutProduct(x.rows, panels.End-panels.First, l.W.K, threads)
	t.run(c.items(), func(m *member, item int) {
		lo, hi := split(x.rows, c.rowBlocks, item%c.rowBlocks)
		p := c.panels(panels, item)
		m.multiply(y.between(lo, hi), x.between(lo, hi), l, p, c.prefetch(l, panels, item, threads, next, x.rows))
		if f != nil {
			first, end := p.First*simd.PanelWidth, min(p.End*simd.PanelWidth, y.cols)
			for r := lo; r < hi; r++ {
				f(y.row(r)[first:end])
			}
		}
	})
}

// multiply sets the columns of the given panels of y to x·Wᵀ + b. next is what this
// goroutine is expected to multiply afterwards.
func (m *member) multiply(y, x matrix, l *Linear, panels simd.PanelRanges, next simd.Next) {
	simd.Multiply(&simd.Job{
		Dst: y.data, DstStride: y.stride,
		X: x.data, XStride: x.stride, Rows: x.rows,
		W: &l.W, Panels: panels,
		Base:    l.Bias,
		ByTerms: x.rows*x.cols > walkFloats,
		Next:    next,
	}, &m.product)
}

// multiplyBlocks is multiply in blocks of rows, each small enough for the cache.
func (m *member) multiplyBlocks(y, x matrix, l *Linear, panels simd.PanelRanges, next simd.Next) {
	blocks := rowBlocks(x.rows, l.W.K)
	for i := range blocks {
		lo, hi := split(x.rows, blocks, i)
		then := next
		if i < blocks-1 {
			then = simd.Next{W: &l.W, Panel: panels.First}
		}
		m.multiply(y.between(lo, hi), x.between(lo, hi), l, panels, then)
	}
}
