package nn

import "github.com/goroberta/goroberta/internal/simd"

// A Linear layer is y = x·Wᵀ + b.
type Linear struct {
	W    simd.Matrix
	Bias []float32 // padded with zeros to whole panels

	next *Linear // the layer that is multiplied after this one

	// Set for a layer of queries, keys and values alone:
	headPanels int // panels of a head; 0 if a head is not a whole number of panels
	heads      int
}

// An input is what linear layers multiply: rows of a matrix, as the weights of a layer
// want them.
type input struct {
	matrix
	int8  *simd.Int8Rows // for weights in Int8; nil for others
	bf16  *simd.BF16Rows // for weights in BFloat16; nil for others
	first int            // the row of int8 or bf16 that is row 0
}

// between is rows lo … hi-1 of the input.
func (x input) between(lo, hi int) input {
	return input{x.matrix.between(lo, hi), x.int8, x.bf16, x.first + lo}
}

// rounded is the memory of rows that are rounded before a product.
type rounded struct {
	int8 simd.Int8Rows
	bf16 simd.BF16Rows
}

// input is x as the weights w want it: for Int8 and BFloat16 rounded in q, memory of the
// team. It is valid until q is used again.
func (t team) input(q *rounded, x matrix, w *simd.Matrix) input {
	in := input{matrix: x}
	switch w.Format {
	case simd.Int8:
		in.int8 = &q.int8
		q.int8.Reset(x.rows, x.cols)
		t.rows(x.rows, func(lo, hi int) { q.int8.Set(x.data, x.stride, lo, hi, w.I8.In) })
	case simd.BFloat16:
		in.bf16 = &q.bf16
		q.bf16.Reset(x.rows, x.cols)
		t.rows(x.rows, func(lo, hi int) { q.bf16.Set(x.data, x.stride, lo, hi) })
	}
	return in
}

// linear is f(x·Wᵀ + b), with f applied to each element; a nil f is the identity.
func (t team) linear(u use, x matrix, l *Linear, f Activation) matrix {
	t.sample.keep(l, x)
	y := t.matrix(u, x.rows, l.W.N)
	t.multiply(y, t.input(&t.arena.rounded, x, &l.W), l, l.W.All(), f, l.next)
	return y
}

// multiply sets the columns of the given panels of y to f(x·Wᵀ + b), in items that
// the team shares. next is the layer multiplied afterwards, or nil.
func (t team) multiply(y matrix, x input, l *Linear, panels simd.PanelRanges, f Activation, next *Linear) {
	threads := t.threads()
	c := l.cut(x.rows, panels.End-panels.First, threads)
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
func (m *member) multiply(y matrix, x input, l *Linear, panels simd.PanelRanges, next simd.Next) {
	simd.Multiply(&simd.Job{
		Dst: y.data, DstStride: y.stride,
		X: x.data, XStride: x.stride, Rows: x.rows,
		Int8: x.int8, BF16: x.bf16, Row: x.first,
		W: &l.W, Panels: panels,
		Base:    l.Bias,
		ByTerms: x.rows*x.cols > walkFloats,
		Next:    next,
	}, &m.product)
}

// multiplyBlocks is multiply in blocks of rows, each small enough for the cache.
func (m *member) multiplyBlocks(y matrix, x input, l *Linear, panels simd.PanelRanges, next simd.Next) {
	blocks := l.rowBlocks(x.rows)
	for i := range blocks {
		lo, hi := split(x.rows, blocks, i)
		then := next
		if i < blocks-1 {
			then = simd.Next{W: &l.W, Panel: panels.First}
		}
		m.multiply(y.between(lo, hi), x.between(lo, hi), l, panels, then)
	}
}
