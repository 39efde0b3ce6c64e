package pipeline

import (
	"context"
	"errors"
	"iter"
	"slices"

	"github.com/goroberta/goroberta/roberta"
)

// A task takes inputs of type I to answers of type R, one after another, many at a time
// or as they come. S is what the model gives for a sequence.
type task[I, S, R any] struct {
	budget int // tokens that are computed at a time
	// prepare makes the job of an input.
	prepare func(in I) (*job, error)
	// compute runs the model on some sequences.
	compute func(ctx context.Context, batch []sequence) ([]S, error)
	// finish makes the answer of a job from what its sequences gave.
	finish func(j *job, given []S) (R, error)
}

// A job is an input made ready for the model.
type job struct {
	text      string // what an answer's offsets count in
	words     [][2]int
	labels    []string // among which a ZeroShot chooses
	sequences []sequence
}

// tokens is the number of tokens that a job has the model read.
func (j *job) tokens() int {
	n := 0
	for i := range j.sequences {
		n += len(j.sequences[i].IDs)
	}
	return n
}

// one answers an input.
func (t *task[I, S, R]) one(ctx context.Context, in I) (R, error) {
	for r, err := range t.each(ctx, slices.Values([]I{in})) {
		return r, err
	}
	panic("unreachable: each yields once for each input")
}

// all answers inputs. The error is an *InputError for the first that cannot be answered.
func (t *task[I, S, R]) all(ctx context.Context, inputs []I) ([]R, error) {
	rs := make([]R, 0, len(inputs))
	for r, err := range t.each(ctx, slices.Values(inputs)) {
		if err != nil {
			if final(ctx, err) {
				return nil, err
			}
			return nil, &InputError{len(rs), err}
		}
		rs = append(rs, r)
	}
	return rs, nil
}

// A pending is an input that waits for its answer.
type pending[S any] struct {
	job   *job
	err   error
	given []S
}

// maxPending bounds the inputs that wait, however short they are.
const maxPending = 1024

// each answers inputs in their order. It reads ahead as many as make a batch. One that
// fails costs only itself: its error stands in its place. An error that would come for
// all that follow, the context's or roberta.ErrClosed, is the last that is yielded.
func (t *task[I, S, R]) each(ctx context.Context, inputs iter.Seq[I]) iter.Seq2[R, error] {
	return func(yield func(R, error) bool) {
		var none R
		var waiting []pending[S]
		tokens := 0
		// flush answers what waits. It returns false if that was the end.
		flush := func() bool {
			batch := waiting
			err := t.run(ctx, batch)
			waiting, tokens = waiting[:0], 0
			if err != nil {
				yield(none, err)
				return false
			}
			for i := range batch {
				p := &batch[i]
				r := none
				if p.err == nil {
					r, p.err = t.finish(p.job, p.given)
				}
				if p.err != nil {
					r = none
				}
				if !yield(r, p.err) {
					return false
				}
				*p = pending[S]{} // its memory may go
			}
			return true
		}
		for in := range inputs {
			if err := ctx.Err(); err != nil {
				yield(none, err)
				return
			}
			j, err := t.prepare(in)
			n := 0
			if err == nil {
				n = j.tokens()
			}
			if len(waiting) > 0 && (tokens+n > t.budget || len(waiting) == maxPending) && !flush() {
				return
			}
			waiting, tokens = append(waiting, pending[S]{job: j, err: err}), tokens+n
		}
		if len(waiting) > 0 {
			flush()
		}
	}
}

// run computes the sequences of all jobs that wait, as many at a time as the budget
// allows. An error of a job is left in it; one that is final is returned.
func (t *task[I, S, R]) run(ctx context.Context, batch []pending[S]) error {
	var sequences []sequence
	var of []*pending[S] // each sequence's
	tokens := 0
	flush := func() error {
		given, err := t.compute(ctx, sequences)
		switch {
		case err == nil:
			for i, p := range of {
				p.given = append(p.given, given[i])
			}
		case final(ctx, err):
			return err
		default: // one by one, to see whose it is
			for i, p := range of {
				if p.err != nil {
					continue
				}
				alone := given
				if len(of) > 1 {
					alone, err = t.compute(ctx, sequences[i:i+1])
				}
				switch {
				case err == nil:
					p.given = append(p.given, alone[0])
				case final(ctx, err):
					return err
				default:
					p.err = err
				}
			}
		}
		sequences, of, tokens = sequences[:0], of[:0], 0
		return nil
	}
	for i := range batch {
		p := &batch[i]
		if p.err != nil {
			continue
		}
		for _, s := range p.job.sequences {
			if len(sequences) > 0 && tokens+len(s.IDs) > t.budget {
				if err := flush(); err != nil {
					return err
				}
			}
			sequences, of, tokens = append(sequences, s), append(of, p), tokens+len(s.IDs)
		}
	}
	if len(sequences) > 0 {
		return flush()
	}
	return nil
}

// final says whether an error of the model would come for every input.
func final(ctx context.Context, err error) bool {
	return ctx.Err() != nil || errors.Is(err, roberta.ErrClosed)
}
