package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/goroberta/goroberta/tokenizer"
)

// A task says how a command answers a request. P is a request made ready, R the
// model's result for it.
type task[P, R any] struct {
	// prepare checks a request and gives its length in tokens.
	prepare func(request) (P, int, error)
	// run computes a batch.
	run func(ctx context.Context, batch []P) ([]R, error)
	// result turns a result into the line to be written, nil for none.
	// index numbers the requests from 0.
	result func(index int, p P, r R) (line any, err error)
	// budget bounds a batch: requests × longest. A request beyond it runs alone.
	budget int
}

// maxBatch bounds the number of requests in a batch.
const maxBatch = 64

// tokenBudget suits results that are small beside the computation.
const tokenBudget = 4096

// A fatalError stops the command even with --keep-going.
type fatalError struct{ error }

func (e fatalError) Unwrap() error { return e.error }

// A failedError is returned at the end if requests failed on the way.
type failedError struct{ failed, total int }

func (e failedError) Error() string {
	return fmt.Sprintf("%d of %d requests failed", e.failed, e.total)
}

// A ready is an item that waits to be computed.
type ready[P any] struct {
	item
	p P
}

// answer answers all of an input's requests, in order. Requests are computed
// together as far as they are there already, so that a long input is fast and a
// slow one is answered line by line. A request that fails ends the command, or
// with keepGoing gets an error in its result's place.
func answer[P, R any](ctx context.Context, in *input, out *output, keepGoing bool, t task[P, R]) error {
	var (
		batch         []ready[P]
		longest       int
		total, failed int
	)
	fail := func(it item, err error) error {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		_, fatal := errors.AsType[fatalError](err)
		err = it.locate(err)
		if !keepGoing || fatal {
			return err
		}
		failed++
		return out.write(errorLine{describe(err)})
	}
	emit := func(b ready[P], r R) error {
		line, err := t.result(b.index, b.p, r)
		if err != nil {
			return fail(b.item, err)
		}
		if line == nil {
			return nil
		}
		return out.write(line)
	}
	compute := func(batch []ready[P]) error {
		ps := make([]P, len(batch))
		for i, b := range batch {
			ps[i] = b.p
		}
		rs, err := t.run(ctx, ps)
		if err != nil && len(batch) == 1 {
			return fail(batch[0].item, err)
		}
		for i, b := range batch {
			if err != nil { // one by one, to see which it was
				if rs, err := t.run(ctx, ps[i:i+1]); err != nil {
					if err := fail(b.item, err); err != nil {
						return err
					}
				} else if err := emit(b, rs[0]); err != nil {
					return err
				}
			} else if err := emit(b, rs[i]); err != nil {
				return err
			}
		}
		return nil
	}
	flush := func() error {
		if len(batch) > 0 {
			if err := compute(batch); err != nil {
				return err
			}
			batch, longest = batch[:0], 0
		}
		return out.flush()
	}
	for {
		it, err := in.next(ctx, len(batch) == 0)
		if err == errNotReady {
			if err := flush(); err != nil {
				return err
			}
			continue
		}
		if err != nil {
			if err := flush(); err != nil {
				return err
			}
			if err != io.EOF {
				return err
			}
			if failed > 0 {
				return failedError{failed, total}
			}
			return nil
		}
		total++
		var p P
		n, err := 0, it.err
		if err == nil {
			p, n, err = t.prepare(it.request)
		}
		if err != nil {
			if err := flush(); err != nil {
				return err
			}
			if err := fail(it, err); err != nil {
				return err
			}
			continue
		}
		if len(batch) == maxBatch || (len(batch)+1)*max(longest, n) > t.budget {
			if err := flush(); err != nil {
				return err
			}
		}
		batch, longest = append(batch, ready[P]{it, p}), max(longest, n)
	}
}

// each is the run of a task whose requests are computed one by one.
func each[P, R any](f func(ctx context.Context, p P) (R, error)) func(ctx context.Context, batch []P) ([]R, error) {
	return func(ctx context.Context, batch []P) ([]R, error) {
		rs := make([]R, len(batch))
		for i, p := range batch {
			var err error
			if rs[i], err = f(ctx, p); err != nil {
				return nil, err
			}
		}
		return rs, nil
	}
}

// encode is the prepare of commands that take text or tokens.
func encode(vocabulary func() (tokenizer.Tokenizer, error)) func(request) ([]int, int, error) {
	return func(r request) ([]int, int, error) {
		if r.isTokens {
			return r.tokens, len(r.tokens), nil
		}
		tok, err := vocabulary()
		if err != nil {
			return nil, 0, err
		}
		ids := tokenizer.Encode(tok, r.texts[0], r.texts[1:]...)
		return ids, len(ids), nil
	}
}

// textRequest is the request that arguments make, nil for none.
func textRequest(texts []string) *request {
	if len(texts) == 0 {
		return nil
	}
	return &request{texts: texts}
}
