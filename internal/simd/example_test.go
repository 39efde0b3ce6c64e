package simd_test

import (
	"fmt"

	"github.com/goroberta/goroberta/internal/simd"
)

// A linear layer of 3 input and 2 output features, applied to two rows.
func Example() {
	weights := []float32{
		1, 2, 3, // of output feature 0
		0, -1, 4,
	}
	w := simd.Matrix{N: 2, K: 3, F32: make([]float32, simd.PackedLen(2, 3))}
	simd.Pack(w.F32, weights, 3, w.N, w.K)

	// Rows of output have room for whole panels, and so has the bias.
	const stride = simd.PanelWidth
	bias := make([]float32, stride)
	bias[0], bias[1] = 0.5, -0.5
	x := []float32{
		1, 1, 1,
		2, 0, -1,
	}
	y := make([]float32, 2*stride)
	job := simd.Job{Dst: y, DstStride: stride, X: x, XStride: 3, Rows: 2, W: &w, Panels: w.All(), Base: bias}
	simd.Multiply(&job, new(simd.Scratch))

	for r := range 2 {
		row := y[r*stride:][:w.N]
		fmt.Print(row)
		simd.ReLU(row)
		fmt.Println(" →", row)
	}
	// Output:
	// [6.5 2.5] → [6.5 2.5]
	// [-0.5 -4.5] → [0 0]
}

func ExampleSoftmax() {
	x := []float32{1, 1, 1, 1}
	simd.Softmax(x)
	fmt.Println(x)
	// Output: [0.25 0.25 0.25 0.25]
}

// Weights that are all float16 values are kept as float16, in half the memory.
func ExampleToF16Exact() {
	h := make([]uint16, 2)
	fmt.Println(simd.ToF16Exact(h, []float32{0.5, -3}))
	fmt.Println(simd.ToF16Exact(h, []float32{0.5, 0.1}))
	// Output:
	// true
	// false
}
