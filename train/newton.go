package train

import (
	"context"
	"fmt"
	"math"
)

// Limits of the search for the minimum.
const (
	// gap is how far above its minimum, relatively, the objective may be at the end.
	// The last step is taken from a point that is that near, and makes it far smaller.
	gap = 1e-9
	// maxSteps bounds Newton's steps. Ten are usual.
	maxSteps = 200
)

// minimize finds the minimum of a convex objective by Newton's method, from zero.
// Each step solves H·d = −g by conjugate gradients (Nocedal and Wright, Numerical
// Optimization, 2006, algorithm 7.1), preconditioned by
//
//	M = c·Σ s_i·x_i·x_iᵀ + λ·I
//
// for every row, c being the mean of p·(1−p). Hidden states are correlated and of
// scales far apart; M takes that out, and a few products with H make a step. It
// returns the parameters, the objective's value and the number of steps.
func (o *objective) minimize(ctx context.Context) (w []float64, f float64, steps int, err error) {
	n := o.size()
	w = make([]float64, n)
	grad, next, nextGrad := make([]float64, n), make([]float64, n), make([]float64, n)
	step := 1
	if o.penalty > 0 { // a part of the examples is enough to know the features' scales
		step = max(1, o.x.Len()/(8*o.dim))
	}
	gram := o.gram(step)
	f = o.value(w, grad)
	var first float64 // the norm of the first gradient, in M's metric
	for steps = 1; ; steps++ {
		m, err := o.preconditioner(gram)
		if err != nil {
			return nil, 0, 0, err
		}
		if o.penalty == 0 && o.right {
			return nil, 0, 0, errSeparable
		}
		d, norm, err := o.direction(ctx, m, grad, first)
		if err != nil {
			return nil, 0, 0, err
		}
		if first == 0 {
			first = norm
		}
		slope := dot(grad, d)
		if !(slope < 0) {
			return w, f, steps, nil // the gradient is zero, or all that is left is rounding
		}
		// Backtrack until the objective is below the line that Armijo asks for.
		t, value := 1.0, 0.0
		for ; ; t /= 2 {
			for j := range w {
				next[j] = w[j] + float64(t*d[j])
			}
			value = o.value(next, nextGrad)
			if value <= f+1e-4*t*slope {
				break
			}
			if t < 0x1p-40 { // the step is lost in rounding: this is the minimum
				return w, f, steps, nil
			}
		}
		w, next, grad, nextGrad = next, w, nextGrad, grad
		o.stepped(steps)
		near := -slope <= gap*math.Max(value, math.SmallestNonzeroFloat64)
		f = value
		if near {
			if o.penalty == 0 && (o.right || o.moves(d) > 1e-2) {
				return nil, 0, 0, errSeparable
			}
			return w, f, steps, nil
		}
		if steps == maxSteps {
			return nil, 0, 0, fmt.Errorf("%w: %d steps did not reach it", ErrNoMinimum, steps)
		}
	}
}

// errSeparable is returned for classes that weights tell apart, all or some examples of
// them: the larger such weights are, the smaller is the loss.
var errSeparable = fmt.Errorf("%w: without a penalty, and with classes that weights tell apart", ErrNoMinimum)

// direction approximates −H⁻¹·g, the better the smaller g is against the first one. norm
// is that of g in the metric of M⁻¹.
func (o *objective) direction(ctx context.Context, m *cholesky, g []float64, first float64) (d []float64, norm float64, err error) {
	n := len(g)
	d = make([]float64, n)
	r, z, p, q := make([]float64, n), make([]float64, n), make([]float64, n), make([]float64, n)
	for j, v := range g {
		r[j] = -v
	}
	m.solveRows(z, r)
	copy(p, z)
	rz := dot(r, z)
	norm = math.Sqrt(math.Max(rz, 0))
	if norm == 0 {
		return d, 0, nil
	}
	tolerance := 0.1
	if first > 0 {
		tolerance = math.Min(0.1, math.Sqrt(norm/first))
	}
	for range 2*n + 20 {
		if err := ctx.Err(); err != nil {
			return nil, 0, err
		}
		o.curvature(p, q)
		pq := dot(p, q)
		if !(pq > 0) {
			return d, norm, nil // flat, but for rounding
		}
		a := rz / pq
		addScaled(d, a, p)
		addScaled(r, -a, q)
		m.solveRows(z, r)
		old := rz
		rz = dot(r, z)
		if !(math.Sqrt(math.Max(rz, 0)) > tolerance*norm) {
			return d, norm, nil
		}
		for j := range p {
			p[j] = z[j] + float64(rz/old*p[j])
		}
	}
	return d, norm, nil
}

// preconditioner is the M of minimize, factored.
func (o *objective) preconditioner(gram []float64) (*cholesky, error) {
	c := math.Max(o.meanCurvature(), 1e-12)
	a := make([]float64, len(gram))
	for j, v := range gram {
		a[j] = c * v
	}
	for j := range o.x.Dim {
		a[j*o.dim+j] += o.penalty
	}
	m, ok := factor(a, o.dim, o.threads)
	if !ok {
		if o.penalty == 0 {
			return nil, fmt.Errorf("%w: without a penalty, and %d examples whose features depend on one another", ErrNoMinimum, o.x.Len())
		}
		return nil, fmt.Errorf("%w: the features' values are too far apart", ErrFeatures)
	}
	return m, nil
}
