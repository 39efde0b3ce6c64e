package simd

import "math"

// lanes are the 16 partial results of a reduction. Element i of a row belongs to lane
// i mod 16.
type lanes [PanelWidth]float32

// sum adds the lanes by the fixed tree.
func (l *lanes) sum() float32 {
	for w := PanelWidth / 2; w > 0; w /= 2 {
		for i := range w {
			l[i] += l[i+w]
		}
	}
	return l[0]
}

func (l *lanes) max() float32 {
	for w := PanelWidth / 2; w > 0; w /= 2 {
		for i := range w {
			if l[i+w] > l[i] {
				l[i] = l[i+w]
			}
		}
	}
	return l[0]
}

// Softmax sets x to exp(x−max)/Σ exp(x−max). If an element is NaN or +Inf, or
// all are −Inf, all become NaN, as in torch; what would be below 1e-38 is 0.
func Softmax(x []float32) {
	if len(x) == 0 {
		return
	}
	var l lanes
	expSum(&l, x, maximum(x))
	Scale(x, 1/l.sum())
}

// SoftmaxRows is Softmax for rows of n elements, ld apart. A row has room for
// whole panels, as in a product's result; what it has beyond n elements is overwritten.
func SoftmaxRows(x []float32, ld, rows, n int) {
	if rows <= 0 || n <= 0 {
		return
	}
	width := Panels(n) * PanelWidth
	if ld < width || len(x) < (rows-1)*ld+width {
		panic("simd: short rows for SoftmaxRows")
	}
	for r := softmaxVec(x, ld, rows, n, width); r < rows; r++ {
		Softmax(x[r*ld:][:n])
	}
}

// LogSoftmax sets dst to x − max − ln Σ exp(x−max). dst may be x.
func LogSoftmax(dst, x []float32) {
	if len(dst) != len(x) {
		panic("simd: LogSoftmax of other length")
	}
	if len(x) == 0 {
		return
	}
	top := maximum(x)
	var l lanes
	var buf [64 * PanelWidth]float32
	for at := 0; at < len(x); at += len(buf) {
		part := buf[:copy(buf[:], x[at:])]
		expSum(&l, part, top)
	}
	lse := float32(math.NaN())
	if s := l.sum(); s >= 0 {
		lse = float32(log64(float64(s)))
	}
	for i, v := range x {
		dst[i] = v - top - lse
	}
}

// LogSigmoid sets dst to ln(1/(1+exp(−x))) = min(x, 0) − ln(1+exp(−|x|)), to within
// 2 ulp. dst may be x.
func LogSigmoid(dst, x []float32) {
	if len(dst) != len(x) {
		panic("simd: LogSigmoid of other length")
	}
	for i, v := range x {
		e := float64(exp32(-max(v, -v)))
		dst[i] = float32(float64(min(v, 0)) - log1Twice(e/(2+e)))
	}
}

// maximum is the largest element; NaNs are ignored.
func maximum(x []float32) float32 {
	var l lanes
	for i := range l {
		l[i] = float32(math.Inf(-1))
	}
	n := maxVec(&l, x)
	maxGeneric(&l, x[n:])
	return l.max()
}

func maxGeneric(l *lanes, x []float32) {
	for i, v := range x {
		if v > l[i%PanelWidth] {
			l[i%PanelWidth] = v
		}
	}
}

// expSum sets x to exp(x−top) and adds that to the lanes.
func expSum(l *lanes, x []float32, top float32) {
	n := expSumVec(l, x, top)
	expSumGeneric(l, x[n:], top)
}

func expSumGeneric(l *lanes, x []float32, top float32) {
	for i, v := range x {
		x[i] = exp32(v - top)
		l[i%PanelWidth] += x[i]
	}
}
