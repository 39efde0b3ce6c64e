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

// packedRows is a few rows of a table as a matrix, in memory that is used again.
type packedRows struct {
	matrix simd.Matrix
	f32    []float32
	f16    []uint16
}

// pack packs rows lo … hi-1 of t. The matrix is valid until the next call.
func (p *packedRows) pack(t *Table, lo, hi int) *simd.Matrix {
	n := simd.PackedLen(hi-lo, t.Cols)
	p.matrix = simd.Matrix{N: hi - lo, K: t.Cols}
	if t.F16 != nil {
		if cap(p.f16) < n {
			p.f16 = make([]uint16, n)
		}
		p.matrix.Format, p.matrix.F16 = simd.Float16, p.f16[:n]
		simd.PackF16(p.matrix.F16, t.F16[lo*t.Cols:], t.Cols, hi-lo, t.Cols)
		return &p.matrix
	}
	p.f32 = grow(p.f32, n)
	p.matrix.F32 = p.f32
	simd.Pack(p.matrix.F32, t.F32[lo*t.Cols:], t.Cols, hi-lo, t.Cols)
	return &p.matrix
}
