package pipeline

import (
	"math"
	"testing"
)

// TestLargest checks the comparison of bits, with NaN of either sign.
func TestLargest(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	minus := math.Float32frombits(math.Float32bits(nan) | 1<<31)
	logits := [][]float32{{-1, 2, 0, 1e-40, nan, minus, -inf, inf, 3}, {-2, 1, float32(math.Copysign(0, -1)), -1, 1, 1, -1, 1, 3.5}}
	want := []float32{0, 2, 0, 1e-40, nan, nan, 0, inf, 3.5}
	for _, order := range [][]int{{0, 1}, {1, 0}} {
		into := make([]int32, len(want))
		for _, k := range order {
			largest(into, logits[k])
		}
		for i, b := range into {
			if got := math.Float32frombits(uint32(b)); got != want[i] && (got == got || want[i] == want[i]) {
				t.Errorf("order %v, value %d: %v, want %v", order, i, got, want[i])
			}
		}
	}
}
