package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/goroberta/goroberta/pipeline"
	"github.com/goroberta/goroberta/roberta"
)

// fillMaskCmd is `roberta fill-mask`.
type fillMaskCmd struct {
	textFlags
	limitFlags
	TopK    int      `name:"topk" aliases:"top-k" default:"5" placeholder:"K" help:"How many answers to give (default 5). --top-k is the same."`
	Targets []string `sep:"none" placeholder:"WORD" help:"A word that may be an answer, verbatim: ' river' follows a space, 'river' goes on a word. Once for each word; no others are answers then."`
	Joint   bool     `help:"Fill all masks together, from left to right. A word of --targets that has several tokens needs it: its score is the product of their probabilities."`
	Beam    *int     `placeholder:"N" help:"With --joint: how many beginnings to keep after each mask (default 3)."`
	Text    []string `arg:"" optional:"" name:"text" help:"The text, with one <mask> in it or several."`
}

const maskForm = `{"text":"… <mask> …"} or {"tokens":[…]}`

// Help is shown by kong below the summary.
func (fillMaskCmd) Help() string {
	return `Writes {"fills":[{"text":…,"score":…,"token":" word"}]}, the likeliest first, or {"masks":[[…],…]}, such a list for each mask, if there are several: each is filled while the others stay masked. ` +
		`A text for a fairseq model must have exactly one then. With --joint it writes {"fills":[{"text":…,"score":…,"log_prob":…,"tokens":[" word",…]}]}, whatever the number of masks: score is the product of the answers' probabilities, each given those to its left. ` +
		`Scores are probabilities among the whole vocabulary, with --targets too. A target of several tokens stands in as many masks in place of one, so its score does not compare with that of a single token. ` +
		`Lines of --input are ` + maskForm + `.`
}

// Validate is called by kong.
func (c *fillMaskCmd) Validate() error {
	switch {
	case c.TopK < 1:
		return usagef("--topk %d: want at least 1", c.TopK)
	case c.Beam != nil && !c.Joint:
		return usagef("--beam is for --joint")
	case c.Beam != nil && *c.Beam < 1:
		return usagef("--beam %d: want at least 1", *c.Beam)
	case len(c.Text) > 1:
		return usagef("%d texts are given, want one", len(c.Text))
	}
	return c.noWindows()
}

type fillsLine struct {
	Fills []fill `json:"fills"`
}

type masksLine struct {
	Masks [][]fill `json:"masks"`
}

type fill struct {
	Text  string  `json:"text"`
	Score float32 `json:"score"`
	Token string  `json:"token"`
}

// table gives masks rows of their own: "mask" counts them from 0.
func (l masksLine) table() any {
	type row struct {
		Mask  int     `json:"mask"`
		Text  string  `json:"text"`
		Score float32 `json:"score"`
		Token string  `json:"token"`
	}
	all := struct {
		Fills []row `json:"fills"`
	}{}
	for i, list := range l.Masks {
		for _, f := range list {
			all.Fills = append(all.Fills, row{i, f.Text, f.Score, f.Token})
		}
	}
	return all
}

// table is that of a text with one mask, as of those with several.
func (l fillsLine) table() any { return masksLine{[][]fill{l.Fills}}.table() }

type jointLine struct {
	Fills []jointFill `json:"fills"`
}

type jointFill struct {
	Text    string   `json:"text"`
	Score   float64  `json:"score"`
	LogProb float64  `json:"log_prob"`
	Tokens  []string `json:"tokens"`
}

// Run is called by kong.
func (c *fillMaskCmd) Run(ctx context.Context, s *session) error {
	return answerTexts(ctx, s, &c.textFlags, nil, textRequest(c.Text), maskForm, func(m *roberta.Model, _ *spool) (t task[pipeline.Input, outcome[*pipeline.Fills]], err error) {
		opts, err := c.options(m)
		if err != nil {
			return t, err
		}
		filler, err := pipeline.NewFiller(m, opts...)
		// A word that cannot be an answer is the error of each line, not of the command: with
		// --keep-going there is a line for each.
		noTarget := targetNeeds(err)
		if err != nil && noTarget == nil {
			return t, err
		}
		return task[pipeline.Input, outcome[*pipeline.Fills]]{
			prepare: func(r request) (pipeline.Input, int, error) {
				if noTarget != nil {
					return pipeline.Input{}, 0, noTarget
				}
				if r.isTokens {
					ids, err := r.onlyTokens()
					return pipeline.Tokens(ids...), len(ids), err
				}
				if _, err := r.one(); err != nil {
					return pipeline.Input{}, 0, err
				}
				return pipelineInput(r)
			},
			run: inBatches(filler.FillSeq),
			result: func(_ int, _ pipeline.Input, o outcome[*pipeline.Fills]) (any, error) {
				return fillLine(o.answer, o.err)
			},
			budget: tokenBudget,
		}, nil
	})
}

// options are what the flags mean for a pipeline.
func (c *fillMaskCmd) options(m *roberta.Model) ([]pipeline.Option, error) {
	opts, err := c.limitFlags.options(m)
	opts = append(opts, pipeline.WithTopK(c.TopK))
	if c.Targets != nil {
		opts = append(opts, pipeline.WithTargets(c.Targets...))
	}
	if c.Joint {
		width := 3
		if c.Beam != nil {
			width = *c.Beam
		}
		opts = append(opts, pipeline.WithJoint(width))
	}
	return opts, err
}

// targetNeeds is the error of a word of --targets, with the flag that it needs; nil for
// other errors.
func targetNeeds(err error) error {
	e, ok := errors.AsType[*roberta.TargetError](err)
	switch {
	case !ok:
		return nil
	case e.Tokens > 1:
		return usagef("--targets %.100q has %d tokens: --joint scores such a word, as the product of their probabilities", e.Text, e.Tokens)
	}
	return e
}

// fillLine is the line of a text's masks.
func fillLine(fills *pipeline.Fills, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	if fills.Masks == nil {
		line := jointLine{make([]jointFill, len(fills.Joint))}
		for i, f := range fills.Joint {
			if err := finite(fmt.Sprintf("fills[%d].log_prob", i), f.LogProb); err != nil {
				return nil, err
			}
			line.Fills[i] = jointFill{f.Text, f.Score, f.LogProb, f.Tokens}
		}
		return line, nil
	}
	lists := make([][]fill, len(fills.Masks))
	for i, list := range fills.Masks {
		lists[i] = make([]fill, len(list))
		for j, f := range list {
			name := fmt.Sprintf("fills[%d].score", j)
			if len(fills.Masks) > 1 {
				name = fmt.Sprintf("masks[%d][%d].score", i, j)
			}
			if err := finite(name, f.Score); err != nil {
				return nil, err
			}
			lists[i][j] = fill{f.Text, f.Score, f.Token}
		}
	}
	if len(lists) == 1 {
		return fillsLine{lists[0]}, nil
	}
	return masksLine{lists}, nil
}
