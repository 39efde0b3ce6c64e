package pipeline

import (
	"context"
	"iter"
	"slices"

	"github.com/goroberta/goroberta/roberta"
)

// A Label is a class and the score that a text has for it.
type Label struct {
	Name  string  `json:"label"`
	Score float32 `json:"score"`
}

// A Classifier gives texts, or pairs of texts, labels. It is immutable; any number of
// goroutines may use it at once, until its model is closed.
type Classifier struct {
	task      task[Input, []float32, []Label]
	sequencer *sequencer
	head      roberta.Head
	labels    []string
	function  roberta.Function
	topK      int
	join      Join
}

// NewClassifier makes a Classifier of a model with a classification head. Errors are
// ErrHead, ErrHeads, roberta.ErrUnknownHead and ErrOption.
//
// Scores are what the head's Function makes of its logits: of Softmax they sum to 1, of
// Sigmoid each class has a probability of its own, and Identity gives the logits
// themselves, as for regression. As in transformers' text-classification pipeline, a
// head with one class and no problem_type is a Sigmoid.
func NewClassifier(m *roberta.Model, opts ...Option) (*Classifier, error) {
	o, err := newOptions(classifier, opts)
	if err != nil {
		return nil, err
	}
	c := &Classifier{sequencer: newSequencer(m, o, 0), topK: o.topK, join: o.join}
	if c.head, err = findHead(m, o.head, roberta.ReadsFirst, nil); err != nil {
		return nil, err
	}
	c.labels, c.function = labels(&c.head), c.head.Function
	if o.function != nil {
		c.function = *o.function
	}
	c.task = task[Input, []float32, []Label]{
		budget: o.budget,
		prepare: func(in Input) (*job, error) {
			if err := in.check(classifier); err != nil {
				return nil, err
			}
			s, err := c.sequencer.input(in)
			return &job{sequences: s}, err
		},
		compute: func(ctx context.Context, batch []sequence) ([][]float32, error) {
			return c.sequencer.firstLogits(ctx, batch, &c.head)
		},
		finish: func(_ *job, given [][]float32) ([]Label, error) {
			return rank(c.labels, c.joined(given), c.topK), nil
		},
	}
	return c, nil
}

// Head describes the head that the Classifier reads.
func (c *Classifier) Head() roberta.Head {
	h := c.head
	h.Labels = slices.Clone(h.Labels)
	return h
}

// Classify gives the labels of a text, or of a pair, best first; labels of equal scores
// are in the head's order. Of a text that is read through windows the scores are joined
// as WithJoin says. A class without a name is LABEL_0, LABEL_1 and so on.
//
// Errors are *roberta.LengthError for a text that is too long (see WithLimit),
// *tokenizer.LimitError for one that cannot be cut as it should be, those of
// roberta.Model.Tokenizer and Predict, and the context's.
func (c *Classifier) Classify(ctx context.Context, text string, more ...string) ([]Label, error) {
	return c.task.one(ctx, Text(text, more...))
}

// ClassifyAll is Classify for many inputs, computed together. The error is an
// *InputError that names the first input that cannot be answered.
func (c *Classifier) ClassifyAll(ctx context.Context, inputs []Input) ([][]Label, error) {
	return c.task.all(ctx, inputs)
}

// ClassifySeq is Classify for any number of inputs, in bounded memory: it reads as many
// as make a batch (WithBatch), and yields their answers in order. An input that cannot
// be answered gives its error in its place, and costs no other. The error of a context
// that has ended, and roberta.ErrClosed, end the sequence.
func (c *Classifier) ClassifySeq(ctx context.Context, inputs iter.Seq[Input]) iter.Seq2[[]Label, error] {
	return c.task.each(ctx, inputs)
}

// joined makes one score for each class of the logits of each window.
func (c *Classifier) joined(windows [][]float32) []float32 {
	first := scores(c.function, windows[0])
	if len(windows) == 1 {
		return first
	}
	joined := make([]float64, len(first))
	for w, logits := range windows {
		for i, s := range scores(c.function, logits) {
			switch s := float64(s); {
			case w == 0:
				joined[i] = s
			case c.join == JoinMax:
				joined[i] = max(joined[i], s)
			default:
				joined[i] += s
			}
		}
	}
	for i, s := range joined {
		if c.join != JoinMax {
			s /= float64(len(windows))
		}
		first[i] = float32(s)
	}
	return first
}
