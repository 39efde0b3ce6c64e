package main

import (
	"context"
	"errors"

	"github.com/goroberta/goroberta/tokenizer"
)

// encodeCmd is `roberta encode`.
type encodeCmd struct {
	tokenizerFlags
	inputFlags
	NoSeparator bool     `xor:"template" help:"Put one </s> between texts, not two."`
	Raw         bool     `xor:"template" help:"Add no special tokens."`
	Texts       []string `arg:"" optional:"" name:"text" help:"The text, verbatim; several make one input."`
}

// textForm shows the lines that take texts.
const textForm = `{"text":…}, {"text":…,"pair":…} or {"texts":[…]}`

// Help is shown by kong below the summary.
func (encodeCmd) Help() string {
	return `Writes {"tokens":[0,31414,232,328,2]}. Lines of --input are ` + textForm + `.`
}

type tokensLine struct {
	Tokens []int `json:"tokens"`
}

// Run is called by kong.
func (c *encodeCmd) Run(ctx context.Context, s *session) error {
	in, err := c.inputFlags.open(s, textRequest(c.Texts), textForm)
	if err != nil {
		return err
	}
	defer in.close()
	tok, err := c.tokenizerFlags.open(ctx, s)
	if err != nil {
		return err
	}
	template := tok.Template()
	switch {
	case c.NoSeparator:
		template = template.NoSeparator()
	case c.Raw:
		template = tokenizer.Plain()
	}
	return answer(ctx, s, in, task[request, []int]{
		prepare: func(r request) (request, int, error) {
			if r.isTokens {
				return r, 0, errors.New(`want "text", not "tokens"`)
			}
			return r, 0, nil
		},
		run: each(func(_ context.Context, r request) ([]int, error) {
			return template.IDs(tok, r.texts[0], r.texts[1:]...), nil
		}),
		result: func(_ int, _ request, tokens []int) (any, error) { return tokensLine{tokens}, nil },
	})
}
