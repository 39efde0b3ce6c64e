package simd

import "math"

// fma32 is a·b + c with one rounding, on any platform.
//
// The product of two float32 is exact in float64. The sum is rounded to 53 bits and
// then to 24. The result differs from that of one rounding only if the first rounding
// gives a number midway between two float32; see doubtful.
func fma32(a, b, c float32) float32 {
	s := float64(a)*float64(b) + float64(c)
	if doubtful(s) {
		return fmaOdd(a, b, c)
	}
	return float32(s)
}

// doubtful says whether rounding the float64 sum s to float32 may give another result
// than rounding the exact sum: if s is midway between two float32, or so small that
// float32 is subnormal, where other numbers are midway.
func doubtful(s float64) bool {
	return math.Float64bits(s)&0x1fffffff == 0x10000000 || math.Abs(s) < 0x1p-125 && s != 0
}

// fmaOdd is fma32 where double rounding matters: the sum is rounded to odd, so that
// the second rounding sees that the first lost something (Boldo and Melquiond,
// Emulation of FMA and correctly rounded sums, 2008).
func fmaOdd(a, b, c float32) float32 {
	p, q := float64(a)*float64(b), float64(c)
	s := p + q
	t := s - p
	lost := (p - (s - t)) + (q - t) // exact: Knuth's two-sum
	if bits := math.Float64bits(s); bits&1 == 0 && s != 0 && (lost > 0 || lost < 0) {
		// Away from zero if what was lost has the sign of s, else towards it.
		if lost > 0 == (s > 0) {
			s = math.Float64frombits(bits + 1)
		} else {
			s = math.Float64frombits(bits - 1)
		}
	}
	return float32(s)
}
