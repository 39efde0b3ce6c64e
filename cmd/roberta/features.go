package main

import (
	"context"
	"strconv"

	"github.com/goroberta/goroberta/roberta"
	"github.com/goroberta/goroberta/tokenizer"
)

// featuresCmd is `roberta features`.
type featuresCmd struct {
	textFlags
	limitFlags
	tensorFlags
	AllHiddens bool     `help:"Also write the hidden states of all layers; 0 is the embedding layer."`
	LMLogits   bool     `name:"lm-logits" help:"Also write the language-model head's logits."`
	Texts      []string `arg:"" optional:"" name:"text" help:"The text, verbatim; several make one input."`
}

// Help is shown by kong below the summary.
func (featuresCmd) Help() string {
	return `Writes float32 tensors "0" [tokens, width], "0.hidden.0" and so on, and "0.logits" [tokens, vocabulary]. ` +
		`The tensors of --input begin with "0", "1" and so on, by line. Lines of --input are ` + inputForm + `.`
}

// Validate is called by kong.
func (c *featuresCmd) Validate() error {
	if c.npy() && (c.AllHiddens || c.LMLogits) {
		return usagef("%s: a .npy file holds one tensor, not hidden states or logits too", c.Output)
	}
	return nil
}

// resultBytes is how much memory the results of a batch may take.
const resultBytes = 128 << 20

// Run is called by kong.
func (c *featuresCmd) Run(ctx context.Context, s *session) error {
	return answerTexts(ctx, s, &c.textFlags, &c.tensorFlags, textRequest(c.Texts), inputForm, func(m *roberta.Model, out *spool) (t task[*tokenizer.Encoding, []states], err error) {
		if c.LMLogits && !m.HasLMHead() {
			return t, roberta.ErrNoLMHead
		}
		cfg := m.Config()
		perToken := cfg.Dim
		if c.AllHiddens {
			perToken *= cfg.Layers + 2
		}
		if c.LMLogits {
			perToken += 2 * cfg.VocabSize
		}
		prepare, err := encode(m, &c.limitFlags)
		if err != nil {
			return t, err
		}
		return task[*tokenizer.Encoding, []states]{
			prepare: prepare,
			run: func(ctx context.Context, inputs []*tokenizer.Encoding) ([][]states, error) {
				return c.compute(ctx, m, idsOf(inputs))
			},
			result: func(index int, _ *tokenizer.Encoding, all []states) (any, error) {
				for _, s := range all {
					row := func(token int) []float32 { return s.Row(s.sequence, token) }
					if err := out.add(strconv.Itoa(index)+s.suffix, s.Len(s.sequence), s.Shape()[2], row); err != nil {
						return nil, err
					}
				}
				return nil, nil
			},
			budget: min(tokenBudget, resultBytes/4/perToken),
		}, nil
	})
}

// A states is the tensor of one sequence among the States of a batch.
type states struct {
	suffix string // of the tensor's name, after the request's number
	*roberta.States
	sequence int
}

// compute computes what the flags ask for, for each sequence of a batch.
func (c *featuresCmd) compute(ctx context.Context, m *roberta.Model, tokens [][]int) ([][]states, error) {
	want := roberta.WantFeatures
	if c.AllHiddens {
		want |= roberta.WantHiddens
	}
	if c.LMLogits {
		want |= roberta.WantLogits
	}
	e, err := m.Extract(ctx, want, tokens...)
	if err != nil {
		return nil, err
	}
	all := make([][]states, len(tokens))
	for i := range all {
		all[i] = append(all[i], states{"", e.Features, i})
		for l, h := range e.Hidden {
			all[i] = append(all[i], states{".hidden." + strconv.Itoa(l), h, i})
		}
		if e.Logits != nil {
			all[i] = append(all[i], states{".logits", e.Logits, i})
		}
	}
	return all, nil
}
