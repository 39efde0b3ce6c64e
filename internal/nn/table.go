package nn

import "github.com/goroberta/goroberta/internal/simd"

// A Table is an embedding matrix, row-major as in the file: in float32, or in
// float16 where the checkpoint has that. It may be the mapped file itself.
type Table struct {
	Rows, Cols int
	F32        []float32
	F16        []uint16
}

// copyRow sets dst to row i.
func (t *Table) copyRow(dst []float32, i int) {
	if t.F16 != nil {
		simd.FromF16(dst, t.F16[i*t.Cols:][:t.Cols])
		return
	}
	copy(dst, t.row(i))
}

// row is row i of a table in float32.
func (t *Table) row(i int) []float32 { return t.F32[i*t.Cols:][:t.Cols] }

// pack packs rows lo … hi-1 as a matrix of their own, in memory of buf.
func (t *Table) pack(buf *packBuffer, lo, hi int) simd.Matrix {
	n := simd.PackedLen(hi-lo, t.Cols)
	m := simd.Matrix{N: hi - lo, K: t.Cols}
	if t.F16 != nil {
		if cap(buf.f16) < n {
			buf.f16 = make([]uint16, n)
		}
		m.Format, m.F16 = simd.Float16, buf.f16[:n]
		simd.PackF16(m.F16, t.F16[lo*t.Cols:], t.Cols, m.N, m.K)
		return m
	}
	buf.f32 = grow(buf.f32, n)
	m.F32 = buf.f32
	simd.Pack(m.F32, t.F32[lo*t.Cols:], t.Cols, m.N, m.K)
	return m
}

// A packBuffer is memory for a few packed panels.
type packBuffer struct {
	f32 []float32
	f16 []uint16
}
