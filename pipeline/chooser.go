package pipeline

import (
	"context"
	"fmt"
	"iter"
	"slices"

	"github.com/goroberta/goroberta/roberta"
)

// A Prompt is a text and what may go with it: a question and its answers, the beginning
// of a story and its endings.
type Prompt struct {
	Text    string
	Choices []string
}

// A Choice is what a Chooser says of a Prompt.
type Choice struct {
	Best  int       // the likeliest choice, the first of equal ones
	Probs []float32 // of each choice; they sum to 1
}

// A Chooser picks the choice that goes with a text, by a model for multiple choice. It is
// immutable; any number of goroutines may use it at once, until its model is closed.
type Chooser struct {
	task      task[Prompt, float32, Choice]
	sequencer *sequencer
	head      roberta.Head
}

// NewChooser makes a Chooser of a model with a head that compares choices. Errors are
// ErrHead, ErrHeads, roberta.ErrUnknownHead and ErrOption.
func NewChooser(m *roberta.Model, opts ...Option) (*Chooser, error) {
	o, err := newOptions(chooser, opts)
	if err != nil {
		return nil, err
	}
	c := &Chooser{sequencer: newSequencer(m, o, 0)}
	if c.head, err = findHead(m, o.head, roberta.ReadsChoices, nil); err != nil {
		return nil, err
	}
	c.task = task[Prompt, float32, Choice]{
		budget: o.budget,
		prepare: func(p Prompt) (*job, error) {
			if len(p.Choices) == 0 {
				return nil, fmt.Errorf("%w: no choices", ErrInput)
			}
			s, err := c.sequencer.pairs(p.Text, p.Choices)
			return &job{sequences: s}, err
		},
		compute: c.logits,
		finish: func(_ *job, given []float32) (Choice, error) {
			probs := make([]float32, len(given))
			softmax(probs, given)
			return Choice{argmax(probs), probs}, nil
		},
	}
	return c, nil
}

// Head describes the head that the Chooser reads.
func (c *Chooser) Head() roberta.Head {
	h := c.head
	h.Labels = slices.Clone(h.Labels)
	return h
}

// Choose compares the choices for a text. The model reads a pair of the text and each
// choice; the softmax of their logits is what is given. As transformers'
// RobertaForMultipleChoice.
//
// Errors are ErrInput without choices, *roberta.LengthError for a pair that is too long
// (see WithLimit), *tokenizer.LimitError for one that cannot be cut as it should be, those
// of roberta.Model.Tokenizer and Compute, and the context's.
func (c *Chooser) Choose(ctx context.Context, text string, choices ...string) (Choice, error) {
	return c.task.one(ctx, Prompt{text, choices})
}

// ChooseAll is Choose for many prompts, computed together. The error is an *InputError
// that names the first prompt that has no answer.
func (c *Chooser) ChooseAll(ctx context.Context, prompts []Prompt) ([]Choice, error) {
	return c.task.all(ctx, prompts)
}

// ChooseSeq is Choose for any number of prompts, in bounded memory: it reads as many as
// make a batch (WithBatch), and yields their answers in order. A prompt that has none gives
// its error in its place, and costs no other. The error of a context that has ended, and
// roberta.ErrClosed, end the sequence.
func (c *Chooser) ChooseSeq(ctx context.Context, prompts iter.Seq[Prompt]) iter.Seq2[Choice, error] {
	return c.task.each(ctx, prompts)
}

func (c *Chooser) logits(ctx context.Context, batch []sequence) ([]float32, error) {
	rows, err := c.sequencer.firstLogits(ctx, batch, &c.head)
	if err != nil {
		return nil, err
	}
	logits := make([]float32, len(rows))
	for i, z := range rows {
		logits[i] = z[0]
	}
	return logits, nil
}
