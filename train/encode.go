package train

import (
	"context"
	"fmt"
	"slices"

	"github.com/goroberta/goroberta/roberta"
	"github.com/goroberta/goroberta/tokenizer"
)

// tokenBudget is how many tokens the model computes at a time. Throughput hardly grows
// beyond it.
const tokenBudget = 4096

// An encoded example is tokens, and those of them whose hidden states are features.
type encoded struct {
	input roberta.Input
	rows  []int // nil: the first
}

// encodeTexts encodes examples of texts.
func (o *options) encodeTexts(m *roberta.Model, examples []Example) ([]encoded, error) {
	tok, err := m.Tokenizer()
	if err != nil {
		return nil, err
	}
	template, limit := tok.Template(), o.fit(m)
	all := make([]encoded, len(examples))
	for i, e := range examples {
		if len(e.Texts) == 0 {
			return nil, &ExampleError{i, fmt.Errorf("%w: no text", ErrExamples)}
		}
		enc, err := template.Encode(tok, limit, e.Texts[0], e.Texts[1:]...)
		if err != nil {
			return nil, &ExampleError{i, err}
		}
		if n := len(enc.IDs); n > m.Config().MaxPositions {
			return nil, &ExampleError{i, &roberta.LengthError{Tokens: n, Max: m.Config().MaxPositions}}
		}
		all[i].input = m.Input(enc)
	}
	return all, nil
}

// fit is the limit, with the model's own length where something is cut and none is given.
func (o *options) fit(m *roberta.Model) tokenizer.Limit {
	l := o.limit
	if l.Truncation == tokenizer.NoTruncation {
		return l
	}
	most := m.Config().MaxPositions
	if own := m.TokenizerInfo().MaxLength; l.Length == 0 && own > 0 {
		l.Length = own
	}
	if l.Length == 0 || l.Length > most {
		l.Length = most
	}
	return l
}

// features computes the hidden states that are features, in the order of the examples.
func features(ctx context.Context, m *roberta.Model, all []encoded) (Features, error) {
	f := Features{Dim: m.Config().Dim}
	rows := 0
	for i := range all {
		rows += max(1, len(all[i].rows))
	}
	f.Values = make([]float32, 0, rows*f.Dim)
	first := 0 // of the batch
	flush := func(end int) error {
		q := roberta.Request{Want: roberta.WantFeatures}
		for i := range all[first:end] {
			q.Inputs = append(q.Inputs, all[first+i].input)
		}
		res, err := m.Compute(ctx, q)
		if err != nil {
			return err
		}
		for s := range q.Inputs {
			at := all[first+s].rows
			if at == nil {
				at = []int{0}
			}
			for _, t := range at {
				f.Values = append(f.Values, res.Features.Row(s, t)...)
			}
		}
		first = end
		return nil
	}
	tokens := 0
	for i := range all {
		n := len(all[i].input.Tokens)
		if i > first && tokens+n > tokenBudget {
			if err := flush(i); err != nil {
				return f, err
			}
			tokens = 0
		}
		tokens += n
	}
	if len(all) > first {
		if err := flush(len(all)); err != nil {
			return f, err
		}
	}
	f.Values = slices.Clip(f.Values)
	return f, nil
}
