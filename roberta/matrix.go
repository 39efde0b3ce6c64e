package roberta

import (
	"fmt"
	"strings"
)

// A Shape is the lengths of a result's dimensions.
type Shape []int

// String is the shape as PyTorch and gorgonia.org/tensor write it: (1, 5, 1024).
func (s Shape) String() string {
	parts := make([]string, len(s))
	for i, n := range s {
		parts[i] = fmt.Sprint(n)
	}
	return "(" + strings.Join(parts, ", ") + ")"
}

// A Matrix holds a row of float32 values for each input: logits, or features of
// words. Its memory belongs to the caller. The zero Matrix has no rows.
type Matrix struct {
	rows, cols int
	values     []float32
}

func newMatrix(values []float32, cols int) *Matrix {
	return &Matrix{rows: len(values) / cols, cols: cols, values: values}
}

// Shape is (rows, columns).
func (m *Matrix) Shape() Shape { return Shape{m.rows, m.cols} }

// Row is row i, in the Matrix's own memory.
func (m *Matrix) Row(i int) []float32 { return m.values[i*m.cols:][:m.cols:m.cols] }

// Float32s is all values, row by row, in the Matrix's own memory.
func (m *Matrix) Float32s() []float32 { return m.values }
