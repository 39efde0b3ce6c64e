package train

import (
	"context"

	"github.com/goroberta/goroberta/roberta"
)

// A Fit is a fitted head.
type Fit struct {
	Weights roberta.HeadWeights // for roberta.Model.SetHead
	Loss    float64             // what was minimised, at the end; see Head
	Steps   int                 // Newton's steps
	Train   *Report             // on the examples that the head was fitted on
	HeldOut *Report             // on those that were held out; nil without WithHeldOut
	Notes   []string            // what is worth knowing of the examples
}

// Head fits a head on features and classes.
//
// A linear head, the default, is logistic regression as in scikit-learn's
// LogisticRegression. It minimises
//
//	C·Σ_i w_i·(−log p_i) + ½‖W‖²       p_i = softmax(W·x_i + b) of example i's class
//
// w_i is the weight of the class (1 by default), and the intercept b is not penalised. With
// two classes W has one row and p is the logistic function. The head then has the rows 0
// and W, whose softmax is the same. The objective is convex; the result is its minimum to
// far below 1e-8 of its value, whatever the number of threads.
//
// The head reads a sequence's first token (roberta.ReadsFirst); set Weights.Reads for
// another use. Errors are ErrExamples, ErrFeatures, ErrNoMinimum, ErrOption and the
// context's; an *ExampleError names the row at fault.
func Head(ctx context.Context, s *Set, opts ...Option) (*Fit, error) {
	o, err := newOptions(opts)
	if err != nil {
		return nil, err
	}
	labels := make([][]string, s.Len())
	if _, err := s.check(); err != nil {
		return nil, err
	}
	for i, k := range s.Class {
		labels[i] = s.Labels[k : k+1]
	}
	order, n := o.split(labels)
	if n == len(order) {
		return o.head(ctx, &part{Set: *s}, nil)
	}
	all := part{Set: Set{Features: Features{Dim: s.Dim}, Labels: s.Labels}}
	for _, i := range order {
		all.Values, all.Class = append(all.Values, s.Row(i)...), append(all.Class, s.Class[i])
		all.places = append(all.places, place{i, -1, true})
	}
	p, held := all.cut(n)
	return o.head(ctx, p, held)
}

// A part is examples that a head is fitted on, or that are held out of it.
type part struct {
	Set
	places    []place    // where the rows come from; nil: each is a text
	sentences []Sentence // that places count; nil for texts
	examples  []int      // which of the sentences are of the part
}

// A place is where a row of features comes from.
type place struct {
	example, word int  // word is -1 for a text
	first         bool // of the word
}

// cut cuts a part after n rows.
func (p *part) cut(n int) (a, b *part) {
	a, b = &part{}, &part{}
	*a, *b = *p, *p
	a.Values, b.Values = p.Values[:n*p.Dim], p.Values[n*p.Dim:]
	a.Class, b.Class = p.Class[:n], p.Class[n:]
	a.places, b.places = p.places[:n], p.places[n:]
	return a, b
}

// head fits a head on a part, and reports on it and on what is held out, if that is not
// nil.
func (o *options) head(ctx context.Context, p, held *part) (*Fit, error) {
	notes, err := p.check()
	if err != nil {
		return nil, err
	}
	if held != nil {
		if err := held.Features.check(); err != nil {
			return nil, err
		}
	}
	weights, err := o.classWeights(&p.Set)
	if err != nil {
		return nil, err
	}
	fit, err := o.linear(ctx, &p.Set, weights)
	if err != nil {
		return nil, err
	}
	fit.Notes = notes
	n := newNet(&fit.Weights)
	fit.Train = o.report(p, n.logits(&p.Features, o.threads))
	if held != nil {
		fit.HeldOut = o.report(held, n.logits(&held.Features, o.threads))
	}
	return fit, nil
}
