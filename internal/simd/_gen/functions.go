package main

import "fmt"

// exp sets register x to exp(x), for x ≤ 88; y, t, r and q are scratch.
func (v *vec) exp(x, y, t, r, q int) {
	f, m := v.f, v.m
	f.comment("exp: y = max(low, x), t = y·log2e + big, n = t − big, r = y − n·ln 2")
	m.binKR(f, "max", y, "expLow", x)
	m.constant(f, t, "roundBig")
	m.fmaK(f, t, y, "log2E")
	m.binK(f, "sub", q, t, "roundBig")
	m.mov(f, r, y)
	m.fmaK(f, r, q, "-ln2High")
	m.fmaK(f, r, q, "-ln2Low")
	m.power(f, t, q)
	f.comment("q = P(r), y = q·r² + r + 1, times 2ⁿ, or 0 below low")
	v.polynomial(q, r, "expPoly", 4)
	m.bin(f, "mul", y, r, r)
	m.fma(f, r, q, y)
	m.binK(f, "add", y, r, "one")
	m.timesPower(f, x, y, t, q, "expLow")
}

// polynomial sets register d to a polynomial of register x by Horner's rule.
func (v *vec) polynomial(d, x int, name string, degree int) {
	v.m.constant(v.f, d, fmt.Sprint(name, degree))
	for i := degree - 1; i >= 0; i-- {
		v.m.horner(v.f, d, x, fmt.Sprint(name, i))
	}
}

// gelu sets register 0 to its GELU.
func (v *vec) gelu() {
	f, m := v.f, v.m
	f.comment("u = |x|, t = 1 / (u/4 + 1), R(t)")
	m.binK(f, "and", 1, 0, "absMask")
	m.constant(f, 2, "one")
	m.fmaK(f, 2, 1, "quarter")
	m.binKR(f, "div", 2, "one", 2)
	v.polynomial(6, 2, "gaussPoly", 9)
	f.comment("q = R·exp(−u²/2)")
	m.bin(f, "mul", 1, 1, 1)
	m.binK(f, "mul", 1, 1, "-half")
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
	v.polynomial(3, 2, "tanhPoly", 4)
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
