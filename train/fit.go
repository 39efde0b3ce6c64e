package train

import (
	"context"

	"github.com/goroberta/goroberta/roberta"
)

// A Fit is a fitted head.
type Fit struct {
	Weights roberta.HeadWeights // for roberta.Model.SetHead
	Loss    float64             // what was minimised, at the end; see Head
	Steps   int                 // Newton's steps, or AdamW's epochs up to the one that was kept
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
// WithInner(n) makes a head of two layers, as fairseq's are:
//
//	z = W₂·tanh(W₁·x + b₁) + b₂
//
// AdamW minimises the mean Σ w_i·(−log p_i) / Σ w_i in steps of 32 examples. A tenth of the
// examples is held out (WithHeldOut), and the weights are those of the epoch at which the
// loss on these was smallest; the search ends 10 epochs after it. So Fit.HeldOut is a
// little too good. With fewer than 10 examples nothing is held out, and the loss on all of
// them decides. Equal seeds give equal bits, whatever the number of threads.
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
	var fit *Fit
	if o.inner > 0 {
		fit, err = o.twoLayers(ctx, &p.Set, weights, held)
	} else {
		fit, err = o.linear(ctx, &p.Set, weights)
	}
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
