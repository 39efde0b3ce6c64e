package roberta

import (
	"math"
	"slices"

	"github.com/goroberta/goroberta/internal/parallel"
	"github.com/goroberta/goroberta/internal/simd"
)

// queryTile is the number of queries whose scores are in memory at a time.
const queryTile = 56

// attention sets dst [rows, C] to softmax(q·kᵀ/√D)·v, head by head, sequence by
// sequence. q holds the queries of the rows asked for (of all if rows is nil),
// qkv the keys and values of all.
func (e *encoder) attention(p *parallel.Pool, a *arena, b *batch, dst, q, qkv matrix, rows []int) {
	H, D := e.cfg.Heads, e.cfg.Dim/e.cfg.Heads
	part := simd.Panels(e.cfg.Dim) * simd.PanelWidth
	scale := float32(1 / math.Sqrt(float64(D)))
	p.Run(b.sequences()*H, func(slot, item int) {
		s, h := &a.scratch[slot], item%H
		lo, hi := b.offsets[item/H], b.offsets[item/H+1]
		q0, q1 := lo, hi
		if rows != nil {
			q0, _ = slices.BinarySearch(rows, lo)
			q1, _ = slices.BinarySearch(rows, hi)
		}
		if q0 == q1 {
			return
		}
		T := hi - lo
		s.keys = grow(s.keys, simd.PackedLen(T, D))
		s.values = grow(s.values, simd.PackedLen(D, T))
		simd.Pack(s.keys, qkv.from(lo, part+h*D), qkv.stride, T, D)
		simd.PackColumns(s.values, qkv.from(lo, 2*part+h*D), qkv.stride, T, D)
		keys := simd.Matrix{N: T, K: D, F32: s.keys}
		values := simd.Matrix{N: D, K: T, F32: s.values}

		ld, ldo := strideFor(T), simd.Panels(D)*simd.PanelWidth
		s.scores = grow(s.scores, queryTile*ld)
		s.out = grow(s.out, queryTile*ldo)
		for t := q0; t < q1; t += queryTile {
			n := min(queryTile, q1-t)
			for r := t; r < t+n; r++ {
				simd.Scale(q.row(r)[h*D:(h+1)*D], scale)
			}
			simd.Product(s.scores, ld, q.from(t, h*D), q.stride, n, &keys, 0, simd.Panels(T), nil, 0, s.product)
			for r := range n {
				simd.Softmax(s.scores[r*ld:][:T])
			}
			if D%simd.PanelWidth == 0 {
				simd.Product(dst.from(t, h*D), dst.stride, s.scores, ld, n, &values, 0, simd.Panels(D), nil, 0, s.product)
				continue
			}
			// Whole panels would run into the next head's columns.
			simd.Product(s.out, ldo, s.scores, ld, n, &values, 0, simd.Panels(D), nil, 0, s.product)
			for r := range n {
				copy(dst.row(t + r)[h*D:(h+1)*D], s.out[r*ldo:])
			}
		}
	})
}
