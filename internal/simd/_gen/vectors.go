package main

import "fmt"

// vectors writes the functions that work on rows of floats. Each equals the
// function of the same name that ends in Generic, for a number of elements n
// that is a positive multiple of 16.
func vectors(m machine) *file {
	f := &file{}
	f.body.WriteString("\n")
	writeConstants(f, m)
	v := &vec{f, m}

	v.unary("gelu", v.gelu)
	v.unary("tanh", v.tanh)
	v.unary("geluTanh", v.geluTanh)
	v.unary("relu", v.relu)
	v.unary("reluSquared", func() { v.relu(); m.bin(f, "mul", 0, 0, 0) })
	v.scale()
	v.add()
	v.fromF16()
	v.normalize()
	v.reduction("max", "", func() {
		m.load(f, 1, "p1")
		m.selectMore(f, 0, 1, 0, 1, 0)
	})
	v.reduction("sum", "", func() {
		m.load(f, 1, "p1")
		m.bin(f, "add", 0, 0, 1)
	})
	v.reduction("sumSquares", ", mean float32", func() {
		m.load(f, 1, "p1")
		m.argK(f, "mean+24(FP)")
		m.binK(f, "sub", 1, 1, "")
		m.fma(f, 0, 1, 1)
	})
	v.reduction("expSum", ", top float32", func() {
		m.load(f, 1, "p1")
		m.argK(f, "top+24(FP)")
		m.binK(f, "sub", 1, 1, "")
		v.exp(1, 2, 3, 4, 5)
		m.store(f, "p1", 1)
		m.bin(f, "add", 0, 0, 1)
	})
	return f
}

type vec struct {
	f *file
	m machine
}

func (v *vec) name(op string) string { return op + v.m.name() }

// unary writes x = body(x), with x in register 0.
func (v *vec) unary(op string, body func()) {
	v.f.begin(v.name(op), "x *float32, n int", 16, "")
	v.m.arg(v.f, "p0", "x+0(FP)")
	v.m.arg(v.f, "n", "n+8(FP)")
	v.m.loop(v.f, func() {
		v.m.load(v.f, 0, "p0")
		body()
		v.m.store(v.f, "p0", 0)
	}, map[string]int{"p0": 64})
	v.m.ret(v.f)
}

// reduction writes body over x (p1), with the lanes in register 0.
func (v *vec) reduction(op, params string, body func()) {
	size := 24
	if params != "" {
		size = 28
	}
	v.f.begin(v.name(op), "lanes *[16]float32, x *float32, n int"+params, size, "")
	v.m.arg(v.f, "p0", "lanes+0(FP)")
	v.m.arg(v.f, "p1", "x+8(FP)")
	v.m.arg(v.f, "n", "n+16(FP)")
	v.m.load(v.f, 0, "p0")
	v.m.loop(v.f, body, map[string]int{"p1": 64})
	v.m.store(v.f, "p0", 0)
	v.m.ret(v.f)
}

// exp sets register x to exp(x), for x ≤ 88; y, t, r and q are scratch.
func (v *vec) exp(x, y, t, r, q int) {
	f, m := v.f, v.m
	f.comment("exp: y = max(low, x), t = y·log2e + big, n = t − big, r = y − n·ln 2")
	m.binKR(f, "max", y, "expLow", x)
	m.constant(f, t, "roundBig")
	m.fmaK(f, t, y, "log2E")
	m.binK(f, "sub", q, t, "roundBig")
	m.mov(f, r, y)
	m.fmaK(f, r, q, "minusLn2High")
	m.fmaK(f, r, q, "minusLn2Low")
	f.comment("q = P(r), y = q·r² + r + 1, times 2ⁿ, or 0 below low")
	m.constant(f, q, "exp4")
	for i := 3; i >= 0; i-- {
		m.horner(f, q, r, fmt.Sprintf("exp%d", i))
	}
	m.bin(f, "mul", y, r, r)
	m.fma(f, r, q, y)
	m.binK(f, "add", y, r, "one")
	m.shiftToExponent(f, t)
	m.addBitsK(f, t, "exponentOne")
	m.bin(f, "mul", y, y, t)
	m.constant(f, q, "zero")
	m.selectLess(f, x, x, "expLow", q, y)
}

// gelu sets register 0 to its GELU.
func (v *vec) gelu() {
	f, m := v.f, v.m
	f.comment("u = |x|, t = 1 / (u/4 + 1), R(t)")
	m.binK(f, "and", 1, 0, "absMask")
	m.constant(f, 2, "one")
	m.fmaK(f, 2, 1, "quarter")
	m.binKR(f, "div", 2, "one", 2)
	m.constant(f, 6, "gauss9")
	for i := 8; i >= 0; i-- {
		m.horner(f, 6, 2, fmt.Sprintf("gauss%d", i))
	}
	f.comment("q = R·exp(−u²/2)")
	m.bin(f, "mul", 1, 1, 1)
	m.binK(f, "mul", 1, 1, "minusHalf")
	v.exp(1, 2, 3, 4, 5)
	m.bin(f, "mul", 1, 6, 1)
	f.comment("x · (x < 0 ? q : 1 − q)")
	m.binKR(f, "sub", 2, "one", 1)
	m.selectLess(f, 1, 0, "zero", 1, 2)
	m.bin(f, "mul", 0, 0, 1)
}

// tanh sets register 0 to its tanh, with all others for scratch.
func (v *vec) tanh() {
	f, m := v.f, v.m
	f.comment("big = 1 − 2/(exp(2·min(|x|, one)) + 1), with x's sign")
	m.binK(f, "and", 6, 0, "absMask")
	m.binKR(f, "min", 1, "tanhOne", 6)
	m.binK(f, "mul", 1, 1, "two")
	v.exp(1, 2, 3, 4, 5)
	m.binK(f, "add", 1, 1, "one")
	m.binKR(f, "div", 1, "two", 1)
	m.binKR(f, "sub", 1, "one", 1)
	m.binK(f, "and", 2, 0, "signMask")
	m.bin(f, "or", 1, 1, 2)
	f.comment("small = x³·P(x²) + x")
	m.bin(f, "mul", 2, 0, 0)
	m.constant(f, 3, "tanh4")
	for i := 3; i >= 0; i-- {
		m.horner(f, 3, 2, fmt.Sprintf("tanh%d", i))
	}
	m.bin(f, "mul", 2, 0, 2)
	m.fma(f, 0, 2, 3)
	m.selectLess(f, 0, 6, "tanhSplit", 0, 1)
}

// geluTanh sets register 0 to fairseq's gelu_accurate of it.
func (v *vec) geluTanh() {
	f, m := v.f, v.m
	f.comment("z = (x³·cube + x)·scale; x waits in its place in memory")
	m.bin(f, "mul", 1, 0, 0)
	m.bin(f, "mul", 1, 1, 0)
	m.fmaK(f, 0, 1, "geluTanhCube")
	m.binK(f, "mul", 0, 0, "geluTanhScale")
	v.tanh()
	f.comment("h = x/2, h·tanh(z) + h")
	m.load(f, 1, "p0")
	m.binK(f, "mul", 1, 1, "half")
	m.mov(f, 2, 1)
	m.fma(f, 2, 1, 0)
	m.mov(f, 0, 2)
}

func (v *vec) relu() {
	v.m.constant(v.f, 1, "zero")
	v.m.selectLess(v.f, 0, 0, "zero", 1, 0)
}

func (v *vec) scale() {
	f, m := v.f, v.m
	f.begin(v.name("scale"), "x *float32, n int, s float32", 20, "")
	m.arg(f, "p0", "x+0(FP)")
	m.arg(f, "n", "n+8(FP)")
	m.argK(f, "s+16(FP)")
	m.loop(f, func() {
		m.load(f, 0, "p0")
		m.binK(f, "mul", 0, 0, "")
		m.store(f, "p0", 0)
	}, map[string]int{"p0": 64})
	m.ret(f)
}

func (v *vec) add() {
	f, m := v.f, v.m
	f.begin(v.name("add"), "dst *float32, x *float32, y *float32, n int", 32, "")
	m.arg(f, "p0", "dst+0(FP)")
	m.arg(f, "p1", "x+8(FP)")
	m.arg(f, "p2", "y+16(FP)")
	m.arg(f, "n", "n+24(FP)")
	m.loop(f, func() {
		m.load(f, 0, "p1")
		m.load(f, 1, "p2")
		m.bin(f, "add", 0, 0, 1)
		m.store(f, "p0", 0)
	}, map[string]int{"p0": 64, "p1": 64, "p2": 64})
	m.ret(f)
}

func (v *vec) fromF16() {
	f, m := v.f, v.m
	f.begin(v.name("fromF16"), "dst *float32, src *uint16, n int", 24, "")
	m.arg(f, "p0", "dst+0(FP)")
	m.arg(f, "p1", "src+8(FP)")
	m.arg(f, "n", "n+16(FP)")
	m.loop(f, func() {
		m.loadF16(f, 0, "p1")
		m.store(f, "p0", 0)
	}, map[string]int{"p0": 64, "p1": 32})
	m.ret(f)
}

func (v *vec) normalize() {
	f, m := v.f, v.m
	f.begin(v.name("normalize"), "dst *float32, x *float32, gain *float32, bias *float32, n int, mean float32, scale float32", 48, "")
	m.arg(f, "p0", "dst+0(FP)")
	m.arg(f, "p1", "x+8(FP)")
	m.arg(f, "p2", "gain+16(FP)")
	m.arg(f, "p3", "bias+24(FP)")
	m.arg(f, "n", "n+32(FP)")
	m.loop(f, func() {
		m.load(f, 0, "p1")
		m.load(f, 1, "p2")
		m.load(f, 2, "p3")
		m.argK(f, "mean+40(FP)")
		m.binK(f, "sub", 0, 0, "")
		m.argK(f, "scale+44(FP)")
		m.binK(f, "mul", 0, 0, "")
		m.fma(f, 2, 0, 1)
		m.store(f, "p0", 2)
	}, map[string]int{"p0": 64, "p1": 64, "p2": 64, "p3": 64})
	m.ret(f)
}
