package main

import (
	"context"

	"github.com/goroberta/goroberta/pipeline"
	"github.com/goroberta/goroberta/roberta"
)

// chooseCmd is `roberta choose`.
type chooseCmd struct {
	textFlags
	limitFlags
	Head   string   `placeholder:"NAME" help:"The head for multiple choice. Default: the only one, if the model has one."`
	Choice []string `sep:"none" placeholder:"TEXT" help:"What may go with the prompt; give it several times. Lines of --input may bring their own."`
	Prompt []string `arg:"" optional:"" name:"prompt" help:"The prompt, verbatim."`
}

const choicesForm = `{"text":…,"choices":[…]}`

// Help is shown by kong below the summary.
func (chooseCmd) Help() string {
	return `Writes {"probs":[…],"argmax":0}: how likely each choice is, and which is likeliest, from 0. Lines of --input are ` + choicesForm + `.`
}

// Validate is called by kong.
func (c *chooseCmd) Validate() error {
	switch {
	case len(c.Prompt) > 1:
		return usagef("%d prompts are given, want one", len(c.Prompt))
	case len(c.Prompt) == 1 && len(c.Choice) == 0:
		return usagef("--choice is needed, several times")
	}
	return c.noWindows()
}

type choiceLine struct {
	Probs  []float32 `json:"probs"`
	Argmax int       `json:"argmax"`
}

// Run is called by kong.
func (c *chooseCmd) Run(ctx context.Context, s *session) error {
	return answerTexts(ctx, s, &c.textFlags, nil, textRequest(c.Prompt), choicesForm, func(m *roberta.Model, _ *spool) (t task[pipeline.Prompt, outcome[pipeline.Choice]], err error) {
		opts, err := c.limitFlags.options(m)
		if err != nil {
			return t, err
		}
		if c.Head != "" {
			opts = append(opts, pipeline.WithHead(c.Head))
		}
		chooser, err := pipeline.NewChooser(m, opts...)
		if err != nil {
			return t, headNeeded(err)
		}
		return task[pipeline.Prompt, outcome[pipeline.Choice]]{
			prepare: func(r request) (pipeline.Prompt, int, error) {
				text, err := r.one()
				choices := r.choices
				if choices == nil {
					choices = c.Choice
				}
				return pipeline.Prompt{Text: text, Choices: choices}, len(choices)*tokensOf(text) + tokensOf(choices...), err
			},
			run: inBatches(chooser.ChooseSeq),
			result: func(_ int, _ pipeline.Prompt, o outcome[pipeline.Choice]) (any, error) {
				if o.err != nil {
					return nil, o.err
				}
				return choiceLine{o.answer.Probs, o.answer.Best}, finite("probs", o.answer.Probs...)
			},
			budget: tokenBudget,
		}, nil
	})
}
