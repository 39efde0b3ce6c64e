package train

import (
	"context"
	"fmt"

	"github.com/goroberta/goroberta/roberta"
)

// fit computes the features of examples, fits a head on them and sets it in the model.
func (o *options) fit(ctx context.Context, m *roberta.Model, name string, t *inputs) (*Fit, error) {
	order, n := o.split(t.own)
	in := make([]encoded, len(order))
	for i, e := range order {
		in[i] = t.encoded[e]
	}
	f, err := o.compute(ctx, m, in, t.reads, "")
	if err != nil {
		return nil, err
	}
	all, err := t.part(f, order, nil)
	if err != nil {
		return nil, err
	}
	var held *part
	if p := all; n < len(order) {
		rows := 0
		for _, e := range order[:n] {
			rows += len(t.own[e])
		}
		all, held = p.cut(rows)
		all.examples, held.examples = order[:n], order[n:]
	}
	fit, err := o.head(ctx, all, held)
	if err != nil {
		return nil, err
	}
	fit.Weights.Reads, fit.Notes = t.reads, append(fit.Notes, t.notes...)
	return fit, m.SetHead(name, fit.Weights)
}

// test reports on a head of the model.
func (o *options) test(ctx context.Context, m *roberta.Model, name string, reads roberta.Reads, t *inputs) (*Report, error) {
	h, err := m.Head(name)
	switch {
	case err != nil:
		return nil, err
	case h.Reads != reads || h.Function != roberta.Softmax:
		return nil, fmt.Errorf("%w: %.100q", roberta.ErrHeadReads, name)
	case len(t.encoded) == 0:
		return nil, fmt.Errorf("%w: there are none", ErrExamples)
	}
	logits, err := o.compute(ctx, m, t.encoded, t.reads, name)
	if err != nil {
		return nil, err
	}
	order := make([]int, len(t.encoded))
	for i := range order {
		order[i] = i
	}
	names := h.Labels
	if names == nil {
		for k := range h.Classes {
			names = append(names, fmt.Sprintf("LABEL_%d", k))
		}
	}
	p, err := t.part(logits, order, names)
	if err != nil {
		return nil, err
	}
	return o.report(p, logits.Values), nil
}

// part makes a part of features of examples, in that order. names are the classes; nil:
// the examples' labels.
func (t *inputs) part(f Features, order []int, names []string) (*part, error) {
	p := &part{Set: Set{Features: f, Labels: names}, sentences: t.sentences, examples: order}
	var labels []string
	for _, e := range order {
		labels, p.places = append(labels, t.own[e]...), append(p.places, t.places[e]...)
	}
	if names == nil {
		p.Labels = sortLabels(labels)
	}
	at := map[string]int{}
	for k, l := range p.Labels {
		if _, twice := at[l]; twice {
			return nil, fmt.Errorf("%w: two classes of the head are called %.100q", ErrExamples, l)
		}
		at[l] = k
	}
	for i, l := range labels {
		k, ok := at[l]
		if !ok {
			return nil, &ExampleError{p.places[i].example, fmt.Errorf("%w: the head has no class %.100q", ErrExamples, l)}
		}
		p.Class = append(p.Class, k)
	}
	return p, nil
}
