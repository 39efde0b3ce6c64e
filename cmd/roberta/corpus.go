package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/goroberta/goroberta/pipeline"
)

// fileItems calls f for each line of a file that is read beside --input, but for blank
// ones, until f returns false. Errors name the file and the line.
func fileItems(ctx context.Context, s *session, name string, f func(it *item) bool) error {
	in, err := (&inputFlags{Input: name}).open(s, nil, inputForm)
	if err != nil {
		return err
	}
	defer in.close()
	for {
		it, err := in.next(ctx, true)
		switch {
		case err == io.EOF:
			return nil
		case ctx.Err() != nil:
			return stopped(err, "while %s was read", in.name)
		case err != nil:
			return fmt.Errorf("%s: %w", in.name, err)
		case it.err == errBlank:
			continue
		case it.err != nil:
			return fmt.Errorf("%s: %w", in.name, it.locate(it.err))
		}
		if !f(&it) {
			return nil
		}
	}
}

// embedFile calls f with each line of a file and its vector. An error of a line ends
// it and names the file and the line.
func embedFile(ctx context.Context, s *session, e *pipeline.Embedder, name string, f func(it *item, v []float32) error) error {
	var waiting []*item
	var failed error
	inputs := func(yield func(pipeline.Input) bool) {
		failed = fileItems(ctx, s, name, func(it *item) bool {
			in, _, err := pipelineInput(it.request)
			if err != nil {
				failed = fmt.Errorf("%s: %w", name, it.locate(err))
				return false
			}
			waiting = append(waiting, it)
			return yield(in)
		})
	}
	done := 0
	for v, err := range e.EmbedSeq(ctx, inputs) {
		if ctx.Err() != nil {
			return stopped(ctx.Err(), "after %s lines of %s", count(done), name)
		}
		if err == nil {
			err = finite("embedding", v...)
		}
		if err == nil && len(waiting) > 0 {
			err = f(waiting[0], v)
		}
		if err != nil && len(waiting) > 0 {
			err = fmt.Errorf("%s: %w", name, waiting[0].locate(errors.New(describe(err))))
		}
		if err != nil {
			return err
		}
		waiting = waiting[1:]
		done++
		s.progress.show(func() string { return fmt.Sprintf("%s: %s lines", name, count(done)) })
	}
	return failed
}
