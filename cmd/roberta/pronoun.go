package main

import (
	"context"

	"github.com/goroberta/goroberta/roberta"
)

// pronounCmd is `roberta pronoun`.
type pronounCmd struct {
	textFlags
	uncutFlags
	Candidates []string `sep:"none" placeholder:"TEXT" help:"A noun phrase that the pronoun may refer to; give it several times. Lines of --input may bring their own."`
	Text       []string `arg:"" optional:"" name:"text" help:"The text, with a [pronoun] and perhaps a _query_ in it."`
}

const candidatesForm = `{"text":…,"candidates":[…]}`

// Help is shown by kong below the summary.
func (pronounCmd) Help() string {
	return `Writes {"answer":"the trophy"}, the likeliest candidate, or {"answer":true} or false where the text marks a _query_: ` +
		`whether the pronoun refers to it. Lines of --input are ` + candidatesForm + `.`
}

// Validate is called by kong.
func (c *pronounCmd) Validate() error {
	if len(c.Text) > 1 {
		return usagef("%d texts are given, want one", len(c.Text))
	}
	return c.refuse("this command cuts no text, as the pronoun or what it refers to might go: give a shorter text")
}

type answerLine struct {
	Answer any `json:"answer"` // string or bool
}

// A pronounText is a text and what its pronoun may refer to.
type pronounText struct {
	text       string
	candidates []string
}

// Run is called by kong.
func (c *pronounCmd) Run(ctx context.Context, s *session) error {
	return answerTexts(ctx, s, &c.textFlags, nil, textRequest(c.Text), candidatesForm, func(m *roberta.Model, _ *spool) (task[pronounText, roberta.Answer], error) {
		return task[pronounText, roberta.Answer]{
			prepare: func(r request) (pronounText, int, error) {
				text, err := r.one()
				candidates := r.candidates
				if candidates == nil {
					candidates = c.Candidates
				}
				return pronounText{text, candidates}, len(text), err
			},
			run: each(func(ctx context.Context, p pronounText) (roberta.Answer, error) {
				return m.DisambiguatePronoun(ctx, p.text, p.candidates)
			}),
			result: func(_ int, _ pronounText, a roberta.Answer) (any, error) {
				for _, s := range a.Scores {
					if err := finite("score of "+s.Text, s.Score); err != nil {
						return nil, err
					}
				}
				if a.Query {
					return answerLine{a.Refers}, nil
				}
				return answerLine{a.Text}, nil
			},
		}, nil
	})
}
