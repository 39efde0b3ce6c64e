package main

import (
	"context"
	"errors"
	"slices"

	"github.com/goroberta/goroberta/pipeline"
	"github.com/goroberta/goroberta/roberta"
)

// tagCmd is `roberta tag`.
type tagCmd struct {
	textFlags
	limitFlags
	Head        string   `placeholder:"NAME" help:"The head that classifies tokens. Default: the only one, if the model has one."`
	Aggregation string   `enum:"none,simple,first,average,max" default:"simple" placeholder:"HOW" help:"How tokens become entities: none (each by itself), simple (neighbours of one type are joined; default), or a word gets one label first, by its first token, the mean of its tokens, or the one with the largest score."`
	Ignore      []string `sep:"none" default:"O" placeholder:"LABEL" help:"Leave out entities of this label, PER or with --aggregation none B-PER; give it several times. Default: O. An empty LABEL leaves out nothing."`
	Offsets     string   `enum:"bytes,chars" default:"bytes" placeholder:"UNIT" help:"What start and end count: bytes (default) or chars, Unicode code points."`
	Text        []string `arg:"" optional:"" name:"text" help:"The text, verbatim."`
}

const tagForm = `{"text":…} or {"words":[…]}`

// Help is shown by kong below the summary.
func (tagCmd) Help() string {
	return `Writes {"entities":[{"label":…,"score":…,"start":…,"end":…,"text":…},…]}, and for lines with words "words":[…] beside: the label of each word's first token, null for a word without one. ` +
		`The words make a text with a space between them. --stride reads a text that is too long through windows. Lines of --input are ` + tagForm + `.`
}

// Validate is called by kong.
func (c *tagCmd) Validate() error {
	if len(c.Text) > 1 {
		return usagef("%d texts are given, want one", len(c.Text))
	}
	return nil
}

type entitiesLine struct {
	Entities []pipeline.Entity `json:"entities"`
	Words    []*string         `json:"words,omitzero"`
}

// Run is called by kong.
func (c *tagCmd) Run(ctx context.Context, s *session) error {
	return answerTexts(ctx, s, &c.textFlags, nil, textRequest(c.Text), tagForm, func(m *roberta.Model, _ *spool) (t task[pipeline.Input, outcome[pipeline.Tagging]], err error) {
		opts, err := c.options(m)
		if err != nil {
			return t, err
		}
		tagger, err := pipeline.NewTagger(m, opts...)
		if err != nil {
			return t, headNeeded(err)
		}
		return task[pipeline.Input, outcome[pipeline.Tagging]]{
			prepare: func(r request) (pipeline.Input, int, error) {
				if r.hasWords && !r.onlyWords() {
					return pipeline.Input{}, 0, errors.New(`"words" are given with a text; want one or the other`)
				}
				return pipelineInput(r)
			},
			run: inBatches(tagger.TagSeq),
			result: func(_ int, _ pipeline.Input, o outcome[pipeline.Tagging]) (any, error) {
				if o.err != nil {
					return nil, o.err
				}
				return taggingLine(&o.answer)
			},
			budget: tokenBudget,
			noText: true,
		}, nil
	})
}

// options are what the flags mean for a pipeline.
func (c *tagCmd) options(m *roberta.Model) ([]pipeline.Option, error) {
	opts, err := c.limitFlags.options(m)
	if c.Head != "" {
		opts = append(opts, pipeline.WithHead(c.Head))
	}
	if c.Offsets == "chars" {
		opts = append(opts, pipeline.WithCharacters())
	}
	return append(opts, pipeline.WithAggregation(pipeline.Aggregation(c.Aggregation)), pipeline.WithIgnore(ignored(c.Ignore)...)), err
}

// ignored are the labels that --ignore names. An empty one is none, not even the type of I-.
func ignored(labels []string) []string {
	return slices.DeleteFunc(slices.Clone(labels), func(label string) bool { return label == "" })
}

// taggingLine is the line of a text's entities.
func taggingLine(tagging *pipeline.Tagging) (any, error) {
	line := entitiesLine{Entities: slices.Clip(tagging.Entities)}
	if line.Entities == nil {
		line.Entities = []pipeline.Entity{} // not null
	}
	for _, e := range line.Entities {
		if err := finite("score of "+e.Label, e.Score); err != nil {
			return nil, err
		}
	}
	if tagging.Words != nil {
		line.Words = make([]*string, len(tagging.Words))
		for i, label := range tagging.Words {
			if label != "" {
				line.Words[i] = &label
			}
		}
	}
	return line, nil
}
