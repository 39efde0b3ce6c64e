package nn

import "github.com/goroberta/goroberta/internal/simd"

// A matrix is rows × cols float32 values in memory of a padded row stride:
//
//	row 0   x x x x x · ·      x: a value, ·: room
//	row 1   x x x x x · ·
//
// A row has room for whole panels, because products write whole panels. It has 16
// floats more because kernels walk several rows at once: rows that lie a multiple
// of 4096 bytes apart would all fall into one set of the first-level cache.
type matrix struct {
	data       []float32
	rows, cols int
	stride     int
}

func strideFor(cols int) int { return simd.Panels(cols)*simd.PanelWidth + 16 }

func (m matrix) row(i int) []float32 { return m.data[i*m.stride:][:m.cols] }

// between is the matrix of rows lo … hi-1, in the same memory.
func (m matrix) between(lo, hi int) matrix {
	return matrix{data: m.data[lo*m.stride : hi*m.stride], rows: hi - lo, cols: m.cols, stride: m.stride}
}

// from is the matrix's memory from row i, column c on.
func (m matrix) from(i, c int) []float32 { return m.data[i*m.stride+c:] }

// copyTo writes the values to dst, row by row without gaps.
func (m matrix) copyTo(dst []float32) {
	for r := range m.rows {
		copy(dst[r*m.cols:], m.row(r))
	}
}

// grow returns s with length n, in new memory if s is too small.
func grow[E float32 | uint16 | uint8](s []E, n int) []E {
	if cap(s) < n {
		return inHugePages[E](n)
	}
	return s[:n]
}
