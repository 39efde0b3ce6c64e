package simd

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// wantBits are checksums of results, the same on every platform and level. A
// change here is a change of the numbers that a model gives.
var wantBits = map[string]checksum{
	"Add":                 0xa834ad3958b8f163,
	"AddLayerNorm":        0xee566cd14a9eadf,
	"GELU":                0x1b9066313cbce4cc,
	"GELUTanh":            0xc16219c41a3a8d8a,
	"Larger":              0x9a370fe252f23697,
	"LayerNorm":           0x4edbdcae3813a723,
	"LogSigmoid":          0xe987d47dc297042f,
	"LogSoftmax":          0x4217b60807b52bf,
	"Product":             0xec6568ddbe14cea7,
	"Product in BFloat16": 0xbb8456e8cbd15956,
	"ReLU":                0x660212089694ae6a,
	"ReLUSquared":         0x11b59b2c26b6183f,
	"Scale":               0xd32b2c631691ec8d,
	"Softmax":             0x37f73a1be9863117,
	"Tanh":                0x19d7aa65956f8b3b,
	"mul":                 0xf3373b02cb678531,
}

// TestLevelsBits compares results with those that every platform must give. So levels
// are compared also with those that this machine does not have.
func TestLevelsBits(t *testing.T) {
	testLevels(t, func(t *testing.T) {
		check := func(name string, x ...float32) {
			t.Helper()
			var sum checksum
			sum.add(x...)
			if sum != wantBits[name] {
				t.Errorf("%q: %#x, want %#x", name, sum, wantBits[name])
			}
		}
		rng := rand.New(rand.NewPCG(3, 4))
		x, y := make([]float32, 1003), make([]float32, 1003)
		fill(rng, x, false)
		fill(rng, y, false)
		for i, v := range []float32{0, 1e-40, -1e-44, 88, -88, 1e30, -1e4, 0x1p-126} {
			x[100*i] = v
		}
		for _, o := range rowFunctions {
			v := slices.Clone(x)
			if o.name == "LayerNorm" || o.name == "AddLayerNorm" {
				v[500] = 3 // the square of 1e30 is no number to compare
			}
			o.f(v, y)
			check(o.name, v...)
		}
		for _, format := range formats {
			const m, n, k = 29, 50, 1500
			w, rows := testMatrix(n, k, 5, format), testFloats(m*k, 6)
			dst := make([]float32, m*Panels(n)*PanelWidth)
			Multiply(testJob(dst, Panels(n)*PanelWidth, rows, k, m, &w, y), new(Scratch))
			check(map[bool]string{false: "Product", true: "Product in BFloat16"}[format == BFloat16], dst...)
		}
	})
}
