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
