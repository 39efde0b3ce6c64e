package simd

import "math"

// Constants of the elementary functions. The generator of the assembly reads them
// from this file and activation.go: run go generate after a change.
const (
	expLow   = -87.33      // exp of less is 0: its result would be subnormal
	log2E    = 1.442695    // 1/ln 2
	roundBig = 12582912    // 1.5·2²³: adding it rounds to a whole number
	ln2High  = 0.693145752 // ln 2 in two parts, the first of 15 bits
	ln2Low   = 1.42860677e-6
)

// expPoly is P in exp(r) = 1 + r + r²·P(r) on |r| ≤ ½ ln 2. Like the other
// polynomials here it is a least-squares fit with Lawson's weights, which level
// the error (_gen/fit), in coefficients rounded to float32. expError bounds its
// relative error before any rounding; gaussError and tanhError do for the others.
var expPoly = [5]float32{0.49999994, 0.16666521, 0.04166839, 0.00836871, 0.0013814609}

const expError = 4e-9

// exp32 is exp(x) for x ≤ 88, with an error below 1 ulp; 0 for x < expLow.
func exp32(x float32) float32 {
	y := x
	if expLow > y {
		y = expLow
	}
	t := fma32(y, log2E, roundBig)
	n := t - roundBig
	r := fma32(n, -ln2High, y)
	r = fma32(n, -ln2Low, r)
	q := expPoly[4]
	for i := 3; i >= 0; i-- {
		q = fma32(q, r, expPoly[i])
	}
	y = fma32(q, float32(r*r), r) + 1
	// The last bits of t are n; moved up they are the exponent of 2ⁿ.
	y = float32(y * math.Float32frombits(math.Float32bits(t)<<23+0x3f800000))
	if x < expLow {
		return 0
	}
	return y
}

// log64 is ln(x) for finite x > 0, to within 3e-16 of max(1, |ln x|), in the same
// bits on every platform (the conversions keep compilers from fusing).
func log64(x float64) float64 {
	m, e := math.Frexp(x)
	if m < math.Sqrt2/2 {
		m *= 2
		e--
	}
	return log1Twice((m-1)/(m+1)) + float64(float64(e)*math.Ln2)
}

// log1Twice is ln((1+f)/(1−f)) = 2·(f + f³/3 + f⁵/5 + …) for |f| ≤ 1/3, with a relative
// error below 2e-13, and below 3e-16 for f² < 0.0295.
func log1Twice(f float64) float64 {
	s := float64(f * f)
	sum := 0.0
	for k := 23; k >= 1; k -= 2 {
		sum = float64(sum*s) + 1/float64(k)
	}
	return float64(2 * f * sum)
}
