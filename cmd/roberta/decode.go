package main

import (
	"context"

	"github.com/goroberta/goroberta/tokenizer"
)

// decodeCmd is `roberta decode`.
type decodeCmd struct {
	tokenizerFlags
	inputFlags
	Raw         bool  `xor:"special" help:"Decode exactly these ids: leave out nothing, and do not split into documents."`
	SkipSpecial bool  `xor:"special" help:"Leave out all special tokens, <mask> and <unk> too, and do not split into documents."`
	IDs         []int `arg:"" optional:"" name:"id" help:"Token ids. Negative ones count from the vocabulary's end and come after --."`
}

const tokensForm = `{"tokens":[…]}`

// Help is shown by kong below the summary.
func (decodeCmd) Help() string {
	return `Writes {"text":"Hello world!"}, or {"texts":[…]} where two </s> separate documents. Lines of --input are ` + tokensForm + `.`
}

type textLine struct {
	Text string `json:"text"`
}

type textsLine struct {
	Texts []string `json:"texts"`
}

// Run is called by kong.
func (c *decodeCmd) Run(ctx context.Context, s *session) error {
	var args *request
	if len(c.IDs) > 0 {
		args = &request{tokens: c.IDs, isTokens: true}
	}
	in, err := c.inputFlags.open(s, args, tokensForm)
	if err != nil {
		return err
	}
	defer in.close()
	tok, _, err := c.tokenizerFlags.open(ctx, s)
	if err != nil {
		return err
	}
	return answer(ctx, s, in, task[[]int, []string]{
		prepare: func(r request) ([]int, int, error) {
			ids, err := r.onlyTokens()
			return ids, 0, err
		},
		run: each(func(_ context.Context, ids []int) ([]string, error) {
			switch {
			case c.Raw:
				text, err := tokenizer.DecodeRaw(tok, ids)
				return []string{text}, err
			case c.SkipSpecial:
				return []string{tokenizer.DecodeSkipSpecial(tok, ids)}, nil
			}
			return tokenizer.DecodeDocuments(tok, ids), nil
		}),
		result: func(_ int, _ []int, texts []string) (any, error) {
			if len(texts) == 1 {
				return textLine{texts[0]}, nil
			}
			return textsLine{texts}, nil
		},
	})
}
