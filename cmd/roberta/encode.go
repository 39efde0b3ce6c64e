package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/goroberta/goroberta/tokenizer"
)

// encodeCmd is `roberta encode`.
type encodeCmd struct {
	tokenizerFlags
	inputFlags
	limitFlags
	NoSeparator bool     `xor:"template" help:"Put one </s> between texts, not two."`
	Raw         bool     `xor:"template" help:"Add no special tokens."`
	Offsets     bool     `help:"Also write which bytes of which text each token stands for, and token types if any is not 0."`
	Pad         bool     `help:"Fill inputs up as the section padding of tokenizer.json says, and write which tokens are no pads."`
	Texts       []string `arg:"" optional:"" name:"text" help:"The text, verbatim; several make one input."`
}

// textForm shows the lines that take texts.
const textForm = `{"text":…}, {"text":…,"pair":…} or {"texts":[…]}`

// Help is shown by kong below the summary.
func (encodeCmd) Help() string {
	return `Writes {"tokens":[0,31414,232,328,2]}; with --offsets also "offsets":[null,[0,5],…] in bytes, "sequence":[null,0,…], the text that each token is of, ` +
		`and "token_type_ids"; with --stride {"windows":[{"tokens":…},…]}. Lines of --input are ` + textForm + `.`
}

// A tokensLine is one input. Members that were not asked for are nil.
type tokensLine struct {
	Tokens   []int     `json:"tokens"`
	Mask     []int     `json:"mask,omitzero"`
	Offsets  []*[2]int `json:"offsets,omitzero"`  // null for special tokens
	Sequence []*int    `json:"sequence,omitzero"` // null for special tokens
	Types    []int     `json:"token_type_ids,omitzero"`
}

// A windowsLine is the inputs that together show a text.
type windowsLine struct {
	Windows []tokensLine `json:"windows"`
}

// Run is called by kong.
func (c *encodeCmd) Run(ctx context.Context, s *session) error {
	if err := c.limitFlags.check(); err != nil {
		return err
	}
	in, err := c.inputFlags.open(s, textRequest(c.Texts), textForm)
	if err != nil {
		return err
	}
	defer in.close()
	tok, info, err := c.tokenizerFlags.open(ctx, s)
	if err != nil {
		return err
	}
	e := &encoder{tok: tok, template: tok.Template()}
	if e.limit, err = c.limitFlags.limit(info, 0); err != nil {
		return err
	}
	switch {
	case c.NoSeparator:
		e.template = e.template.NoSeparator()
	case c.Raw:
		e.template = tokenizer.Plain()
	}
	if c.Pad && info.Padding == nil {
		return fmt.Errorf("--pad: %s has no section padding", nameOf(info))
	}
	return answer(ctx, s, in, task[request, []*tokenizer.Encoding]{
		prepare: func(r request) (request, int, error) {
			if r.isTokens {
				return r, 0, errors.New(`want "text", not "tokens"`)
			}
			return r, 0, nil
		},
		run: each(func(_ context.Context, r request) ([]*tokenizer.Encoding, error) {
			switch {
			case c.Stride != nil || c.Truncate == "file":
				return e.windows(r)
			case c.Offsets || c.Pad || e.limit.Length > 0:
				one, err := e.one(r)
				return []*tokenizer.Encoding{one}, err
			}
			if err := tokenizer.Check(tok, r.texts...); err != nil {
				return nil, err
			}
			ids := e.template.IDs(tok, r.texts[0], r.texts[1:]...)
			return []*tokenizer.Encoding{{IDs: ids}}, nil
		}),
		result: func(_ int, _ request, windows []*tokenizer.Encoding) (any, error) {
			lines := c.lines(windows, info)
			if c.Stride == nil && len(lines) == 1 {
				return lines[0], nil
			}
			return windowsLine{lines}, nil
		},
	})
}

// lines makes lines of inputs and pads them if the flags say so, all to the length that
// the first one gets, as the tokenizers library does.
func (c *encodeCmd) lines(inputs []*tokenizer.Encoding, info tokenizer.Info) []tokensLine {
	lines := make([]tokensLine, len(inputs))
	for i, in := range inputs {
		lines[i] = tokensLine{Tokens: in.IDs}
		if c.Offsets {
			lines[i].fill(in)
		}
	}
	if c.Pad {
		p := info.Padding
		n := p.Length
		if n == 0 {
			n = len(lines[0].Tokens)
		}
		if m := p.MultipleOf; m > 0 && n%m > 0 {
			n += m - n%m
		}
		for i := range lines {
			lines[i].pad(p, n)
		}
	}
	return lines
}

// fill adds what is known of the tokens.
func (l *tokensLine) fill(in *tokenizer.Encoding) {
	n := len(in.IDs)
	l.Offsets, l.Sequence, l.Types = make([]*[2]int, n), make([]*int, n), in.Types
	spans, texts := make([][2]int, n), slices.Clone(in.Sequence)
	for i, text := range texts {
		if text >= 0 {
			spans[i] = [2]int{in.Spans[i].Start, in.Spans[i].End}
			l.Offsets[i], l.Sequence[i] = &spans[i], &texts[i]
		}
	}
}

// pad fills a line up to n tokens.
func (l *tokensLine) pad(p *tokenizer.Padding, n int) {
	l.Mask = slices.Repeat([]int{1}, len(l.Tokens))
	more := n - len(l.Tokens)
	if more <= 0 {
		return
	}
	if l.Offsets != nil && l.Types == nil && p.Type != 0 {
		l.Types = make([]int, len(l.Tokens))
	}
	l.Tokens = padded(l.Tokens, p.ID, more, p.Left)
	l.Mask = padded(l.Mask, 0, more, p.Left)
	if l.Offsets != nil {
		l.Offsets = padded(l.Offsets, nil, more, p.Left)
		l.Sequence = padded(l.Sequence, nil, more, p.Left)
	}
	if l.Types != nil {
		l.Types = padded(l.Types, p.Type, more, p.Left)
	}
}

// padded returns s with n times v before or after it.
func padded[E any](s []E, v E, n int, left bool) []E {
	pads := slices.Repeat([]E{v}, n)
	if left {
		return append(pads, s...)
	}
	return slices.Concat(s, pads)
}
