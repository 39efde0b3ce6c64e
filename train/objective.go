package train

import (
	"math"
	"slices"
)

// An objective is what a linear head is fitted by:
//
//	f(W, b) = Σ_i s_i·(−log p_i) + λ/2·‖W‖²     p_i = softmax(W·x_i + b) of example i's class
//
// s_i is C times the weight of the example's class. With two classes there is one row,
// and p the logistic function of its logit, or of the logit's negative for class 0.
// The parameters are one row after the other, each with its intercept at the end.
//
// All is computed in float64, in a fixed number of blocks of examples that are added in
// order: the result does not depend on the number of threads.
type objective struct {
	x       *Features
	y       []int     // the class of each example
	s       []float64 // its weight
	rows    int       // of W: 1 for two classes
	penalty float64   // λ: 1, or 0 for none
	dim     int       // of a row of parameters: Dim, and 1 for the intercept
	mean    []float64 // if the features are standardised, else nil
	scale   []float64 // 1/deviation
	threads int
	stepped func(steps int) // told of each step

	p     []float64         // the probabilities of each example's rows at the last value
	right bool              // whether each example's own class was the likeliest there
	sums  [blocks][]float64 // of each block, in memory that is used again
}

// example sets row to x_i, standardised if wanted, with 1 at its end for the intercept.
func (o *objective) example(row []float64, i int) {
	x := o.x.Row(i)
	if o.mean == nil {
		for j, v := range x {
			row[j] = float64(v)
		}
	} else {
		for j, v := range x {
			row[j] = (float64(v) - o.mean[j]) * o.scale[j]
		}
	}
	if o.dim > len(x) {
		row[len(x)] = 1
	}
}

// size is the number of parameters.
func (o *objective) size() int { return o.rows * o.dim }

// value is f(w). It sets grad to its gradient.
func (o *objective) value(w, grad []float64) float64 {
	var parts [blocks]float64
	var wrong [blocks]bool
	o.sum(grad, w, func(block, i int, z []float64) {
		p := o.p[i*o.rows:][:o.rows]
		loss, right := likelihood(p, z, o.y[i])
		parts[block] += float64(o.s[i] * loss)
		wrong[block] = wrong[block] || !right
		for k := range z {
			z[k] = o.s[i] * (p[k] - target(o.rows, o.y[i], k))
		}
	})
	f := 0.0
	o.right = true
	for b, v := range parts {
		f += v
		o.right = o.right && !wrong[b]
	}
	norm := 0.0
	o.weights(func(j int) {
		norm += float64(w[j] * w[j])
		grad[j] += float64(o.penalty * w[j])
	})
	return f + o.penalty/2*norm
}

// curvature sets out to H·v, H the second derivative of f where it was last computed.
func (o *objective) curvature(v, out []float64) {
	o.sum(out, v, func(_, i int, z []float64) {
		p := o.p[i*o.rows:][:o.rows]
		mean := 0.0
		for k := range z {
			mean += float64(p[k] * z[k])
		}
		for k := range z {
			z[k] = o.s[i] * p[k] * (z[k] - mean)
		}
	})
	o.weights(func(j int) { out[j] += float64(o.penalty * v[j]) })
}

// moves is the most that a step along d changes any logit. Near a minimum that is little.
// Where some examples can be told apart from all others their logits grow on and on,
// although the objective hardly falls.
func (o *objective) moves(d []float64) float64 {
	var most [blocks]float64
	o.sum(make([]float64, o.size()), d, func(block, _ int, z []float64) {
		for _, v := range z {
			most[block] = math.Max(most[block], math.Abs(v))
		}
	})
	return slices.Max(most[:])
}

// sum sets out to Σ_i g_i ⊗ x_i, where each makes g_i of the products z of an example with
// the rows of w, in their place.
func (o *objective) sum(out, w []float64, each func(block, i int, z []float64)) {
	inBlocks(o.x.Len(), o.threads, func(block, from, to int) {
		if o.sums[block] == nil {
			o.sums[block] = make([]float64, o.size())
		}
		sum := o.sums[block]
		clear(sum)
		x, z := make([]float64, 4*o.dim), make([]float64, 4*o.rows)
		for i := from; i < to; i += 4 { // four examples at a time, so that w and sum are read once for all
			n := min(4, to-i)
			for e := range n {
				o.example(x[e*o.dim:][:o.dim], i+e)
			}
			clear(x[n*o.dim:])
			for k := range o.rows {
				z[k], z[o.rows+k], z[2*o.rows+k], z[3*o.rows+k] = dot4(w[k*o.dim:][:o.dim], x)
			}
			for e := range n {
				each(block, i+e, z[e*o.rows:][:o.rows])
			}
			clear(z[n*o.rows:])
			for k := range o.rows {
				addScaled4(sum[k*o.dim:][:o.dim], z[k], z[o.rows+k], z[2*o.rows+k], z[3*o.rows+k], x)
			}
		}
	})
	clear(out)
	for _, sum := range o.sums {
		for j, v := range sum {
			out[j] += v
		}
	}
}

// weights calls f with the place of each parameter that is no intercept.
func (o *objective) weights(f func(j int)) {
	for k := range o.rows {
		for j := range o.x.Dim {
			f(k*o.dim + j)
		}
	}
}

// meanCurvature is the mean of p·(1−p) over examples and rows.
func (o *objective) meanCurvature() float64 {
	sum := 0.0
	for _, p := range o.p {
		sum += float64(p * (1 - p))
	}
	return sum / float64(len(o.p))
}

// gram is Σ_i s_i·x_i·x_iᵀ over every step-th example, times step: the lower half,
// row-major.
func (o *objective) gram(step int) []float64 {
	d := o.dim
	n := (o.x.Len() + step - 1) / step
	rows := make([]float64, n*d)
	inBlocks(n, o.threads, func(_, from, to int) {
		for i := from; i < to; i++ {
			o.example(rows[i*d:][:d], i*step)
		}
	})
	g := make([]float64, d*d)
	// Rows of g are dealt out, so that no sum is cut.
	inParallel(o.threads, d, func(a int) {
		out := g[a*d:][: a+1 : a+1]
		for i := range n {
			x := rows[i*d:][:d]
			if v := float64(step) * o.s[i*step] * x[a]; v != 0 {
				addScaled(out, v, x[:a+1])
			}
		}
	})
	return g
}

// target is what the probability of row k should be for an example of class y.
func target(rows, y, k int) float64 {
	if rows == 1 {
		return float64(y)
	}
	if k == y {
		return 1
	}
	return 0
}

// likelihood sets p to the probabilities that logits stand for, of class 1 if there is
// one logit, and returns −log p of class y, and whether its logit is above all others.
func likelihood(p, z []float64, y int) (loss float64, right bool) {
	if len(z) == 1 {
		margin := z[0]
		if y == 0 {
			margin = -margin
		}
		e := math.Exp(-math.Abs(z[0]))
		p[0] = 1 / (1 + e)
		if z[0] < 0 {
			p[0] = e / (1 + e)
		}
		return math.Max(-margin, 0) + math.Log1p(e), margin > 0
	}
	most, next := math.Inf(-1), math.Inf(-1) // next: of the other classes
	for k, v := range z {
		most = math.Max(most, v)
		if k != y {
			next = math.Max(next, v)
		}
	}
	sum := 0.0
	for k, v := range z {
		p[k] = math.Exp(v - most)
		sum += p[k]
	}
	for k := range p {
		p[k] /= sum
	}
	return math.Log(sum) - (z[y] - most), z[y] > next
}
