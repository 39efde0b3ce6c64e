package simd

// Scale sets x = x·s.
func Scale(x []float32, s float32) {
	n := scaleVec(x, s)
	scaleGeneric(x[n:], s)
}

func scaleGeneric(x []float32, s float32) {
	for i, v := range x {
		x[i] = v * s
	}
}

// Add sets x = x + y.
func Add(x, y []float32) {
	if len(x) != len(y) {
		panic("simd: Add of other length")
	}
	n := addVec(x, x, y)
	addGeneric(x[n:], x[n:], y[n:])
}

func addGeneric(dst, x, y []float32) {
	for i, v := range x {
		dst[i] = v + y[i]
	}
}

// HasNaN says whether an element is NaN.
func HasNaN(x []float32) bool {
	var l lanes
	n := markNaNVec(&l, x)
	return l.max() != 0 || hasNaNGeneric(x[n:])
}

func hasNaNGeneric(x []float32) bool {
	for _, v := range x {
		if v != v {
			return true
		}
	}
	return false
}
