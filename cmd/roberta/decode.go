package main

import (
	"context"
	"errors"
	"io"
	"log/slog"

	"github.com/goroberta/goroberta/tokenizer"
)

// decodeCmd is `roberta decode`.
type decodeCmd struct {
	tokenizerFlags
	inputFlags
	IDs []int `arg:"" optional:"" name:"id" help:"Token ids. Negative ones count from the vocabulary's end and come after --."`
}

// Help is shown by kong below the summary.
func (decodeCmd) Help() string {
	return `Writes {"text":"Hello world!"}, or {"texts":[…]} where two </s> part documents. Lines of --input are {"tokens":[…]}.`
}

type textLine struct {
	Text string `json:"text"`
}

type textsLine struct {
	Texts []string `json:"texts"`
}

// Run is called by kong.
func (c *decodeCmd) Run(ctx context.Context, stdin io.Reader, out *output, log *slog.Logger) error {
	var args *request
	if len(c.IDs) > 0 {
		args = &request{tokens: c.IDs, isTokens: true}
	}
	in, err := c.inputFlags.open(stdin, args)
	if err != nil {
		return err
	}
	defer in.close()
	tok, err := c.tokenizerFlags.open(log)
	if err != nil {
		return err
	}
	return answer(ctx, in, out, c.KeepGoing, task[[]int, []string]{
		prepare: func(r request) ([]int, int, error) {
			if !r.isTokens {
				return nil, 0, errors.New(`want "tokens", not text`)
			}
			return r.tokens, 0, nil
		},
		run: each(func(_ context.Context, ids []int) ([]string, error) { return tokenizer.DecodeDocuments(tok, ids), nil }),
		result: func(_ int, _ []int, texts []string) (any, error) {
			if len(texts) == 1 {
				return textLine{texts[0]}, nil
			}
			return textsLine{texts}, nil
		},
	})
}
