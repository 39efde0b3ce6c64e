package pipeline

import (
	"math"
	"slices"
	"testing"
)

// TestLogSum compares sums of logarithms with those of each number's.
func TestLogSum(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	var s logSum
	for _, zs := range [][]float64{
		nil, {0, 0}, {3}, {1e-30, 2e-30, 0, 1e-38}, slices.Repeat([]float64{1e-9}, 512), {1e-12, 5},
		slices.Repeat([]float64{2.5}, 4000), slices.Repeat([]float64{math.MaxFloat32}, 100), {1, inf, 2}, {inf, inf}, {1, nan, 2}, {nan, inf},
	} {
		want := 0.0
		for _, z := range zs {
			s.addLog1p(z)
			want += math.Log1p(z)
		}
		got := s.take()
		if w := float32(want); got != w && !(math.Abs(float64(got)-want) <= 1e-7*want) && (got == got || w == w) {
			t.Errorf("of %d numbers, first %.3v: %v, want %v", len(zs), zs[:min(3, len(zs))], got, w)
		}
		if s != (logSum{}) {
			t.Errorf("after take: %v, want the sum of nothing", s)
		}
	}
}
