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
// The head's classes are the examples' labels, sorted; whole numbers by value. See Head for
// what is minimised. Features take 4·C bytes an example.
//
// Errors are those of Head, of roberta.Model.Tokenizer, Compute and SetHead; an
// *ExampleError names the example that is too long or has no label.
func Classifier(ctx context.Context, m *roberta.Model, name string, examples []Example, opts ...Option) (*Fit, error) {
	o, err := newOptions(opts)
	if err != nil {
		return nil, err
	}
	t, err := o.texts(m, examples)
	if err != nil {
		return nil, err
	}
	return o.fit(ctx, m, name, t)
}

// TestClassifier reports how good a head of the model is at examples: one that gives texts
// labels, of which one holds. Errors are those of Classifier, roberta.ErrUnknownHead and
// roberta.ErrHeadReads; examples with labels that the head does not have are ErrExamples.
// Of the options it takes WithLimit and WithWorst.
func TestClassifier(ctx context.Context, m *roberta.Model, name string, examples []Example, opts ...Option) (*Report, error) {
	o, err := newOptions(opts)
	if err != nil {
		return nil, err
	}
	t, err := o.texts(m, examples)
	if err != nil {
		return nil, err
	}
	return o.test(ctx, m, name, roberta.ReadsFirst, t)
}

// inputs is examples made ready for the model.
type inputs struct {
	encoded   []encoded
	own       [][]string // the labels of each example's rows
	places    [][]place  // of each example's rows
	sentences []Sentence // nil for texts
	reads     roberta.Reads
	notes     []string
}

// texts encodes examples.
func (o *options) texts(m *roberta.Model, examples []Example) (*inputs, error) {
	tok, err := m.Tokenizer()
	if err != nil {
		return nil, err
	}
	limit := o.longest(m)
	t := &inputs{}
	for i, e := range examples {
		switch {
		case e.Label == "":
			return nil, &ExampleError{i, fmt.Errorf("%w: it has no label", ErrExamples)}
		case len(e.Texts) == 0:
			return nil, &ExampleError{i, fmt.Errorf("%w: it has no text", ErrExamples)}
		}
		enc, err := encode(m, tok, limit, e.Texts[0], e.Texts[1:]...)
		if err != nil {
			return nil, &ExampleError{i, err}
		}
		t.encoded = append(t.encoded, encoded{m.Input(enc), []int{0}})
		t.own, t.places = append(t.own, []string{e.Label}), append(t.places, []place{{i, -1, true}})
	}
	return t, nil
}
