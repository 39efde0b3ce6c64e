package simd

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// An int16Case is a product in Int16 of x with the rows of w, or with its columns, whose
// strides are larger than they need be.
type int16Case struct {
	m, n, k int
	columns bool
	base    bool
	hard    bool
}

// run computes the case at the active level and returns all that comes out: weights, their
// scales, integers of x, theirs, and the product.
func (c int16Case) run(t *testing.T, x, w []float32) (q []int16, scales, y []float32) {
	t.Helper()
	var m Matrix
	rows := new(Int16Rows)
	if c.columns {
		PackInt16Columns(&m, w, c.n+3, c.k, c.n)
	} else {
		PackInt16(&m, w, c.k+3, c.n, c.k, rows)
	}
	rows.Reset(c.m, c.k)
	rows.Set(x, c.k+5)
	width := Panels(c.n) * PanelWidth
	ldd := width + 7
	y, check := guarded(t, max(0, (c.m-1)*ldd+width))
	for i := range y {
		y[i] = -1
	}
	j := Job{Dst: y, DstStride: ldd, Rows: c.m, W: &m, Panels: m.All(), Int16: rows}
	if c.base {
		j.Base, j.BaseStride = y, ldd
	}
	Multiply(&j, new(Scratch))
	check()
	for r := range c.m {
		q = append(q, rows.words[r*rows.stride:][:c.k]...)
	}
	return append(q, m.I16.Q...), append(slices.Clone(rows.scales[:c.m]), m.I16.Scales...), y
}

// compare compares the bits of the active level with the portable ones.
func (c int16Case) compare(t *testing.T, rng *rand.Rand) {
	t.Helper()
	x, w := make([]float32, (c.m+1)*(c.k+5)), make([]float32, (c.n+3)*(c.k+3))
	fillLarge(rng, x, c.hard)
	fillLarge(rng, w, c.hard)
	q, scales, y := c.run(t, x, w)
	var wantQ []int16
	var wantScales, want []float32
	onGeneric(t, func() { wantQ, wantScales, want = c.run(t, x, w) })
	if !slices.EqualFunc(scales, wantScales, same) || !slices.EqualFunc(y, want, same) {
		t.Errorf("%+v: differs from portable", c)
	}
	if !c.hard && !slices.Equal(q, wantQ) { // of NaN and infinities integers are anything
		t.Errorf("%+v: integers differ from portable", c)
	}
}

// TestLevelsInt16 compares the bits of each level with the portable ones.
func TestLevelsInt16(t *testing.T) {
	var cases []int16Case
	for m := range 32 {
		cases = append(cases, int16Case{m, 48, 64, m%2 == 0, m%3 == 0, m%4 == 1}, int16Case{m, 33, m + 5, m%2 == 1, m%3 == 1, m%4 == 2})
	}
	for k := range 70 {
		cases = append(cases, int16Case{7, 20, k, k%2 == 0, k%3 == 0, k%5 == 0}, int16Case{15, 64, k, k%2 == 1, k%3 == 1, false})
	}
	for n := range 50 {
		cases = append(cases, int16Case{3, n, 24, n%2 == 0, false, n%5 == 0}, int16Case{13, n, 64, n%2 == 1, true, false})
	}
	cases = append(cases, int16Case{56, 512, 64, false, false, false}, int16Case{56, 64, 511, true, false, false}, int16Case{2, 16, 9000, true, false, false}, int16Case{2, 16, 70000, false, false, false})
	testLevels(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(3, 4))
		for i, c := range cases {
			restore := UseDots(i%4 > 0)
			c.compare(t, rng)
			restore()
		}
	})
}

// TestLevelsInt16Error compares products with those in float64: integers are as good as is said of
// them, sums do not overflow, and special values give what is said of them.
func TestLevelsInt16Error(t *testing.T) {
	testLevels(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(5, 6))
		// With the last two, values of a row lie in the middle between integers, and all are rounded up.
		for _, k := range []int{1, 2, 3, 64, 512, 4096, 32768, 74897, 104857} {
			c := int16Case{m: 3, n: 16, k: k, columns: k%3 == 1}
			x, w := make([]float32, c.m*(k+5)), make([]float32, (c.n+3)*(k+3))
			limit := float64(int16Weight(k))
			for i := range x { // the same sign, so that sums are largest
				x[i] = 1
				if i >= k+5 { // but for the first row
					x[i] += rng.Float32() / 8
				}
			}
			for i := range w {
				w[i] = 1 + rng.Float32()/8
			}
			_, _, y := c.run(t, x, w)
			for r := range c.m {
				for n := range c.n {
					want := 0.0
					for i := range k {
						v := w[n*(k+3):][:k+3][i]
						if c.columns {
							v = w[i*(c.n+3)+n]
						}
						want += float64(x[r*(k+5)+i]) * float64(v)
					}
					// Half a step of each factor, and the rounding of float32.
					if got := float64(y[r*(16+7)+n]); math.Abs(got-want) > want*(0.6/limit+0.6*max(float64(k)/int16Sum, 1.0/int16Top)+1e-6) {
						t.Errorf("%d terms: row %d, column %d is %v, want %v", k, r, n, got, want)
					}
				}
			}
		}

		nan, inf := float32(math.NaN()), float32(math.Inf(1))
		x := []float32{1, 2, 3, 0, 0, 0, nan, 1, 1, inf, 1, 1, -inf, 1, 1, 1e-45, 2e-45, 0, 3e38, 1, 1}
		rows := new(Int16Rows)
		rows.Reset(7, 3)
		rows.Set(x, 3)
		for r, want := range []bool{false, false, true, true, true, false, false} {
			if s := rows.scales[r]; (s != s) != want || s <= 0 || s > 1e38 {
				t.Errorf("row %v has the scale %v", x[3*r:][:3], s)
			}
		}
		if q := rows.words[rows.stride:][:3]; !slices.Equal(q, []int16{0, 0, 0}) {
			t.Errorf("a row of zeros becomes %v", q)
		}
	})
}

func TestInt16Panics(t *testing.T) {
	var m Matrix
	rows := new(Int16Rows)
	x := make([]float32, 64)
	PackInt16(&m, x, 8, 8, 8, rows)
	rows.Reset(2, 8)
	rows.Set(x, 8)
	y := make([]float32, 64)
	for name, f := range map[string]func(){
		"PackInt16":        func() { PackInt16(new(Matrix), x, 9, 8, 8, rows) },
		"PackInt16Columns": func() { PackInt16Columns(new(Matrix), x, 9, 8, 8) },
		"short x":          func() { rows.Set(x[:15], 8) },
		"no rows":          func() { Multiply(&Job{Dst: y, DstStride: 16, Rows: 2, W: &m, Panels: m.All()}, new(Scratch)) },
		"few rows": func() {
			Multiply(&Job{Dst: y, DstStride: 16, Rows: 3, W: &m, Panels: m.All(), Int16: rows}, new(Scratch))
		},
		"short dst": func() {
			Multiply(&Job{Dst: y[:20], DstStride: 16, Rows: 2, W: &m, Panels: m.All(), Int16: rows}, new(Scratch))
		},
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			f()
		}()
	}
}
