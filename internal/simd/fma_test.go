package simd

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

// exactFMA is a·b + c by arithmetic without rounding, rounded once.
func exactFMA(a, b, c float32) float32 {
	p := float64(a) * float64(b) // exact
	if d := p + float64(c); d == 0 || math.IsInf(d, 0) || d != d {
		return float32(d) // zeros with the right sign; infinities and NaN
	}
	x := new(big.Float).SetPrec(1000).SetFloat64(p)
	x.Add(x, new(big.Float).SetFloat64(float64(c)))
	y, _ := x.Float32()
	return y
}

func checkFMA(t *testing.T, a, b, c float32) {
	t.Helper()
	if got, want := fma32(a, b, c), exactFMA(a, b, c); !same(got, want) {
		t.Errorf("fma32(%x, %x, %x) = %x, want %x", a, b, c, got, want)
	}
}

func TestLevelsFMA(t *testing.T) {
	for _, a := range hardFloats {
		for _, b := range hardFloats {
			for _, c := range hardFloats {
				checkFMA(t, a, b, c)
			}
		}
	}
	rng := rand.New(rand.NewPCG(1, 1))
	for range 300_000 {
		a, b := math.Float32frombits(rng.Uint32()), math.Float32frombits(rng.Uint32())
		// c of any size, or half a unit of the product away, or near its opposite.
		c := math.Float32frombits(rng.Uint32())
		switch p := float64(a) * float64(b); rng.IntN(4) {
		case 0:
			c = float32(math.Ldexp(p, 24+rng.IntN(60)-30))
		case 1:
			c = math.Float32frombits(math.Float32bits(float32(-p)) + uint32(rng.IntN(5)-2))
		}
		checkFMA(t, a, b, c)
	}
}

// TestLevelsFMATies tries sums that are almost midway between two float32, and whose
// sum in float64 is exactly midway.
func TestLevelsFMATies(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 1))
	for range 200_000 {
		// (2^24 + 2i + 1)·2^j is a middle, and c is less than a unit in the 53rd place.
		b := float32(rng.Uint32N(1<<12)|1<<12) + 0.5
		a := float32(rng.Uint32N(1 << 13))
		c := float32(math.Ldexp(float64(int(rng.Uint32N(3))-1), -30-rng.IntN(80)))
		e := rng.IntN(240) - 130
		checkFMA(t, float32(math.Ldexp(float64(a), e/2)), float32(math.Ldexp(float64(b), e-e/2)), float32(math.Ldexp(float64(c), e)))
	}
}

// TestLevelsFMASubnormal tries results around and below the smallest normal float32.
func TestLevelsFMASubnormal(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 1))
	for range 200_000 {
		a := math.Ldexp(float64(rng.Uint32N(1<<24)), -24)
		b := math.Ldexp(float64(rng.Uint32N(1<<24)), -24-110-rng.IntN(20))
		c := math.Float32frombits(rng.Uint32N(1<<24) | rng.Uint32()&(1<<31))
		checkFMA(t, float32(a), float32(b)*0x1p-10, c)
		checkFMA(t, float32(a)*0x1p-12, float32(b), 0)
	}
}

func FuzzFMA(f *testing.F) {
	f.Add(uint32(0x3f800001), uint32(0x3f800001), uint32(0x33800000))
	f.Add(uint32(0x00000001), uint32(0x3f000000), uint32(0))
	f.Add(uint32(0x7f7fffff), uint32(0x40000000), uint32(0xff7fffff))
	f.Add(uint32(0x3f800000), uint32(0x4b800001), uint32(0x1e000000))
	f.Fuzz(func(t *testing.T, a, b, c uint32) {
		checkFMA(t, math.Float32frombits(a), math.Float32frombits(b), math.Float32frombits(c))
	})
}
