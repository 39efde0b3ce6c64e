package main

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/goroberta/goroberta/roberta"
	"github.com/goroberta/goroberta/tokenizer"
)

// limitFlags say what happens to texts that are too long. They are common to the
// commands that turn texts into inputs with an encoder.
type limitFlags struct {
	Truncate     string  `default:"none" enum:"none,right,left,longest-first,only-first,only-second,file" placeholder:"WHICH" help:"Which text of an input that is too long gives way: none (default: it is an error), longest-first, only-first, only-second; right and left are longest-first from that end; file is what the section of tokenizer.json says."`
	TruncateSide *string `enum:"right,left" placeholder:"SIDE" help:"The end at which texts are cut, right or left. Default: what tokenizer_config.json says, else right."`
	MaxLength    *int    `placeholder:"N" help:"The most tokens of an input, special tokens included. Default: what the model's files say and its positions allow."`
	Stride       *int    `placeholder:"N" help:"Read a text that is too long through windows that share N tokens."`
}

// check refuses flags that contradict each other.
func (f *limitFlags) check() error {
	switch {
	case f.MaxLength != nil && *f.MaxLength < 1:
		return usagef("--max-length %d: want at least 1", *f.MaxLength)
	case f.Stride != nil && *f.Stride < 0:
		return usagef("--stride %d: want at least 0", *f.Stride)
	case f.TruncateSide != nil && slices.Contains([]string{"right", "left"}, f.Truncate) && *f.TruncateSide != f.Truncate:
		return usagef("--truncate %s and --truncate-side %s contradict each other", f.Truncate, *f.TruncateSide)
	}
	return nil
}

// uncutFlags are limitFlags of a command that cuts no text: they are there to say so.
type uncutFlags struct {
	Truncate     *string `hidden:""`
	TruncateSide *string `hidden:""`
	MaxLength    *string `hidden:""`
	Stride       *string `hidden:""`
}

// refuse refuses the flags and says why.
func (f *uncutFlags) refuse(why string) error {
	for i, v := range []*string{f.Truncate, f.TruncateSide, f.MaxLength, f.Stride} {
		if v != nil && (i > 0 || *v != "none") {
			return usagef("%s: %s", []string{"--truncate", "--truncate-side", "--max-length", "--stride"}[i], why)
		}
	}
	return nil
}

// limit is what the flags make of the files' limits. positions is the model's
// longest input, 0 if there is no model. Without flags any length is allowed: a
// model refuses what it has no positions for.
func (f *limitFlags) limit(info tokenizer.Info, positions int) (l tokenizer.Limit, err error) {
	if err := f.check(); err != nil {
		return l, err
	}
	l.Left = info.TruncateLeft
	switch f.Truncate {
	case "right", "left":
		l.Truncation, l.Left = tokenizer.LongestFirst, f.Truncate == "left"
	case "longest-first":
		l.Truncation = tokenizer.LongestFirst
	case "only-first":
		l.Truncation = tokenizer.OnlyFirst
	case "only-second":
		l.Truncation = tokenizer.OnlySecond
	case "file":
		if info.Truncation == nil {
			return l, fmt.Errorf("--truncate file: %s has no section truncation", nameOf(info))
		}
		l = *info.Truncation
	}
	if f.TruncateSide != nil {
		l.Left = *f.TruncateSide == "left"
	}
	if f.Stride != nil {
		l.Stride = *f.Stride
	}
	switch {
	case f.MaxLength != nil:
		l.Length = *f.MaxLength
	case l.Length == 0 && (l.Truncation != tokenizer.NoTruncation || f.Stride != nil):
		if l.Length = longest(info, positions); l.Length == 0 {
			return l, usagef("--max-length is needed: no file says how long an input may be")
		}
	}
	return l, nil
}

// nameOf names a tokenizer's file.
func nameOf(info tokenizer.Info) string { return cmp.Or(info.File, "the built-in vocabulary") }

// longest is the longest input that the files and the model's positions allow, 0 if
// neither says.
func longest(info tokenizer.Info, positions int) int {
	switch {
	case info.MaxLength == 0:
		return positions
	case positions == 0:
		return info.MaxLength
	}
	return min(info.MaxLength, positions)
}

// An encoder turns requests into inputs of a model.
type encoder struct {
	tok      tokenizer.Tokenizer
	noTok    error // why tok is nil
	template tokenizer.Template
	limit    tokenizer.Limit
}

// encoder makes an encoder for a model that obeys the flags.
func (f *limitFlags) encoder(m *roberta.Model) (*encoder, error) {
	limit, err := f.limit(m.TokenizerInfo(), m.Config().MaxPositions)
	if err != nil {
		return nil, err
	}
	e := &encoder{limit: limit}
	if e.tok, e.noTok = m.Tokenizer(); e.noTok == nil {
		e.template = e.tok.Template()
	}
	return e, nil
}

// one returns the one input that a request makes. Texts are cut to the limit; tokens
// are taken as they are.
func (e *encoder) one(r request) (*tokenizer.Encoding, error) {
	switch {
	case r.isTokens:
		return &tokenizer.Encoding{IDs: r.tokens, Types: r.types}, nil
	case e.noTok != nil:
		return nil, e.noTok
	}
	return e.template.Encode(e.tok, e.limit, r.texts[0], r.texts[1:]...)
}

// windows returns the inputs that together show all of a request's texts. Tokens are
// one input.
func (e *encoder) windows(r request) ([]*tokenizer.Encoding, error) {
	if r.isTokens || e.noTok != nil {
		in, err := e.one(r)
		return []*tokenizer.Encoding{in}, err
	}
	all, err := e.template.Windows(e.tok, e.limit, r.texts[0], r.texts[1:]...)
	if err != nil {
		return nil, err
	}
	return slices.Collect(all), nil
}

// encode is the prepare of commands that take text or tokens, one input a request.
func encode(m *roberta.Model, f *limitFlags) (func(request) (roberta.Input, int, error), error) {
	if f.Stride != nil {
		return nil, usagef("--stride: this command reads no windows, only encode and those that join what windows show")
	}
	e, err := f.encoder(m)
	if err != nil {
		return nil, err
	}
	return func(r request) (roberta.Input, int, error) {
		if r.isTokens { // types that the model does not have are an error then
			return roberta.Input{Tokens: r.tokens, Types: r.types}, len(r.tokens), nil
		}
		in, err := e.one(r)
		if err != nil {
			return roberta.Input{}, 0, err
		}
		return m.Input(in), len(in.IDs), nil
	}, nil
}
