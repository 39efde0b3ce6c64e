package train

import (
	"context"
	"fmt"
	"math"

	"github.com/goroberta/goroberta/roberta"
)

// maxValues bounds what a fit keeps beside the features: 2 GiB of probabilities, and as
// much of sums.
const maxValues = 1 << 28

// linear fits a linear head on a set that check has accepted.
func (o *options) linear(ctx context.Context, s *Set, weights []float64) (*Fit, error) {
	obj := &objective{x: &s.Features, y: s.Class, s: make([]float64, s.Len()), rows: len(s.Labels), penalty: 1, dim: s.Dim, threads: o.threads, stepped: o.stepped}
	if obj.rows == 2 {
		obj.rows = 1
	}
	if !o.noIntercept {
		obj.dim++
	}
	if n := float64(s.Len()) * float64(obj.rows); n > maxValues {
		return nil, fmt.Errorf("%w: %d examples of %d classes", ErrExamples, s.Len(), len(s.Labels))
	}
	if n := blocks * float64(obj.size()); n > maxValues {
		return nil, fmt.Errorf("%w: %d classes of %d features", ErrExamples, len(s.Labels), s.Dim)
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
	return &Fit{Weights: obj.head(w, s.Labels), Loss: loss, Steps: steps}, nil
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
