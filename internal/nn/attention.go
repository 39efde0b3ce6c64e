package nn

import (
	"math"

	"github.com/goroberta/goroberta/internal/simd"
)

// An attention is the self-attention of one layer before its output projection.
type attention struct {
	b       *Batch
	l       *Layer
	s       Selection
	heads   int
	dim     int    // D, of a head
	in      input  // hidden states of all rows
	queries input  // hidden states of the selected rows
	q       matrix // queries of the selected rows; qkv itself if all are
	qkv     matrix // queries, keys and values of all rows, in three parts
	part    int    // columns of each part of qkv: whole panels
	out     matrix // outputs of all heads side by side, of the selected rows
	kept    *attentionWeights
}

// attention is softmax(q·kᵀ/√D)·v of all heads side by side, for the selected rows
// of x. There are two strategies. By head, each thread computes the queries, keys and
// values of a head and then its attention. By sequence, all threads first share the
// product for the queries, keys and values of all heads; then each thread computes the
// attention of some sequences and heads. kept gets the softmax's results.
func (e *Encoder) attention(t team, l *Layer, b *Batch, x matrix, s Selection, kept *attentionWeights) matrix {
	a := e.newAttention(t, l, b, x, s)
	a.kept = kept
	if l.QKV.byHead(t.threads()) {
		a.byHead(t)
	} else {
		a.bySequence(t)
	}
	return a.out
}

// newAttention takes memory for the attention of x.
func (e *Encoder) newAttention(t team, l *Layer, b *Batch, x matrix, s Selection) *attention {
	t.sample.keep(&l.QKV, x)
	a := &attention{b: b, l: l, s: s, heads: e.Heads, dim: e.headDim(), in: t.input(&t.arena.rounded, x, &l.QKV.W), part: simd.Panels(e.Dim) * simd.PanelWidth}
	a.qkv = t.matrix(useQKV, x.rows, 3*a.part)
	a.queries, a.q = a.in, a.qkv
	if s.some {
		a.queries = t.input(&t.arena.some, t.selected(useInRows, x, s), &l.QKV.W)
		a.q = t.matrix(useQ, len(s.rows), a.part)
	}
	a.out = t.matrix(useAttn, a.queries.rows, e.Dim)
	return a
}

// byHead computes each head's queries, keys, values and attention on one thread.
func (a *attention) byHead(t team) {
	qkv, threads := &a.l.QKV, t.threads()
	panels, step := qkv.headPanels, a.part/simd.PanelWidth
	t.run(a.heads, func(m *member, h int) {
		// Guess: this thread's next head is h+threads.
		next := simd.Next{W: &qkv.W, Panel: (h + threads) * panels}
		if h+threads >= a.heads {
			next = a.l.Out.start(a.queries.rows, threads, (h+threads)%a.heads)
		}
		q := simd.PanelRanges{First: h * panels, End: (h + 1) * panels, Step: step, Count: 1}
		if a.s.some {
			kv := simd.PanelRanges{First: q.First + step, End: q.End + step, Step: step, Count: 2}
			m.multiplyBlocks(a.qkv, a.in, qkv, kv, simd.Next{W: &qkv.W, Panel: q.First})
			m.multiplyBlocks(a.q, a.queries, qkv, q, next)
		} else {
			q.Count = 3
			m.multiplyBlocks(a.qkv, a.in, qkv, q, next)
		}
		for i := range a.b.Sequences() {
			a.attend(m, i, h)
		}
	})
}

// bySequence computes the queries, keys and values of all heads, and then the
// attention of each sequence and head.
func (a *attention) bySequence(t team) {
	qkv, part := &a.l.QKV, a.part/simd.PanelWidth
	if a.s.some {
		t.multiply(a.qkv, a.in, qkv, simd.PanelRanges{First: part, End: 3 * part, Count: 1}, nil, qkv)
		t.multiply(a.q, a.queries, qkv, simd.PanelRanges{End: part, Count: 1}, nil, &a.l.Out)
	} else {
		t.multiply(a.qkv, a.in, qkv, simd.PanelRanges{End: 3 * part, Count: 1}, nil, &a.l.Out)
	}
	t.run(a.b.Sequences()*a.heads, func(m *member, item int) { a.attend(m, item/a.heads, item%a.heads) })
}

// attend computes head h of sequence i: softmax(q·kᵀ/√D)·v.
func (a *attention) attend(m *member, i, h int) {
	lo, hi := a.b.Offsets[i], a.b.Offsets[i+1]
	first, end := a.s.between(lo, hi)
	if first == end {
		return
	}
	T, D, col := hi-lo, a.dim, h*a.dim
	a.pack(m, lo, T, col)
	m.scores = grow(m.scores, queryTile*strideFor(T))
	m.out = grow(m.out, queryTile*strideFor(D))
	for t := first; t < end; t += queryTile {
		n := min(queryTile, end-t)
		if !a.integers() {
			for r := t; r < t+n; r++ {
				simd.Scale(a.q.row(r)[col:col+D], a.scale())
			}
		}
		scores := simd.Job{
			Dst: m.scores, DstStride: strideFor(T),
			X: a.q.from(t, col), XStride: a.q.stride, Rows: n,
			W: &m.keys, Panels: m.keys.All(),
		}
		a.multiply(m, &scores)
		simd.SoftmaxRows(m.scores, strideFor(T), n, T)
		a.kept.keep(m.scores, i, h, t-lo, n, T)
		out := simd.Job{
			Dst: a.out.from(t, col), DstStride: a.out.stride,
			X: m.scores, XStride: strideFor(T), Rows: n,
			W: &m.values, Panels: m.values.All(),
			ByTerms: n*T > walkFloats,
		}
		// A product writes whole panels. Where a head is not whole panels wide, they would
		// overwrite columns of the next head, which another thread may have written.
		apart := D%simd.PanelWidth != 0
		if apart {
			out.Dst, out.DstStride = m.out, strideFor(D)
		}
		a.multiply(m, &out)
		for r := 0; apart && r < n; r++ {
			copy(a.out.row(t + r)[col:col+D], m.out[r*strideFor(D):])
		}
	}
}

// integers says whether attention's products are those of 16-bit integers. They are in a model
// whose other products are rounded more coarsely, so that attention adds little to the error.
// For equal queries, keys and values they have equal bits everywhere.
func (a *attention) integers() bool {
	f := a.l.QKV.W.Format
	return f == simd.Int8 || f == simd.BFloat16
}

// scale is 1/√D: of queries, or where these are integers of the keys' scales.
func (a *attention) scale() float32 { return float32(1 / math.Sqrt(float64(a.dim))) }

// pack makes matrices of the keys and values of a head, of T rows from lo on. The head's
// columns begin at col.
func (a *attention) pack(m *member, lo, T, col int) {
	keys, values, D := a.qkv.from(lo, a.part+col), a.qkv.from(lo, 2*a.part+col), a.dim
	if a.integers() {
		simd.PackInt16(&m.keys, keys, a.qkv.stride, T, D, &m.rounded)
		simd.Scale(m.keys.I16.Scales, a.scale())
		simd.PackInt16Columns(&m.values, values, a.qkv.stride, T, D)
		return
	}
	k, v := &m.keys, &m.values
	k.Format, k.N, k.K, k.F32 = simd.Float32, T, D, grow(k.F32, simd.PackedLen(T, D))
	v.Format, v.N, v.K, v.F32 = simd.Float32, D, T, grow(v.F32, simd.PackedLen(D, T))
	simd.Pack(k.F32, keys, a.qkv.stride, T, D)
	simd.PackColumns(v.F32, values, a.qkv.stride, T, D)
}

// multiply computes a product with the keys or values.
func (a *attention) multiply(m *member, j *simd.Job) {
	if j.W.Format == simd.Int16 {
		m.rounded.Reset(j.Rows, j.W.K)
		m.rounded.Set(j.X, j.XStride)
		j.Int16 = &m.rounded
	}
	simd.Multiply(j, &m.product)
}
