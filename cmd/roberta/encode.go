package main

import (
	"context"
	"errors"
	"io"
	"log/slog"

	"github.com/goroberta/goroberta/tokenizer"
)

// encodeCmd is `roberta encode`.
type encodeCmd struct {
	tokenizerFlags
	inputFlags
	NoSeparator bool     `help:"Put one </s> between texts, not two."`
	Texts       []string `arg:"" optional:"" name:"text" help:"The text, verbatim; several make one input."`
}

// Help is shown by kong below the summary.
func (encodeCmd) Help() string {
	return `Writes {"tokens":[0,31414,232,328,2]}. Lines of --input are {"text":…}, {"text":…,"pair":…} or {"texts":[…]}.`
}

type tokensLine struct {
	Tokens []int `json:"tokens"`
}

// Run is called by kong.
func (c *encodeCmd) Run(ctx context.Context, stdin io.Reader, out *output, log *slog.Logger) error {
	in, err := c.inputFlags.open(stdin, textRequest(c.Texts))
	if err != nil {
		return err
	}
	defer in.close()
	tok, err := c.tokenizerFlags.open(log)
	if err != nil {
		return err
	}
	return answer(ctx, in, out, c.KeepGoing, task[request, []int]{
		prepare: func(r request) (request, int, error) {
			if r.isTokens {
				return r, 0, errors.New(`want "text", not "tokens"`)
			}
			return r, 0, nil
		},
		run: each(func(_ context.Context, r request) ([]int, error) {
			if c.NoSeparator {
				return tokenizer.EncodeNoSeparator(tok, r.texts[0], r.texts[1:]...), nil
			}
			return tokenizer.Encode(tok, r.texts[0], r.texts[1:]...), nil
		}),
		result: func(_ int, _ request, tokens []int) (any, error) { return tokensLine{tokens}, nil },
	})
}
