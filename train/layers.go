package train

import (
	"math"
	"math/rand/v2"

	"github.com/goroberta/goroberta/internal/simd"
	"github.com/goroberta/goroberta/roberta"
)

// batchRows is how many examples a step of AdamW reads.
const batchRows = 32

// layers are fairseq's head (fairseq/models/roberta/model.py, RobertaClassificationHead)
// without dropout, with all that a step needs:
//
//	h = tanh(x·W₁ᵀ + b₁)       z = h·W₂ᵀ + b₂
//
// The weights stay in panels, as package simd multiplies them, and so do their gradients:
// an optimiser does not care for the order. Products cut at panels have the same bits
// whatever the number of threads.
type layers struct {
	dense, out layer
	dim        int // inputs
	inner      int // outputs of dense
	classes    int
	threads    int

	// The gradients of dense.w, dense.bias, out.w and out.bias.
	denseW, denseBias, outW, outBias []float32

	x, xt  []float32 // the batch [rows, dim], and transposed
	h, dh  []float32 // [rows, inner to whole panels], and the gradient
	z, dz  []float32 // [rows, classes to whole panels], and the gradient
	packed []float32 // dh as a matrix
}

// newLayers draws the weights as torch's nn.Linear does: uniform in ±1/√inputs.
func newLayers(rng *rand.Rand, dim, inner, classes, threads int) *layers {
	l := &layers{dim: dim, inner: inner, classes: classes, threads: threads}
	l.dense, l.out = randomLayer(rng, inner, dim), randomLayer(rng, classes, inner)
	same := func(x []float32) []float32 { return make([]float32, len(x)) }
	l.denseW, l.denseBias, l.outW, l.outBias = same(l.dense.w.F32), same(l.dense.bias), same(l.out.w.F32), same(l.out.bias)
	l.x, l.xt = make([]float32, batchRows*dim), make([]float32, batchRows*dim)
	l.h, l.dh = make([]float32, batchRows*len(l.dense.bias)), make([]float32, batchRows*len(l.dense.bias))
	l.z, l.dz = make([]float32, batchRows*len(l.out.bias)), make([]float32, batchRows*len(l.out.bias))
	l.packed = make([]float32, simd.PackedLen(inner, batchRows))
	return l
}

func randomLayer(rng *rand.Rand, out, in int) layer {
	bound := 1 / math.Sqrt(float64(in))
	uniform := func(n int) []float32 {
		w := make([]float32, n)
		for i := range w {
			w[i] = float32((2*rng.Float64() - 1) * bound)
		}
		return w
	}
	return newLayer(&roberta.LinearWeights{Out: out, In: in, W: uniform(out * in), Bias: uniform(out)})
}

// step computes the gradients of the mean of s_i·(−log p_i) over a batch, whose examples are
// in l.x, divided by the sum of s.
func (l *layers) step(class []int, s []float64) {
	rows := len(class)
	l.multiply(l.h, l.x, l.dim, rows, &l.dense)
	simd.Tanh(l.h[:rows*len(l.dense.bias)])
	l.multiply(l.z, l.h, len(l.dense.bias), rows, &l.out)

	total := 0.0
	for _, w := range s {
		total += w
	}
	z, p := make([]float64, l.classes), make([]float64, l.classes)
	width := len(l.out.bias)
	for b, y := range class {
		for k := range z {
			z[k] = float64(l.z[b*width+k])
		}
		likelihood(p, z, y)
		for k := range p {
			l.dz[b*width+k] = float32(s[b] / total * (p[k] - target(l.classes, y, k)))
		}
	}
	l.backOut(rows)
	l.backDense(rows)
}

// multiply sets y to x·Wᵀ + b, a few panels a goroutine.
func (l *layers) multiply(y, x []float32, stride, rows int, a *layer) {
	width := len(a.bias)
	l.panels(a.w.N, rows*a.w.K, func(p int, s *simd.Scratch) {
		simd.Multiply(&simd.Job{Dst: y, DstStride: width, X: x, XStride: stride, Rows: rows, W: &a.w, Panels: simd.PanelRanges{First: p, End: p + 1, Count: 1}, Base: a.bias}, s)
	})
}

// panels calls f for each panel of n features, in several goroutines if there is enough to
// do; work is the number of products for each feature.
func (l *layers) panels(n, work int, f func(panel int, s *simd.Scratch)) {
	count := simd.Panels(n)
	threads := min(l.threads, 1+count*work*simd.PanelWidth>>20) // about 10 µs each
	inParallel(threads, threads, func(i int) {
		var s simd.Scratch
		for p := count * i / threads; p < count*(i+1)/threads; p++ {
			f(p, &s)
		}
	})
}

// backOut sets the gradients of out and of h, which passes through tanh.
func (l *layers) backOut(rows int) {
	width, inner := len(l.out.bias), len(l.dense.bias)
	clear(l.outW)
	clear(l.outBias)
	for b := range rows {
		dz, h := l.dz[b*width:][:l.classes], l.h[b*inner:][:l.inner]
		for k, d := range dz {
			l.outBias[k] += d
			panel := l.out.w.F32[k/simd.PanelWidth*l.inner*simd.PanelWidth+k%simd.PanelWidth:]
			grad := l.outW[k/simd.PanelWidth*l.inner*simd.PanelWidth+k%simd.PanelWidth:]
			dh := l.dh[b*inner:][:l.inner]
			for n, v := range h {
				grad[n*simd.PanelWidth] += float32(d * v)
				if k == 0 {
					dh[n] = 0
				}
				dh[n] += float32(d * panel[n*simd.PanelWidth])
			}
		}
		for n, v := range h {
			l.dh[b*inner+n] *= 1 - float32(v*v)
		}
	}
}

// backDense sets the gradients of dense: dhᵀ·x, in panels.
func (l *layers) backDense(rows int) {
	inner := len(l.dense.bias)
	clear(l.denseBias)
	for b := range rows {
		for n, v := range l.dh[b*inner:][:l.inner] {
			l.denseBias[n] += v
		}
		for j, v := range l.x[b*l.dim:][:l.dim] {
			l.xt[j*rows+b] = v
		}
	}
	simd.PackColumns(l.packed, l.dh, inner, rows, l.inner)
	size := rows * simd.PanelWidth
	l.panels(l.inner, rows*l.dim, func(p int, s *simd.Scratch) {
		w := simd.Matrix{N: simd.PanelWidth, K: rows, F32: l.packed[p*size:][:size]}
		simd.Multiply(&simd.Job{Dst: l.denseW[p*l.dim*simd.PanelWidth:], DstStride: simd.PanelWidth, X: l.xt, XStride: rows, Rows: l.dim, W: &w, Panels: w.All()}, s)
	})
}

// weights unpacks a layer.
func (a *layer) weights() roberta.LinearWeights {
	l := roberta.LinearWeights{Out: a.w.N, In: a.w.K, W: make([]float32, a.w.N*a.w.K), Bias: append([]float32(nil), a.bias[:a.w.N]...)}
	for n := range a.w.N {
		for k := range a.w.K {
			l.W[n*a.w.K+k] = a.w.F32[(n/simd.PanelWidth*a.w.K+k)*simd.PanelWidth+n%simd.PanelWidth]
		}
	}
	return l
}
