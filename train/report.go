package train

import (
	"cmp"
	"math"
	"slices"

	"github.com/goroberta/goroberta/internal/simd"
	"github.com/goroberta/goroberta/metrics"
	"github.com/goroberta/goroberta/roberta"
)

// A Report says how good a head is at some examples.
type Report struct {
	Examples  int
	Accuracy  float64 // the share of examples whose class is the likeliest
	MacroF1   float64 // the mean of the classes' F1
	LogLoss   float64 // the mean of −log p of the examples' classes, without weights or penalty
	Confusion *metrics.Confusion
	Worst     []Verdict // on the examples whose own class is least likely, the worst first
}

// A Verdict is what a head says of an example.
type Verdict struct {
	Example     int     // its index, from 0
	Label       string  // its class
	Predicted   string  // the likeliest class
	Probability float64 // of its own class
}

// report computes what a head, which reads the features of s, makes of them. Logits are
// those of roberta's models, bit for bit.
func (o *options) report(w *roberta.HeadWeights, s *Set) (*Report, error) {
	n, k := s.Len(), len(s.Labels)
	r := &Report{Examples: n, Confusion: metrics.NewConfusion(s.Labels)}
	logits := newNet(w).logits(&s.Features, o.threads)
	z, p := make([]float64, k), make([]float64, k)
	for i, y := range s.Class {
		best := 0
		for c, v := range logits[i*k:][:k] {
			z[c] = float64(v)
			if v > logits[i*k+best] {
				best = c
			}
		}
		loss, _ := likelihood(p, z, y)
		r.LogLoss += loss
		r.Confusion.Add(y, best)
		r.Worst = append(r.Worst, Verdict{i, s.Labels[y], s.Labels[best], math.Exp(-loss)})
	}
	slices.SortStableFunc(r.Worst, func(a, b Verdict) int { return cmp.Compare(a.Probability, b.Probability) })
	r.Worst = slices.Clone(r.Worst[:min(o.worst, len(r.Worst))])
	r.Accuracy, r.MacroF1 = r.Confusion.Accuracy(), r.Confusion.MacroF1()
	if n > 0 {
		r.LogLoss /= float64(n)
	}
	return r, nil
}

// A net computes a head's logits with the kernels that package roberta computes them with.
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

// logits are [rows, classes].
func (n *net) logits(f *Features, threads int) []float32 {
	classes := n.out.w.N
	logits := make([]float32, f.Len()*classes)
	const rows = 64
	inParallel(threads, (f.Len()+rows-1)/rows, func(b int) {
		var scratch simd.Scratch
		from, to := b*rows, min((b+1)*rows, f.Len())
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
