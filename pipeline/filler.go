package pipeline

import (
	"context"
	"fmt"
	"iter"

	"github.com/goroberta/goroberta/roberta"
	"github.com/goroberta/goroberta/tokenizer"
)

// A Filler finds words for the masks of texts. It is immutable; any number of goroutines
// may use it at once, until its model is closed.
type Filler struct {
	task    task[Input, *Fills, *Fills]
	model   *roberta.Model
	limit   tokenizer.Limit
	topK    int
	joint   bool
	beam    int
	targets []roberta.Target
}

// Fills are the answers to the masks of a text: with WithJoint Joint, else Masks.
type Fills struct {
	// Masks has a list for each mask, best first. Each mask is filled while the others
	// stay; see roberta.Model.FillEach.
	Masks [][]roberta.Fill
	// Joint has answers to all masks together, best first; see roberta.Model.FillJointly.
	Joint []roberta.JointFill
}

// NewFiller makes a Filler of a model with a language-model head: roberta.ErrNoLMHead if
// it has none. Other errors are those of roberta.Model.Targets, *roberta.TargetError for
// a target of several tokens without WithJoint, *roberta.TopKError and ErrOption.
func NewFiller(m *roberta.Model, opts ...Option) (*Filler, error) {
	o, err := newOptions(filler, opts)
	if err != nil {
		return nil, err
	}
	if !m.HasLMHead() {
		return nil, roberta.ErrNoLMHead
	}
	f := &Filler{model: m, limit: newSequencer(m, o, 0).limit, topK: 5, joint: o.beam > 0, beam: o.beam}
	if o.topK > 0 {
		f.topK = o.topK
	}
	V := m.Config().VocabSize
	if f.topK > V {
		return nil, &roberta.TopKError{K: f.topK, Max: V}
	}
	if f.beam > V {
		return nil, fmt.Errorf("%w: a beam of %d, and the vocabulary has %d tokens", ErrOption, f.beam, V)
	}
	if o.targets != nil {
		if f.targets, err = m.Targets(o.targets...); err != nil {
			return nil, err
		}
		for _, t := range f.targets {
			if len(t.IDs) > 1 && !f.joint {
				return nil, &roberta.TargetError{Text: t.Text, Tokens: len(t.IDs)}
			}
		}
	}
	f.task = task[Input, *Fills, *Fills]{
		budget:  o.budget,
		prepare: f.prepare,
		compute: f.fill,
		finish:  func(_ *job, given []*Fills) (*Fills, error) { return given[0], nil },
	}
	return f, nil
}

// Fill fills the masks of a text. A text says where they are as roberta.Model.FillMask
// wants it.
//
// Errors are roberta.ErrMask, *roberta.LengthError for a text that is too long (see
// WithLimit), *tokenizer.LimitError for one that cannot be cut as it should be, those of
// roberta.Model.FillMask, and the context's. Of a text that is cut the answers' texts
// have what is left.
func (f *Filler) Fill(ctx context.Context, text string) (*Fills, error) {
	return f.task.one(ctx, Text(text))
}

// FillAll is Fill for many inputs, each one text or tokens, computed together. The error
// is an *InputError that names the first input that cannot be answered.
func (f *Filler) FillAll(ctx context.Context, inputs []Input) ([]*Fills, error) {
	return f.task.all(ctx, inputs)
}

// FillSeq is Fill for any number of inputs, in bounded memory, like
// Classifier.ClassifySeq.
func (f *Filler) FillSeq(ctx context.Context, inputs iter.Seq[Input]) iter.Seq2[*Fills, error] {
	return f.task.each(ctx, inputs)
}

// prepare encodes a text, or takes tokens as they are.
func (f *Filler) prepare(in Input) (*job, error) {
	if err := in.check(filler); err != nil {
		return nil, err
	}
	var x *roberta.Masked
	var err error
	limit := f.limit
	switch {
	case in.Tokens != nil:
		x, err = f.model.MaskTokens(roberta.Input{Tokens: in.Tokens, Types: in.Types})
	case limit.Truncation == tokenizer.NoTruncation:
		if x, err = f.model.MaskText(in.Texts[0], tokenizer.Limit{}); err == nil && len(x.Tokens) > limit.Length {
			err = &roberta.LengthError{Tokens: len(x.Tokens), Max: limit.Length}
		}
	default:
		x, err = f.model.MaskText(in.Texts[0], limit)
	}
	if err != nil {
		return nil, err
	}
	s := sequence{masked: x}
	s.IDs = x.Tokens
	return &job{sequences: []sequence{s}}, nil
}

// fill fills the masks of a batch.
func (f *Filler) fill(ctx context.Context, batch []sequence) ([]*Fills, error) {
	masked := make([]*roberta.Masked, len(batch))
	for i := range batch {
		masked[i] = batch[i].masked
	}
	all := make([]*Fills, len(batch))
	if f.joint {
		fills, err := f.model.FillJointly(ctx, f.topK, f.beam, f.targets, masked...)
		for i := range fills {
			all[i] = &Fills{Joint: fills[i]}
		}
		return all, err
	}
	fills, err := f.model.FillEach(ctx, f.topK, f.targets, masked...)
	for i := range fills {
		all[i] = &Fills{Masks: fills[i]}
	}
	return all, err
}
