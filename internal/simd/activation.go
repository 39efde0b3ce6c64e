package simd

import "math"

// Φ(x), the normal distribution function, is q for x < 0 and 1 − q else, with
// q = exp(−x²/2)·R(1/(1+|x|/4)). gaussPoly is R, for |x| ≤ 13.3; beyond that exp
// is 0.
var gaussPoly = [10]float32{-2.4362897e-05, 0.10028138, 0.094392985, 0.12353637, -0.02603251,
	0.31496653, -0.3460561, 0.40445223, -0.20020886, 0.03469232}

// tanhPoly is P in tanh(x) = x + x³·P(x²) on |x| ≤ tanhSplit.
var tanhPoly = [5]float32{-0.3333328, 0.13331442, -0.053739708, 0.02063907, -0.0057049696}

const (
	gaussError = 2.6e-8
	tanhError  = 9e-9

	tanhSplit = 0.625
	tanhOne   = 9.5 // tanh is 1 from here on

	geluTanhScale = 0.79788458 // √(2/π)
	geluTanhCube  = 0.044715
)

// GELU sets x to x·Φ(x), the GELU of Hendrycks and Gimpel (2016) that is defined
// with erf, with an absolute error below 4e-7 for |x| < 6, which is less than
// what a perfect erf in float32 would leave. −Inf gives NaN, as in torch.
func GELU(x []float32) {
	n := geluVec(x)
	geluGeneric(x[n:])
}

func geluGeneric(x []float32) {
	for i, v := range x {
		u := float32(math.Abs(float64(v)))
		t := 1 / fma32(u, 0.25, 1)
		r := gaussPoly[9]
		for j := 8; j >= 0; j-- {
			r = fma32(r, t, gaussPoly[j])
		}
		q := float32(r * exp32(float32(float32(u*u)*-0.5)))
		if !(v < 0) {
			q = 1 - q
		}
		x[i] = float32(v * q)
	}
}

// Tanh sets x to tanh(x), with an error below 2 ulp.
func Tanh(x []float32) {
	n := tanhVec(x)
	tanhGeneric(x[n:])
}

func tanhGeneric(x []float32) {
	for i, v := range x {
		x[i] = tanh32(v)
	}
}

func tanh32(x float32) float32 {
	u := float32(math.Abs(float64(x)))
	s := float32(x * x)
	p := tanhPoly[4]
	for j := 3; j >= 0; j-- {
		p = fma32(p, s, tanhPoly[j])
	}
	small := fma32(float32(x*s), p, x)
	big := u
	if tanhOne < big {
		big = tanhOne
	}
	big = 1 - 2/(exp32(float32(big*2))+1)
	if u < tanhSplit {
		return small
	}
	return math.Float32frombits(math.Float32bits(big) | math.Float32bits(x)&(1<<31))
}

// GELUTanh sets x to ½x·(1 + tanh(√(2/π)·(x + 0.044715·x³))), the approximation
// that fairseq calls gelu_accurate and gelu_fast.
func GELUTanh(x []float32) {
	n := geluTanhVec(x)
	geluTanhGeneric(x[n:])
}

func geluTanhGeneric(x []float32) {
	for i, v := range x {
		z := fma32(float32(float32(v*v)*v), geluTanhCube, v)
		h := float32(v * 0.5)
		x[i] = fma32(h, tanh32(float32(z*geluTanhScale)), h)
	}
}

// ReLU sets negative elements to 0.
func ReLU(x []float32) {
	n := reluVec(x)
	reluGeneric(x[n:])
}

func reluGeneric(x []float32) {
	for i, v := range x {
		if v < 0 {
			x[i] = 0
		}
	}
}

// ReLUSquared sets x to the square of ReLU(x).
func ReLUSquared(x []float32) {
	n := reluSquaredVec(x)
	reluSquaredGeneric(x[n:])
}

func reluSquaredGeneric(x []float32) {
	reluGeneric(x)
	for i, v := range x {
		x[i] = float32(v * v)
	}
}
