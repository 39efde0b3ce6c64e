package main

import (
	"context"
	"errors"
	"strconv"

	"github.com/goroberta/goroberta/roberta"
)

// alignCmd is `roberta align`.
type alignCmd struct {
	textFlags
	tensorFlags
	uncutFlags
	Text  *string  `arg:"" optional:"" name:"text" help:"The text, verbatim."`
	Words []string `arg:"" optional:"" name:"word" help:"The words that the text consists of."`
}

const wordsForm = `{"text":…,"words":[…]}`

// Help is shown by kong below the summary.
func (alignCmd) Help() string {
	return `Writes {"text":…,"words":[…]} and the float32 tensor "0" [1 + words + rest, width]: a row for <s>, one for each word, ` +
		`and one for each token after the last word. The tensors of --input are "0", "1" and so on, by line. ` +
		`Lines of --input are ` + wordsForm + `.`
}

// Validate is called by kong.
func (c *alignCmd) Validate() error {
	return c.refuse("this command cuts no text, as words would lose their tokens: give shorter texts and their words")
}

// A wordText is a text and the words in it.
type wordText struct {
	Text  string   `json:"text"`
	Words []string `json:"words"`
}

// Run is called by kong.
func (c *alignCmd) Run(ctx context.Context, s *session) error {
	var args *request
	if c.Text != nil {
		args = &request{texts: []string{*c.Text}, words: c.Words, hasWords: true}
	}
	return answerTexts(ctx, s, &c.textFlags, &c.tensorFlags, args, wordsForm, func(m *roberta.Model, out *spool) (task[wordText, *roberta.Alignment], error) {
		return task[wordText, *roberta.Alignment]{
			prepare: func(r request) (wordText, int, error) {
				text, err := r.one()
				if err == nil && !r.hasWords {
					err = errors.New(`"words" are missing`)
				}
				return wordText{text, r.words}, len(text), err
			},
			run: each(func(ctx context.Context, t wordText) (*roberta.Alignment, error) {
				return m.ExtractFeaturesAlignedToWords(ctx, t.Text, t.Words)
			}),
			result: func(index int, t wordText, a *roberta.Alignment) (any, error) {
				if t.Words == nil {
					t.Words = []string{} // not null
				}
				shape := a.Features.Shape()
				return t, out.add(strconv.Itoa(index), shape[0], shape[1], a.Features.Row)
			},
		}, nil
	})
}
