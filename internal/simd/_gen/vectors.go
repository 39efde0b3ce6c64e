package main

import (
	"fmt"
	"strings"
)

// A writer writes the functions that work on rows of n floats, where n is a positive
// multiple of 16.
type writer struct {
	machine
	level string
}

// vectors writes all of a machine's functions of rows.
func vectors(m machine, level string) {
	w := writer{m, level}
	w.unary("gelu", "x[i]·Φ(x[i])", padded, gelu)
	w.unary("tanh", "tanh(x[i])", padded, tanh)
	w.unary("geluTanh", "½x[i]·(1 + tanh(√(2/π)·(x[i] + 0.044715·x[i]³)))", padded, geluTanh)
	w.unary("relu", "x[i] < 0 ? 0 : x[i]", prefix, relu)
	w.unary("reluSquared", "(x[i] < 0 ? 0 : x[i])²", prefix, func(m machine) {
		relu(m)
		m.bin("mul", 0, 0, 0)
	})
	w.function("scale", "x *float32, n int, s float32", "sets x[i] = x[i]·s", "", prefix, func() {
		m.hold("s")
		m.loop(func() {
			m.load(0, "p0")
			m.bin("mul", 0, 0, K)
			m.store("p0", 0)
		}, map[string]int{"p0": 64})
	})
	w.function("add", "dst *float32, x *float32, y *float32, n int", "sets dst[i] = x[i] + y[i]", "", prefix, func() {
		m.loop(func() {
			m.load(0, "p1")
			m.load(1, "p2")
			m.bin("add", 0, 0, 1)
			m.store("p0", 0)
		}, map[string]int{"p0": 64, "p1": 64, "p2": 64})
	})
	w.function("mul", "dst *float32, x *float32, y *float32, n int", "sets dst[i] = x[i]·y[i]", "", prefix, func() {
		m.loop(func() {
			m.load(0, "p1")
			m.load(1, "p2")
			m.bin("mul", 0, 0, 1)
			m.store("p0", 0)
		}, map[string]int{"p0": 64, "p1": 64, "p2": 64})
	})
	w.function("larger", "x *float32, y *float32, n int", "sets x[i] = x[i] < y[i] or y[i] is NaN ? y[i] : x[i]", "", prefix, func() {
		m.loop(func() {
			m.load(0, "p0")
			m.load(1, "p1")
			m.choose("less", 0, 0, 1, 1, 0)
			m.choose("equal", 0, 1, 1, 0, 1)
			m.store("p0", 0)
		}, map[string]int{"p0": 64, "p1": 64})
	})
	w.function("normalize", "dst *float32, x *float32, gain *float32, bias *float32, n int, mean float32, scale float32",
		"sets dst[i] = (x[i]−mean)·scale·gain[i] + bias[i]", "", prefix, func() {
			m.loop(func() {
				m.load(0, "p1")
				m.load(1, "p2")
				m.load(2, "p3")
				m.bin("sub", 0, 0, m.hold("mean"))
				m.bin("mul", 0, 0, m.hold("scale"))
				m.fma(2, 0, 1)
				m.store("p0", 2)
			}, map[string]int{"p0": 64, "p1": 64, "p2": 64, "p3": 64})
		})
	w.function("fromF16", "dst *float32, src *uint16, n int", "sets dst[i] = src[i], a float16", "", prefix, func() {
		m.loop(func() {
			m.loadF16(0, "p1")
			m.store("p0", 0)
		}, map[string]int{"p0": 64, "p1": 32})
	})
	w.function("packColumn", "panel *float32, v *float32, ldv int, n int",
		"copies n/16 rows of 16 floats: panel[16i+j] = v[i][j], with rows of v ldv bytes apart", "PackColumns", byHand, func() {
			m.loop(func() {
				m.load(0, "p1")
				m.store("p0", 0)
				m.offset("p1", "ldv")
			}, map[string]int{"p0": 64})
		})
	roundTo := func(store func(p string, v int), bytes int) func() {
		return func() {
			m.loop(func() {
				m.load(0, "p1")
				m.bin("and", 1, 0, m.k("inf"))
				m.bin("mul", 1, 1, m.k("bf16Top"))
				m.bin("mul", 1, 1, m.k("bf16Round"))
				m.bin("max", 1, 1, m.k("bf16Least"))
				m.bin("add", 0, 0, 1)
				m.bin("sub", 0, 0, 1)
				store("p0", 0)
			}, map[string]int{"p0": bytes, "p1": 64})
		}
	}
	w.function("roundBF16", "dst *float32, x *float32, n int", "sets dst[i] = x[i], rounded to bfloat16", "", prefix, roundTo(m.store, 64))
	w.function("pairBF16", "dst *uint16, x *float32, n int", "sets dst to x, rounded to bfloat16, in pairs", "", prefix, roundTo(m.storePairs, 32))
	w.softmax()
	w.addLayerNorm()
	w.int8()
	w.int16()

	w.reduction("max", "x *float32", "", "sets acc[i%16] = max(acc[i%16], x[i]), NaN passed over", "", func() {
		m.load(1, "p1")
		m.choose("less", 0, 0, 1, 1, 0)
	})
	w.reduction("sum", "x *float32", "", "sets acc[i%16] += x[i]", "", func() {
		m.load(1, "p1")
		m.bin("add", 0, 0, 1)
	})
	w.reduction("sumSquares", "x *float32", "mean", "sets acc[i%16] += (x[i]−mean)²", "", func() {
		m.load(1, "p1")
		m.bin("sub", 1, 1, K)
		m.fma(0, 1, 1)
	})
	w.function("expSum", "acc *lanes, x *float32, n int, top float32",
		"sets x[i] = exp(x[i]−top) and acc[i%16] += x[i]", "", padded, func() {
			m.load(0, "p0")
			m.loopAbreast(true, func(m machine) {
				m.load(1, "p1")
				m.bin("sub", 1, 1, m.hold("top"))
				exp(m, 1, 2, 3, 4, 5)
				m.store("p1", 1)
				m.collect("add", 1)
			}, map[string]int{"p1": 64})
			m.store("p0", 0)
		})
	w.reduction("toF16", "src *float32, dst *uint16", "", "sets dst[i] to float16(src[i]), rounded, and acc[i%16] = 1 where that has another value",
		"toF16ExactGeneric", func() {
			m.load(1, "p1")
			m.mov(2, 1)
			m.storeF16("p2", 2)
			m.constant(3, "one")
			m.choose("equal", 0, 1, 2, 0, 3)
		})
}

// int8 writes what rounds rows of floats to integers.
func (w writer) int8() {
	m := w.machine
	w.function("extremes", "acc *lanes, x *float32, n int",
		"sets five lanes to the largest, second largest, smallest and second smallest of x and zeros, and to 0 or NaN", "", byHand, func() {
			for v := range 5 {
				m.constant(v, "zero")
			}
			m.loop(func() {
				m.load(5, "p1")
				m.bin("min", 6, 0, 5)
				m.bin("max", 0, 0, 5)
				m.bin("max", 1, 1, 6)
				m.bin("max", 6, 2, 5)
				m.bin("min", 2, 2, 5)
				m.bin("min", 3, 3, 6)
				m.fma(4, 5, m.k("zero"))
			}, map[string]int{"p1": 64})
			for v := range 5 {
				m.store("p0", v)
				m.advance("p0", 64)
			}
		})
	w.function("toInt16", "dst *int16, x *float32, n int, inverse float32", "sets dst[i] to x[i]·inverse, rounded", "", prefix, func() {
		m.loop(func() {
			m.load(0, "p1")
			m.bin("mul", 0, 0, m.hold("inverse"))
			m.storeInt16("p0", 0)
		}, map[string]int{"p0": 32, "p1": 64})
	})
	w.function("toBytes", "dst *uint8, x *float32, n int, inverse float32, zero float32",
		"sets dst[i] to x[i]·inverse, rounded, plus zero, from 0 to 255", "", prefix, func() {
			m.loop(func() {
				m.load(0, "p1")
				m.bin("mul", 0, 0, m.hold("inverse"))
				m.bin("add", 0, 0, m.k("roundBig"))
				m.bin("sub", 0, 0, m.k("roundBig"))
				m.bin("add", 0, 0, m.hold("zero"))
				m.bin("max", 0, 0, m.k("zero"))
				m.bin("min", 0, 0, m.k("byteMax"))
				m.storeBytes("p0", 0)
			}, map[string]int{"p0": 16, "p1": 64})
		})
}

// int16 writes what rounds rows and columns of floats to integers of 16 bits.
func (w writer) int16() {
	m := w.machine
	w.open("toInt16Rows", "dst *int16, x *float32, scales *float32, ldx int, rows int, n int, skip int, limit float32, share float32",
		"rounds rows of n floats, ldx bytes apart, to integers of at most limit with a step of at least share of the sum of magnitudes; there are skip bytes between rows of dst; each scale is stored 16 times, into the place of the following ones too", "toInt16Row", byHand)
	m.arg16("p0", "dst")
	m.arg16("p2", "scales")
	row := func() {
		m.arg16("p1", "x")
		m.arg16("n", "n")
	}
	wide := m.abreast()
	m.eachRow(func() {
		m.comment("The sum of magnitudes to 0, the largest to 6")
		row()
		m.constant(0, "zero")
		wide.constant(6, "zero")
		m.loopAbreast(true, func(m machine) {
			m.load(1, "p1")
			m.bin("and", 1, 1, m.k("absMask"))
			m.bin("max", 6, 6, 1)
			m.collect("add", 1)
		}, map[string]int{"p1": 64})
		m.together("max", 6) // unlike a sum it has no order
		m.across("max", 6, 1)
		m.across("add", 0, 1)
		m.comment("step = max(top/limit, sum·share, leastStep) to 6, the scale is NaN if the sum is not finite")
		m.bin("div", 6, 6, m.hold("limit"))
		m.bin("mul", 1, 0, m.hold("share"))
		m.bin("max", 6, 6, 1)
		m.bin("max", 6, 6, m.k("leastStep"))
		m.bin("mul", 0, 0, m.k("zero"))
		m.bin("add", 0, 0, 6)
		m.store("p2", 0)
		m.advance("p2", 4)
		m.bin("div", 6, m.k("one"), 6)
		row()
		m.loop(func() {
			m.load(1, "p1")
			m.bin("mul", 1, 1, 6)
			m.storeInt16("p0", 1)
		}, map[string]int{"p0": 32, "p1": 64})
		m.offset("p0", "skip")
	}, "x", "ldx")
	m.ret()

	w.function("columnTops", "tops *lanes, v *float32, ldv int, n int",
		"sets tops[j] = max(tops[j], |v[i][j]|), and tops[16+j] to NaN where any is NaN or infinite, for n/16 rows of 16 floats, ldv bytes apart", "PackInt16Columns", byHand, func() {
			m.load(0, "p0")
			m.advance("p0", 64)
			m.load(3, "p0")
			m.loop(func() {
				m.load(1, "p1")
				m.bin("and", 2, 1, m.k("absMask"))
				m.bin("max", 0, 0, 2)
				m.fma(3, 1, m.k("zero"))
				m.offset("p1", "ldv")
			}, nil)
			m.store("p0", 3)
			m.advance("p0", -64)
			m.store("p0", 0)
		})
	w.function("packWordColumns", "panel *int16, v *float32, inverses *lanes, ldv int, n int",
		"sets panel[32i+2j] and panel[32i+2j+1] to v[2i][j] and v[2i+1][j] times inverses[j], rounded, for n/16 pairs of rows of 16 floats, ldv bytes apart", "PackInt16Columns", byHand, func() {
			m.load(2, "p2")
			m.loop(func() {
				for v := range 2 {
					m.load(v, "p1")
					m.bin("mul", v, v, 2)
					m.offset("p1", "ldv")
				}
				m.storeWordPairs("p0", 0, 1)
			}, map[string]int{"p0": 64})
		})
}

// softmax writes the softmax of rows of n elements.
func (w writer) softmax() {
	m := w.machine
	w.open("softmax", "x *float32, ldx int, rows int, n int", "sets x[i] = exp(x[i]−max x)/Σ exp(x[j]−max x) for rows of n floats, ldx bytes apart", "Softmax", byHand)
	row := func() {
		m.arg16("p1", "x")
		m.arg16("n", "n")
	}
	advance := map[string]int{"p1": 64}
	wide := m.abreast()
	m.eachRow(func() {
		m.comment("top = max x, in 0 and then in 6")
		row()
		wide.constant(0, "-inf")
		m.loopAbreast(false, func(m machine) {
			m.load(1, "p1")
			m.bin("max", 0, 0, 1)
		}, advance)
		m.together("max", 0) // unlike a sum it has no order
		m.across("max", 0, 1)
		wide.spread(6, 0)
		m.comment("x[i] = exp(x[i]−top), sum += x[i], 6 = 1/sum")
		row()
		m.constant(0, "zero")
		m.loopAbreast(true, func(m machine) {
			m.load(1, "p1")
			m.bin("sub", 1, 1, 6)
			exp(m, 1, 2, 3, 4, 5)
			m.store("p1", 1)
			m.collect("add", 1)
		}, advance)
		m.across("add", 0, 1)
		m.bin("div", 0, m.k("one"), 0)
		wide.spread(6, 0)
		m.comment("x[i] = x[i]/sum")
		row()
		m.loopAbreast(false, func(m machine) {
			m.load(1, "p1")
			m.bin("mul", 1, 1, 6)
			m.store("p1", 1)
		}, advance)
	}, "x", "ldx")
	m.ret()
}

// addLayerNorm writes x = LayerNorm(x + y) for two rows at once: the sum of a row
// is one chain of additions, and two are done in the time of one.
func (w writer) addLayerNorm() {
	m := w.machine
	w.open("addLayerNorm2", "x0 *float32, x1 *float32, y0 *float32, y1 *float32, gain *float32, bias *float32, n int, count float32, eps float32",
		"sets x = LayerNorm(x + y) for the rows x0, y0 and x1, y1; count is n", "AddLayerNorm", byHand)
	pointers := func(p0, p1, p2, p3 string) {
		m.arg16("n", "n")
		for i, name := range []string{p0, p1, p2, p3} {
			if name != "" {
				m.arg16(fmt.Sprint("p", i), name)
			}
		}
	}
	m.comment("x[i] += y[i]; means to 0 and 6")
	pointers("x0", "y0", "x1", "y1")
	m.constant(0, "zero")
	m.constant(6, "zero")
	m.loop(func() {
		m.load(1, "p0")
		m.load(2, "p1")
		m.load(3, "p2")
		m.load(4, "p3")
		m.bin("add", 1, 1, 2)
		m.bin("add", 3, 3, 4)
		m.store("p0", 1)
		m.store("p2", 3)
		m.bin("add", 0, 0, 1)
		m.bin("add", 6, 6, 3)
	}, map[string]int{"p0": 64, "p1": 64, "p2": 64, "p3": 64})
	mean := func(r int) {
		m.across("add", r, 1)
		m.bin("div", r, r, m.hold("count"))
	}
	mean(0)
	mean(6)
	m.comment("1/√(variance + eps) to 4 and 5")
	pointers("x0", "", "x1", "")
	m.constant(4, "zero")
	m.constant(5, "zero")
	m.loop(func() {
		m.load(1, "p0")
		m.load(2, "p2")
		m.bin("sub", 1, 1, 0)
		m.bin("sub", 2, 2, 6)
		m.fma(4, 1, 1)
		m.fma(5, 2, 2)
	}, map[string]int{"p0": 64, "p2": 64})
	for _, r := range []int{4, 5} {
		mean(r)
		m.bin("add", r, r, m.hold("eps"))
		m.sqrt(r)
		m.bin("div", r, m.k("one"), r)
	}
	m.comment("x[i] = (x[i]−mean)·scale·gain[i] + bias[i]")
	pointers("x0", "gain", "x1", "bias")
	m.loop(func() {
		m.load(2, "p1")
		for _, r := range []struct {
			p           string
			mean, scale int
		}{{"p0", 0, 4}, {"p2", 6, 5}} {
			m.load(1, r.p)
			m.load(3, "p3")
			m.bin("sub", 1, 1, r.mean)
			m.bin("mul", 1, 1, r.scale)
			m.fma(3, 1, 2)
			m.store(r.p, 3)
		}
	}, map[string]int{"p0": 64, "p1": 64, "p2": 64, "p3": 64})
	m.ret()
}

// open begins a function. Its twin in portable Go is name+"Generic" if not said.
func (w writer) open(name, params, doc, twin string, kind vec) {
	if twin == "" {
		twin = name + "Generic"
	}
	w.begin(function{name + w.level, params, doc + "; n is a positive multiple of 16; twin: " + twin + ".", kind}, 0)
	w.start()
}

// function writes a function: its pointers go to p0, p1 … in their order, n to n.
func (w writer) function(name, params, doc, twin string, kind vec, body func()) {
	w.open(name, params, doc, twin, kind)
	next := 0
	for _, p := range w.params() {
		switch {
		case p.pointer:
			w.arg16(fmt.Sprint("p", next), p.name)
			next++
		case p.name == "n":
			w.arg16("n", "n")
		}
	}
	body()
	w.ret()
}

// unary writes x[i] = f(x[i]), with x[i] in register 0.
func (w writer) unary(name, formula string, kind vec, f func(machine)) {
	w.function(name, "x *float32, n int", "sets x[i] = "+formula, "", kind, func() {
		w.loopAbreast(false, func(m machine) {
			m.load(0, "p0")
			f(m)
			m.store("p0", 0)
		}, map[string]int{"p0": 64})
	})
}

// reduction writes body over floats (p1), with the lanes in register 0. A float32
// parameter, if there is one, is in K.
func (w writer) reduction(name, pointers, value, doc, twin string, body func()) {
	params := "acc *lanes, " + pointers + ", n int"
	if value != "" {
		params += ", " + value + " float32"
	}
	w.function(name, params, doc, twin, prefix, func() {
		if value != "" {
			w.hold(value)
		}
		w.load(0, "p0")
		advance := map[string]int{"p1": 64}
		if strings.Contains(pointers, "uint16") {
			advance["p2"] = 32
		}
		w.loop(body, advance)
		w.store("p0", 0)
	})
}
