package nn

import "github.com/goroberta/goroberta/internal/simd"

// NewLinear packs W [out, in] in float32. A nil bias is zeros.
func NewLinear(w []float32, out, in int, bias []float32) Linear {
	l := Linear{W: simd.Matrix{N: out, K: in, F32: make([]float32, simd.PackedLen(out, in))}}
	simd.Pack(l.W.F32, w, in, out, in)
	l.Bias = make([]float32, simd.Panels(out)*simd.PanelWidth)
	copy(l.Bias, bias)
	return l
}

// Weights is the inverse of NewLinear: W [out, in] and the bias, in new memory.
func (l *Linear) Weights() (w, bias []float32) {
	w = make([]float32, l.W.N*l.W.K)
	for n := range l.W.N {
		if l.W.Format == simd.Int8 {
			simd.WeightsInt8(w[n*l.W.K:][:l.W.K], &l.W, n)
			continue
		}
		if l.W.Format == simd.BFloat16 {
			simd.WeightsBF16(w[n*l.W.K:][:l.W.K], &l.W, n)
			continue
		}
		for k := range l.W.K {
			at := (n/simd.PanelWidth*l.W.K+k)*simd.PanelWidth + n%simd.PanelWidth
			if l.W.Format == simd.Float16 {
				simd.FromF16(w[n*l.W.K+k:][:1], l.W.F16[at:][:1])
			} else {
				w[n*l.W.K+k] = l.W.F32[at]
			}
		}
	}
	return w, append([]float32(nil), l.Bias[:l.W.N]...)
}

// packedRows is a few rows of a table as a matrix, in memory that is used again.
type packedRows struct {
	matrix simd.Matrix
	f32    []float32
	bits   []uint16 // of float16 or bfloat16
}

// pack packs rows lo … hi-1 of t, where lo begins a panel. The matrix is valid until the
// next call.
func (p *packedRows) pack(t *Table, lo, hi int) *simd.Matrix {
	if t.Int8 != nil { // is packed already
		p.matrix = t.Int8.Between(lo/simd.PanelWidth, simd.Panels(hi))
		return &p.matrix
	}
	n := simd.PackedLen(hi-lo, t.Cols)
	p.matrix = simd.Matrix{N: hi - lo, K: t.Cols}
	if t.F16 != nil {
		p.bits = grow(p.bits, n)
		p.matrix.Format, p.matrix.F16 = simd.Float16, p.bits
		simd.PackF16(p.matrix.F16, t.F16[lo*t.Cols:], t.Cols, hi-lo, t.Cols)
		return &p.matrix
	}
	if t.BF16 != nil {
		p.bits = grow(p.bits, simd.PairedLen(hi-lo, t.Cols))
		p.matrix.Format, p.matrix.BF16 = simd.BFloat16, p.bits
		simd.PackBF16(p.matrix.BF16, t.BF16[lo*t.Cols:], t.Cols, hi-lo, t.Cols)
		return &p.matrix
	}
	p.f32 = grow(p.f32, n)
	p.matrix.F32 = p.f32
	simd.Pack(p.matrix.F32, t.F32[lo*t.Cols:], t.Cols, hi-lo, t.Cols)
	return &p.matrix
}
