//go:build !purego && (amd64 || arm64)

package simd

import "math"

// An operation on rows of floats goes through four functions:
//
//	GELU         what others call. It checks lengths, has geluVec do what it can
//	             and geluGeneric the rest.
//	geluVec      generated, or here: turns slices into pointers and returns the
//	             length of the prefix that it has done: 0 at the portable level,
//	             else a multiple of 16, or all elements where portable Go is slow.
//	             The tail is then done in a padded copy.
//	geluAt       generated: a switch over the levels. Its arguments stay on the
//	             stack, which they would not if it were a call through a variable.
//	geluAVX2 …   generated: assembly.
//
// Products have a table of kernels instead, because their argument is in a Scratch,
// which is on the heap anyway.

// callFloats bounds the floats of many rows that one call works on: assembly cannot
// be preempted, and this many take well below 100 µs.
const callFloats = 1 << 16

// whole is how many of n elements are whole registers at the active level, and the level.
func whole(n int) (int, Level) {
	l := Active()
	if l == Generic {
		return 0, l
	}
	return n &^ (PanelWidth - 1), l
}

// pad is x, and −Inf up to a whole register: exp of it adds 0 to a sum.
func pad(x []float32) (b [PanelWidth]float32) {
	for i := copy(b[:], x); i < len(b); i++ {
		b[i] = float32(math.Inf(-1))
	}
	return b
}

// packColumnVec copies k rows of 16 floats.
func packColumnVec(panel, v []float32, ldv, k int) int {
	l := Active()
	if l == Generic {
		return 0
	}
	const most = callFloats / PanelWidth
	for j := 0; j < k; j += most {
		packColumnAt(l, &panel[j*PanelWidth], &v[j*ldv], 4*ldv, PanelWidth*min(most, k-j))
	}
	return k
}

// addLayerNormVec does two rows at a time. It returns the number of rows.
func addLayerNormVec(x []float32, ldx int, y []float32, ldy, rows int, gain, bias []float32, eps float32) int {
	n, l := whole(len(gain))
	if l == Generic || n != len(gain) {
		return 0
	}
	for r := 0; r+2 <= rows; r += 2 {
		addLayerNorm2At(l, &x[r*ldx], &x[(r+1)*ldx], &y[r*ldy], &y[(r+1)*ldy], &gain[0], &bias[0], n, float32(n), eps)
	}
	return rows &^ 1
}

// softmaxVec does rows of n elements that have room for width, a multiple of 16.
func softmaxVec(x []float32, ld, rows, n, width int) int {
	l := Active()
	if l == Generic {
		return 0
	}
	for r := range rows {
		for i := n; i < width; i++ {
			x[r*ld+i] = float32(math.Inf(-1)) // exp of it adds 0
		}
	}
	most := max(1, callFloats/width)
	for r := 0; r < rows; r += most {
		softmaxAt(l, &x[r*ld], 4*ld, min(most, rows-r), width)
	}
	return rows
}

// packVec packs the first columns of 16 rows, a multiple of 8 of them, and returns how
// many.
func packVec(panel, w []float32, ldw, k int) int {
	l := Active()
	if k &^= 7; k == 0 || l == Generic {
		return 0
	}
	pack16At(l, &panel[0], &w[0], 4*ldw, k)
	return k
}

// packF16Vec is packVec for float16.
func packF16Vec(panel, w []uint16, ldw, k int) int {
	l := Active()
	if k &^= 7; k == 0 || l == Generic {
		return 0
	}
	pack16F16At(l, &panel[0], &w[0], 2*ldw, k)
	return k
}

// packPairsVec is packVec for pairs of bfloat16.
func packPairsVec(panel, w []uint16, ldw, k int) int {
	l := Active()
	if k &^= 15; k == 0 || l == Generic {
		return 0
	}
	pack16PairsAt(l, &panel[0], &w[0], 2*ldw, k/2)
	return k
}
