package simd

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// An int8Case is a product in Int8, whose strides are larger than they need be.
type int8Case struct {
	m, n, k, p0, p1 int
	base            string // as in productCase
	hard            bool
	form            form
	any             bool // a matrix of any bytes, with so many weights of more than 8 bits
	large           int
}

func (c int8Case) String() string {
	return fmt.Sprintf("m=%d/n=%d/k=%d/panels=%d-%d/base=%s/form=%d", c.m, c.n, c.k, c.p0, c.p1, c.base, c.form)
}

// fillLarge is fill with a few values much larger than the others.
func fillLarge(rng *rand.Rand, x []float32, hard bool) {
	fill(rng, x, hard)
	for i := range x {
		if rng.IntN(40) == 0 {
			x[i] *= float32(math.Exp(6 * rng.Float64()))
		}
	}
}

func (c int8Case) run(t *testing.T, rng *rand.Rand) {
	t.Helper()
	weights := make([]float32, c.n*c.k)
	fillLarge(rng, weights, c.hard)
	w := PackInt8(weights, c.k, c.n, c.k, nil, nil)
	if c.any {
		w = anyInt8(rng, c.n, c.k, c.large)
	}
	width := Panels(c.n) * PanelWidth
	ldx, ldd := c.k+3, width+5
	x := make([]float32, (c.m+2)*ldx)
	fillLarge(rng, x, c.hard)
	var q Int8Rows
	q.resetAs(c.form, c.m+2, c.k)
	q.Set(x, ldx, 0, c.m+2, nil)
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
	case "dst":
		base, ldb = dst, ldd
	}
	j := Job{Dst: dst, DstStride: ldd, Rows: c.m, W: &w, Panels: PanelRanges{c.p0, c.p1, 0, 1}, Base: base, BaseStride: ldb, Int8: &q, Row: 1}
	portable := j
	portable.Dst = slices.Clone(dst)
	if c.base == "dst" {
		portable.Base = portable.Dst
	}
	onGeneric(t, func() { Multiply(&portable, new(Scratch)) })
	Multiply(&j, new(Scratch))
	for i, want := range portable.Dst {
		if !same(dst[i], want) {
			t.Errorf("%v: element %d of row %d is %v, portable %v", c, i%ldd, i/ldd, dst[i], want)
			break
		}
	}
	check()
}

// anyInt8 is a matrix as a file may hold one: of any bytes, also where there are no
// weights, any scales, and at most so many large weights, at any places that are allowed.
func anyInt8(rng *rand.Rand, n, k, large int) Matrix {
	p := Int8Panels{Q: make([]uint8, Int8Len(n, k)), Scales: make([]float32, Panels(n)*PanelWidth)}
	for i := range p.Q {
		p.Q[i] = uint8(rng.Uint32())
	}
	fill(rng, p.Scales, true)
	for at := 0; at < n*k && len(p.Large) < large; at += 1 + rng.IntN(max(1, 2*n*k/(large+1))) {
		most := largestW
		if rng.IntN(2) == 0 {
			most = 129 // about as much as tiles of bytes add
		}
		l := Large{int32(at / k), int32(at % k), int32(rng.IntN(2*most+1) - most)}
		if i := len(p.Large) - maxLarge; i < 0 || p.Large[i].N != l.N {
			p.Large = append(p.Large, l)
		}
	}
	w, ok := NewInt8(n, k, p)
	if !ok {
		panic("NewInt8 refuses anyInt8")
	}
	return w
}

// forms are the forms of rows that the active level has kernels for, and words. If
// GOROBERTA_REQUIRE_SIMD lists dot, the best level has to have others than words.
func forms(t *testing.T) []form {
	t.Helper()
	fs := []form{words}
	if f := int8Form(); f != words {
		fs = append(fs, f)
	} else if levels := Supported(); Active() == levels[len(levels)-1] && slices.Contains(required(), "dot") {
		t.Errorf("%v has no instructions for dot products of bytes", Active())
	}
	return fs
}

func TestLevelsInt8(t *testing.T) {
	testLevels(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(7, 8))
		bases := []string{"", "row", "matrix", "dst"}
		for _, f := range forms(t) {
			for m := range 32 {
				int8Case{m, 48, 21, 0, 3, bases[m%4], false, f, false, 0}.run(t, rng)
				int8Case{m, 33, 6, 1, 3, bases[(m+1)%4], false, f, false, 0}.run(t, rng)
			}
			for _, k := range []int{0, 1, 2, 3, 4, 5, 7, 8, 9, 31, 255, 256, 257, 1023, 1024, 1025} {
				for _, m := range []int{1, 5, 17} {
					int8Case{m, 20, k, 0, 2, bases[k%4], k%2 == 0, f, false, 0}.run(t, rng)
				}
			}
			for _, n := range []int{1, 15, 16, 17, 31, 32, 33, 47} {
				for p0 := range Panels(n) {
					for p1 := p0; p1 <= Panels(n); p1++ {
						int8Case{3, n, 10, p0, p1, "row", n%2 == 0, f, false, 0}.run(t, rng)
					}
				}
			}
			int8Case{29, 64, 1024, 0, 4, "row", false, f, false, 0}.run(t, rng)
			int8Case{2, 32, 4096, 0, 2, "", false, f, false, 0}.run(t, rng)
			for k := 1; k < 40; k++ {
				int8Case{k % 16, 40, k, 0, 3, bases[k%4], k%3 == 0, f, true, k % 5 * 40}.run(t, rng)
			}
		}
	})
}

// TestLevelsInt8Rows compares rows in each form with the definition.
func TestLevelsInt8Rows(t *testing.T) {
	testLevels(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(3, 4))
		for _, f := range []form{words, unsignedBytes, signedBytes} {
			for n := range 70 {
				for range 8 {
					x := make([]float32, n)
					fillLarge(rng, x, rng.IntN(3) == 0)
					var q Int8Rows
					q.resetAs(f, 1, n)
					q.Set(x, n, 0, 1, nil)
					step, want, ok := int8RowDefinition(x)
					if !ok {
						if s := q.scales[0]; s == s {
							t.Fatalf("form %d: the scale of %v is %v, want NaN", f, x, s)
						}
						continue
					}
					if q.scales[0] != step {
						t.Fatalf("form %d: the scale of %v is %v, want %v", f, x, q.scales[0], step)
					}
					for k := range n {
						if got := q.value(0, k); got != want[k] {
							t.Fatalf("form %d: value %d of %v is %d, want %d", f, k, x, got, want[k])
						}
					}
				}
			}
		}
	})
}

// TestLevelsInt8Factors: factors multiply what is rounded, with one rounding each, and
// weights come back with them.
func TestLevelsInt8Factors(t *testing.T) {
	testLevels(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(11, 12))
		for _, n := range []int{0, 1, 15, 16, 17, 100, 1024, 4096, 4097} {
			const m = 3
			x, in, products := make([]float32, m*(n+2)), make([]float32, n), make([]float32, m*(n+2))
			fillLarge(rng, x, false)
			for k := range in {
				in[k] = float32(math.Exp(8*rng.Float64() - 4))
			}
			for i := range x {
				if k := i % (n + 2); k < n {
					products[i] = x[i] * in[k]
				}
			}
			for _, f := range []form{words, unsignedBytes, signedBytes} {
				var got, want Int8Rows
				got.resetAs(f, m, n)
				want.resetAs(f, m, n)
				got.Set(x, n+2, 0, m, in)
				want.Set(products, n+2, 0, m, nil)
				for r := range m {
					if got.scales[r] != want.scales[r] {
						t.Fatalf("n=%d, form %d: the scale of row %d is %v, want %v", n, f, r, got.scales[r], want.scales[r])
					}
					for k := range n {
						if got.value(r, k) != want.value(r, k) {
							t.Fatalf("n=%d, form %d: value (%d, %d) is %d, want %d", n, f, r, k, got.value(r, k), want.value(r, k))
						}
					}
				}
			}
			w := PackInt8(x, n+2, m, n, nil, nil)
			plain, back := make([]float32, n), make([]float32, n)
			for r := range m {
				w.I8.In = nil
				WeightsInt8(plain, &w, r)
				w.I8.In = in
				WeightsInt8(back, &w, r)
				for k := range n {
					if want := plain[k] * in[k]; back[k] != want {
						t.Fatalf("n=%d: weight (%d, %d) is %v, want %v", n, r, k, back[k], want)
					}
				}
			}
		}
	})
}

// int8RowDefinition rounds a row as doc.go says, by sorting.
func int8RowDefinition(x []float32) (step float32, q []int32, ok bool) {
	all := []float32{0, 0}
	for _, v := range x {
		if v-v != 0 {
			return 0, nil, false
		}
		all = append(all, v)
	}
	slices.Sort(all)
	low, high := all[0], all[len(all)-1]
	largest := max(-low, high)
	if -low > high {
		low = all[1]
	} else {
		high = all[len(all)-2]
	}
	step = max(high/int8Steps-low/int8Steps, largest/largestX, leastStep)
	for _, v := range x {
		q = append(q, int32(math.RoundToEven(float64(v*float32(1/step)))))
	}
	return step, q, true
}

// TestInt8Error: what a product in Int8 loses is what rounding to its steps may lose.
func TestLevelsInt8Error(t *testing.T) {
	testLevels(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(5, 6))
		const m, n, k = 7, 40, 300
		x, weights := make([]float32, m*k), make([]float32, n*k)
		fillLarge(rng, x, false)
		fillLarge(rng, weights, false)
		w := PackInt8(weights, k, n, k, nil, nil)
		var q Int8Rows
		q.Reset(m, k)
		q.Set(x, k, 0, m, nil)
		ldd := Panels(n) * PanelWidth
		dst := make([]float32, m*ldd)
		Multiply(&Job{Dst: dst, DstStride: ldd, Rows: m, W: &w, Panels: w.All(), Int8: &q}, new(Scratch))
		back, sums := make([]float32, k), w.int8Sums()
		for c := range n {
			WeightsInt8(back, &w, c)
			sum := float32(0)
			for _, v := range back {
				sum += float32(math.RoundToEven(float64(v / w.I8.Scales[c])))
			}
			if sums[c] != int32(sum) {
				t.Errorf("the sum of feature %d is %d, want %v", c, sums[c], sum)
			}
			for i, v := range back {
				if d := math.Abs(float64(v - weights[c*k+i])); d > 0.501*float64(w.I8.Scales[c]) {
					t.Fatalf("weight (%d, %d) is %v, want %v within half of %v", c, i, v, weights[c*k+i], w.I8.Scales[c])
				}
			}
			for r := range m {
				exact, bound := 0.0, 1e-4
				for i := range k {
					a, b := float64(x[r*k+i]), float64(weights[c*k+i])
					exact += a * b
					bound += 0.51 * (math.Abs(a)*float64(w.I8.Scales[c]) + (math.Abs(b)+float64(w.I8.Scales[c]))*float64(q.scales[r]))
				}
				if got := float64(dst[r*ldd+c]); math.Abs(got-exact) > bound {
					t.Errorf("element (%d, %d) is %v, want %v within %v", r, c, got, exact, bound)
				}
			}
		}
	})
}

// BenchmarkInt8 runs products of roberta.base: with one matrix, which the caches keep, and
// with one after the other of a set that is larger than they are, as a model does.
func BenchmarkInt8(b *testing.B) {
	for _, s := range []struct{ m, n, k, matrices int }{
		{8, 768, 768, 1}, {128, 768, 768, 1}, {128, 3072, 768, 1}, {128, 768, 3072, 1},
		{1, 3072, 768, 32}, {8, 3072, 768, 32}, {32, 3072, 768, 32}, {1, 768, 3072, 32}, {8, 768, 3072, 32},
	} {
		b.Run(fmt.Sprintf("m=%d/n=%d/k=%d/matrices=%d", s.m, s.n, s.k, s.matrices), func(b *testing.B) {
			matrices := make([]Matrix, s.matrices)
			for i := range matrices {
				matrices[i] = anyInt8(rand.New(rand.NewPCG(1, uint64(i))), s.n, s.k, s.n/10)
			}
			x := testFloats(s.m*s.k, 2)
			var q Int8Rows
			q.Reset(s.m, s.k)
			q.Set(x, s.k, 0, s.m, nil)
			dst := make([]float32, s.m*s.n)
			j := Job{Dst: dst, DstStride: s.n, Rows: s.m, Panels: matrices[0].All(), Int8: &q}
			scratch := new(Scratch)
			i := 0
			for b.Loop() {
				j.W = &matrices[i%len(matrices)]
				i++
				Multiply(&j, scratch)
			}
			seconds := b.Elapsed().Seconds() / float64(b.N)
			b.ReportMetric(2*float64(s.m*s.n*s.k)/seconds/1e9, "GOP/s")
			b.ReportMetric(float64(s.n*s.k)/seconds/1e9, "GB/s")
		})
	}
}
