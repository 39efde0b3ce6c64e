package train

import (
	"context"
	"fmt"

	"github.com/goroberta/goroberta/roberta"
	"github.com/goroberta/goroberta/tokenizer"
)

// tokenBudget is how many tokens the model computes at a time. Throughput hardly grows
// beyond it.
const tokenBudget = 4096

// An encoded example is tokens, and those of them whose hidden states are features.
type encoded struct {
	input roberta.Input
	rows  []int
}

// encode encodes texts as one input of the model.
func encode(m *roberta.Model, tok tokenizer.Tokenizer, limit tokenizer.Limit, text string, more ...string) (*tokenizer.Encoding, error) {
	enc, err := tok.Template().Encode(tok, limit, text, more...)
	if err != nil {
		return nil, err
	}
	if n, most := len(enc.IDs), m.Config().MaxPositions; n > most {
		return nil, &roberta.LengthError{Tokens: n, Max: most}
	}
	return enc, nil
}

// longest is the limit, with the model's own length where something is cut and none is given.
func (o *options) longest(m *roberta.Model) tokenizer.Limit {
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

// compute computes the rows that are wanted of examples, in their order: hidden states,
// or the logits of a head if one is named.
func (o *options) compute(ctx context.Context, m *roberta.Model, all []encoded, reads roberta.Reads, head string) (Features, error) {
	f := Features{Dim: m.Config().Dim}
	want := roberta.Request{Want: roberta.WantFeatures}
	if reads == roberta.ReadsFirst {
		want.Want = roberta.WantFirst
	}
	if head != "" {
		h, err := m.Head(head)
		if err != nil {
			return f, err
		}
		f.Dim, want = h.Classes, roberta.Request{Head: head}
	}
	rows := 0
	for i := range all {
		rows += len(all[i].rows)
	}
	f.Values = make([]float32, 0, rows*f.Dim)
	examples := len(all)
	for len(all) > 0 {
		n, tokens := 0, 0
		q := want
		for n < len(all) && (n == 0 || tokens+len(all[n].input.Tokens) <= tokenBudget) {
			q.Inputs = append(q.Inputs, all[n].input)
			tokens += len(all[n].input.Tokens)
			n++
		}
		res, err := m.Compute(ctx, q)
		if err != nil {
			return f, err
		}
		for s := range n {
			for _, t := range all[s].rows {
				f.Values = append(f.Values, row(res, s, t)...)
			}
		}
		all = all[n:]
		o.at.Computed, o.at.Examples = examples-len(all), examples
		o.progress(o.at)
	}
	if len(f.Values) != rows*f.Dim {
		return f, fmt.Errorf("%w: head %.100q was replaced by another one meanwhile", roberta.ErrHead, head)
	}
	return f, nil
}

// row is what a result holds of a token.
func row(res *roberta.Result, sequence, token int) []float32 {
	switch {
	case res.First != nil:
		return res.First.Row(sequence)
	case res.Features != nil:
		return res.Features.Row(sequence, token)
	case res.HeadTokenLogits != nil:
		return res.HeadTokenLogits.Row(sequence, token)
	}
	return res.HeadLogits.Row(sequence)
}
