package roberta

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync"

	"github.com/goroberta/goroberta/internal/nn"
	"github.com/goroberta/goroberta/internal/parallel"
	"github.com/goroberta/goroberta/internal/simd"
)

// A Calibration says what texts were good for when a model was rounded to Int8.
type Calibration struct {
	Texts    int // that were given
	Tokens   int // of them
	Sampled  int // tokens that the rest is about, spread over the texts
	Matrices int // of the model's layers
	Changed  int // matrices that are rounded otherwise than without texts
	// The relative error of what the matrices give for the sampled tokens, against
	// float32, as root mean square of all matrices: with what the texts decided, and
	// without.
	Error, Without float64
}

// Calibrate lets texts decide how matrices are rounded to Int8, for ConvertPrecision. Where
// some features of a layer's input are always much larger than others, they leave these
// a coarse step; factors that even them out are then multiplied into the input before it
// is rounded, and divided out of the weights: SmoothQuant (Xiao et al., 2023, arXiv
// 2211.10438), with the strength that has the smallest error, for each matrix. Some hundred
// texts of the kind that the model will read are enough. Of more, some hundred tokens are
// computed, spread over all; of fewer the ConvertLogger is told, as they may not show which
// features are large. The file does not depend on the number of threads.
//
// report, if it is not nil, is called with what came of it. Errors are those of Compute
// for the inputs; ErrPrecision for a file that has been rounded; and an error for another
// precision than Int8.
func Calibrate(inputs []Input, report func(Calibration)) ConvertOption {
	return func(o *convertOptions) error {
		o.calibrate = func(ctx context.Context, c *checkpoint, n *network, pool *parallel.Pool) (*calibration, error) {
			return c.calibrate(ctx, n, pool, inputs, report)
		}
		return nil
	}
}

// sampleRows is how many tokens a calibration computes.
const sampleRows = 256

// A calibration chooses factors for the matrices of a model.
type calibration struct {
	rows    int
	samples map[string][]float32 // inputs [rows, in] of the layers, by the names of weights
	report  func(Calibration)

	mu     sync.Mutex
	result Calibration
	errors map[string][2]float64 // of each matrix: mean squares of relative errors, with factors and without
}

// calibrate has n, the model in float32, read a sample of the inputs' tokens.
func (c *checkpoint) calibrate(ctx context.Context, n *network, pool *parallel.Pool, inputs []Input, report func(Calibration)) (*calibration, error) {
	b, _, err := c.config.batch(inputs)
	if err != nil {
		return nil, fmt.Errorf("inputs of the calibration: %w", err)
	}
	k := &calibration{rows: min(b.Len(), sampleRows), samples: map[string][]float32{}, errors: map[string][2]float64{}, report: report}
	k.result = Calibration{Texts: len(inputs), Tokens: b.Len(), Sampled: k.rows}
	rows, layers := make([]int, k.rows), map[*nn.Linear][]float32{}
	for i := range rows {
		rows[i] = i * b.Len() / k.rows
	}
	for i := range n.enc.Layers {
		for name, l := range c.layer(n, i) {
			layers[l] = make([]float32, k.rows*l.W.K)
			k.samples[name] = layers[l]
		}
	}
	return k, n.enc.Sample(ctx, pool, b, nn.Only(rows...), func(l *nn.Linear, i int, x []float32) { copy(layers[l][i*len(x):], x) })
}

// done reports what the calibration did.
func (k *calibration) done(c *checkpoint, n *network) {
	r := &k.result
	for i := range n.enc.Layers { // in their order: sums depend on it
		for name := range c.layer(n, i) {
			e := k.errors[name]
			r.Error, r.Without = r.Error+e[0], r.Without+e[1]
			r.Matrices++
			if e[0] != e[1] {
				r.Changed++
			}
		}
	}
	r.Error, r.Without = math.Sqrt(r.Error/float64(r.Matrices)), math.Sqrt(r.Without/float64(r.Matrices))
	if k.report != nil {
		k.report(*r)
	}
}

// factors are the In of a matrix of W, parts [out, in] one after another: the candidate
// with the smallest error for the sampled inputs. nil is none.
func (k *calibration) factors(l *loader, name string, out, in int, ws ...[]float32) []float32 {
	if k == nil || k.samples[name] == nil {
		return nil
	}
	x := k.samples[name]
	candidates := append([][]float32{nil}, smoothing(x, in, ws)...)
	quantized := make([]simd.Int8Rows, len(candidates))
	for i, factors := range candidates {
		quantized[i].Reset(k.rows, in)
		quantized[i].Set(x, in, 0, k.rows, factors)
	}
	type measured struct{ candidates, exact []float64 } // squares of errors and of what is exact, for each row
	blocks := make([]measured, featureBlocks(out)*len(ws))
	l.eachBlock(out, in, ws, func(block int, w []float32, n int) {
		stride := simd.Panels(n) * simd.PanelWidth
		exact, got := make([]float32, k.rows*stride), make([]float32, k.rows*stride)
		job := simd.Job{DstStride: stride, X: x, XStride: in, Rows: k.rows}
		multiply := func(dst []float32, m *simd.Matrix) {
			job.Dst, job.W, job.Panels = dst, m, m.All()
			simd.Multiply(&job, new(simd.Scratch))
		}
		full := simd.Matrix{N: n, K: in, F32: make([]float32, simd.PackedLen(n, in))}
		simd.Pack(full.F32, w, in, n, in)
		multiply(exact, &full)
		b := &blocks[block]
		for i, factors := range candidates {
			m := simd.PackInt8(w, in, n, in, nil, factors)
			job.Int8 = &quantized[i]
			multiply(got, &m)
			b.candidates = append(b.candidates, squares(got, exact, k.rows)...)
		}
		clear(got)
		b.exact = squares(got, exact, k.rows)
	})
	exact, errors := make([]float64, k.rows), make([]float64, len(candidates)*k.rows)
	for _, b := range blocks {
		for r, e := range b.exact {
			exact[r] += e
		}
		for i, e := range b.candidates {
			errors[i] += e
		}
	}
	// A row counts with its relative error: few rows are much larger than all others.
	means, best := make([]float64, len(candidates)), 0
	for i := range means {
		for r, all := range exact {
			if all != 0 { // NaN as well
				means[i] += errors[i*k.rows+r] / all / float64(k.rows)
			}
		}
		if means[i] < means[best] {
			best = i
		}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.errors[name] = [2]float64{means[best], means[0]}
	return candidates[best]
}

// squares are Σ (x−y)² of each of so many rows.
func squares(x, y []float32, rows int) []float64 {
	sums, n := make([]float64, rows), len(x)/rows
	for i, v := range x {
		sums[i/n] += square(float64(v) - float64(y[i]))
	}
	return sums
}

// square is x², rounded. Some processors would fuse it with an addition, and others not.
func square(x float64) float64 { return float64(x * x) }

// smoothing lists factors for the input features of W that even out x: (w/x)^α for α of a
// quarter, a half and three quarters, with x and w the root mean squares of a feature and
// of its weights. Where steps are proportional to those of rows, a half has the smallest
// error; where single features decide over the steps, others have. Features that are zero
// in x or W have factor 1.
func smoothing(x []float32, in int, ws [][]float32) [][]float32 {
	const largest = 0x1p16
	xs, weights := columns(in, x), columns(in, ws...)
	all := make([][]float32, 3)
	for i := range all {
		ratios, exponents, n := make([]float64, in), 0, 0
		for k := range ratios {
			// Roots alone, which every processor rounds alike.
			half := math.Sqrt(math.Sqrt(weights[k] / xs[k]))
			quarter := math.Sqrt(half)
			r := [...]float64{quarter, half, half * quarter}[i]
			if r > 0 && !math.IsInf(r, 0) {
				_, e := math.Frexp(r)
				ratios[k], exponents, n = r, exponents+e, n+1
			}
		}
		all[i] = make([]float32, in)
		for k, r := range ratios {
			all[i][k] = 1
			if r > 0 { // the mean is about 1, as that of features that are zero
				all[i][k] = float32(max(1/largest, min(math.Ldexp(r, -exponents/n), largest)))
			}
		}
	}
	return all
}

// columns are the sums of squares of the columns of matrices of so many columns.
func columns(n int, ws ...[]float32) []float64 {
	sums := make([]float64, n)
	for _, w := range ws {
		for row := range slices.Chunk(w, n) {
			for k, v := range row {
				sums[k] += square(float64(v))
			}
		}
	}
	return sums
}
