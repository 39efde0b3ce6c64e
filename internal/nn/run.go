package nn

import (
	"cmp"
	"context"
	"sync"

	"github.com/goroberta/goroberta/internal/parallel"
)

// A Request says what is wanted of one pass through a model.
type Request struct {
	Batch    *Batch
	Rows     Selection // rows of the last layer that are wanted
	Features bool      // their hidden states
	Hidden   bool      // hidden states of every layer; Rows must be All
	Weights  bool      // attention weights of every layer; Rows must be All
	LM       *LMHead   // their logits; nil: none
	// EachLogits gets the logits [V] of each of the rows, in order, in place of
	// Result.Logits. Their memory is used again. It may be nil.
	EachLogits func(row int, logits []float32)
	// EachPiece gets the logits in pieces, of columns first … of a row, in place of
	// Result.Logits: no more than a few pieces are in memory. Several goroutines call it
	// at once, but only one for the same columns, and that with the rows in order. The
	// memory of a piece is used again. It may be nil.
	EachPiece func(row, first int, logits []float32)
	Heads     []Outputs // outputs of heads that read some of them
}

// Outputs asks for the outputs of a head.
type Outputs struct {
	Head *Head
	Rows Selection // that the head reads, numbered among a Request's Rows
}

// A Result holds what was wanted, one row after another and without padding. Its
// memory belongs to the caller.
type Result struct {
	Features []float32   // [rows, C]
	Hidden   [][]float32 // Layers+1 times [M, C]: after the embedding and after each layer
	Weights  [][]float32 // Layers times, of each sequence: [heads, T, T]
	Logits   []float32   // [rows, V]
	Outputs  [][]float32 // of each head: [its rows, N]
}

// Run computes a request on the pool's goroutines. Any number of calls may run at
// once. The only error is the context's, which Run checks before each layer and
// during the LM head.
func (e *Encoder) Run(ctx context.Context, pool *parallel.Pool, q Request) (*Result, error) {
	if err := pool.Join(ctx); err != nil {
		return nil, err
	}
	defer pool.Leave()
	t := newTeam(pool)
	defer t.release()

	var res Result
	rec := newRecord(&q, e)
	x, err := e.run(ctx, t, q.Batch, q.Rows, rec)
	if err != nil {
		return nil, err
	}
	res.Hidden, res.Weights = rec.results()
	if q.Features {
		res.Features = make([]float32, x.rows*x.cols)
		x.copyTo(res.Features)
	}
	for _, h := range q.Heads {
		y := h.Head.outputs(t, t.selected(useHeadRows, x, h.Rows))
		res.Outputs = append(res.Outputs, make([]float32, y.rows*y.cols))
		y.copyTo(res.Outputs[len(res.Outputs)-1])
	}
	if q.LM != nil {
		res.Logits, err = e.logits(ctx, t, x, &q, logitFloats)
	}
	return &res, err
}

// logits are the LM head's logits of x, unless EachLogits gets them, at most so many at
// a time.
func (e *Encoder) logits(ctx context.Context, t team, x matrix, q *Request, most int) ([]float32, error) {
	V := q.LM.W.Rows
	// into copies pieces to rows of V values.
	into := func(dst []float32) func(row, first int, logits []float32) {
		return func(row, first int, logits []float32) { copy(dst[row*V+first:], logits) }
	}
	switch {
	case q.EachPiece != nil:
		return nil, q.LM.logits(ctx, t, x, e.LayerNormEps, q.EachPiece)
	case q.EachLogits == nil:
		all := make([]float32, x.rows*V)
		return all, q.LM.logits(ctx, t, x, e.LayerNormEps, into(all))
	}
	n := min(x.rows, max(1, most/V))
	some := make([]float32, n*V)
	for lo := 0; lo < x.rows; lo += n {
		hi := min(lo+n, x.rows)
		if err := q.LM.logits(ctx, t, x.between(lo, hi), e.LayerNormEps, into(some)); err != nil {
			return nil, err
		}
		for r := lo; r < hi; r++ {
			q.EachLogits(r, some[(r-lo)*V:][:V:V])
		}
	}
	return nil, nil
}

// run is forward on all threads. A large batch is cut into parts.
func (e *Encoder) run(ctx context.Context, t team, b *Batch, s Selection, rec *record) (matrix, error) {
	parts, rest := e.parts(b, t.threads())
	if len(parts) == 0 {
		return e.forward(ctx, t, b, s, rec)
	}
	out := t.matrix(useOut, s.count(b.Len()), e.Dim)
	compute := func(t team, p *part) error {
		within, places := p.selection(b, s)
		x, err := e.forward(ctx, t, b.pick(p.sequences), within, rec.of(p, b))
		for r := range x.rows {
			copy(out.row(places[r]), x.row(r))
		}
		return err
	}
	var mu sync.Mutex
	var first error
	t.pool.Run(len(parts), func(_, item int) {
		t := newTeam(nil)
		defer t.release()
		if err := compute(t, &parts[item]); err != nil {
			mu.Lock()
			first = cmp.Or(first, err)
			mu.Unlock()
		}
	})
	if first == nil && len(rest.sequences) > 0 {
		first = compute(t, &rest)
	}
	return out, first
}
