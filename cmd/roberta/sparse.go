package main

import (
	"context"

	"github.com/goroberta/goroberta/pipeline"
	"github.com/goroberta/goroberta/roberta"
)

const sparseHelp = `--sparse writes {"indices":[…],"values":[…]}: the tokens of the vocabulary whose value is not 0, in ascending order. A model without modules.json gets the largest log(1 + relu(logit)) of each token, ` +
	`as sentence-transformers makes it, and a warning; one whose modules.json makes other vectors is an error.`

// sparse is the Run of --sparse.
func (c *embedCmd) sparse(ctx context.Context, s *session) error {
	return answerTexts(ctx, s, &c.textFlags, nil, textRequests(c.Texts), inputForm, func(m *roberta.Model, _ *spool) (t task[pipeline.Input, outcome[pipeline.SparseVector]], err error) {
		e, err := c.sparseEmbedder(m)
		if err != nil {
			return t, err
		}
		for _, n := range e.Notes() {
			s.log.Warn(n)
		}
		return task[pipeline.Input, outcome[pipeline.SparseVector]]{
			prepare: pipelineInput,
			run:     inBatches(e.EmbedSeq),
			result: func(_ int, _ pipeline.Input, o outcome[pipeline.SparseVector]) (any, error) {
				if o.err != nil {
					return nil, o.err
				}
				return o.answer, finite("values", o.answer.Values...)
			},
			budget: tokenBudget,
		}, nil
	})
}

// sparseEmbedder makes the SparseEmbedder that the flags describe.
func (c *embedCmd) sparseEmbedder(m *roberta.Model) (*pipeline.SparseEmbedder, error) {
	opts, err := c.limitFlags.options(m)
	if err != nil {
		return nil, err
	}
	e, err := pipeline.NewSparseEmbedder(m, c.prompt(opts)...)
	if err != nil || c.As == nil {
		return e, err
	}
	if *c.As == "query" {
		return e.Queries(), nil
	}
	return e.Documents(), nil
}
