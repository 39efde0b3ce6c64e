package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"

	"github.com/goroberta/goroberta/roberta"
)

// fillMaskCmd is `roberta fill-mask`.
type fillMaskCmd struct {
	modelFlags
	inputFlags
	TopK int      `name:"topk" default:"5" placeholder:"K" help:"How many answers to give (default 5)."`
	Text []string `arg:"" optional:"" name:"text" help:"The text, with one <mask> in it."`
}

// Help is shown by kong below the summary.
func (fillMaskCmd) Help() string {
	return `Writes {"fills":[{"text":…,"score":…,"token":" word"}]}, the likeliest first. Lines of --input are {"text":…}.`
}

// Validate is called by kong.
func (c *fillMaskCmd) Validate() error {
	if c.TopK < 1 {
		return usagef("--topk %d: want at least 1", c.TopK)
	}
	if len(c.Text) > 1 {
		return usagef("%d texts are given, want one", len(c.Text))
	}
	return c.modelFlags.Validate()
}

type fillsLine struct {
	Fills []fill `json:"fills"`
}

type fill struct {
	Text  string  `json:"text"`
	Score float32 `json:"score"`
	Token string  `json:"token"`
}

// Run is called by kong.
func (c *fillMaskCmd) Run(ctx context.Context, stdin io.Reader, out *output, log *slog.Logger) error {
	in, err := c.inputFlags.open(stdin, textRequest(c.Text))
	if err != nil {
		return err
	}
	defer in.close()
	m, err := c.modelFlags.open(log)
	if err != nil {
		return err
	}
	defer m.Close()
	if !m.HasLMHead() {
		return roberta.ErrNoLMHead
	}
	if _, err := m.Tokenizer(); err != nil {
		return err
	}
	if v := m.Config().VocabSize; c.TopK > v {
		return &roberta.TopKError{K: c.TopK, Max: v}
	}
	return answer(ctx, in, out, c.KeepGoing, task[string, []roberta.Fill]{
		prepare: func(r request) (string, int, error) {
			text, err := r.one()
			return text, len(text), err // there are no more tokens than bytes
		},
		run: func(ctx context.Context, texts []string) ([][]roberta.Fill, error) {
			return m.FillMasks(ctx, texts, c.TopK)
		},
		result: func(_ int, _ string, fills []roberta.Fill) (any, error) {
			line := fillsLine{make([]fill, len(fills))}
			for i, f := range fills {
				if err := finite(fmt.Sprintf("fills[%d].score", i), f.Score); err != nil {
					return nil, err
				}
				line.Fills[i] = fill{f.Text, f.Score, f.Token}
			}
			return line, nil
		},
		budget: tokenBudget,
	})
}
