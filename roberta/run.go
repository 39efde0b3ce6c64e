package roberta

import (
	"context"
	"fmt"
	"iter"

	"github.com/goroberta/goroberta/internal/nn"
)

// run runs the encoder. A fault in the memory map of the checkpoint's file becomes
// an error.
func (m *Model) run(ctx context.Context, q nn.Request) (r *nn.Result, err error) {
	err = m.file.Guard(func() (err error) {
		r, err = m.enc.Run(ctx, m.pool, q)
		return err
	})
	return r, err
}

// A question asks for the LM head's logits of some tokens of an input.
type question struct {
	Input
	at []int // the tokens
	// take gets the logits [V] of at[i], in order. Their memory is used again.
	take func(i int, logits []float32)
}

// What is asked at a time, unless one question has more: tokens that the encoder
// computes, and rows of logits.
const (
	questionTokens = 4096
	questionRows   = 256
)

// ask answers questions in their order. It computes the logits of the tokens that are
// asked for and of no others, for many questions in one pass. Its memory does not grow
// with their number. The sequences that its errors name are counted within a pass.
func (m *Model) ask(ctx context.Context, questions iter.Seq[question]) error {
	var batch []question
	tokens, rows := 0, 0
	for q := range questions {
		if len(batch) > 0 && (tokens+len(q.Tokens) > questionTokens || rows+len(q.at) > questionRows) {
			if err := m.answer(ctx, batch); err != nil {
				return err
			}
			clear(batch)
			batch, tokens, rows = batch[:0], 0, 0
		}
		batch, tokens, rows = append(batch, q), tokens+len(q.Tokens), rows+len(q.at)
	}
	if len(batch) == 0 {
		return nil
	}
	return m.answer(ctx, batch)
}

// answer answers questions in one pass.
func (m *Model) answer(ctx context.Context, batch []question) error {
	inputs := make([]Input, len(batch))
	for s := range batch {
		inputs[s] = batch[s].Input
	}
	b, l, err := m.batch(inputs)
	if err != nil {
		return err
	}
	type place struct{ question, i int }
	var rows []int
	var places []place
	for s := range batch {
		for i, at := range batch[s].at {
			row := l.row(s, at)
			if row < 0 {
				return fmt.Errorf("%w: the vocabulary's mask is its padding token", ErrModel)
			}
			rows, places = append(rows, row), append(places, place{s, i})
		}
	}
	each := func(row int, logits []float32) {
		p := places[row]
		batch[p.question].take(p.i, logits)
	}
	_, err = m.run(ctx, nn.Request{Batch: b, Rows: nn.Only(rows...), LM: m.lm, EachLogits: each})
	return err
}
