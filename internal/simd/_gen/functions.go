package main

import "fmt"

// exp sets register x to exp(x), for x ≤ 88; y, t, r and q are scratch.
func exp(m machine, x, y, t, r, q int) {
	m.comment("exp: y = max(low, x), t = y·log2e + big, n = t − big, r = y − n·ln 2")
	m.binKR("max", y, "expLow", x)
	m.constant(t, "roundBig")
	m.fmaK(t, y, "log2E")
	m.binK("sub", q, t, "roundBig")
	m.mov(r, y)
	m.fmaK(r, q, "-ln2High")
	m.fmaK(r, q, "-ln2Low")
	m.power(t, q)
	m.comment("q = P(r), y = q·r² + r + 1, times 2ⁿ, or 0 below low")
	polynomial(m, q, r, "expPoly", 4)
	m.bin("mul", y, r, r)
	m.fma(r, q, y)
	m.binK("add", y, r, "one")
	m.timesPower(x, y, t, q, "expLow")
}

// polynomial sets register d to a polynomial of register x by Horner's rule.
func polynomial(m machine, d, x int, name string, degree int) {
	m.constant(d, fmt.Sprint(name, degree))
	for i := degree - 1; i >= 0; i-- {
		m.horner(d, x, fmt.Sprint(name, i))
	}
}

// gelu sets register 0 to its GELU.
func gelu(m machine) {
	m.comment("u = |x|, t = 1 / (u/4 + 1), R(t)")
	m.binK("and", 1, 0, "absMask")
	m.constant(2, "one")
	m.fmaK(2, 1, "quarter")
	m.binKR("div", 2, "one", 2)
	polynomial(m, 6, 2, "gaussPoly", 9)
	m.comment("q = R·exp(−u²/2)")
	m.bin("mul", 1, 1, 1)
	m.binK("mul", 1, 1, "-half")
	exp(m, 1, 2, 3, 4, 5)
	m.bin("mul", 1, 6, 1)
	m.comment("x · (x < 0 ? q : 1 − q)")
	m.binKR("sub", 2, "one", 1)
	m.selectLess(1, 0, "zero", 1, 2)
	m.bin("mul", 0, 0, 1)
}

// tanh sets register 0 to its tanh, with all others for scratch.
func tanh(m machine) {
	m.comment("big = 1 − 2/(exp(2·min(|x|, one)) + 1), with x's sign")
	m.binK("and", 6, 0, "absMask")
	m.binKR("min", 1, "tanhOne", 6)
	m.binK("mul", 1, 1, "two")
	exp(m, 1, 2, 3, 4, 5)
	m.binK("add", 1, 1, "one")
	m.binKR("div", 1, "two", 1)
	m.binKR("sub", 1, "one", 1)
	m.binK("and", 2, 0, "signMask")
	m.bin("or", 1, 1, 2)
	m.comment("small = x³·P(x²) + x")
	m.bin("mul", 2, 0, 0)
	polynomial(m, 3, 2, "tanhPoly", 4)
	m.bin("mul", 2, 0, 2)
	m.fma(0, 2, 3)
	m.selectLess(0, 6, "tanhSplit", 0, 1)
}

// geluTanh sets register 0 to fairseq's gelu_accurate of it.
func geluTanh(m machine) {
	m.comment("z = (x³·cube + x)·scale; x waits in its place in memory")
	m.bin("mul", 1, 0, 0)
	m.bin("mul", 1, 1, 0)
	m.fmaK(0, 1, "geluTanhCube")
	m.binK("mul", 0, 0, "geluTanhScale")
	tanh(m)
	m.comment("h = x/2, h·tanh(z) + h")
	m.load(1, "p0")
	m.binK("mul", 1, 1, "half")
	m.mov(2, 1)
	m.fma(2, 1, 0)
	m.mov(0, 2)
}

func relu(m machine) {
	m.constant(1, "zero")
	m.selectLess(0, 0, "zero", 1, 0)
}
