package simd

import (
	"math"
	"math/big"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
)

// bf16Definition rounds v as bf16.go says, by arithmetic on whole numbers.
func bf16Definition(v float32) float64 {
	x := float64(v)
	if x != x || math.Abs(x) >= 0x1p63 {
		return math.NaN()
	}
	_, e := math.Frexp(x)     // x = f·2ᵉ, ½ ≤ f < 1
	unit := max(e-8, -63)     // of 8 bits, or the least
	n := math.Ldexp(x, -unit) // exact
	return math.Ldexp(math.RoundToEven(n), unit)
}

// TestLevelsRoundBF16 rounds numbers of every exponent, halfway ones, and their
// neighbours.
func TestLevelsRoundBF16(t *testing.T) {
	testLevels(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(21, 22))
		x := slices.Clone(hardFloats)
		for e := range uint32(256) {
			for range 6 {
				b := e<<23 | rng.Uint32()&0x807f0000
				for _, tail := range []uint32{0, 1, 0x7fff, 0x8000, 0x8001, 0xffff, rng.Uint32() & 0xffff} {
					x = append(x, math.Float32frombits(b|tail))
				}
			}
		}
		for _, v := range []float32{0x1p63, 0x1.fffffep62, 0x1.fep62, 0x1.ffp62, 0x1p-63, 0x1p-64, 0x1.8p-63, 0x1.8p-64, 0x1.000002p-64} {
			x = append(x, v, -v)
		}
		rounded, pairs, bits := make([]float32, len(x)), make([]uint16, len(x)), make([]uint16, len(x))
		roundBF16(rounded, x)
		pairBF16(pairs[:len(x)&^1], x[:len(x)&^1])
		ToBF16(bits, x)
		wide := make([]float32, len(x))
		FromBF16(wide, bits)
		for i, v := range x {
			want := float32(bf16Definition(v))
			if !same(rounded[i], want) && !(rounded[i] == 0 && want == 0) {
				t.Fatalf("%v (%#x) becomes %v, want %v", v, math.Float32bits(v), rounded[i], want)
			}
			if !same(wide[i], rounded[i]) {
				t.Fatalf("%v in 16 bits is %v, want %v", v, wide[i], rounded[i])
			}
			if i < len(x)&^1 && want == want && x[i^1] == x[i^1] && math.Abs(float64(x[i^1])) < 0x1p63 && pairs[i^1] != bits[i] {
				t.Fatalf("%v in a pair is %#x, want %#x", v, pairs[i^1], bits[i])
			}
			if want != want && widenBF16(pairs[min(i^1, len(pairs)-1)]) == widenBF16(pairs[min(i^1, len(pairs)-1)]) && i < len(x)&^1 {
				t.Fatalf("%v in a pair is no NaN", v)
			}
			if raw := uint16(math.Float32bits(v) >> 16); IsBF16([]uint16{raw}) != (raw<<1 == 190<<8 || widenBF16(raw) != widenBF16(raw) || bf16Definition(widenBF16(raw)) == float64(widenBF16(raw))) {
				t.Fatalf("IsBF16(%#x) is %v", raw, !IsBF16([]uint16{raw}))
			}
		}
		if !IsBF16(bits) {
			t.Error("ToBF16 gives what IsBF16 refuses")
		}
	})
}

// TestLevelsBF16IsFloat32 compares a product in BFloat16 with one in float32 of values that
// were rounded before.
func TestLevelsBF16IsFloat32(t *testing.T) {
	testLevels(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(23, 24))
		for _, k := range []int{1, 2, 7, 256, 300, 513} {
			for _, m := range []int{1, 4, 9, 29} {
				const n = 40
				x, w, bias := make([]float32, m*k), make([]float32, n*k), make([]float32, 48)
				for _, s := range [][]float32{x, w, bias} {
					fill(rng, s, false)
				}
				for i := range x { // products and sums that would be subnormal
					if rng.IntN(4) == 0 {
						x[i] *= 0x1p-70
					}
					if rng.IntN(40) == 0 {
						w[i%len(w)] *= 0x1p-60
					}
				}
				bf16 := testBF16(w, k, n, k)
				got, want := make([]float32, m*48), make([]float32, m*48)
				Multiply(testJob(got, 48, x, k, m, &bf16, bias), new(Scratch))
				roundBF16(x, x)
				roundBF16(w, w)
				full := Matrix{N: n, K: k, F32: make([]float32, PackedLen(n, k))}
				Pack(full.F32, w, k, n, k)
				Multiply(testJob(want, 48, x, k, m, &full, bias), new(Scratch))
				if !slices.Equal(got, want) {
					t.Errorf("%d rows of %d terms differ from the product of rounded values in float32", m, k)
				}
				row := make([]float32, k)
				for i := range n {
					if WeightsBF16(row, &bf16, i); !slices.Equal(row, w[i*k:][:k]) {
						t.Fatalf("row %d of %d terms is not what was packed", i, k)
					}
				}
			}
		}
	})
}

// TestLevelsPackBF16: packing takes any stride and any number of rows, and writes
// nothing beyond the panels.
func TestLevelsPackBF16(t *testing.T) {
	testLevels(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(25, 26))
		for _, n := range []int{0, 1, 15, 16, 17, 40} {
			for _, k := range []int{0, 1, 2, 15, 16, 17, 31, 32, 33, 64} {
				for _, ld := range []int{k, k + 1, k + 2} {
					w := make([]uint16, max(0, (n-1)*ld+k))
					for i := range w {
						w[i] = uint16(rng.Uint32())
					}
					packed := make([]uint16, PairedLen(n, k)+1)
					packed[len(packed)-1] = 0x7bad
					PackBF16(packed, w, ld, n, k)
					if packed[len(packed)-1] != 0x7bad {
						t.Fatalf("n=%d k=%d: writes beyond its end", n, k)
					}
					for i := range Panels(n) * PanelWidth {
						for j := range wholePairs(k) {
							want := uint16(0)
							if i < n && j < k {
								want = w[i*ld+j]
							}
							if got := packed[PairAt(i, j, k)]; got != want {
								t.Fatalf("n=%d k=%d: element (%d, %d) is %#04x, want %#04x", n, k, i, j, got, want)
							}
						}
					}
				}
			}
		}
	})
}

// TestLevelsBF16Pairs: rows in pairs give the same product, on a processor that has no
// instruction for them too.
func TestLevelsBF16Pairs(t *testing.T) {
	testLevels(t, func(t *testing.T) {
		const m, n = 17, 48
		for _, k := range []int{1, 6, 257} {
			x, bias := testFloats(m*k, 2), testFloats(n, 3)
			w := testMatrix(n, k, 1, BFloat16)
			got, want := make([]float32, m*n), make([]float32, m*n)
			j := testJob(got, n, x, k, m, &w, bias)
			j.BF16.resetAs(true, m, k)
			j.BF16.Set(x, k, 0, m)
			Multiply(j, new(Scratch))
			j.Dst = want
			j.BF16.resetAs(false, m, k)
			j.BF16.Set(x, k, 0, m)
			Multiply(j, new(Scratch))
			for i := range got { // a processor's own arithmetic may round differently
				if got[i] != want[i] && (BF16Exact() || math.Abs(float64(got[i]-want[i])) > 1e-4) {
					t.Fatalf("%d terms: rows in pairs give %v, others %v", k, got[i], want[i])
				}
			}
		}
		if !BF16Exact() {
			t.Log("the instruction of this processor gives bits of its own")
		}
	})
}

// TestLevelsBF16Words compares products with rows in float32, of which levels with
// VDPBF16PS have tiles as well.
func TestLevelsBF16Words(t *testing.T) {
	defer UseDots(false)()
	testLevels(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(27, 28))
		for m := range 32 {
			productCase{m: m, n: 80, k: 300 + m, p1: 5, format: BFloat16, base: "row"}.run(t, rng)
			productCase{m: m, n: 33, k: 13, p0: 1, p1: 3, format: BFloat16, base: "dst", hard: true}.run(t, rng)
		}
	})
}

// bfdot is arm64's BFDOT for one element (Arm Architecture Reference Manual, BFDotAdd): the
// sum of two products is rounded to odd, and its sum with acc again. Of rounded values, the
// products are exact.
func bfdot(acc float32, x, w [2]float32) float32 {
	return addToOdd(acc, addToOdd(x[0]*w[0], x[1]*w[1]))
}

// addToOdd is a + b, cut to 24 bits, of which the last is set if any was cut off.
func addToOdd(a, b float32) float32 {
	var sum, exact big.Float
	exact.SetPrec(600).Add(big.NewFloat(float64(a)).SetPrec(600), big.NewFloat(float64(b)).SetPrec(600))
	sum.SetPrec(24).SetMode(big.ToZero).Set(&exact)
	v, _ := sum.Float32()
	if sum.Cmp(&exact) != 0 {
		v = math.Float32frombits(math.Float32bits(v) | 1)
	}
	return v
}

// TestLevelsBFDOT compares arm64's tiles of pairs with the instruction's definition.
func TestLevelsBFDOT(t *testing.T) {
	testLevels(t, func(t *testing.T) {
		if runtime.GOARCH != "arm64" || !BF16Dots() {
			t.Skip("no BFDOT")
		}
		for m := 1; m <= 14; m++ {
			for _, k := range []int{1, 2, 3, 8, 13, 300} {
				const n = 48
				x, bias := testFloats(m*k, 2), testFloats(n, 3)
				w := testMatrix(n, k, 1, BFloat16)
				got := make([]float32, m*n)
				j := testJob(got, n, x, k, m, &w, bias)
				j.BF16.resetAs(true, m, k)
				j.BF16.Set(x, k, 0, m)
				Multiply(j, new(Scratch))
				row := make([]float32, k+1)
				for c := range n {
					WeightsBF16(row, &w, c)
					for r := range m {
						want, sum := bias[c], float32(0)
						for i := 0; i < k; i += 2 {
							second := float32(0)
							if i+1 < k {
								second = j.BF16.value(r, i+1)
							}
							sum = bfdot(sum, [2]float32{j.BF16.value(r, i), second}, [2]float32{row[i], row[i+1]})
							if i+2 == kBlock {
								want, sum = want+sum, 0
							}
						}
						if want += sum; got[r*n+c] != want {
							t.Fatalf("%d rows of %d terms: element (%d, %d) is %v, want %v", m, k, r, c, got[r*n+c], want)
						}
					}
				}
			}
		}
	})
}

// vdpbf16ps is the instruction for one element, as Intel documents it (Architecture
// Instruction Set Extensions Programming Reference): acc += x·w of the upper halves, then of
// the lower ones, each a fused multiply-add; subnormal numbers are zeros.
func vdpbf16ps(acc float32, x, w [2]float32) float32 {
	flush := func(v float32) float32 {
		if v > -0x1p-126 && v < 0x1p-126 {
			return float32(math.Copysign(0, float64(v)))
		}
		return v
	}
	for _, i := range []int{1, 0} {
		acc = flush(fma32(flush(x[i]), flush(w[i]), flush(acc)))
	}
	return acc
}

// TestBF16Subnormal: sums of products of rounded values are the same with instructions that
// take subnormal numbers for zeros, however small the values are.
func TestBF16Subnormal(t *testing.T) {
	rng := rand.New(rand.NewPCG(29, 30))
	flushed := 0
	for range 20000 {
		var x, w [8]float32
		for i := range x {
			x[i] = float32(math.Ldexp(rng.NormFloat64(), -50-rng.IntN(20)))
			w[i] = float32(math.Ldexp(rng.NormFloat64(), -50-rng.IntN(20)))
		}
		raw := [2][8]float32{x, w}
		roundBF16Generic(x[:], x[:])
		roundBF16Generic(w[:], w[:])
		var fused, paired, unrounded, unroundedPaired float32
		for i := 0; i < len(x); i += 2 { // in memory, the second of a pair comes first
			fused = fma32(x[i+1], w[i+1], fma32(x[i], w[i], fused))
			paired = vdpbf16ps(paired, [2]float32{x[i+1], x[i]}, [2]float32{w[i+1], w[i]})
			a, b := raw[0][i:], raw[1][i:]
			unrounded = fma32(a[1], b[1], fma32(a[0], b[0], unrounded))
			unroundedPaired = vdpbf16ps(unroundedPaired, [2]float32{a[1], a[0]}, [2]float32{b[1], b[0]})
		}
		if fused != paired {
			t.Fatalf("x %v, w %v: %v by fused multiply-adds, %v by VDPBF16PS", x, w, fused, paired)
		}
		if unrounded != unroundedPaired {
			flushed++
		}
	}
	if flushed == 0 {
		t.Error("no sum was small enough for this test to mean anything")
	}
}
