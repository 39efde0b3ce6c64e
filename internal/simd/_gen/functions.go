package main

import "fmt"

// exp sets register x to exp(x), for x ≤ 88; y, t, r and q are scratch.
func exp(m machine, x, y, t, r, q int) {
	m.comment("exp: y = max(low, x), t = y·log2e + big, n = t − big, r = y − n·ln 2")
	m.bin("max", y, m.k("expLow"), x)
	m.constant(t, "roundBig")
	m.fma(t, y, m.k("log2E"))
	m.bin("sub", q, t, m.k("roundBig"))
	m.mov(r, y)
	m.fma(r, q, m.k("-ln2High"))
	m.fma(r, q, m.k("-ln2Low"))
	m.power(t, q)
	m.comment("q = P(r), y = q·r² + r + 1, times 2ⁿ, or 0 below low")
	polynomial(m, q, r, "expPoly", 4)
	m.bin("mul", y, r, r)
	m.fma(r, q, y)
	m.bin("add", y, r, m.k("one"))
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
	m.bin("and", 1, 0, m.k("absMask"))
	m.constant(2, "one")
	m.fma(2, 1, m.k("quarter"))
	m.bin("div", 2, m.k("one"), 2)
	polynomial(m, 6, 2, "gaussPoly", 9)
	m.comment("q = R·exp(−u²/2)")
	m.bin("mul", 1, 1, 1)
	m.bin("mul", 1, 1, m.k("-half"))
	exp(m, 1, 2, 3, 4, 5)
	m.bin("mul", 1, 6, 1)
	m.comment("x · (x < 0 ? q : 1 − q)")
	m.bin("sub", 2, m.k("one"), 1)
	m.choose("less", 1, 0, m.k("zero"), 1, 2)
	m.bin("mul", 0, 0, 1)
}

// tanh sets register 0 to its tanh, with all others for scratch.
func tanh(m machine) {
	m.comment("big = 1 − 2/(exp(2·min(|x|, one)) + 1), with x's sign")
	m.bin("and", 6, 0, m.k("absMask"))
	m.bin("min", 1, m.k("tanhOne"), 6)
	m.bin("mul", 1, 1, m.k("two"))
	exp(m, 1, 2, 3, 4, 5)
	m.bin("add", 1, 1, m.k("one"))
	m.bin("div", 1, m.k("two"), 1)
	m.bin("sub", 1, m.k("one"), 1)
	m.bin("and", 2, 0, m.k("signMask"))
	m.bin("or", 1, 1, 2)
	m.comment("small = x³·P(x²) + x")
	m.bin("mul", 2, 0, 0)
	polynomial(m, 3, 2, "tanhPoly", 4)
	m.bin("mul", 2, 0, 2)
	m.fma(0, 2, 3)
	m.choose("less", 0, 6, m.k("tanhSplit"), 0, 1)
}

// geluTanh sets register 0 to fairseq's gelu_accurate of it.
func geluTanh(m machine) {
	m.comment("z = (x³·cube + x)·scale; x waits in its place in memory")
	m.bin("mul", 1, 0, 0)
	m.bin("mul", 1, 1, 0)
	m.fma(0, 1, m.k("geluTanhCube"))
	m.bin("mul", 0, 0, m.k("geluTanhScale"))
	tanh(m)
	m.comment("h = x/2, h·tanh(z) + h")
	m.load(1, "p0")
	m.bin("mul", 1, 1, m.k("half"))
	m.mov(2, 1)
	m.fma(2, 1, 0)
	m.mov(0, 2)
}

func relu(m machine) {
	m.constant(1, "zero")
	m.choose("less", 0, 0, m.k("zero"), 1, 0)
}
