package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/goroberta/goroberta/pipeline"
	"github.com/goroberta/goroberta/roberta"
)

// options are what the flags mean for a pipeline.
func (f *limitFlags) options(m *roberta.Model) ([]pipeline.Option, error) {
	limit, err := f.limit(m.TokenizerInfo(), m.Config().MaxPositions)
	if err != nil {
		return nil, err
	}
	if f.MaxLength == nil && f.Truncate != "file" {
		limit.Length = 0 // a pipeline knows best
	}
	opts := []pipeline.Option{pipeline.WithLimit(limit)}
	if f.Stride != nil {
		opts = append(opts, pipeline.WithWindows(*f.Stride))
	}
	return opts, nil
}

// headNeeded says which flag is missing where several heads serve.
func headNeeded(err error) error {
	if errors.Is(err, pipeline.ErrHeads) {
		return usagef("--head is needed: %s", strings.TrimPrefix(err.Error(), "pipeline: "))
	}
	return err
}

// noWindows refuses --stride for commands that have no use for windows.
func (f *limitFlags) noWindows() error {
	if f.Stride != nil {
		return usagef("--stride: this command reads no windows; --truncate cuts what is too long")
	}
	return nil
}

// pipelineInput is what a pipeline is asked for with a request, and about how many
// tokens it has.
func pipelineInput(r request) (pipeline.Input, int, error) {
	in := pipeline.Input{Texts: r.texts, Tokens: r.tokens, Types: r.types}
	switch {
	case r.onlyWords():
		in.Words = r.words
	case r.noText():
		return in, 0, fmt.Errorf(givenError, 0)
	}
	return in, len(r.tokens) + tokensOf(in.Texts...) + tokensOf(in.Words...), nil
}

// tokensOf is about how many tokens texts have, each as one of a pair.
func tokensOf(texts ...string) int {
	n := 0
	for _, text := range texts {
		n += len(text)/bytesPerToken + 2
	}
	return n
}

// bytesPerToken is how many bytes a token of ordinary text has, or a few less. A
// pipeline counts tokens by itself; the stream only has to hand it enough of them.
const bytesPerToken = 3

// An outcome is a pipeline's answer to one input.
type outcome[R any] struct {
	answer R
	err    error
}

// inBatches makes the run of a task of a pipeline's method for sequences.
func inBatches[I, R any](answers func(context.Context, iter.Seq[I]) iter.Seq2[R, error]) func(context.Context, []I) ([]outcome[R], error) {
	return func(ctx context.Context, inputs []I) ([]outcome[R], error) {
		all := make([]outcome[R], 0, len(inputs))
		for answer, err := range answers(ctx, slices.Values(inputs)) {
			all = append(all, outcome[R]{answer, err})
		}
		if len(all) < len(inputs) { // the last is an error for all
			return nil, all[len(all)-1].err
		}
		return all, nil
	}
}
