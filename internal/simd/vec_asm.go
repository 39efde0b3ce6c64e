//go:build !purego && (amd64 || arm64)

package simd

import "math"

// An operation on rows of floats goes through four functions:
//
//	GELU         what others call. It checks lengths, has geluVec do what it can
//	             and geluGeneric the rest.
//	geluVec      this file: turns slices into pointers and returns the length of
//	             the prefix that it has done: 0 at the portable level, else a
//	             multiple of 16, or all elements where portable Go is slow. The
//	             tail is then done in a padded copy.
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

// A slow function is one of each element for which portable Go is slow.
type slow uint8

const (
	gelu slow = iota
	tanh
	geluTanh
)

func (f slow) at(l Level, x *float32, n int) {
	switch f {
	case gelu:
		geluAt(l, x, n)
	case tanh:
		tanhAt(l, x, n)
	case geluTanh:
		geluTanhAt(l, x, n)
	}
}

func (f slow) vec(x []float32) int {
	n, l := whole(len(x))
	if l == Generic {
		return 0
	}
	if n > 0 {
		f.at(l, &x[0], n)
	}
	if tail := x[n:]; len(tail) > 0 {
		var b [PanelWidth]float32
		copy(b[:], tail)
		f.at(l, &b[0], PanelWidth)
		copy(tail, b[:])
	}
	return len(x)
}

func geluVec(x []float32) int     { return gelu.vec(x) }
func tanhVec(x []float32) int     { return tanh.vec(x) }
func geluTanhVec(x []float32) int { return geluTanh.vec(x) }

func reluVec(x []float32) int {
	n, l := whole(len(x))
	if n > 0 {
		reluAt(l, &x[0], n)
	}
	return n
}

func reluSquaredVec(x []float32) int {
	n, l := whole(len(x))
	if n > 0 {
		reluSquaredAt(l, &x[0], n)
	}
	return n
}

func scaleVec(x []float32, s float32) int {
	n, l := whole(len(x))
	if n > 0 {
		scaleAt(l, &x[0], n, s)
	}
	return n
}

func addVec(dst, x, y []float32) int {
	n, l := whole(len(x))
	if n > 0 {
		addAt(l, &dst[0], &x[0], &y[0], n)
	}
	return n
}

func normalizeVec(dst, x, gain, bias []float32, mean, scale float32) int {
	n, l := whole(len(x))
	if n > 0 {
		normalizeAt(l, &dst[0], &x[0], &gain[0], &bias[0], n, mean, scale)
	}
	return n
}

func maxVec(a *lanes, x []float32) int {
	n, l := whole(len(x))
	if n > 0 {
		maxAt(l, (*[PanelWidth]float32)(a), &x[0], n)
	}
	return n
}

func sumVec(a *lanes, x []float32) int {
	n, l := whole(len(x))
	if n > 0 {
		sumAt(l, (*[PanelWidth]float32)(a), &x[0], n)
	}
	return n
}

func sumSquaresVec(a *lanes, x []float32, mean float32) int {
	n, l := whole(len(x))
	if n > 0 {
		sumSquaresAt(l, (*[PanelWidth]float32)(a), &x[0], n, mean)
	}
	return n
}

func expSumVec(a *lanes, x []float32, top float32) int {
	n, l := whole(len(x))
	if l == Generic {
		return 0
	}
	if n > 0 {
		expSumAt(l, (*[PanelWidth]float32)(a), &x[0], n, top)
	}
	if tail := x[n:]; len(tail) > 0 {
		var b [PanelWidth]float32
		for i := copy(b[:], tail); i < len(b); i++ {
			b[i] = float32(math.Inf(-1)) // exp of it adds 0
		}
		expSumAt(l, (*[PanelWidth]float32)(a), &b[0], PanelWidth, top)
		copy(tail, b[:])
	}
	return len(x)
}

// markNaNVec sets a lane to 1 where it meets a NaN.
func markNaNVec(a *lanes, x []float32) int {
	n, l := whole(len(x))
	if n > 0 {
		markNaNAt(l, (*[PanelWidth]float32)(a), &x[0], n)
	}
	return n
}

func fromF16Vec(dst []float32, src []uint16) int {
	n, l := whole(len(src))
	if n > 0 {
		fromF16At(l, &dst[0], &src[0], n)
	}
	return n
}

// toF16Vec rounds, and sets a lane to 1 where that changes a value.
func toF16Vec(a *lanes, dst []uint16, src []float32) int {
	n, l := whole(len(src))
	if n > 0 {
		toF16At(l, (*[PanelWidth]float32)(a), &src[0], &dst[0], n)
	}
	return n
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

// packVec packs as many of k columns of 16 rows as is a multiple of 8.
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
