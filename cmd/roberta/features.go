package main

import (
	"context"
	"io"
	"log/slog"
	"strconv"

	"gorgonia.org/tensor"

	"github.com/goroberta/goroberta/roberta"
)

// featuresCmd is `roberta features`.
type featuresCmd struct {
	modelFlags
	inputFlags
	tensorFlags
	AllHiddens bool     `help:"Also write the hidden states of all layers; 0 is the embedding layer."`
	LMLogits   bool     `name:"lm-logits" help:"Also write the language-model head's logits."`
	Texts      []string `arg:"" optional:"" name:"text" help:"The text, verbatim; several make one input."`
}

// Help is shown by kong below the summary.
func (featuresCmd) Help() string {
	return `Writes float32 tensors "0" [tokens, width], "0.hidden.0" and so on, and "0.logits" [tokens, vocabulary]; ` +
		`further requests of --input have the numbers 1, 2, …. Lines of --input are {"text":…}, {"text":…,"pair":…}, {"texts":[…]} or {"tokens":[…]}.`
}

// resultBytes is how much memory the results of a batch may take.
const resultBytes = 128 << 20

// Run is called by kong.
func (c *featuresCmd) Run(ctx context.Context, stdin io.Reader, out *output, log *slog.Logger) error {
	spool, err := c.tensorFlags.open()
	if err != nil {
		return err
	}
	defer spool.close()
	in, err := c.inputFlags.open(stdin, textRequest(c.Texts))
	if err != nil {
		return err
	}
	defer in.close()
	m, err := c.modelFlags.open(log)
	if err != nil {
		return err
	}
	defer m.Close()
	cfg := m.Config()
	if c.LMLogits && !m.HasLMHead() {
		return roberta.ErrNoLMHead
	}
	perToken := cfg.Dim
	if c.AllHiddens {
		perToken *= cfg.Layers + 2
	}
	if c.LMLogits {
		perToken += 2 * cfg.VocabSize
	}
	return spool.finish(answer(ctx, in, out, c.KeepGoing, task[[]int, []states]{
		prepare: encode(m.Tokenizer),
		run:     func(ctx context.Context, tokens [][]int) ([][]states, error) { return c.compute(ctx, m, tokens) },
		result: func(index int, _ []int, all []states) (any, error) {
			for _, s := range all {
				if err := spool.add(strconv.Itoa(index)+s.suffix, []int{s.rows, s.cols}, s.values); err != nil {
					return nil, err
				}
			}
			return nil, nil
		},
		budget: min(tokenBudget, resultBytes/4/perToken),
	}))
}

// states are a tensor [rows, cols] of one sequence.
type states struct {
	suffix     string // of the tensor's name, after the request's number
	rows, cols int
	values     []float32
}

// compute computes what the flags ask for, for each sequence of a batch.
func (c *featuresCmd) compute(ctx context.Context, m *roberta.Model, tokens [][]int) ([][]states, error) {
	all := make([][]states, len(tokens))
	add := func(suffix string, t *tensor.Dense) {
		values, T, C := t.Data().([]float32), t.Shape()[1], t.Shape()[2]
		for i, seq := range tokens {
			all[i] = append(all[i], states{suffix, len(seq), C, values[i*T*C:][:len(seq)*C]})
		}
	}
	parts := roberta.LastHidden
	if c.AllHiddens {
		parts |= roberta.AllHiddens
	}
	if c.LMLogits {
		parts |= roberta.Logits
	}
	e, err := m.Extract(ctx, parts, tokens...)
	if err != nil {
		return nil, err
	}
	add("", e.Features)
	for l, h := range e.Hidden {
		add(".hidden."+strconv.Itoa(l), h)
	}
	if e.Logits != nil {
		add(".logits", e.Logits)
	}
	return all, nil
}
