package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/goroberta/goroberta/roberta"
)

// fillMaskCmd is `roberta fill-mask`.
type fillMaskCmd struct {
	textFlags
	limitFlags
	TopK int      `name:"topk" aliases:"top-k" default:"5" placeholder:"K" help:"How many answers to give (default 5). --top-k is the same."`
	Text []string `arg:"" optional:"" name:"text" help:"The text, with one <mask> in it."`
}

const maskForm = `{"text":"… <mask> …"} or {"tokens":[…]}`

// Help is shown by kong below the summary.
func (fillMaskCmd) Help() string {
	return `Writes {"fills":[{"text":…,"score":…,"token":" word"}]}, the likeliest first, or {"masks":[[…],…]}, such a list for each mask, if there are several. ` +
		`A text for a fairseq model must have exactly one, and is not cut. Lines of --input are ` + maskForm + `.`
}

// Validate is called by kong.
func (c *fillMaskCmd) Validate() error {
	if c.TopK < 1 {
		return usagef("--topk %d: want at least 1", c.TopK)
	}
	if len(c.Text) > 1 {
		return usagef("%d texts are given, want one", len(c.Text))
	}
	return nil
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

// A masked is a text with masks, or its tokens.
type masked struct {
	text     string
	tokens   []int
	isTokens bool
}

// Run is called by kong.
func (c *fillMaskCmd) Run(ctx context.Context, s *session) error {
	return answerTexts(ctx, s, &c.textFlags, nil, textRequest(c.Text), maskForm, func(m *roberta.Model, _ *spool) (t task[masked, [][]roberta.Fill], err error) {
		if !m.HasLMHead() {
			return t, roberta.ErrNoLMHead
		}
		tok, err := m.Tokenizer()
		if err != nil {
			return t, err
		}
		cut, err := encode(m, &c.limitFlags)
		if err != nil {
			return t, err
		}
		if v := m.Config().VocabSize; c.TopK > v {
			return t, &roberta.TopKError{K: c.TopK, Max: v}
		}
		return task[masked, [][]roberta.Fill]{
			prepare: func(r request) (masked, int, error) {
				if r.isTokens {
					ids, err := r.onlyTokens()
					return masked{tokens: ids, isTokens: true}, len(ids), err
				}
				text, err := r.one()
				if err != nil {
					return masked{}, 0, err
				}
				// A fairseq model's mask is no token here: it counts for its letters, and
				// the text cannot be cut.
				whole := m.Encode(text)
				if c.Truncate == "none" && c.MaxLength == nil || !slices.Contains(whole, tok.Special().Mask) {
					return masked{text: text}, len(whole), nil
				}
				in, n, err := cut(r)
				if err != nil || n == len(whole) {
					return masked{text: text}, n, err
				}
				return masked{tokens: in.Tokens, isTokens: true}, n, nil
			},
			run:    func(ctx context.Context, batch []masked) ([][][]roberta.Fill, error) { return c.fill(ctx, m, batch) },
			result: func(_ int, _ masked, masks [][]roberta.Fill) (any, error) { return fillLine(masks) },
			budget: tokenBudget,
		}, nil
	})
}

// fill predicts the masks of the texts, and then those of the tokens, of a batch.
func (c *fillMaskCmd) fill(ctx context.Context, m *roberta.Model, batch []masked) ([][][]roberta.Fill, error) {
	var texts []string
	var tokens [][]int
	var places [2][]int // in the batch, of texts and of tokens
	for i, x := range batch {
		if x.isTokens {
			tokens, places[1] = append(tokens, x.tokens), append(places[1], i)
		} else {
			texts, places[0] = append(texts, x.text), append(places[0], i)
		}
	}
	all := make([][][]roberta.Fill, len(batch))
	take := func(places []int, fills [][][]roberta.Fill, err error) error {
		for i, f := range fills {
			all[places[i]] = f
		}
		return err
	}
	if len(texts) > 0 {
		fills, err := m.FillEveryMask(ctx, texts, c.TopK)
		if err := take(places[0], fills, err); err != nil {
			return nil, err
		}
	}
	if len(tokens) > 0 {
		fills, err := m.FillMaskTokens(ctx, c.TopK, tokens...)
		if err := take(places[1], fills, err); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// fillLine is the line of a text's masks.
func fillLine(masks [][]roberta.Fill) (any, error) {
	lists := make([][]fill, len(masks))
	for i, fills := range masks {
		lists[i] = make([]fill, len(fills))
		for j, f := range fills {
			name := fmt.Sprintf("fills[%d].score", j)
			if len(masks) > 1 {
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
