package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/goroberta/goroberta/roberta"
	"github.com/goroberta/goroberta/tokenizer"
)

// predictCmd is `roberta predict`.
type predictCmd struct {
	textFlags
	limitFlags
	Head   string   `placeholder:"NAME" help:"The classification head. Default: the only one, if the model has one."`
	Logits bool     `help:"Write logits in place of log-probabilities."`
	Texts  []string `arg:"" optional:"" name:"text" help:"The text, verbatim; several make one input."`
}

// inputForm shows the lines that take texts or tokens.
const inputForm = `{"text":…}, {"text":…,"pair":…}, {"texts":[…]} or {"tokens":[…]}`

// Help is shown by kong below the summary.
func (predictCmd) Help() string {
	return `Writes {"head":"mnli","log_probs":[…],"argmax":0,"label":"contradiction"}, "logits" in place of "log_probs" with --logits, ` +
		`"label" where the classes have names. Lines of --input are ` + inputForm + `.`
}

type predictLine struct {
	Head     string    `json:"head"`
	LogProbs []float32 `json:"log_probs,omitempty"`
	Logits   []float32 `json:"logits,omitempty"`
	Argmax   int       `json:"argmax"`
	Label    *string   `json:"label,omitempty"`
}

// Run is called by kong.
func (c *predictCmd) Run(ctx context.Context, s *session) error {
	return answerTexts(ctx, s, &c.textFlags, nil, textRequest(c.Texts), inputForm, func(m *roberta.Model, _ *spool) (t task[*tokenizer.Encoding, []float32], err error) {
		head, err := c.head(m)
		if err != nil {
			return t, err
		}
		prepare, err := encode(m, &c.limitFlags)
		if err != nil {
			return t, err
		}
		return task[*tokenizer.Encoding, []float32]{
			prepare: prepare,
			run: func(ctx context.Context, inputs []*tokenizer.Encoding) ([][]float32, error) {
				predict := m.Predict
				if c.Logits {
					predict = m.PredictLogits
				}
				scores, err := predict(ctx, head.Name, idsOf(inputs)...)
				if err != nil {
					return nil, err
				}
				rows := make([][]float32, len(inputs))
				for i := range rows {
					rows[i] = scores.Row(i)
				}
				return rows, nil
			},
			result: func(_ int, _ *tokenizer.Encoding, scores []float32) (any, error) {
				line := predictLine{Head: head.Name, Argmax: argmax(scores)}
				name := "log_probs"
				if c.Logits {
					name, line.Logits = "logits", scores
				} else {
					line.LogProbs = scores
				}
				if line.Argmax < len(head.Labels) {
					line.Label = &head.Labels[line.Argmax]
				}
				return line, finite(name, scores...)
			},
			budget: tokenBudget,
		}, nil
	})
}

// head is the classification head that the flags name.
func (c *predictCmd) head(m *roberta.Model) (roberta.Head, error) {
	if c.Head != "" {
		return m.Head(c.Head)
	}
	heads := m.Heads()
	switch len(heads) {
	case 0:
		return roberta.Head{}, errors.New("the model has no classification head")
	case 1:
		return heads[0], nil
	}
	const most = 20
	var names []string
	for _, h := range heads[:min(most, len(heads))] {
		names = append(names, h.Name)
	}
	if n := len(heads) - most; n > 0 {
		names = append(names, fmt.Sprintf("and %d more", n))
	}
	return roberta.Head{}, usagef("--head is needed: the model has %s", strings.Join(names, ", "))
}
