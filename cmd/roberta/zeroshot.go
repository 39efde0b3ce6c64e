package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/goroberta/goroberta/pipeline"
	"github.com/goroberta/goroberta/roberta"
)

// zeroShotCmd is `roberta zero-shot`.
type zeroShotCmd struct {
	textFlags
	limitFlags
	Head          string   `placeholder:"NAME" help:"The head for inference. Default: the only one whose classes have such names."`
	Labels        *string  `placeholder:"A,B" help:"The labels, with commas between. Lines of --input may bring their own."`
	MultiLabel    bool     `help:"Give each label a probability of its own: several can hold, or none."`
	Template      *string  `placeholder:"TEXT" help:"The sentence about a label, which stands for {} or {0}; {{ and }} are braces. Default: 'This example is {}.'"`
	TopK          *int     `name:"topk" aliases:"top-k" placeholder:"K" help:"How many labels to give, the best ones. Default: all. --top-k is the same."`
	Entailment    *string  `placeholder:"CLASS" help:"The name of the head's class for entailment, LABEL_0 and so on where there are no names. Default: the one that begins with entail."`
	Contradiction *string  `placeholder:"CLASS" help:"The name of the head's class for contradiction. Default: the one that begins with contra, or the other one of two."`
	Text          []string `arg:"" optional:"" name:"text" help:"The text, verbatim."`
}

const labelsForm = `{"text":…} or {"text":…,"labels":[…]}`

// Help is shown by kong below the summary.
func (zeroShotCmd) Help() string {
	return `Writes {"labels":[…],"scores":[…]}, best first. The model, one for natural language inference, says whether the text entails a sentence about each label. ` +
		`Scores sum to 1; with --multi-label, and of one label, each is a probability by itself. Where classes have no names the last is taken for entailment and class 0 for contradiction, with a warning. ` +
		`Lines of --input are ` + labelsForm + `.`
}

// Validate is called by kong.
func (c *zeroShotCmd) Validate() error {
	switch {
	case c.TopK != nil && *c.TopK < 1:
		return usagef("--topk %d: want at least 1", *c.TopK)
	case len(c.Text) > 1:
		return usagef("%d texts are given, want one", len(c.Text))
	case c.Labels != nil && len(c.labels()) == 0:
		return usagef("--labels %q names no label", *c.Labels)
	case len(c.Text) == 1 && c.Labels == nil:
		return usagef("--labels is needed")
	case c.Entailment != nil && *c.Entailment == "", c.Contradiction != nil && *c.Contradiction == "":
		return usagef("--entailment and --contradiction want the name of a class")
	}
	return c.noWindows()
}

// labels are those of --labels, without the white space around them and empty ones.
func (c *zeroShotCmd) labels() []string {
	var labels []string
	if c.Labels != nil {
		for label := range strings.SplitSeq(*c.Labels, ",") {
			if label = strings.TrimSpace(label); label != "" {
				labels = append(labels, label)
			}
		}
	}
	return labels
}

type rankedLabelsLine struct {
	Labels []string  `json:"labels"`
	Scores []float32 `json:"scores"`
}

// table is the line as a row for each label.
func (l rankedLabelsLine) table() any {
	var rows labelsLine
	for i, name := range l.Labels {
		rows.Labels = append(rows.Labels, pipeline.Label{Name: name, Score: l.Scores[i]})
	}
	return rows
}

// Run is called by kong.
func (c *zeroShotCmd) Run(ctx context.Context, s *session) error {
	return answerTexts(ctx, s, &c.textFlags, nil, textRequest(c.Text), labelsForm, func(m *roberta.Model, _ *spool) (t task[pipeline.Candidates, outcome[[]pipeline.Label]], err error) {
		z, err := c.pipeline(m, s)
		if err != nil {
			return t, err
		}
		common := c.labels()
		return task[pipeline.Candidates, outcome[[]pipeline.Label]]{
			prepare: func(r request) (pipeline.Candidates, int, error) {
				text, err := r.one()
				labels := r.labels
				if labels == nil {
					labels = common
				}
				if err == nil && len(labels) == 0 {
					err = errors.New(`no labels: want "labels" in the line, or --labels`)
				}
				return pipeline.Candidates{Text: text, Labels: labels}, len(labels)*tokensOf(text) + tokensOf(labels...), err
			},
			run: inBatches(z.ClassifySeq),
			result: func(_ int, _ pipeline.Candidates, o outcome[[]pipeline.Label]) (any, error) {
				if o.err != nil {
					return nil, o.err
				}
				var line rankedLabelsLine
				for _, l := range o.answer {
					line.Labels, line.Scores = append(line.Labels, l.Name), append(line.Scores, l.Score)
				}
				return line, finite("scores", line.Scores...)
			},
			budget: tokenBudget,
		}, nil
	})
}

// pipeline makes the ZeroShot that the flags describe. For classes without names it takes
// those that transformers takes, and says so.
func (c *zeroShotCmd) pipeline(m *roberta.Model, s *session) (*pipeline.ZeroShot, error) {
	opts, err := c.options(m)
	if err != nil {
		return nil, err
	}
	z, err := pipeline.NewZeroShot(m, opts...)
	switch {
	case errors.Is(err, pipeline.ErrOption): // the template
		return nil, usageError{err}
	case !errors.Is(err, pipeline.ErrClasses):
		return z, headNeeded(err)
	}
	h, ok := c.unnamed(m)
	if !ok || c.Entailment != nil || c.Contradiction != nil {
		return nil, errors.New(strings.NewReplacer("WithEntailment", "--entailment", "WithContradiction", "--contradiction").Replace(err.Error()))
	}
	entailment, contradiction := fmt.Sprintf("LABEL_%d", h.Classes-1), "LABEL_0"
	if z, err = pipeline.NewZeroShot(m, append(opts, pipeline.WithEntailment(entailment), pipeline.WithContradiction(contradiction))...); err != nil {
		return nil, err
	}
	s.log.Warn("the head's classes have no names; --entailment and --contradiction say which is which", "head", clip(h.Name), "entailment", entailment, "contradiction", contradiction)
	return z, nil
}

// unnamed is the head in use if its classes have no names.
func (c *zeroShotCmd) unnamed(m *roberta.Model) (roberta.Head, bool) {
	var found []roberta.Head
	for _, h := range m.Heads() {
		if h.Reads == roberta.ReadsFirst && (c.Head == "" || c.Head == h.Name) {
			found = append(found, h)
		}
	}
	if len(found) != 1 || found[0].Labels != nil || found[0].Classes < 2 {
		return roberta.Head{}, false
	}
	return found[0], true
}

// options are what the flags mean for a pipeline.
func (c *zeroShotCmd) options(m *roberta.Model) ([]pipeline.Option, error) {
	opts, err := c.limitFlags.options(m)
	if c.Head != "" {
		opts = append(opts, pipeline.WithHead(c.Head))
	}
	if c.MultiLabel {
		opts = append(opts, pipeline.WithMultiLabel())
	}
	if c.Template != nil {
		opts = append(opts, pipeline.WithTemplate(*c.Template))
	}
	if c.TopK != nil {
		opts = append(opts, pipeline.WithTopK(*c.TopK))
	}
	if c.Entailment != nil {
		opts = append(opts, pipeline.WithEntailment(*c.Entailment))
	}
	if c.Contradiction != nil {
		opts = append(opts, pipeline.WithContradiction(*c.Contradiction))
	}
	return opts, err
}
