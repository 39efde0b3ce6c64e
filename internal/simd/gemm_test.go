package simd

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// A productCase is one Job, whose strides are larger than they need be.
type productCase struct {
	m, n, k, p0, p1 int
	format          Format
	base            string // "", "row", "matrix" or "dst"
	hard            bool   // with values of hardFloats
	byTerms         bool
}

func (c productCase) String() string {
	return fmt.Sprintf("m=%d/n=%d/k=%d/panels=%d-%d/%s/base=%s", c.m, c.n, c.k, c.p0, c.p1, formatNames[c.format], c.base)
}

func (c productCase) run(t *testing.T, rng *rand.Rand) {
	t.Helper()
	w := Matrix{Format: c.format, N: c.n, K: c.k}
	weights := make([]float32, c.n*c.k)
	fill(rng, weights, c.hard)
	switch c.format {
	case BFloat16:
		w = testBF16(weights, c.k, c.n, c.k)
	case Float16:
		h := make([]uint16, len(weights))
		for i := range h {
			h[i] = uint16(rng.Uint32())
			if !c.hard {
				h[i] &^= 0x4000 // finite and below 2
			}
		}
		w.F16 = make([]uint16, PackedLen(c.n, c.k))
		PackF16(w.F16, h, c.k, c.n, c.k)
	default:
		w.F32 = make([]float32, PackedLen(c.n, c.k))
		Pack(w.F32, weights, c.k, c.n, c.k)
	}
	width := Panels(c.n) * PanelWidth
	ldx, ldd := c.k+3, width+5
	x, checkX := guarded(t, max(0, (c.m-1)*ldx+c.k))
	fill(rng, x, c.hard)
	size := max(0, (c.m-1)*ldd+width)
	dst, check := guarded(t, size)
	fill(rng, dst, false)
	var base []float32
	ldb := 0
	switch c.base {
	case "row":
		base = make([]float32, width)
		fill(rng, base, false)
	case "matrix":
		ldb = width + 1
		base = make([]float32, max(0, (c.m-1)*ldb+width))
		fill(rng, base, false)
	}
	if c.base == "dst" {
		base, ldb = dst, ldd
	}
	j := Job{Dst: dst, DstStride: ldd, X: x, XStride: ldx, Rows: c.m, W: &w, Panels: PanelRanges{c.p0, c.p1, 0, 1}, Base: base, BaseStride: ldb, ByTerms: c.byTerms}
	if c.format == BFloat16 {
		j.X, j.BF16, j.Row = nil, new(BF16Rows), 1
		j.BF16.resetAs(BF16Dots() && BF16Exact(), c.m+2, c.k)
		j.BF16.Set(append(make([]float32, ldx), x...), ldx, 1, c.m+1)
	}
	portable := j
	portable.Dst = slices.Clone(dst)
	if c.base == "dst" {
		portable.Base = portable.Dst
	}
	want := portable.Dst
	onGeneric(t, func() { Multiply(&portable, new(Scratch)) })
	Multiply(&j, new(Scratch))
	for i := range dst {
		if !same(dst[i], want[i]) {
			t.Errorf("%v: element %d of row %d is %v, portable %v", c, i%ldd, i/ldd, dst[i], want[i])
			break
		}
	}
	check()
	checkX()
}

func TestLevelsProduct(t *testing.T) {
	testLevels(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(7, 8))
		bases := []string{"", "row", "matrix", "dst"}
		// Every height of a tile and beyond, with whole and odd panels.
		for m := range 32 {
			for _, f := range formats {
				productCase{m, 48, 21, 0, 3, f, bases[m%4], false, false}.run(t, rng)
				productCase{m, 33, 6, 1, 3, f, bases[(m+1)%4], false, false}.run(t, rng)
			}
		}
		// Every remainder of terms, and blocks of terms.
		for _, k := range []int{0, 1, 2, 3, 4, 5, 7, 8, 9, 31, 255, 256, 257, 511, 512, 513, 1023, 1024, 1025} {
			for _, f := range formats {
				for _, m := range []int{1, 5, 17} {
					productCase{m, 20, k, 0, 2, f, bases[k%4], false, false}.run(t, rng)
				}
			}
		}
		for _, n := range []int{1, 15, 16, 17, 31, 32, 33, 47} {
			for p0 := range Panels(n) {
				for p1 := p0; p1 <= Panels(n); p1++ {
					productCase{3, n, 10, p0, p1, formats[n%3], "row", false, false}.run(t, rng)
				}
			}
		}
	})
}

// TestLevelsProductRanges compares one call for ranges of panels with a call for each.
func TestLevelsProductRanges(t *testing.T) {
	testLevels(t, func(t *testing.T) {
		for _, ps := range []PanelRanges{{0, 1, 0, 1}, {0, 4, 4, 3}, {1, 3, 4, 3}, {0, 3, 3, 4}, {2, 5, 7, 2}, {0, 1, 1, 12}, {3, 3, 4, 2}, {1, 2, 3, 0}} {
			for _, k := range []int{0, 5, 256, 600} {
				for _, f := range formats {
					const m, n, ldd = 17, 12 * PanelWidth, 12*PanelWidth + 7
					w, x, bias := testMatrix(n, k, 5, f), testFloats(m*k, 3), testFloats(n, 4)
					got, want := testFloats(m*ldd, 6), testFloats(m*ldd, 6)
					j, scratch := testJob(got, ldd, x, k, m, &w, bias), new(Scratch)
					j.Panels, j.Next = ps, Next{&w, 1}
					Multiply(j, scratch)
					j.Dst = want
					for i := range ps.Count {
						j.Panels = PanelRanges{ps.First + i*ps.Step, ps.End + i*ps.Step, 0, 1}
						Multiply(j, scratch)
					}
					if !slices.Equal(got, want) {
						t.Errorf("%+v of %d terms, %s: differs from a call for each range", ps, k, formatNames[f])
					}
				}
			}
		}
	})
}

// TestLevelsProductExact multiplies whole numbers, whose sums are exact, and compares
// with integer arithmetic.
func TestLevelsProductExact(t *testing.T) {
	testLevels(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(13, 14))
		const m, n, k = 17, 50, 1100
		x, w, bias := make([]float32, m*k), make([]float32, n*k), make([]float32, Panels(n)*PanelWidth)
		for _, s := range [][]float32{x, w, bias} {
			for i := range s {
				s[i] = float32(rng.IntN(33) - 16)
			}
		}
		h := make([]uint16, len(w))
		if !ToF16Exact(h, w) {
			t.Fatal("small whole numbers are not float16")
		}
		full := Matrix{N: n, K: k, F32: make([]float32, PackedLen(n, k))}
		Pack(full.F32, w, k, n, k)
		half := Matrix{Format: Float16, N: n, K: k, F16: make([]uint16, PackedLen(n, k))}
		PackF16(half.F16, h, k, n, k)
		bf16 := testBF16(w, k, n, k)
		ldd := Panels(n) * PanelWidth
		for name, matrix := range map[string]*Matrix{"float32": &full, "float16": &half, "bfloat16": &bf16} {
			dst := make([]float32, m*ldd)
			Multiply(testJob(dst, ldd, x, k, m, matrix, bias), new(Scratch))
			for r := range m {
				for c := range n {
					want := int(bias[c])
					for i := range k {
						want += int(x[r*k+i]) * int(w[c*k+i])
					}
					if got := dst[r*ldd+c]; got != float32(want) {
						t.Fatalf("%s: row %d, column %d is %v, want %d", name, r, c, got, want)
					}
				}
			}
		}
	})
}

// TestLevelsProductHard multiplies infinities, NaN, subnormals and numbers that
// overflow.
func TestLevelsProductHard(t *testing.T) {
	testLevels(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(15, 16))
		for k := 1; k < 12; k++ {
			for _, f := range formats {
				c := productCase{m: 9, n: 48, k: k, p1: 3, format: f, base: "row", hard: true}
				c.run(t, rng)
				c.m = 31
				c.run(t, rng)
			}
		}
	})
}

// TestLevelsProductSplits: the bits do not depend on how a product is cut into calls.
func TestLevelsProductSplits(t *testing.T) {
	testLevels(t, func(t *testing.T) {
		const m, n, k = 37, 80, 700
		for _, f := range formats {
			w, x, bias, scratch := testMatrix(n, k, 1, f), testFloats(m*k, 2), testFloats(n, 3), new(Scratch)
			whole, parts := make([]float32, m*n), make([]float32, m*n)
			Multiply(testJob(whole, n, x, k, m, &w, bias), scratch)
			rng := rand.New(rand.NewPCG(4, 5))
			for r := 0; r < m; {
				rows := min(1+rng.IntN(16), m-r)
				for p := 0; p < Panels(n); {
					panels := min(1+rng.IntN(3), Panels(n)-p)
					j := testJob(parts[r*n:], n, x[r*k:], k, rows, &w, bias)
					j.Panels.First, j.Panels.End = p, p+panels
					Multiply(j, scratch)
					p += panels
				}
				r += rows
			}
			if !slices.Equal(whole, parts) {
				t.Errorf("%s: parts differ from the whole", formatNames[f])
			}
		}
	})
}

// TestLevelsProductNext: what comes next, of any format and shape, changes no result.
func TestLevelsProductNext(t *testing.T) {
	testLevels(t, func(t *testing.T) {
		const m, n, k = 7, 40, 30
		x, dst, want := testFloats(m*k, 1), make([]float32, m*48), make([]float32, m*48)
		pack := func(n, k int) []Matrix {
			i := PackInt8(testFloats(n*k, 2), k, n, k, nil, nil)
			return []Matrix{testMatrix(n, k, 2, Float32), testMatrix(n, k, 2, Float16), testMatrix(n, k, 2, BFloat16), i}
		}
		nexts := slices.Concat(pack(n, k), pack(20, 700), pack(33, 1), pack(16, 0))
		for _, w := range pack(n, k) {
			j := testJob(want, 48, x, k, m, &w, nil)
			if w.Format == Int8 {
				j.Int8 = new(Int8Rows)
				j.Int8.Reset(m, k)
				j.Int8.Set(x, k, 0, m, nil)
			}
			Multiply(j, new(Scratch))
			j.Dst = dst
			for _, next := range nexts {
				for panel := range Panels(next.N) + 1 {
					clear(dst)
					j.Next = Next{&next, panel}
					Multiply(j, new(Scratch))
					if !slices.Equal(dst, want) {
						t.Errorf("format %d with a next of format %d, %d × %d, panel %d: other results", w.Format, next.Format, next.N, next.K, panel)
					}
				}
			}
		}
	})
}

// TestLevelsProductByTerms walks through x by blocks of terms.
func TestLevelsProductByTerms(t *testing.T) {
	const m, k = 300, 2*kBlock + 40
	testLevels(t, func(t *testing.T) {
		if Active() == Generic {
			t.Skip("compared with itself")
		}
		rng := rand.New(rand.NewPCG(17, 18))
		productCase{m: m, n: 48, k: k, p0: 1, p1: 3, base: "dst", byTerms: true}.run(t, rng)
		productCase{m: m, n: 33, k: k, p0: 0, p1: 3, format: Float16, base: "row", byTerms: true}.run(t, rng)
		productCase{m: m, n: 33, k: k - 1, p0: 0, p1: 3, format: BFloat16, base: "row", byTerms: true}.run(t, rng)
		for m := range 30 {
			productCase{m: m, n: 80, k: k, p0: 0, p1: 5, format: formats[m%3], byTerms: true}.run(t, rng)
		}
	})
}

// TestLevelsProductModelShapes takes a few sizes that models have. The portable level
// is too slow for more.
func TestLevelsProductModelShapes(t *testing.T) {
	testLevels(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(9, 10))
		productCase{m: 29, n: 64, k: 1024, p1: 4, base: "row"}.run(t, rng)
		productCase{m: 15, n: 64, k: 768, p1: 4, format: Float16, base: "row"}.run(t, rng)
		productCase{m: 15, n: 64, k: 768, p1: 4, format: BFloat16, base: "row"}.run(t, rng)
		productCase{m: 2, n: 32, k: 4096, p1: 2}.run(t, rng)
	})
}

func TestProductPanics(t *testing.T) {
	w := Matrix{N: 32, K: 4, F32: make([]float32, PackedLen(32, 4))}
	short := Matrix{N: 32, K: 4, F32: make([]float32, 10)}
	half := Matrix{Format: Float16, N: 32, K: 4, F16: make([]uint16, 10), F32: w.F32}
	for name, change := range map[string]func(*Job){
		"short dst":           func(j *Job) { j.Dst = j.Dst[:63] },
		"short x":             func(j *Job) { j.X = j.X[:7] },
		"short weights":       func(j *Job) { j.W = &short },
		"short base":          func(j *Job) { j.Base = j.Dst[:16] },
		"panels out of range": func(j *Job) { j.Panels.End = 3 },
		"short weights ":      func(j *Job) { j.W = &half },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if r := recover(); r != "simd: "+strings.TrimSpace(name) {
					t.Errorf("panic %v", r)
				}
			}()
			j := testJob(make([]float32, 64), 32, make([]float32, 8), 4, 2, &w, nil)
			change(j)
			Multiply(j, new(Scratch))
		})
	}
}

func TestLevelsPack(t *testing.T) {
	testLevels(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(11, 12))
		for _, n := range []int{0, 1, 7, 15, 16, 17, 31, 32, 40} {
			for _, k := range []int{0, 1, 7, 8, 9, 15, 16, 17, 24, 33, 64} {
				ld := k + 2
				w := make([]float32, max(0, (n-1)*ld+k))
				fill(rng, w, false)
				dst, check := guarded(t, PackedLen(n, k))
				Pack(dst, w, ld, n, k)
				check()
				ldv := n + 3
				v := make([]float32, max(0, (k-1)*ldv+n))
				fill(rng, v, false)
				h := make([]uint16, len(w))
				for i := range h {
					h[i] = uint16(rng.Uint32())
				}
				packed := make([]uint16, PackedLen(n, k)+1)
				packed[PackedLen(n, k)] = 0x7bad
				PackF16(packed, h, ld, n, k)
				if packed[PackedLen(n, k)] != 0x7bad {
					t.Fatalf("n=%d k=%d: PackF16 writes beyond its end", n, k)
				}
				cols, checkCols := guarded(t, PackedLen(n, k))
				PackColumns(cols, v, ldv, k, n)
				checkCols()
				for i := range Panels(n) * PanelWidth {
					for j := range k {
						at := (i/PanelWidth*k+j)*PanelWidth + i%PanelWidth
						wantW, wantV, wantH := float32(0), float32(0), uint16(0)
						if i < n {
							wantW, wantV, wantH = w[i*ld+j], v[j*ldv+i], h[i*ld+j]
						}
						if packed[at] != wantH {
							t.Fatalf("n=%d k=%d: element (%d, %d) of float16 is %#04x, want %#04x", n, k, i, j, packed[at], wantH)
						}
						if dst[at] != wantW || cols[at] != wantV {
							t.Fatalf("n=%d k=%d: element (%d, %d) is %v and %v, want %v and %v", n, k, i, j, dst[at], cols[at], wantW, wantV)
						}
					}
				}
			}
		}
	})
}

// TestLevelsFloat16 converts all float16 values to float32 and back.
func TestLevelsFloat16(t *testing.T) {
	testLevels(t, func(t *testing.T) {
		src := make([]uint16, 1<<16)
		for i := range src {
			src[i] = uint16(i)
		}
		dst := make([]float32, len(src))
		FromF16(dst, src)
		for i, v := range dst {
			sign := 1.0
			if i&0x8000 != 0 {
				sign = -1
			}
			exp, frac := i>>10&31, float64(i&0x3ff)
			want := sign * math.Ldexp(frac, -24)
			switch {
			case exp == 31 && frac == 0:
				want = math.Inf(int(sign))
			case exp == 31:
				want = math.NaN()
			case exp > 0:
				want = sign * math.Ldexp(1024+frac, exp-25)
			}
			if !same(v, float32(want)) || want == 0 && math.Signbit(float64(v)) != (sign < 0) {
				t.Fatalf("float16 %#04x is %v, want %v", i, v, want)
			}
			back := []uint16{0xabcd}
			if ok := ToF16Exact(back, []float32{v}); ok == (v != v) || ok && back[0] != src[i] {
				t.Fatalf("back from %v: %v, %#04x, want %#04x", v, ok, back[0], i)
			}
		}
	})
	for _, v := range []float32{1 + 0x1p-11, 65520, 1e9, 0x1p-25, 0x1.8p-24, 1e-40, -0x1.002p-14} {
		if ToF16Exact(make([]uint16, 1), []float32{v}) {
			t.Errorf("%v passes for a float16", v)
		}
	}
}
