package simd

import (
	"math"
	"math/rand/v2"
)

// testFloats are n normally distributed numbers.
func testFloats(n int, seed uint64) []float32 {
	rng := rand.New(rand.NewPCG(seed, 1))
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(rng.NormFloat64())
	}
	return x
}

// formats are those that a test goes through, formatNames their names in benchmarks.
var (
	formats     = []Format{Float32, Float16, BFloat16}
	formatNames = []string{Float32: "f32", Float16: "f16", BFloat16: "bf16"}
)

// testJob is the product of m rows with all of w, plus a bias.
func testJob(dst []float32, dstStride int, x []float32, xStride, m int, w *Matrix, bias []float32) *Job {
	j := &Job{Dst: dst, DstStride: dstStride, X: x, XStride: xStride, Rows: m, W: w, Panels: w.All(), Base: bias}
	if w.Format == BFloat16 {
		j.X, j.BF16 = nil, new(BF16Rows)
		j.BF16.resetAs(BF16Dots() && BF16Exact(), m, w.K)
		j.BF16.Set(x, xStride, 0, m)
	}
	return j
}

// testBF16 is w, n rows of k weights with stride ldw, as a Matrix in BFloat16.
func testBF16(w []float32, ldw, n, k int) Matrix {
	bits := make([]uint16, len(w))
	ToBF16(bits, w)
	m := Matrix{Format: BFloat16, N: n, K: k, BF16: make([]uint16, PairedLen(n, k))}
	PackBF16(m.BF16, bits, ldw, n, k)
	return m
}

// testMatrix is a matrix of n × k weights that have the same values in each format,
// rounded for BFloat16.
func testMatrix(n, k int, seed uint64, f Format) Matrix {
	rng := rand.New(rand.NewPCG(seed, 2))
	w := make([]uint16, n*k)
	for i := range w {
		w[i] = uint16(rng.Uint32())&0x8fff | 0x2000 // ±2⁻⁷ … 2⁻³
	}
	if f == BFloat16 {
		values := make([]float32, len(w))
		fromF16Generic(values, w)
		return testBF16(values, k, n, k)
	}
	packed := make([]uint16, PackedLen(n, k))
	PackF16(packed, w, k, n, k)
	if f == Float16 {
		return Matrix{Format: f, N: n, K: k, F16: packed}
	}
	wide := make([]float32, len(packed))
	fromF16Generic(wide, packed)
	return Matrix{N: n, K: k, F32: wide}
}

// hardFloats are values that are often computed wrongly: zeros, subnormals, values
// that overflow in a sum or product, infinities, NaN, and the limits of exp and tanh.
var hardFloats = []float32{
	0, float32(math.Copysign(0, -1)), 1, -1, 0.5, -0.5, 1 + 0x1p-23, 1 - 0x1p-24,
	math.SmallestNonzeroFloat32, -math.SmallestNonzeroFloat32, 0x1p-126, -0x1p-126, 0x1.fffffcp-127, 0x1p-149 * 12345,
	math.MaxFloat32, -math.MaxFloat32, 0x1p127, -0x1p127, 0x1p64, -0x1p64, 0x1p-64,
	float32(math.Inf(1)), float32(math.Inf(-1)), float32(math.NaN()),
	-87.33, -87.34, -87.32, -103.97, -104, 88, 9.5, -9.5, 9.4999, 0.625, -0.625, 0.62499997, 13.2, -13.2, -13.3, 5.5, -5.5,
	65504, 65520, 0x1p-14, 0x1p-24, 0x1p-25, 1 + 0x1p-10, 1 + 0x1p-11, 0x1p24, 0x1p24 + 2,
}

// fill sets x to numbers like activations, and if hard every fourth to one of
// hardFloats or to any float32 there is.
func fill(rng *rand.Rand, x []float32, hard bool) {
	for i := range x {
		switch n := rng.IntN(8); {
		case hard && n == 0:
			x[i] = hardFloats[rng.IntN(len(hardFloats))]
		case hard && n == 1:
			x[i] = math.Float32frombits(rng.Uint32())
		default:
			x[i] = float32(rng.NormFloat64() * math.Exp(rng.NormFloat64()))
		}
	}
}

// same says whether x and y have the same bits or are both NaN.
func same(x, y float32) bool {
	return math.Float32bits(x) == math.Float32bits(y) || x != x && y != y
}

// checksum is FNV-1a of the bits of floats.
type checksum uint64

func (c *checksum) add(x ...float32) {
	if *c == 0 {
		*c = 14695981039346656037
	}
	for _, v := range x {
		*c = (*c ^ checksum(math.Float32bits(v))) * 1099511628211
	}
}
