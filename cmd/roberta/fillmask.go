package main

import (
	"context"
	"fmt"

	"github.com/goroberta/goroberta/roberta"
)

// fillMaskCmd is `roberta fill-mask`.
type fillMaskCmd struct {
	textFlags
	TopK int      `name:"topk" aliases:"top-k" default:"5" placeholder:"K" help:"How many answers to give (default 5). --top-k is the same."`
	Text []string `arg:"" optional:"" name:"text" help:"The text, with one <mask> in it."`
}

const maskForm = `{"text":"… <mask> …"}`

// Help is shown by kong below the summary.
func (fillMaskCmd) Help() string {
	return `Writes {"fills":[{"text":…,"score":…,"token":" word"}]}, the likeliest first. Lines of --input are ` + maskForm + `.`
}

// Validate is called by kong.
func (c *fillMaskCmd) Validate() error {
	if c.TopK < 1 {
		return usagef("--topk %d: want at least 1", c.TopK)
	}
	if len(c.Text) > 1 {
		return usagef("%d texts are given, want one", len(c.Text))
	}
	return nil
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
func (c *fillMaskCmd) Run(ctx context.Context, s *session) error {
	return answerTexts(ctx, s, &c.textFlags, nil, textRequest(c.Text), maskForm, func(m *roberta.Model, _ *spool) (t task[string, []roberta.Fill], err error) {
		if !m.HasLMHead() {
			return t, roberta.ErrNoLMHead
		}
		_, err = m.Tokenizer()
		if err != nil {
			return t, err
		}
		if v := m.Config().VocabSize; c.TopK > v {
			return t, &roberta.TopKError{K: c.TopK, Max: v}
		}
		return task[string, []roberta.Fill]{
			prepare: func(r request) (string, int, error) {
				text, err := r.one()
				return text, len(m.Encode(text)), err // the mask counts for its letters
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
		}, nil
	})
}
