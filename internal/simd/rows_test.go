package simd

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// rowFunctions are the functions of one row. They change x; y holds gains,
// biases or addends.
var rowFunctions = []struct {
	name string
	f    func(x, y []float32)
}{
	{"GELU", func(x, _ []float32) { GELU(x) }},
	{"GELUTanh", func(x, _ []float32) { GELUTanh(x) }},
	{"Tanh", func(x, _ []float32) { Tanh(x) }},
	{"ReLU", func(x, _ []float32) { ReLU(x) }},
	{"ReLUSquared", func(x, _ []float32) { ReLUSquared(x) }},
	{"Scale", func(x, _ []float32) { Scale(x, 0.3) }},
	{"Add", Add},
	{"Larger", Larger},
	{"mul", func(x, y []float32) { mul(x, x, y) }},
	{"Softmax", func(x, _ []float32) { Softmax(x) }},
	{"LogSoftmax", func(x, _ []float32) { LogSoftmax(x, x) }},
	{"LogSigmoid", func(x, _ []float32) { LogSigmoid(x, x) }},
	{"LayerNorm", func(x, y []float32) { LayerNorm(x, x, y, y, 1e-5) }},
	{"AddLayerNorm", func(x, y []float32) { AddLayerNorm(x, len(x), y, len(x), 1, y, y, 1e-5) }},
}

// onGeneric runs f at the portable level.
func onGeneric(t *testing.T, f func()) {
	t.Helper()
	restore, err := Use(Generic)
	if err != nil {
		t.Fatal(err)
	}
	defer restore()
	f()
}

// TestLevelsRowFunctions compares the bits of each level with the portable ones, for
// every length up to four registers and for those of models.
func TestLevelsRowFunctions(t *testing.T) {
	lengths := []int{100, 127, 128, 129, 768, 1024, 4096}
	for n := range 67 {
		lengths = append(lengths, n)
	}
	for _, o := range rowFunctions {
		t.Run(o.name, func(t *testing.T) {
			testLevels(t, func(t *testing.T) {
				rng := rand.New(rand.NewPCG(1, uint64(len(o.name))))
				for _, n := range lengths {
					for _, hard := range []bool{false, true} {
						x, check := guarded(t, n)
						y, checkY := guarded(t, n)
						fill(rng, x, hard)
						fill(rng, y, false)
						was, wasY, want := slices.Clone(x), slices.Clone(y), slices.Clone(x)
						onGeneric(t, func() { o.f(want, y) })
						o.f(x, y)
						for i := range x {
							if !same(x[i], want[i]) {
								t.Errorf("n=%d: element %d, of %v: %v (%#08x), portable %v (%#08x)", n, i, was[i], x[i], math.Float32bits(x[i]), want[i], math.Float32bits(want[i]))
								break
							}
						}
						if !slices.Equal(y, wasY) {
							t.Errorf("n=%d: the other operand has changed", n)
						}
						check()
						checkY()
					}
				}
			})
		})
	}
}

// rowsCase is rows of n floats, ld apart, and the floats between them.
func rowsCase(t *testing.T, rng *rand.Rand, rows, n, ld int, hard bool) (x []float32, check func()) {
	x, check = guarded(t, (rows-1)*ld+Panels(n)*PanelWidth)
	fill(rng, x, hard)
	return x, check
}

// testSameRows compares n elements of each row.
func testSameRows(t *testing.T, what string, got, want []float32, rows, n, ld int) {
	t.Helper()
	for r := range rows {
		for i := range n {
			if a, b := got[r*ld+i], want[r*ld+i]; !same(a, b) {
				t.Errorf("%s, rows=%d n=%d ld=%d: element %d of row %d is %v, want %v", what, rows, n, ld, i, r, a, b)
				return
			}
		}
	}
}

func TestLevelsSoftmaxRows(t *testing.T) {
	testLevels(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(4, 5))
		for _, n := range []int{1, 2, 15, 16, 17, 31, 32, 33, 47, 48, 50, 63, 64, 65, 96, 112, 128, 130, 512, 40000} {
			for rows := 1; rows <= 5; rows++ {
				ld := Panels(n)*PanelWidth + rows%3*PanelWidth
				for _, hard := range []bool{false, true} {
					x, check := rowsCase(t, rng, rows, n, ld, hard)
					was, want := slices.Clone(x), slices.Clone(x)
					onGeneric(t, func() {
						for r := range rows {
							Softmax(want[r*ld:][:n])
						}
					})
					SoftmaxRows(x, ld, rows, n)
					testSameRows(t, "SoftmaxRows", x, want, rows, n, ld)
					for i := range x { // between the rows
						if i%ld >= Panels(n)*PanelWidth && !same(x[i], was[i]) {
							t.Errorf("rows=%d n=%d ld=%d: wrote to %d", rows, n, ld, i)
							break
						}
					}
					check()
				}
			}
		}
		SoftmaxRows(nil, 16, 0, 16)
		SoftmaxRows(nil, 0, 3, 0)
	})
}

func TestLevelsAddLayerNormRows(t *testing.T) {
	testLevels(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(6, 7))
		for _, n := range []int{1, 5, 16, 31, 32, 48, 100, 768} {
			for rows := 1; rows <= 5; rows++ {
				for _, hard := range []bool{false, true} {
					ldx, ldy := n+3*(rows%2), n+rows
					x, check := rowsCase(t, rng, rows, n, ldx+PanelWidth, hard)
					y, checkY := rowsCase(t, rng, rows, n, ldy+PanelWidth, false)
					gain, bias := testFloats(n, 1), testFloats(n, 2)
					want, wasY := slices.Clone(x), slices.Clone(y)
					onGeneric(t, func() {
						for r := range rows {
							row := want[r*ldx:][:n]
							Add(row, y[r*ldy:][:n])
							LayerNorm(row, row, gain, bias, 1e-5)
						}
					})
					AddLayerNorm(x, ldx, y, ldy, rows, gain, bias, 1e-5)
					testSameRows(t, "AddLayerNorm", x, want, 1, len(x), 0)
					if !slices.Equal(y, wasY) {
						t.Errorf("rows=%d n=%d: y has changed", rows, n)
					}
					check()
					checkY()
				}
			}
		}
		AddLayerNorm(nil, 4, nil, 4, 0, make([]float32, 4), make([]float32, 4), 1)
		AddLayerNorm(nil, 0, nil, 0, 3, nil, nil, 1)
	})
}

// TestLevelsEveryFloat compares the functions of single elements at every 4001st
// float32.
func TestLevelsEveryFloat(t *testing.T) {
	const stride = 4001 // a prime
	for _, o := range rowFunctions[:6] {
		t.Run(o.name, func(t *testing.T) {
			testLevels(t, func(t *testing.T) {
				if Active() == Generic {
					t.Skip("compared with itself")
				}
				bits := uint64(0)
				for bits < 1<<32 {
					x := make([]float32, 4096)
					for i := range x {
						x[i] = math.Float32frombits(uint32(bits))
						bits += stride
					}
					was, want := slices.Clone(x), slices.Clone(x)
					onGeneric(t, func() { o.f(want, nil) })
					o.f(x, nil)
					for i := range x {
						if !same(x[i], want[i]) {
							t.Fatalf("of %v (%#08x): %v, portable %v", was[i], math.Float32bits(was[i]), x[i], want[i])
						}
					}
				}
			})
		})
	}
}

// TestLevelsNaN: NaN gives NaN, at every level and place.
func TestLevelsNaN(t *testing.T) {
	testLevels(t, func(t *testing.T) {
		for _, n := range []int{1, 16, 37} {
			y := testFloats(n, 1)
			for at := range n {
				for _, o := range rowFunctions {
					x := make([]float32, n)
					x[at] = float32(math.NaN())
					o.f(x, y)
					if x[at] == x[at] {
						t.Errorf("%s of NaN at %d of %d is %v", o.name, at, n, x[at])
					}
				}
			}
		}
	})
}

// TestLevelsLimits: infinities, NaN and very large values give what torch gives.
func TestLevelsLimits(t *testing.T) {
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	for _, c := range []struct {
		name     string
		f        func([]float32)
		in, want []float32
	}{
		{"Softmax of a far maximum", Softmax, []float32{1, 2, 3, 1000}, []float32{0, 0, 0, 1}},
		{"Softmax of equal values", Softmax, []float32{7, 7, 7, 7}, []float32{0.25, 0.25, 0.25, 0.25}},
		{"Softmax with −Inf", Softmax, []float32{-inf, 0, -inf, 0}, []float32{0, 0.5, 0, 0.5}},
		{"Softmax of −Inf alone", Softmax, []float32{-inf, -inf}, []float32{nan, nan}},
		{"Softmax with +Inf", Softmax, []float32{0, inf}, []float32{nan, nan}},
		{"Softmax with NaN", Softmax, []float32{0, nan, 1}, []float32{nan, nan, nan}},
		{"Softmax of one", Softmax, []float32{-5}, []float32{1}},
		{"LogSoftmax of equal values", func(x []float32) { LogSoftmax(x, x) }, []float32{3, 3}, []float32{-math.Ln2, -math.Ln2}},
		{"LogSoftmax with −Inf", func(x []float32) { LogSoftmax(x, x) }, []float32{-inf, 0}, []float32{-inf, 0}},
		{"LogSoftmax with NaN", func(x []float32) { LogSoftmax(x, x) }, []float32{0, nan}, []float32{nan, nan}},
		{"LogSigmoid of limits", func(x []float32) { LogSigmoid(x, x) }, []float32{-inf, inf, 0, -1e30}, []float32{-inf, 0, -math.Ln2, -1e30}},
		{"LogSigmoid of NaN", func(x []float32) { LogSigmoid(x, x) }, []float32{nan}, []float32{nan}},
		{"LogSoftmax of −Inf alone", func(x []float32) { LogSoftmax(x, x) }, []float32{-inf, -inf}, []float32{nan, nan}},
		{"GELU", GELU, []float32{inf, 0, 100, -100, math.MaxFloat32}, []float32{inf, 0, 100, 0, math.MaxFloat32}},
		{"Tanh", Tanh, []float32{inf, -inf, 0, 20, -20, 1e-30}, []float32{1, -1, 0, 1, -1, 1e-30}},
		{"ReLU", ReLU, []float32{inf, -inf, -1, 2}, []float32{inf, 0, 0, 2}},
		{"ReLUSquared", ReLUSquared, []float32{3, -3, 1e30}, []float32{9, 0, inf}},
	} {
		t.Run(c.name, func(t *testing.T) {
			testLevels(t, func(t *testing.T) {
				x := slices.Clone(c.in)
				c.f(x)
				for i := range x {
					if x[i] != c.want[i] && !same(x[i], c.want[i]) {
						t.Errorf("of %v: %v, want %v", c.in, x, c.want)
						break
					}
				}
			})
		})
	}
	Softmax(nil)
	LogSoftmax(nil, nil)
	LayerNorm(nil, nil, nil, nil, 1)
}

// TestLevelsLarger compares all pairs of some values, in whole registers and beyond them.
func TestLevelsLarger(t *testing.T) {
	inf, nan, zero := float32(math.Inf(1)), float32(math.NaN()), float32(0)
	values := []float32{nan, -nan, inf, -inf, zero, -zero, 1, -1, math.SmallestNonzeroFloat32, math.MaxFloat32}
	testLevels(t, func(t *testing.T) {
		var x, y []float32
		for _, a := range values {
			for _, b := range values {
				x, y = append(x, a), append(y, b)
			}
		}
		got := slices.Clone(x)
		Larger(got, y)
		for i, a := range x {
			want := a
			switch b := y[i]; {
			case a != a || b != b:
				want = nan
			case b > a:
				want = b
			}
			if !same(got[i], want) {
				t.Errorf("of %v and %v: %v (%#08x), want %v", a, y[i], got[i], math.Float32bits(got[i]), want)
			}
		}
	})
}

func TestRowPanics(t *testing.T) {
	x, y := make([]float32, 4), make([]float32, 5)
	for _, c := range []struct {
		want string
		f    func()
	}{
		{"simd: Add of other length", func() { Add(x, y) }},
		{"simd: Larger of other length", func() { Larger(x, y) }},
		{"simd: LayerNorm of other length", func() { LayerNorm(x, x, x, y, 1) }},
		{"simd: AddLayerNorm of other length", func() { AddLayerNorm(x, len(x), x, len(x), 1, x, y, 1) }},
		{"simd: AddLayerNorm of other length", func() { AddLayerNorm(x, 2, x, 2, 3, x[:2], x[:2], 1) }},
		{"simd: short rows for SoftmaxRows", func() { SoftmaxRows(x, 4, 1, 4) }},
		{"simd: short rows for SoftmaxRows", func() { SoftmaxRows(make([]float32, 31), 16, 2, 4) }},
		{"simd: LogSoftmax of other length", func() { LogSoftmax(x, y) }},
		{"simd: LogSigmoid of other length", func() { LogSigmoid(x, y) }},
		{"simd: FromF16 of other length", func() { FromF16(x, nil) }},
		{"simd: ToF16Exact of other length", func() { ToF16Exact(nil, x) }},
	} {
		func() {
			defer func() {
				if r := recover(); r != c.want {
					t.Errorf("panic %v, want %q", r, c.want)
				}
			}()
			c.f()
		}()
	}
}

// TestLevelsNoAllocation: products and functions of rows allocate nothing.
func TestLevelsNoAllocation(t *testing.T) {
	testLevels(t, func(t *testing.T) {
		x, y := testFloats(100, 1), testFloats(100, 2)
		w, h, b := testMatrix(40, 20, 1, Float32), testMatrix(40, 20, 1, Float16), testMatrix(40, 20, 1, BFloat16)
		dst, scratch := make([]float32, 16*48), new(Scratch)
		panels, rows := make([]float32, PackedLen(20, 4)), testFloats(16*20, 3)
		weights := testFloats(40*20, 4)
		weights[30] = 50 // of more than 8 bits
		q, i := make([]Int8Rows, 3), PackInt8(weights, 20, 40, 20, nil, nil)
		jobs := []*Job{testJob(dst, 48, rows, 20, 16, &w, nil), testJob(dst, 48, rows, 20, 16, &h, y), testJob(dst, 48, rows, 20, 16, &b, y)}
		for f := range q {
			q[f].resetAs(form(f), 16, 20)
			job := testJob(dst, 48, nil, 0, 16, &i, y)
			job.Int8 = &q[f]
			jobs = append(jobs, job)
		}
		var keys, values Matrix
		var words Int16Rows
		PackInt16(&keys, weights, 20, 40, 20, &words)
		jobs = append(jobs, testJob(dst, 48, nil, 0, 16, &keys, y))
		jobs[len(jobs)-1].Int16 = &words
		if n := testing.AllocsPerRun(10, func() {
			for f := range q {
				q[f].resetAs(form(f), 16, 20)
				q[f].Set(rows, 20, 0, 16, nil)
			}
			PackInt16(&keys, weights, 20, 40, 20, &words)
			PackInt16Columns(&values, weights, 40, 20, 40)
			words.Reset(16, 20)
			words.Set(rows, 20)
			jobs[2].BF16.Reset(16, 20)
			jobs[2].BF16.Set(rows, 20, 0, 16)
			for _, o := range rowFunctions {
				o.f(x, y)
			}
			SoftmaxRows(rows, 32, 10, 20)
			AddLayerNorm(rows, 20, rows[160:], 20, 8, y[:16], y[16:32], 1e-5)
			Pack(panels, x, 4, 20, 4)
			PackColumns(panels, x, 20, 4, 20)
			for _, j := range jobs {
				Multiply(j, scratch)
			}
		}); n != 0 {
			t.Errorf("%v allocations", n)
		}
	})
}
