package train

import (
	"context"
	"fmt"

	"github.com/goroberta/goroberta/roberta"
)

// An Example is a text, or a pair of texts, and the label that it should get.
type Example struct {
	Texts []string
	Label string
}

// Classifier fits a head that gives texts labels, and sets it in the model under that
// name, in place of any head of the name. Predict, package pipeline's Classifier and Save
// find it there. The model's other weights stay as they are: the features that the head
// reads, the last hidden states of <s>, are computed once.
//
// The head's classes are the examples' labels, sorted; whole numbers by value. See Linear
// for what is minimised. Features take 4·C bytes an example.
//
// Errors are those of Linear, of roberta.Model.Tokenizer, Compute and SetHead; an
// *ExampleError names the example that is too long or has no label.
func Classifier(ctx context.Context, m *roberta.Model, name string, examples []Example, opts ...Option) (*Fit, error) {
	o, err := newOptions(opts)
	if err != nil {
		return nil, err
	}
	labels := make([]string, len(examples))
	for i, e := range examples {
		if labels[i] = e.Label; e.Label == "" {
			return nil, &ExampleError{i, fmt.Errorf("%w: it has no label", ErrExamples)}
		}
	}
	all, err := o.encodeTexts(m, examples)
	if err != nil {
		return nil, err
	}
	f, err := features(ctx, m, all)
	if err != nil {
		return nil, err
	}
	fit, err := o.linear(ctx, newSet(f, labels))
	if err != nil {
		return nil, err
	}
	return fit, m.SetHead(name, fit.Weights)
}
