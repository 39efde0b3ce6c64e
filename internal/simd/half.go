package simd

import "math"

// FromF16 widens float16 values, exactly. dst and src have equal lengths.
func FromF16(dst []float32, src []uint16) {
	if len(dst) != len(src) {
		panic("simd: FromF16 of other length")
	}
	n := fromF16Vec(dst, src)
	fromF16Generic(dst[n:], src[n:])
}

func fromF16Generic(dst []float32, src []uint16) {
	for i, h := range src {
		dst[i] = widen(h)
	}
}

// widen is the float32 with the value of the float16 whose bits are h.
func widen(h uint16) float32 {
	sign := uint32(h>>15) << 31
	exp, frac := uint32(h>>10)&0x1f, uint32(h)&0x3ff
	switch exp {
	case 0:
		return math.Float32frombits(math.Float32bits(float32(frac)*0x1p-24) | sign)
	case 31:
		if frac != 0 {
			frac |= 0x200 // quiet, as the instructions make it
		}
		return math.Float32frombits(sign | 0x7f800000 | frac<<13)
	}
	return math.Float32frombits(sign | (exp+112)<<23 | frac<<13)
}

// ToF16Exact converts src to float16 and returns true if every value has a float16 of
// the same value. Otherwise, or at a NaN, whose payload might be lost, it stops and
// returns false; dst then holds anything. dst has src's length.
func ToF16Exact(dst []uint16, src []float32) bool {
	if len(dst) != len(src) {
		panic("simd: ToF16Exact of other length")
	}
	// By blocks, so that it stops soon if the matrix is not float16.
	const block = 4096
	for len(src) > 0 {
		n := min(block, len(src))
		var l lanes
		done := toF16Vec(&l, src[:n], dst[:n])
		if l.max() != 0 || !toF16ExactGeneric(dst[done:n], src[done:n]) {
			return false
		}
		dst, src = dst[n:], src[n:]
	}
	return true
}

func toF16ExactGeneric(dst []uint16, src []float32) bool {
	for i, v := range src {
		b := math.Float32bits(v)
		sign, exp, frac := uint16(b>>16)&0x8000, int(b>>23)&0xff, b&0x7fffff
		switch e := exp - 112; {
		case e > 0 && e < 31:
			if frac&0x1fff != 0 {
				return false
			}
			dst[i] = sign | uint16(e)<<10 | uint16(frac>>13)
		case b<<1 == 0:
			dst[i] = sign
		case exp == 255 && frac == 0:
			dst[i] = sign | 0x7c00
		case e <= 0 && e > -10: // a subnormal float16
			full := frac | 0x800000
			shift := uint(14 - e)
			if full&(1<<shift-1) != 0 {
				return false
			}
			dst[i] = sign | uint16(full>>shift)
		default:
			return false
		}
	}
	return true
}
