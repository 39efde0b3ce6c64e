package train

import (
	"github.com/goroberta/goroberta/internal/simd"
	"github.com/goroberta/goroberta/roberta"
)

// A net computes a head's logits with the kernels that package roberta computes them
// with, so that they have equal bits.
type net struct {
	dense *layer // nil: one linear layer
	out   layer
}

func newNet(w *roberta.HeadWeights) *net {
	n := &net{out: newLayer(&w.Out)}
	if w.Dense != nil {
		dense := newLayer(w.Dense)
		n.dense = &dense
	}
	return n
}

// rowsAtATime is how many rows a goroutine multiplies at a time.
const rowsAtATime = 64

// logits are [rows, classes].
func (n *net) logits(f *Features, threads int) []float32 {
	classes := n.out.w.N
	logits := make([]float32, f.Len()*classes)
	inParallel(threads, (f.Len()+rowsAtATime-1)/rowsAtATime, func(b int) {
		var scratch simd.Scratch
		from, to := b*rowsAtATime, min((b+1)*rowsAtATime, f.Len())
		x, stride := f.Values[from*f.Dim:to*f.Dim], f.Dim
		if n.dense != nil {
			x, stride = n.dense.multiply(x, stride, to-from, &scratch)
			simd.Tanh(x)
		}
		y, stride := n.out.multiply(x, stride, to-from, &scratch)
		for i := range to - from {
			copy(logits[(from+i)*classes:][:classes], y[i*stride:])
		}
	})
	return logits
}

// A layer is y = x·Wᵀ + b, packed.
type layer struct {
	w    simd.Matrix
	bias []float32 // padded to whole panels
}

func newLayer(l *roberta.LinearWeights) layer {
	a := layer{w: simd.Matrix{N: l.Out, K: l.In, F32: make([]float32, simd.PackedLen(l.Out, l.In))}}
	simd.Pack(a.w.F32, l.W, l.In, l.Out, l.In)
	a.bias = make([]float32, simd.Panels(l.Out)*simd.PanelWidth)
	copy(a.bias, l.Bias)
	return a
}

// multiply is a product of some rows, whose stride it returns.
func (a *layer) multiply(x []float32, stride, rows int, scratch *simd.Scratch) ([]float32, int) {
	width := len(a.bias)
	y := make([]float32, rows*width)
	simd.Multiply(&simd.Job{Dst: y, DstStride: width, X: x, XStride: stride, Rows: rows, W: &a.w, Panels: a.w.All(), Base: a.bias}, scratch)
	return y, width
}
