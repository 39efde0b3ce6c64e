package main

import (
	"context"
	"errors"

	"github.com/goroberta/goroberta/pipeline"
	"github.com/goroberta/goroberta/roberta"
)

// answerCmd is `roberta answer`.
type answerCmd struct {
	textFlags
	limitFlags
	Head         string   `placeholder:"NAME" help:"The head that finds answers. Default: the only one, if the model has one."`
	TopK         *int     `name:"topk" aliases:"top-k" placeholder:"K" help:"How many answers to give, the best ones. Default: 1. --top-k is the same."`
	MaxAnswerLen *int     `placeholder:"N" help:"The most tokens of an answer. Default: 15."`
	Impossible   bool     `help:"Say too how likely it is that there is no answer: an answer without text stands among the others."`
	NoAlign      bool     `help:"Let answers begin and end inside a word."`
	Context      *string  `placeholder:"TEXT" help:"The text in which answers are looked for. Lines of --input may bring their own."`
	Offsets      string   `enum:"bytes,chars" default:"bytes" placeholder:"UNIT" help:"What start and end count: bytes (default) or chars, Unicode code points."`
	Question     []string `arg:"" optional:"" name:"question" help:"The question, verbatim."`
}

const questionForm = `{"question":…,"context":…}`

// Help is shown by kong below the summary.
func (answerCmd) Help() string {
	return `Writes {"answers":[{"answer":…,"score":…,"start":…,"end":…},…]}, best first. A context that is too long is read through windows of 384 tokens, or of --max-length, ` +
		`that share half of it, at most 128, or --stride; with --truncate it is cut. Lines of --input are ` + questionForm + `, or {"question":…} with --context.`
}

// Validate is called by kong.
func (c *answerCmd) Validate() error {
	switch {
	case c.TopK != nil && *c.TopK < 1:
		return usagef("--topk %d: want at least 1", *c.TopK)
	case c.MaxAnswerLen != nil && *c.MaxAnswerLen < 1:
		return usagef("--max-answer-len %d: want at least 1", *c.MaxAnswerLen)
	case len(c.Question) > 1:
		return usagef("%d questions are given, want one", len(c.Question))
	case len(c.Question) == 1 && c.Context == nil:
		return usagef("--context is needed: the text in which the answer is looked for")
	case c.Stride != nil && c.Truncate != "none" && c.Truncate != "only-second":
		return usagef("--stride with --truncate %s: windows are of the context alone", c.Truncate)
	}
	return nil
}

type answersLine struct {
	Answers []pipeline.Answer `json:"answers"`
}

// Run is called by kong.
func (c *answerCmd) Run(ctx context.Context, s *session) error {
	var args *request
	if len(c.Question) == 1 {
		args = &request{question: &c.Question[0]}
	}
	return answerTexts(ctx, s, &c.textFlags, nil, args, questionForm, func(m *roberta.Model, _ *spool) (t task[pipeline.Question, outcome[[]pipeline.Answer]], err error) {
		opts, err := c.options(m)
		if err != nil {
			return t, err
		}
		reader, err := pipeline.NewReader(m, opts...)
		if err != nil {
			return t, headNeeded(err)
		}
		return task[pipeline.Question, outcome[[]pipeline.Answer]]{
			prepare: c.question,
			run:     inBatches(reader.AnswerSeq),
			result: func(_ int, _ pipeline.Question, o outcome[[]pipeline.Answer]) (any, error) {
				for _, a := range o.answer {
					if err := finite("score", a.Score); err != nil {
						return nil, err
					}
				}
				return answersLine{append([]pipeline.Answer{}, o.answer...)}, o.err
			},
			budget: tokenBudget,
			noText: true,
		}, nil
	})
}

// question is what a request asks, and about how many tokens it has.
func (c *answerCmd) question(r request) (q pipeline.Question, tokens int, err error) {
	passage := r.context
	if passage == nil {
		passage = c.Context
	}
	switch {
	case r.question == nil:
		return q, 0, errors.New(`want "question" and "context"`)
	case !r.noText():
		return q, 0, errors.New(`"question" is given with a text or tokens; want "question" and "context"`)
	case passage == nil:
		return q, 0, errors.New(`"question" is given without "context", and there is no --context`)
	}
	return pipeline.Question{Text: *r.question, Context: *passage}, tokensOf(*r.question, *passage), nil
}

// options are what the flags mean for a pipeline.
func (c *answerCmd) options(m *roberta.Model) ([]pipeline.Option, error) {
	opts, err := c.limitFlags.options(m)
	if c.Head != "" {
		opts = append(opts, pipeline.WithHead(c.Head))
	}
	if c.TopK != nil {
		opts = append(opts, pipeline.WithTopK(*c.TopK))
	}
	if c.MaxAnswerLen != nil {
		opts = append(opts, pipeline.WithMaxAnswer(*c.MaxAnswerLen))
	}
	if c.Impossible {
		opts = append(opts, pipeline.WithImpossible())
	}
	if c.NoAlign {
		opts = append(opts, pipeline.WithoutAlignment())
	}
	if c.Offsets == "chars" {
		opts = append(opts, pipeline.WithCharacters())
	}
	return opts, err
}
