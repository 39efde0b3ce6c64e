package main

import (
	"context"
	"fmt"

	"github.com/goroberta/goroberta/pipeline"
	"github.com/goroberta/goroberta/roberta"
)

// scoreCmd is `roberta score`.
type scoreCmd struct {
	textFlags
	limitFlags
	WordL2R bool     `name:"word-l2r" help:"Hide a token together with those to its right in the same word."`
	Texts   []string `arg:"" optional:"" name:"text" help:"The text, or two that are a pair."`
}

// Help is shown by kong below the summary.
func (scoreCmd) Help() string {
	return `Writes {"log_likelihood":…,"pseudo_perplexity":…,"tokens":[{"token":…,"log_prob":…}]}: the logarithm of the probability that the model gives each token when it is masked and all others are seen, their sum, and exp(-sum/number). ` +
		`The special tokens around texts are not scored. This is the pseudo-log-likelihood of Salazar et al. (2020), with --word-l2r that of Kauf and Ivanova (2023). A text of T tokens takes T passes. ` +
		`Lines of --input are ` + inputForm + `.`
}

// Validate is called by kong.
func (c *scoreCmd) Validate() error {
	if len(c.Texts) > 2 {
		return usagef("%d texts are given, want one, or two that are a pair", len(c.Texts))
	}
	return c.noWindows()
}

type scoreLine struct {
	LogLikelihood    float64      `json:"log_likelihood"`
	PseudoPerplexity float64      `json:"pseudo_perplexity"`
	Tokens           []tokenScore `json:"tokens"`
}

type tokenScore struct {
	Token   string  `json:"token"`
	LogProb float32 `json:"log_prob"`
}

// Run is called by kong.
func (c *scoreCmd) Run(ctx context.Context, s *session) error {
	return answerTexts(ctx, s, &c.textFlags, nil, textRequest(c.Texts), inputForm, func(m *roberta.Model, _ *spool) (t task[pipeline.Input, outcome[*pipeline.Score]], err error) {
		opts, err := c.limitFlags.options(m)
		if err != nil {
			return t, err
		}
		if c.WordL2R {
			opts = append(opts, pipeline.WithWordL2R())
		}
		scorer, err := pipeline.NewScorer(m, opts...)
		if err != nil {
			return t, err
		}
		return task[pipeline.Input, outcome[*pipeline.Score]]{
			prepare: pipelineInput,
			run:     inBatches(scorer.ScoreSeq),
			result:  func(_ int, _ pipeline.Input, o outcome[*pipeline.Score]) (any, error) { return c.line(o.answer, o.err) },
			budget:  tokenBudget,
		}, nil
	})
}

// line is the line of a text's score.
func (*scoreCmd) line(r *pipeline.Score, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	line := scoreLine{r.LogLikelihood, r.PseudoPerplexity, make([]tokenScore, len(r.Tokens))}
	for i, t := range r.Tokens {
		if err := finite(fmt.Sprintf("tokens[%d].log_prob", i), t.LogProb); err != nil {
			return nil, err
		}
		line.Tokens[i] = tokenScore{t.Token, t.LogProb}
	}
	return line, finite("pseudo_perplexity", r.PseudoPerplexity)
}
