package pipeline

import "fmt"

// QuantizeUint8 makes whole numbers from 0 to 255 of a vector's values, each by the
// range of its dimension: ⌊(x − min) / step⌋ with step = (max − min) / 255, and 0 or 255
// for what lies outside. A dimension whose range is one value gives 0 up to it and 255
// above. All in float32, as sentence-transformers' quantize_embeddings(…, "uint8").
//
// Vectors that are compared must be quantised with the same ranges. Errors wrap
// ErrVector: the vector has another number of values than the ranges, or one that is
// NaN; or the ranges are not those of any vector.
func QuantizeUint8(v []float32, r *Ranges) ([]uint8, error) {
	if err := r.check(); err != nil {
		return nil, err
	}
	if err := checkVector(v, len(r.Min)); err != nil {
		return nil, err
	}
	out := make([]uint8, len(v))
	for i, x := range v {
		step := (r.Max[i] - r.Min[i]) / 255
		if q := (x - r.Min[i]) / step; q >= 255 {
			out[i] = 255
		} else if q > 0 { // not NaN, which 0/0 is
			out[i] = uint8(q)
		}
	}
	return out, nil
}

// QuantizeInt8 is QuantizeUint8 minus 128: whole numbers from −128 to 127.
func QuantizeInt8(v []float32, r *Ranges) ([]int8, error) {
	unsigned, err := QuantizeUint8(v, r)
	return signed(unsigned), err
}

// QuantizeUbinary makes a bit of each value: 1 where it is above 0. The first
// dimension is the highest bit of the first byte, and zeros fill up the last byte. As
// sentence-transformers' quantize_embeddings(…, "ubinary"). The error wraps ErrVector:
// a value is NaN.
func QuantizeUbinary(v []float32) ([]uint8, error) {
	if err := checkVector(v, len(v)); err != nil {
		return nil, err
	}
	out := make([]uint8, (len(v)+7)/8)
	for i, x := range v {
		if x > 0 {
			out[i/8] |= 1 << (7 - i%8)
		}
	}
	return out, nil
}

// QuantizeBinary is QuantizeUbinary with 128 taken from each byte, as
// sentence-transformers' "binary": not the same bits as a two's complement, so bits are
// compared after adding 128 again.
func QuantizeBinary(v []float32) ([]int8, error) {
	unsigned, err := QuantizeUbinary(v)
	return signed(unsigned), err
}

// signed takes 128 from each byte.
func signed(unsigned []uint8) []int8 {
	if unsigned == nil {
		return nil
	}
	out := make([]int8, len(unsigned))
	for i, q := range unsigned {
		out[i] = int8(int(q) - 128)
	}
	return out
}

// checkVector is an error for a vector that has not n values, or has a NaN.
func checkVector(v []float32, n int) error {
	if len(v) != n {
		return fmt.Errorf("%w: %d values, want %d", ErrVector, len(v), n)
	}
	for i, x := range v {
		if x != x {
			return fmt.Errorf("%w: value %d is NaN", ErrVector, i)
		}
	}
	return nil
}
