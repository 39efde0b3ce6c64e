package roberta

import (
	"math"
	"slices"

	"github.com/goroberta/goroberta/internal/parallel"
	"github.com/goroberta/goroberta/internal/simd"
)

// queryTile is the number of queries whose scores are in memory at a time.
const queryTile = 56

// heads is a batch's self-attention before the output projection: the queries of
// the rows asked for (of all if rows is nil), the keys and values of all, and what
// comes out.
type heads struct {
	b      *batch
	rows   []int
	q, qkv matrix // q is qkv, or has a row for each of rows
	out    matrix // as many rows as q
	part   int    // columns from a row's queries to its keys, and from there to its values
	dim    int    // of a head
	scale  float32
}

// attention returns softmax(q·kᵀ/√D)·v of all heads side by side, in a. in are
// the hidden states of all rows, inRows those of the rows asked for.
func (e *encoder) attention(p *parallel.Pool, a *arena, b *batch, l *layer, in, inRows matrix, rows []int) matrix {
	s, panels := e.heads(a, b, rows), simd.Panels(e.cfg.Dim)
	H, D := e.cfg.Heads, s.dim
	if threads := p.Threads(); e.byHead(threads) {
		heads, out := e.successorQKV(l, threads), successor{l: &l.out}
		p.Run(H, func(slot, h int) {
			own := &a.scratch[slot]
			p0, p1 := h*D/simd.PanelWidth, (h+1)*D/simd.PanelWidth
			// Threads take heads in turns, more or less.
			then := heads.next(in.rows, threads, h+threads)
			if h+threads >= H {
				then = out.next(inRows.rows, threads, (h+threads)%H)
			}
			if rows == nil {
				l.qkv.runParts(own, s.qkv, in, simd.PanelRanges{First: p0, End: p1, Step: panels, Count: 3}, then)
			} else {
				l.qkv.runParts(own, s.qkv, in, simd.PanelRanges{First: panels + p0, End: panels + p1, Step: panels, Count: 2}, heads.next(in.rows, threads, h))
				l.qkv.runParts(own, s.q, inRows, simd.PanelRanges{First: p0, End: p1, Count: 1}, then)
			}
			for i := range b.sequences() {
				s.attend(own, i, h)
			}
		})
		return s.out
	}
	if rows == nil {
		l.qkv.run(p, a, s.qkv, in, 0, 3*panels, nil, successor{l: &l.out})
	} else {
		l.qkv.run(p, a, s.qkv, in, panels, 3*panels, nil, successor{l: &l.qkv})
		l.qkv.run(p, a, s.q, inRows, 0, panels, nil, successor{l: &l.out})
	}
	p.Run(b.sequences()*H, func(slot, item int) { s.attend(&a.scratch[slot], item/H, item%H) })
	return s.out
}

// heads is what attention works on, in a.
func (e *encoder) heads(a *arena, b *batch, rows []int) heads {
	s := heads{b: b, rows: rows, part: simd.Panels(e.cfg.Dim) * simd.PanelWidth, dim: e.headDim()}
	s.scale = float32(1 / math.Sqrt(float64(s.dim)))
	s.qkv = a.matrix(bufQKV, b.len(), 3*s.part)
	s.q, s.out = s.qkv, a.matrix(bufAttn, b.len(), e.cfg.Dim)
	if rows != nil {
		s.q, s.out = a.matrix(bufQ, len(rows), s.part), a.matrix(bufAttn, len(rows), e.cfg.Dim)
	}
	return s
}

// byHead says whether a thread computes a head's queries, keys and values and then
// its attention: it has them in its cache, and nobody has to wait. That takes
// heads of whole panels, and about as many for each thread, to a twentieth.
func (e *encoder) byHead(threads int) bool {
	rounds := (e.cfg.Heads + threads - 1) / threads
	return e.headDim()%simd.PanelWidth == 0 && 20*e.cfg.Heads >= 19*rounds*threads
}

// successorQKV is what begins a layer: its queries, keys and values.
func (e *encoder) successorQKV(l *layer, threads int) successor {
	s := successor{l: &l.qkv}
	if e.byHead(threads) {
		s.apart = e.headDim() / simd.PanelWidth
	}
	return s
}

func (e *encoder) headDim() int { return e.cfg.Dim / e.cfg.Heads }

// attend computes head h of sequence i.
func (s *heads) attend(own *scratch, i, h int) {
	lo, hi := s.b.offsets[i], s.b.offsets[i+1]
	q0, q1 := lo, hi
	if s.rows != nil {
		q0, _ = slices.BinarySearch(s.rows, lo)
		q1, _ = slices.BinarySearch(s.rows, hi)
	}
	if q0 == q1 {
		return
	}
	T, D, col := hi-lo, s.dim, h*s.dim
	own.keys = grow(own.keys, simd.PackedLen(T, D))
	own.values = grow(own.values, simd.PackedLen(D, T))
	simd.Pack(own.keys, s.qkv.from(lo, s.part+col), s.qkv.stride, T, D)
	simd.PackColumns(own.values, s.qkv.from(lo, 2*s.part+col), s.qkv.stride, T, D)
	own.w = [2]simd.Matrix{{N: T, K: D, F32: own.keys}, {N: D, K: T, F32: own.values}}
	keys, values := &own.w[0], &own.w[1]

	ld, ldo := strideFor(T), simd.Panels(D)*simd.PanelWidth
	own.scores = grow(own.scores, queryTile*ld)
	own.out = grow(own.out, queryTile*ldo)
	for t := q0; t < q1; t += queryTile {
		n := min(queryTile, q1-t)
		for r := t; r < t+n; r++ {
			simd.Scale(s.q.row(r)[col:col+D], s.scale)
		}
		simd.Multiply(&simd.Job{Dst: own.scores, DstStride: ld, X: s.q.from(t, col), XStride: s.q.stride, Rows: n, W: keys, Panels: keys.All()}, own.product)
		simd.SoftmaxRows(own.scores, ld, n, T)
		job := simd.Job{Dst: s.out.from(t, col), DstStride: s.out.stride, X: own.scores, XStride: ld, Rows: n, W: values, Panels: values.All()}
		if D%simd.PanelWidth == 0 {
			simd.Multiply(&job, own.product)
			continue
		}
		// Whole panels would run into the next head's columns.
		job.Dst, job.DstStride = own.out, ldo
		simd.Multiply(&job, own.product)
		for r := range n {
			copy(s.out.row(t + r)[col:col+D], own.out[r*ldo:])
		}
	}
}
