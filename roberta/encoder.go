package roberta

import (
	"context"
	"math"

	"github.com/goroberta/goroberta/internal/parallel"
	"github.com/goroberta/goroberta/internal/simd"
)

// An encoder is RoBERTa's stack of transformer layers. It is immutable.
//
// A batch is one matrix of M = Σ lengths rows, its sequences end to end and
// without padding: every linear layer is one product over all rows, and only
// attention looks at where a sequence begins and ends.
type encoder struct {
	cfg    Config
	tokens *table    // V × C
	types  []float32 // Hugging Face's token type 0, added to each row; nil without
	pos    *table    // position p of a sequence, from 0, is row p + firstPosition; nil without
	embLN  *norm     // nil without
	layers []layer
	lastLN *norm // after the last layer of a pre-norm stack; nil without
	act    func([]float32)
}

// A layer is one transformer layer. Its q, k and v projections are one matrix,
// whose three parts each begin at a whole panel. q is scaled by 1/√D afterwards.
type layer struct {
	qkv, out, fc1, fc2 linear
	attnLN, ffnLN      norm
}

// forward runs the stack on b. After the embedding and after each layer it
// calls hidden, if that is not nil, with the number of layers done and the
// hidden states [M, C], which are valid during the call only. It returns the
// features: all M rows, or, if rows is not nil, those rows alone, in that
// order; what is not asked for is not computed in the last layer. The result
// lives in a. The context is looked at before each layer.
func (e *encoder) forward(ctx context.Context, p *parallel.Pool, a *arena, b *batch, rows []int, hidden func(layer int, x matrix)) (matrix, error) {
	x := a.matrix(bufX, b.len(), e.cfg.Dim)
	e.embed(p, b, x)
	if hidden != nil {
		hidden(0, x)
	}
	for i := range e.layers {
		if err := ctx.Err(); err != nil {
			return matrix{}, err
		}
		var only []int
		if i == len(e.layers)-1 {
			only = rows
		}
		x = e.layer(p.Fair(), a, b, i, x, only)
		if hidden != nil && only == nil {
			hidden(i+1, x)
		}
	}
	if e.lastLN != nil {
		e.norm(p, x, x, e.lastLN)
	}
	return x, ctx.Err()
}

// embed sets x to token + position embeddings, normalised.
func (e *encoder) embed(p *parallel.Pool, b *batch, x matrix) {
	scale := float32(math.Sqrt(float64(e.cfg.Dim)))
	eachRow(p, x.rows, func(r int) {
		row := x.row(r)
		e.tokens.copyRow(row, b.tokens[r])
		if e.cfg.ScaleEmbedding {
			simd.Scale(row, scale)
		}
		if e.pos != nil {
			simd.Add(row, e.pos.f32[(b.positions[r]+firstPosition)*e.pos.cols:][:e.pos.cols])
		}
		if e.types != nil {
			simd.Add(row, e.types)
		}
		if e.embLN != nil {
			simd.LayerNorm(row, row, e.embLN.gain, e.embLN.bias, e.cfg.LayerNormEps)
		}
	})
}

// layer runs transformer layer i on x [M, C] and returns the new hidden
// states, in x's memory. With rows it computes those rows alone, in memory of
// their own: their queries attend to the keys and values of all M.
//
// Post-norm, as in the paper: x = LN(x + attention(x)), x = LN(x + ffn(x)).
// Pre-norm: x = x + attention(LN(x)), x = x + ffn(LN(x)).
func (e *encoder) layer(p *parallel.Pool, a *arena, b *batch, i int, x matrix, rows []int) matrix {
	l := &e.layers[i]
	in := x
	if e.cfg.PreNorm {
		in = a.matrix(bufIn, x.rows, e.cfg.Dim)
		e.norm(p, in, x, &l.attnLN)
	}
	inRows := in
	if rows != nil {
		x, inRows = a.gather(bufRows, x, rows), a.gather(bufInRows, in, rows)
	}
	attn := e.attention(p, a, b, l, in, inRows, rows)

	// From here on rows are independent of one another. A thread takes a block of
	// them to the layer's end, or, if rows are few, all threads share each product.
	n := blocksFor(x.rows, p.Threads())
	if n == 1 {
		e.afterAttention(p, a, i, x, attn)
		return x
	}
	p.Run(n, func(slot, item int) {
		lo, hi := split(x.rows, n, item)
		e.afterAttention(nil, a.own(slot), i, x.rowsFrom(lo, hi), attn.rowsFrom(lo, hi))
	})
	return x
}

// afterAttention sets x to layer i's result, given the heads' outputs.
func (e *encoder) afterAttention(p *parallel.Pool, a *arena, i int, x, heads matrix) {
	l, part := &e.layers[i], simd.Panels(e.cfg.Dim)
	fc1, fc2, then := successor{l: &l.fc1}, successor{l: &l.fc2}, successor{}
	if i+1 < len(e.layers) {
		then = e.successorQKV(&e.layers[i+1], p.Threads())
	}
	y := a.matrix(bufY, x.rows, e.cfg.Dim)
	h := a.matrix(bufH, x.rows, e.cfg.FFNDim)
	l.out.run(p, a, y, heads, 0, part, nil, fc1)
	if e.cfg.PreNorm {
		e.add(p, x, y)
		e.norm(p, y, x, &l.ffnLN)
		l.fc1.run(p, a, h, y, 0, simd.Panels(e.cfg.FFNDim), e.act, fc2)
		l.fc2.run(p, a, y, h, 0, part, nil, then)
		e.add(p, x, y)
		return
	}
	e.addNorm(p, x, y, &l.attnLN)
	l.fc1.run(p, a, h, x, 0, simd.Panels(e.cfg.FFNDim), e.act, fc2)
	l.fc2.run(p, a, y, h, 0, part, nil, then)
	e.addNorm(p, x, y, &l.ffnLN)
}

// norm sets dst = LN(x), row by row.
func (e *encoder) norm(p *parallel.Pool, dst, x matrix, n *norm) {
	eachRow(p, x.rows, func(r int) { simd.LayerNorm(dst.row(r), x.row(r), n.gain, n.bias, e.cfg.LayerNormEps) })
}

// add sets x = x + y.
func (e *encoder) add(p *parallel.Pool, x, y matrix) {
	eachRow(p, x.rows, func(r int) { simd.Add(x.row(r), y.row(r)) })
}

// addNorm sets x = LN(x + y), row by row.
func (e *encoder) addNorm(p *parallel.Pool, x, y matrix, n *norm) {
	rowChunks(p, x.rows, func(lo, hi int) {
		simd.AddLayerNorm(x.from(lo, 0), x.stride, y.from(lo, 0), y.stride, hi-lo, n.gain, n.bias, e.cfg.LayerNormEps)
	})
}
