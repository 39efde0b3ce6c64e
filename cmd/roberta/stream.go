package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/goroberta/goroberta/roberta"
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
	// budget bounds the sum of the lengths of a batch. A request beyond it runs
	// alone.
	budget int
	// noText says that a request may come without text and tokens, with words or a
	// question in their place. prepare checks what it needs.
	noText bool
	// end is called after the last result with the number of requests, if it is not nil.
	end func(requests int) error
}

// maxBatch bounds the number of requests in a batch.
const maxBatch = 256

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

// A stoppedError says how far a command got before its context ended.
type stoppedError struct {
	far string
	err error
}

func (e stoppedError) Error() string { return "interrupted " + e.far }
func (e stoppedError) Unwrap() error { return e.err }

// stopped makes a stoppedError of an error because of a context. It returns other
// errors as they are.
func stopped(err error, format string, args ...any) error {
	if _, ok := errors.AsType[stoppedError](err); ok || !errors.Is(err, context.Canceled) {
		return err
	}
	return stoppedError{fmt.Sprintf(format, args...), err}
}

// A ready is an item that waits to be computed.
type ready[P any] struct {
	item
	p P
}

// A stream is the state of answer.
type stream[P, R any] struct {
	task[P, R]
	*session
	in           *input
	batch        []ready[P]
	tokens       int      // in batch
	done, failed int      // requests that were answered, and those of them with an error
	resumed      *resumed // nil: all are answered
	began        time.Time
}

// answer answers all of an input's requests, in order. Requests are computed
// together if they are there already, so that a long input is fast. A line that comes
// alone is answered at once. A request that fails ends the command, or
// with --keep-going gets an error in its result's place.
func answer[P, R any](ctx context.Context, s *session, in *input, t task[P, R]) error {
	return answerFrom(ctx, s, in, t, nil)
}

// answerFrom is answer for the requests that an earlier run has not answered.
func answerFrom[P, R any](ctx context.Context, s *session, in *input, t task[P, R], earlier *resumed) error {
	st := &stream[P, R]{task: t, session: s, in: in, began: time.Now(), resumed: earlier}
	err := st.answer(ctx)
	return in.stopped(ctx, err, st.done)
}

func (s *stream[P, R]) answer(ctx context.Context) error {
	for {
		it, err := s.in.next(ctx, false)
		if err == errNotReady { // before it waits, all has been written, errors too
			if err := s.flush(ctx); err != nil {
				return err
			}
			it, err = s.in.next(ctx, true)
		}
		if err != nil {
			if flushErr := s.flush(ctx); flushErr != nil {
				return flushErr
			}
			if err == io.EOF && s.end != nil {
				if endErr := s.end(s.done); endErr != nil {
					return endErr
				}
			}
			if err == io.EOF && s.resumed != nil {
				if err := s.resumed.end(s.done); err != nil {
					return err
				}
			}
			switch {
			case err != io.EOF:
				return err
			case s.failed > 0:
				return failedError{s.failed, s.done}
			}
			return nil
		}
		if s.resumed != nil {
			skip, err := s.resumed.skips(&it)
			if err != nil {
				return err
			}
			if skip {
				s.done, s.failed = s.done+1, s.resumed.wrong
				continue
			}
		}
		var p P
		n, err := 0, it.err
		if err == nil && !s.noText && it.request.noText() {
			err = fmt.Errorf(givenError, 0)
		}
		if err == nil {
			p, n, err = s.prepare(it.request)
		}
		full := len(s.batch) == maxBatch || s.tokens+n > s.budget
		if err != nil || full && len(s.batch) > 0 {
			if err := s.flush(ctx); err != nil {
				return err
			}
		}
		if err != nil {
			if err := s.fail(ctx, &it, err); err != nil {
				return err
			}
			continue
		}
		s.batch, s.tokens = append(s.batch, ready[P]{it, p}), s.tokens+n
	}
}

// flush computes the batch and hands all results on.
func (s *stream[P, R]) flush(ctx context.Context) error {
	batch := s.batch
	s.batch, s.tokens = s.batch[:0], 0
	if len(batch) > 0 {
		if err := s.compute(ctx, batch); err != nil {
			return err
		}
	}
	if err := s.out.flush(); err != nil {
		return err
	}
	if s.done > 0 {
		s.show(batch)
	}
	return nil
}

// compute answers the requests of a batch. If it fails as a whole they are
// computed one by one, to see which of them it was.
func (s *stream[P, R]) compute(ctx context.Context, batch []ready[P]) error {
	ps := make([]P, len(batch))
	for i, b := range batch {
		ps[i] = b.p
	}
	rs, err := s.run(ctx, ps)
	for i := range batch {
		b := &batch[i]
		var r R
		itsErr := err
		switch {
		case err == nil:
			r = rs[i]
		case len(batch) > 1:
			var alone []R
			if alone, itsErr = s.run(ctx, ps[i:i+1]); itsErr == nil {
				r = alone[0]
			}
		}
		var line any
		if itsErr == nil {
			line, itsErr = s.result(b.index(), b.p, r)
		}
		switch {
		case itsErr != nil:
			if err := s.fail(ctx, &b.item, itsErr); err != nil {
				return err
			}
			continue
		case line != nil:
			if err := s.out.write(b.id, line); err != nil {
				return err
			}
		}
		s.done++
	}
	return nil
}

// fail writes the error of a request, or returns it if it ends the command.
func (s *stream[P, R]) fail(ctx context.Context, it *item, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	_, fatal := errors.AsType[fatalError](err)
	blank := err == errBlank
	err = it.locate(err)
	if fatal || !s.in.keepGoing && !blank {
		return err
	}
	s.failed++
	s.done++
	return s.out.write(it.id, errorLine{describe(err)})
}

// show shows how far the command is, up to the end of a batch.
func (s *stream[P, R]) show(batch []ready[P]) {
	s.progress.show(func() string {
		text := fmt.Sprintf("%s lines, %.3g a second", count(s.done), float64(s.done)/time.Since(s.began).Seconds())
		if len(batch) > 0 && s.in.info != nil && s.in.info.Mode().IsRegular() && s.in.info.Size() > 0 {
			text += fmt.Sprintf(", %d %%", 100*batch[len(batch)-1].end/s.in.info.Size())
		}
		return text
	})
}

// count writes a number with commas.
func count(n int) string {
	digits := strconv.Itoa(n)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
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

// textFlags are common to the commands that answer texts with a model.
type textFlags struct {
	modelFlags
	plainFlag
	inputFlags
	Resume       *string `placeholder:"OUT" help:"Add results to the file OUT, after those that an earlier run with the same --input has written there. Skipped are the requests whose results are complete: their number and ids must fit, and the last of them that is no error is answered again and must come out as it was."`
	OutputFormat string  `enum:"jsonl,csv,tsv" default:"jsonl" placeholder:"FORMAT" help:"Write results as jsonl (default: one JSON object a line), csv or tsv: the columns row (the line, or row of a table, from 1), id, one for each member, and error; a row for each object of a list."`
}

// answerTexts answers the requests of a command with the model that the flags name.
// args is the request of the command line, form shows the lines that the command
// wants. tensors is nil for commands that write none. begin says how requests are
// answered; it is called when the model is open, which comes last because it takes
// longest.
func answerTexts[P, R any](ctx context.Context, s *session, f *textFlags, tensors *tensorFlags, args *request, form string,
	begin func(m *roberta.Model, out *spool) (task[P, R], error)) error {
	if tensors != nil && f.OutputFormat != formatJSONL {
		return usagef("--output-format %s is of results on standard output, and this command writes tensors", f.OutputFormat)
	}
	switch {
	case f.Resume == nil:
	case *f.Resume == "":
		return usagef("--resume: the file has no name")
	case f.Input == "":
		return usagef("--resume goes on with an --input, which is missing")
	case tensors != nil:
		return usagef("--resume is of results on standard output, and this command writes tensors")
	}
	in, err := f.inputFlags.open(s, args, form)
	if err != nil {
		return err
	}
	defer in.close()
	var earlier *resumed
	if f.Resume != nil {
		if earlier, err = openResumed(*f.Resume, f.OutputFormat, in, f.Model); err != nil {
			return err
		}
		defer earlier.close()
		s.out = newOutput(earlier)
	}
	var out *spool
	if tensors != nil {
		if out, err = tensors.open(ctx, s, in, f.Model); err != nil {
			return err
		}
		defer out.close()
	}
	m, err := f.modelFlags.open(ctx, s, f.plainFlag.options()...)
	if err != nil {
		return in.stopped(ctx, err, 0)
	}
	defer m.Close()
	t, err := begin(m, out)
	if err != nil {
		return err
	}
	s.out.setFormat(f.OutputFormat)
	if s.out.table != nil {
		s.out.table.goOn(in.shard, earlier)
	}
	err = answerFrom(ctx, s, in, t, earlier)
	if earlier != nil {
		if flushErr := s.out.flush(); err == nil { // before the file is closed
			err = flushErr
		}
	}
	if s.out.table != nil {
		if endErr := s.out.table.end(); err == nil {
			err = endErr
		}
	}
	if out != nil {
		err = out.finish(ctx, err)
	}
	return err
}
