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

// mul sets dst = x·y.
func mul(dst, x, y []float32) {
	n := mulVec(dst, x, y)
	mulGeneric(dst[n:], x[n:], y[n:])
}

func mulGeneric(dst, x, y []float32) {
	for i, v := range x {
		dst[i] = v * y[i]
	}
}

// Larger sets each x to the larger of x and y: NaN if either is, and x if both are equal.
func Larger(x, y []float32) {
	if len(x) != len(y) {
		panic("simd: Larger of other length")
	}
	n := largerVec(x, y)
	largerGeneric(x[n:], y[n:])
}

func largerGeneric(x, y []float32) {
	for i, v := range y {
		if x[i] < v || v != v {
			x[i] = v
		}
	}
}
