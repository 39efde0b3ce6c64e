package main

import (
	"math"
	"testing"
)

// TestFit: the fits are as good as the errors that package simd states.
func TestFit(t *testing.T) {
	for _, target := range targets {
		bound := map[string]float64{"expPoly": 4e-9, "gaussPoly": 2.6e-8, "tanhPoly": 9e-9}[target.name]
		if worst := target.worst(fit(target)); worst > bound {
			t.Errorf("%s: error %.3g, want %.3g", target.name, worst, bound)
		}
	}
}

func TestLeastSquares(t *testing.T) {
	var a [][]float64
	var b []float64
	for i := range 9 {
		x := float64(i) / 4
		a, b = append(a, []float64{1, x, x * x}), append(b, 3-2*x+0.5*x*x)
	}
	c := leastSquares(a, b)
	for i, want := range []float64{3, -2, 0.5} {
		if math.Abs(c[i]-want) > 1e-12 {
			t.Errorf("coefficient %d is %v, want %v", i, c[i], want)
		}
	}
}
