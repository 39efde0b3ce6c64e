package simd

import (
	"math"
	"testing"
)

// guard is the word around buffers: the bits of a NaN that no function computes.
const guard = 0x7fc5a5a5

// guarded returns a slice of n floats between guard words, and a check of these.
func guarded(t *testing.T, n int) ([]float32, func()) {
	const margin = 24
	all := make([]float32, n+2*margin)
	for i := range all {
		all[i] = math.Float32frombits(guard)
	}
	check := func() {
		t.Helper()
		for i := range margin {
			if math.Float32bits(all[i]) != guard || math.Float32bits(all[len(all)-1-i]) != guard {
				t.Errorf("n=%d: written outside of the slice, %d elements off", n, i+1)
				return
			}
		}
	}
	return all[margin : margin+n : margin+n], check
}
