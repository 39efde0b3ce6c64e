package main

import (
	"context"

	"github.com/goroberta/goroberta/pipeline"
	"github.com/goroberta/goroberta/roberta"
)

// classifyCmd is `roberta classify`.
type classifyCmd struct {
	textFlags
	limitFlags
	Head     string   `placeholder:"NAME" help:"The classification head. Default: the only one, if the model has one."`
	TopK     *int     `name:"topk" aliases:"top-k" placeholder:"K" help:"How many labels to give, the best ones. Default: all. --top-k is the same."`
	Function *string  `enum:"softmax,sigmoid,none" placeholder:"NAME" help:"What makes scores of logits: softmax, sigmoid or none. Default: what the model's files say."`
	Join     *string  `enum:"mean,max" placeholder:"HOW" help:"What makes one score of those of a text's windows (--stride): mean (default) or max, which finds a label that holds of one window."`
	Texts    []string `arg:"" optional:"" name:"text" help:"The text, and perhaps a second one that makes it a pair."`
}

// Help is shown by kong below the summary.
func (classifyCmd) Help() string {
	return `Writes {"labels":[{"label":…,"score":…},…]}, best first. Scores are probabilities: of one label among all, or where several can hold at once, ` +
		`and of a model with one label, of each by itself; of a regression they are the values. Labels without names are LABEL_0 and so on. --stride reads a text that is too long through windows, each scored by itself. Lines of --input are ` + inputForm + `.`
}

// Validate is called by kong.
func (c *classifyCmd) Validate() error {
	switch {
	case c.TopK != nil && *c.TopK < 1:
		return usagef("--topk %d: want at least 1", *c.TopK)
	case len(c.Texts) > 2:
		return usagef("%d texts are given, want one, or two that are a pair", len(c.Texts))
	case c.Join != nil && c.Stride == nil:
		return usagef("--join is for the windows of --stride")
	}
	return nil
}

type labelsLine struct {
	Labels []pipeline.Label `json:"labels"`
}

// Run is called by kong.
func (c *classifyCmd) Run(ctx context.Context, s *session) error {
	return answerTexts(ctx, s, &c.textFlags, nil, textRequest(c.Texts), inputForm, func(m *roberta.Model, _ *spool) (t task[pipeline.Input, outcome[[]pipeline.Label]], err error) {
		opts, err := c.options(m)
		if err != nil {
			return t, err
		}
		classifier, err := pipeline.NewClassifier(m, opts...)
		if err != nil {
			return t, headNeeded(err)
		}
		return task[pipeline.Input, outcome[[]pipeline.Label]]{
			prepare: pipelineInput,
			run:     inBatches(classifier.ClassifySeq),
			result: func(_ int, _ pipeline.Input, o outcome[[]pipeline.Label]) (any, error) {
				for _, l := range o.answer {
					if err := finite("score of "+l.Name, l.Score); err != nil {
						return nil, err
					}
				}
				return labelsLine{o.answer}, o.err
			},
			budget: tokenBudget,
		}, nil
	})
}

// options are what the flags mean for a pipeline.
func (c *classifyCmd) options(m *roberta.Model) ([]pipeline.Option, error) {
	opts, err := c.limitFlags.options(m)
	if c.Head != "" {
		opts = append(opts, pipeline.WithHead(c.Head))
	}
	if c.TopK != nil {
		opts = append(opts, pipeline.WithTopK(*c.TopK))
	}
	if c.Function != nil {
		opts = append(opts, pipeline.WithFunction(function(*c.Function)))
	}
	if c.Join != nil {
		opts = append(opts, pipeline.WithJoin(pipeline.Join(*c.Join)))
	}
	return opts, err
}
