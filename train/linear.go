package train

import (
	"context"
	"math"

	"github.com/goroberta/goroberta/roberta"
)

// A Fit is a fitted head.
type Fit struct {
	Weights roberta.HeadWeights // for roberta.Model.SetHead; Reads is ReadsFirst
	Loss    float64             // what was minimised, at the end
	Steps   int                 // Newton's steps
	Train   *Report             // on the examples that it was fitted on
	Notes   []string            // what is worth knowing of the examples
}

// Linear fits a linear head by logistic regression, as scikit-learn's LogisticRegression
// does. It minimises
//
//	C·Σ_i w_i·(−log p_i) + ½‖W‖²       p_i = softmax(W·x_i + b) of example i's class
//
// w_i is the weight of the class (1 by default), and the intercept b is not penalised. With
// two classes W has one row and p is the logistic function. The head then has the rows 0
// and W, whose softmax is the same. The objective is convex; the result is its minimum to
// far below 1e-8 of its value, whatever the number of threads.
//
// Errors are ErrExamples, ErrFeatures, ErrNoMinimum, ErrOption and the context's; an
// *ExampleError names the row at fault.
func Linear(ctx context.Context, s *Set, opts ...Option) (*Fit, error) {
	o, err := newOptions(opts)
	if err != nil {
		return nil, err
	}
	return o.linear(ctx, s)
}

func (o *options) linear(ctx context.Context, s *Set) (*Fit, error) {
	notes, err := s.check()
	if err != nil {
		return nil, err
	}
	weights, err := o.classWeights(s)
	if err != nil {
		return nil, err
	}
	obj := &objective{x: &s.Features, y: s.Class, s: make([]float64, s.Len()), rows: len(s.Labels), penalty: 1, dim: s.Dim, threads: o.threads}
	if obj.rows == 2 {
		obj.rows = 1
	}
	if !o.noIntercept {
		obj.dim++
	}
	c := o.c
	if math.IsInf(c, 1) {
		c, obj.penalty = 1, 0
	}
	for i, k := range s.Class {
		obj.s[i] = c * weights[k]
	}
	if o.standardize {
		var deviation []float64
		obj.mean, deviation = s.moments()
		obj.scale = make([]float64, s.Dim)
		for j, d := range deviation {
			obj.scale[j] = 1 / d
		}
	}
	obj.p = make([]float64, s.Len()*obj.rows)
	w, loss, steps, err := obj.minimize(ctx)
	if err != nil {
		return nil, err
	}
	fit := &Fit{Weights: obj.head(w, s.Labels), Loss: loss, Steps: steps, Notes: notes}
	fit.Train, err = o.report(&fit.Weights, s)
	return fit, err
}

// head makes a head of the parameters. It undoes the standardisation: what W and b make
// of (x − μ)/σ, W/σ and b − W·μ/σ make of x.
func (o *objective) head(w []float64, labels []string) roberta.HeadWeights {
	n, dim := len(labels), o.x.Dim
	out := roberta.LinearWeights{Out: n, In: dim, W: make([]float32, n*dim), Bias: make([]float32, n)}
	for k := range o.rows {
		row, to := w[k*o.dim:][:o.dim], n-o.rows+k
		bias := 0.0
		if o.dim > dim {
			bias = row[dim]
		}
		for j := range dim {
			v := row[j]
			if o.mean != nil {
				v *= o.scale[j]
				bias -= float64(v * o.mean[j])
			}
			out.W[to*dim+j] = float32(v)
		}
		out.Bias[to] = float32(bias)
	}
	return roberta.HeadWeights{Out: out, Labels: labels}
}
