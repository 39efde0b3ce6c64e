package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"slices"
	"strings"

	"github.com/goroberta/goroberta/roberta"
)

// Candidates are a text and the labels that it may have.
type Candidates struct {
	Text   string
	Labels []string // nil: those of WithLabels
}

// A ZeroShot gives texts labels that its model was never trained on: a model for natural
// language inference says whether the text entails a sentence about the label. It is
// immutable; any number of goroutines may use it at once, until its model is closed.
type ZeroShot struct {
	task          task[Candidates, []float32, []Label]
	sequencer     *sequencer
	head          roberta.Head
	entailment    int
	contradiction int // -1: unknown
	labels        []string
	template      []string
	multiLabel    bool
	topK          int
}

// NewZeroShot makes a ZeroShot of a model with a head for natural language inference.
// Its classes are found by their names: entailment's begins with "entail", contradiction's
// with "contra", or is the other one of two. The classes of a fairseq model's head "mnli"
// without names are those of roberta.large.mnli, whose documentation has their order:
// contradiction, neutral, entailment. For other heads WithEntailment and WithContradiction
// name the classes, LABEL_0 and so on if they have no names.
//
// Errors are ErrClasses if names do not say which class is which, ErrHead, ErrHeads,
// roberta.ErrUnknownHead and ErrOption.
//
// transformers' zero-shot-classification pipeline takes the last class for entailment where
// no name is like it, and class 0 or else the last for contradiction, whatever they are
// called. So it takes neutral for contradiction in some models, and their scores of several
// labels differ from those here.
func NewZeroShot(m *roberta.Model, opts ...Option) (*ZeroShot, error) {
	o, err := newOptions(zeroShot, opts)
	if err != nil {
		return nil, err
	}
	z := &ZeroShot{sequencer: newSequencer(m, o, 0), labels: o.labels, template: o.template, multiLabel: o.multiLabel, topK: o.topK}
	_, err = m.File("config.json")
	fairseq := errors.Is(err, fs.ErrNotExist)
	classes := func(h *roberta.Head) (err error) {
		z.entailment, z.contradiction, err = inferenceClasses(h, o, fairseq)
		if err == nil && z.multiLabel && z.contradiction < 0 {
			err = noContradiction(h)
		}
		return err
	}
	if z.head, err = findHead(m, o.head, roberta.ReadsFirst, classes); err != nil {
		return nil, err
	}
	if err := classes(&z.head); err != nil {
		return nil, err
	}
	z.task = task[Candidates, []float32, []Label]{
		budget:  o.budget,
		prepare: z.prepare,
		compute: func(ctx context.Context, batch []sequence) ([][]float32, error) {
			return z.sequencer.firstLogits(ctx, batch, &z.head)
		},
		finish: z.finish,
	}
	return z, nil
}

// inferenceClasses finds the classes of a head by their names. contradiction is -1 if no
// name is like it.
func inferenceClasses(h *roberta.Head, o *options, fairseq bool) (entailment, contradiction int, err error) {
	names := labels(h)
	named := len(h.Labels) > 0
	if !named && fairseq && h.Name == "mnli" && h.Classes == 3 {
		names, named = []string{"contradiction", "neutral", "entailment"}, true
	}
	find := func(class, prefix, option string) (int, error) {
		var found []int
		for i, name := range names {
			if class == name || class == "" && strings.HasPrefix(strings.ToLower(name), prefix) {
				found = append(found, i)
			}
		}
		switch {
		case len(found) == 1:
			return found[0], nil
		case class != "":
			return -1, fmt.Errorf("%w: %.100q has no class %.100q, it has %s", ErrClasses, h.Name, class, listed(names))
		case len(found) > 1:
			return -1, fmt.Errorf("%w: several names of %.100q begin with %q: %s; %s says which it is", ErrClasses, h.Name, prefix, listed(names), option)
		}
		return -1, nil
	}
	if entailment, err = find(o.entailment, "entail", "WithEntailment"); err != nil {
		return -1, -1, err
	}
	if contradiction, err = find(o.contradiction, "contra", "WithContradiction"); err != nil {
		return -1, -1, err
	}
	switch {
	case entailment < 0 && !named:
		return -1, -1, fmt.Errorf("%w: the classes of %.100q have no names; WithEntailment and WithContradiction say which is which, %s", ErrClasses, h.Name, listed(names))
	case entailment < 0:
		return -1, -1, fmt.Errorf("%w: no class of %.100q is called entailment: %s; WithEntailment and WithContradiction say which is which, if the head is one for inference", ErrClasses, h.Name, listed(names))
	case entailment == contradiction:
		return -1, -1, fmt.Errorf("%w: the class %.100q of %.100q for entailment and for contradiction", ErrClasses, names[entailment], h.Name)
	case contradiction < 0 && h.Classes == 2:
		contradiction = 1 - entailment
	}
	return entailment, contradiction, nil
}

func noContradiction(h *roberta.Head) error {
	return fmt.Errorf("%w: no class of %.100q is called contradiction: %s; WithContradiction says which it is", ErrClasses, h.Name, listed(labels(h)))
}

// Head describes the head that the ZeroShot reads.
func (z *ZeroShot) Head() roberta.Head {
	h := z.head
	h.Labels = slices.Clone(h.Labels)
	return h
}

// Classify gives a text these labels, or those of WithLabels if there are none, best
// first; labels of equal scores stay in their order. The model reads a pair of the text
// and the sentence that WithTemplate makes of each label.
//
// Scores sum to 1: they are the softmax of the labels' logits for entailment. With
// WithMultiLabel, and of one label alone, a score is the softmax of entailment and
// contradiction, for each label by itself.
//
// Errors are ErrInput without labels, ErrClasses for one label where no class is known for
// contradiction, *roberta.LengthError for a pair that is too long (see WithLimit; the
// pipeline cuts unasked, as tokenizer.OnlyFirst does), *tokenizer.LimitError for one that
// cannot be cut as it should be, those of roberta.Model.Tokenizer and Compute, and the
// context's.
func (z *ZeroShot) Classify(ctx context.Context, text string, labels ...string) ([]Label, error) {
	return z.task.one(ctx, Candidates{text, labels})
}

// ClassifyAll is Classify for many texts, computed together. The error is an *InputError
// that names the first text that has no answer.
func (z *ZeroShot) ClassifyAll(ctx context.Context, texts []Candidates) ([][]Label, error) {
	return z.task.all(ctx, texts)
}

// ClassifySeq is Classify for any number of texts, in bounded memory: it reads as many as
// make a batch (WithBatch), and yields their answers in order. A text that has none gives
// its error in its place, and costs no other. The error of a context that has ended, and
// roberta.ErrClosed, end the sequence.
func (z *ZeroShot) ClassifySeq(ctx context.Context, texts iter.Seq[Candidates]) iter.Seq2[[]Label, error] {
	return z.task.each(ctx, texts)
}

func (z *ZeroShot) prepare(c Candidates) (*job, error) {
	j := &job{labels: c.Labels}
	if c.Labels == nil {
		j.labels = z.labels
	}
	if len(j.labels) == 0 {
		return nil, fmt.Errorf("%w: no labels", ErrInput)
	}
	if len(j.labels) == 1 && z.contradiction < 0 {
		return nil, noContradiction(&z.head)
	}
	sentences := make([]string, len(j.labels))
	for i, label := range j.labels {
		sentences[i] = strings.Join(z.template, label)
	}
	var err error
	j.sequences, err = z.sequencer.pairs(c.Text, sentences)
	return j, err
}

func (z *ZeroShot) finish(j *job, given [][]float32) ([]Label, error) {
	scores := make([]float32, len(given))
	if z.multiLabel || len(given) == 1 {
		for i, logits := range given {
			both := []float32{logits[z.contradiction], logits[z.entailment]}
			softmax(both, both)
			scores[i] = both[1]
		}
	} else {
		for i, logits := range given {
			scores[i] = logits[z.entailment]
		}
		softmax(scores, scores)
	}
	return rank(j.labels, scores, z.topK), nil
}
