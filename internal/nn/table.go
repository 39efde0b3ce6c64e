package nn

import "github.com/goroberta/goroberta/internal/simd"

// A Table is an embedding matrix, row-major as in the file: in float32, or in
// float16 where the checkpoint has that, in bfloat16 or in Int8. It may be the mapped file itself.
type Table struct {
	Rows, Cols int
	F32        []float32
	F16        []uint16
	BF16       []uint16
	Int8       *simd.Matrix // the rows as output features, in panels; nil for others
}

// copyRow sets dst to row i.
func (t *Table) copyRow(dst []float32, i int) {
	if t.Int8 != nil {
		simd.WeightsInt8(dst, t.Int8, i)
		return
	}
	switch {
	case t.F16 != nil:
		simd.FromF16(dst, t.F16[i*t.Cols:][:t.Cols])
	case t.BF16 != nil:
		simd.FromBF16(dst, t.BF16[i*t.Cols:][:t.Cols])
	default:
		copy(dst, t.row(i))
	}
}

// row is row i of a table in float32.
func (t *Table) row(i int) []float32 { return t.F32[i*t.Cols:][:t.Cols] }

// format is what products with the table's rows read.
func (t *Table) format() simd.Format {
	switch {
	case t.Int8 != nil:
		return simd.Int8
	case t.F16 != nil:
		return simd.Float16
	case t.BF16 != nil:
		return simd.BFloat16
	}
	return simd.Float32
}
