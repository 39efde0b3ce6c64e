package roberta

import (
	"math"

	"github.com/goroberta/goroberta/internal/simd"
)

// A table is an embedding matrix, row-major as in the file: in float32, or in
// float16 where the checkpoint has that. It may be the mapped file itself.
type table struct {
	rows, cols int
	f32        []float32
	f16        []uint16
}

// copyRow sets dst to row i.
func (t *table) copyRow(dst []float32, i int) {
	if t.f16 != nil {
		simd.FromF16(dst, t.f16[i*t.cols:][:t.cols])
		return
	}
	copy(dst, t.f32[i*t.cols:][:t.cols])
}

// pack packs rows lo … hi-1 as a matrix of their own, in memory of buf.
func (t *table) pack(buf *packBuffer, lo, hi int) simd.Matrix {
	n := simd.PackedLen(hi-lo, t.cols)
	m := simd.Matrix{N: hi - lo, K: t.cols}
	if t.f16 != nil {
		if cap(buf.f16) < n {
			buf.f16 = make([]uint16, n)
		}
		m.Format, m.F16 = simd.Float16, buf.f16[:n]
		simd.PackF16(m.F16, t.f16[lo*t.cols:], t.cols, m.N, m.K)
		return m
	}
	buf.f32 = grow(buf.f32, n)
	m.F32 = buf.f32
	simd.Pack(m.F32, t.f32[lo*t.cols:], t.cols, m.N, m.K)
	return m
}

// A packBuffer is memory for a few packed panels.
type packBuffer struct {
	f32 []float32
	f16 []uint16
}

// sinusoids returns the table of sinusoidal position embeddings: sines in the
// first half of a row, cosines in the second, with wavelengths from 2π to
// 10000·2π, computed in float32 like fairseq's
// (fairseq/modules/sinusoidal_positional_embedding.py, get_embedding).
func sinusoids(rows, cols int) *table {
	t := &table{rows: rows, cols: cols, f32: make([]float32, rows*cols)}
	half := cols / 2
	step := float32(math.Log(10000) / float64(max(half-1, 1)))
	for p := range rows {
		if p == padID {
			continue
		}
		row := t.f32[p*cols:][:cols]
		for i := range half {
			freq := float32(math.Exp(float64(float32(i) * -step)))
			angle := float64(float32(p) * freq)
			row[i] = float32(math.Sin(angle))
			row[half+i] = float32(math.Cos(angle))
		}
	}
	return t
}
