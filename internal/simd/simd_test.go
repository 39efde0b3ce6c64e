package simd

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
)

// testLevels runs a test once for each level. A level that is not here is
// skipped visibly, or fails if GOROBERTA_REQUIRE_SIMD names it.
func testLevels(t *testing.T, f func(t *testing.T)) {
	for l := range levelNames {
		t.Run(Level(l).String(), func(t *testing.T) {
			restore, err := Use(Level(l))
			if err != nil {
				if os.Getenv("GOROBERTA_REQUIRE_SIMD") == levelNames[l] {
					t.Fatal(err)
				}
				t.Skip(err)
			}
			defer restore()
			f(t)
		})
	}
}

// guard is the word around buffers; a NaN that nothing computes.
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

// sameFloats compares bits; any NaN equals any other.
func sameFloats(a, b []float32) bool { return slices.EqualFunc(a, b, same) }

func same(x, y float32) bool {
	return math.Float32bits(x) == math.Float32bits(y) || x != x && y != y
}

// fill sets x to random values: mostly like activations, and of each special kind some.
func fill(rng *rand.Rand, x []float32, special bool) {
	specials := []float32{0, float32(math.Copysign(0, -1)), 1e-40, -1e-44, 0x1p-126, float32(math.Inf(1)), float32(math.Inf(-1)), float32(math.NaN()),
		math.MaxFloat32, -math.MaxFloat32, 88, -88, -87.33, 9.5, 0.625, 100, -1e4, 1e30}
	for i := range x {
		switch {
		case special && rng.IntN(4) == 0:
			x[i] = specials[rng.IntN(len(specials))]
		default:
			x[i] = float32(rng.NormFloat64() * math.Exp(rng.NormFloat64()))
		}
	}
}

// TestRowFunctions holds each level to the portable one, bit for bit, on every
// length around the registers' widths and on the models' own.
func TestRowFunctions(t *testing.T) {
	lengths := []int{64, 100, 127, 128, 129, 768, 1024, 4096}
	for n := range 67 {
		lengths = append(lengths, n)
	}
	generic := func(f func(x, y []float32)) func(x, y []float32) {
		return func(x, y []float32) {
			restore, err := Use(Generic)
			if err != nil {
				t.Fatal(err)
			}
			defer restore()
			f(x, y)
		}
	}
	for name, f := range map[string]func(x, y []float32){
		"GELU":         func(x, _ []float32) { GELU(x) },
		"GELUTanh":     func(x, _ []float32) { GELUTanh(x) },
		"Tanh":         func(x, _ []float32) { Tanh(x) },
		"ReLU":         func(x, _ []float32) { ReLU(x) },
		"ReLUSquared":  func(x, _ []float32) { ReLUSquared(x) },
		"Scale":        func(x, _ []float32) { Scale(x, 0.3) },
		"Add":          func(x, y []float32) { Add(x, y) },
		"Softmax":      func(x, _ []float32) { Softmax(x) },
		"LogSoftmax":   func(x, _ []float32) { LogSoftmax(x, x) },
		"LayerNorm":    func(x, y []float32) { LayerNorm(x, x, y, y, 1e-5) },
		"AddLayerNorm": func(x, y []float32) { AddLayerNorm(x, x, y, y, y, 1e-5) },
	} {
		t.Run(name, func(t *testing.T) {
			testLevels(t, func(t *testing.T) {
				rng := rand.New(rand.NewPCG(1, uint64(len(name))))
				for _, n := range lengths {
					for _, special := range []bool{false, true} {
						x, check := guarded(t, n)
						y, checkY := guarded(t, n)
						fill(rng, x, special)
						fill(rng, y, false)
						was := slices.Clone(x)
						want := slices.Clone(x)
						generic(f)(want, y)
						f(x, y)
						for i := range x {
							if !same(x[i], want[i]) {
								t.Errorf("n=%d: element %d, of %v: %v (%#08x), portable %v (%#08x)", n, i, was[i], x[i], math.Float32bits(x[i]), want[i], math.Float32bits(want[i]))
								break
							}
						}
						check()
						checkY()
					}
				}
			})
		})
	}
}

// TestNaN: what comes out of a NaN is NaN, at every level, and so seen.
func TestNaN(t *testing.T) {
	testLevels(t, func(t *testing.T) {
		for _, n := range []int{1, 16, 37} {
			for at := range n {
				for name, f := range map[string]func([]float32){"GELU": GELU, "GELUTanh": GELUTanh, "Tanh": Tanh, "ReLU": ReLU, "ReLUSquared": ReLUSquared, "Softmax": Softmax} {
					x := make([]float32, n)
					x[at] = float32(math.NaN())
					f(x)
					if x[at] == x[at] {
						t.Errorf("%s of NaN at %d of %d is %v", name, at, n, x[at])
					}
				}
			}
		}
	})
}

func TestHasNaN(t *testing.T) {
	x := make([]float32, 20)
	x[3] = float32(math.Inf(1))
	if HasNaN(x) || HasNaN(nil) {
		t.Error("HasNaN finds one in numbers")
	}
	x[19] = float32(math.NaN())
	if !HasNaN(x) {
		t.Error("HasNaN misses one")
	}
}

// ulps is the distance of got from want in units of want's last place.
func ulps(got float32, want float64) float64 {
	w := float32(want)
	ulp := float64(math.Nextafter32(float32(math.Abs(float64(w))), math.MaxFloat32)) - math.Abs(float64(w))
	return math.Abs(float64(got)-want) / ulp
}

// TestAccuracy sweeps the elementary functions and holds them to the bounds
// that their comments state.
func TestAccuracy(t *testing.T) {
	worst := map[string]float64{}
	note := func(name string, v float64) { worst[name] = max(worst[name], v) }
	for i := range 400001 {
		x := float32(-87.3 + 87.3*float64(i)/400000)
		note("exp, ulp", ulps(exp32(x), math.Exp(float64(x))))
		x = float32(-10 + 20*float64(i)/400000)
		note("tanh, ulp", ulps(tanh32(x), math.Tanh(float64(x))))
		v := []float32{float32(-6 + 12*float64(i)/400000)}
		w := 0.5 * float64(v[0]) * math.Erfc(-float64(v[0])/math.Sqrt2)
		geluGeneric(v)
		note("gelu, absolute", math.Abs(float64(v[0])-w))
		l := math.Exp(-5 + 30*float64(i)/400000)
		note("log, relative", math.Abs(log64(l)-math.Log(l))/max(1, math.Abs(math.Log(l))))
	}
	for name, bound := range map[string]float64{"exp, ulp": 1, "tanh, ulp": 2, "gelu, absolute": 4e-7, "log, relative": 3e-16} {
		t.Logf("%s: %.3g", name, worst[name])
		if worst[name] > bound {
			t.Errorf("%s: %.3g, stated bound %g", name, worst[name], bound)
		}
	}
}

func TestSoftmaxValues(t *testing.T) {
	testLevels(t, func(t *testing.T) {
		x := []float32{1, 2, 3, 1000}
		Softmax(x)
		if x[3] != 1 || x[0] != 0 {
			t.Errorf("Softmax(1 2 3 1000) = %v", x)
		}
		x = []float32{0, 0, 0, 0}
		LogSoftmax(x, x)
		if want := float32(-math.Log(4)); x[0] != want {
			t.Errorf("LogSoftmax of equal values = %v, want %v", x, want)
		}
		Softmax(nil)
		LogSoftmax(nil, nil)
	})
}

// wantBits is the checksum of TestBits, from the portable level on amd64.
const wantBits = 0xff3dd7730111aa29

// TestBits compares results with those that every platform must give.
func TestBits(t *testing.T) {
	testLevels(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(3, 4))
		x := make([]float32, 1000)
		g := make([]float32, len(x))
		fill(rng, x, false)
		fill(rng, g, false)
		sum := uint64(14695981039346656037)
		add := func(v []float32) {
			for _, f := range v {
				sum = (sum ^ uint64(math.Float32bits(f))) * 1099511628211
			}
		}
		for _, f := range []func([]float32){GELU, GELUTanh, Tanh, ReLU, Softmax, func(x []float32) { LogSoftmax(x, x) }, func(x []float32) { LayerNorm(x, x, g, g, 1e-5) }} {
			v := slices.Clone(x)
			f(v)
			add(v)
		}
		w := Matrix{N: 40, K: 700, F32: make([]float32, PackedLen(40, 700))}
		fill(rng, w.F32, false)
		dst := make([]float32, 48)
		Product(dst, 48, x, 0, 1, &w, 0, 3, nil, 0, make([]float32, ProductScratch))
		add(dst)
		if sum != wantBits {
			t.Errorf("bits %#x, want %#x as on every platform", sum, uint64(wantBits))
		}
	})
}

func TestLowered(t *testing.T) {
	levels := []Level{Generic, AVX2}
	for word, want := range map[string]Level{"generic": Generic, "avx2": AVX2} {
		if got, err := lowered(word, levels); err != nil || got != want {
			t.Errorf("%s=%s: %v, %v", EnvLevel, word, got, err)
		}
	}
	for _, word := range []string{"nonsense", "avx512", "AVX2", "neon"} {
		got, err := lowered(word, levels)
		if err == nil || got != AVX2 {
			t.Errorf("%s=%s: %v, %v, want an error", EnvLevel, word, got, err)
			continue
		}
		if want := fmt.Sprintf("%q", word); !strings.Contains(err.Error(), want) {
			t.Errorf("error %q does not name %s", err, want)
		}
	}
}
