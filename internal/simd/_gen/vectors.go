package main

import "fmt"

// A vec writes the functions that work on rows of n floats, where n is a positive
// multiple of 16. Most equal the function of the same name that ends in Generic.
type vec struct {
	f *file
	m machine
}

// vectors writes all of a machine's vector functions.
func vectors(m machine, t *table) *file {
	m.setTable(t)
	f := &file{header: "Functions of rows of floats, and what packs weights."}
	v := &vec{f, m}

	v.unary("gelu", v.gelu)
	v.unary("tanh", v.tanh)
	v.unary("geluTanh", v.geluTanh)
	v.unary("relu", v.relu)
	v.unary("reluSquared", func() { v.relu(); m.bin(f, "mul", 0, 0, 0) })
	v.function("scale", "x *float32, n int, s float32", func() {
		m.argK(f, "s")
		m.loop(f, func() {
			m.load(f, 0, "p0")
			m.binK(f, "mul", 0, 0, "")
			m.store(f, "p0", 0)
		}, map[string]int{"p0": 64})
	})
	v.function("add", "dst *float32, x *float32, y *float32, n int", func() {
		m.loop(f, func() {
			m.load(f, 0, "p1")
			m.load(f, 1, "p2")
			m.bin(f, "add", 0, 0, 1)
			m.store(f, "p0", 0)
		}, map[string]int{"p0": 64, "p1": 64, "p2": 64})
	})
	v.function("normalize", "dst *float32, x *float32, gain *float32, bias *float32, n int, mean float32, scale float32", func() {
		m.loop(f, func() {
			m.load(f, 0, "p1")
			m.load(f, 1, "p2")
			m.load(f, 2, "p3")
			m.argK(f, "mean")
			m.binK(f, "sub", 0, 0, "")
			m.argK(f, "scale")
			m.binK(f, "mul", 0, 0, "")
			m.fma(f, 2, 0, 1)
			m.store(f, "p0", 2)
		}, map[string]int{"p0": 64, "p1": 64, "p2": 64, "p3": 64})
	})
	v.function("fromF16", "dst *float32, src *uint16, n int", func() {
		m.loop(f, func() {
			m.loadF16(f, 0, "p1")
			m.store(f, "p0", 0)
		}, map[string]int{"p0": 64, "p1": 32})
	})

	v.function("packColumn", "panel *float32, v *float32, ldv int, n int", func() {
		m.loop(f, func() {
			m.load(f, 0, "p1")
			m.store(f, "p0", 0)
			m.offset(f, "p1", "ldv")
		}, map[string]int{"p0": 64})
	})
	v.softmax()
	v.addLayerNorm()

	v.reduction("max", "x *float32", "", func() {
		m.load(f, 1, "p1")
		m.selectMore(f, 0, 1, 0, 1, 0)
	})
	v.reduction("sum", "x *float32", "", func() {
		m.load(f, 1, "p1")
		m.bin(f, "add", 0, 0, 1)
	})
	v.reduction("sumSquares", "x *float32", "mean float32", func() {
		m.load(f, 1, "p1")
		m.binK(f, "sub", 1, 1, "")
		m.fma(f, 0, 1, 1)
	})
	v.reduction("expSum", "x *float32", "top float32", func() {
		m.load(f, 1, "p1")
		m.argK(f, "top")
		m.binK(f, "sub", 1, 1, "")
		v.exp(1, 2, 3, 4, 5)
		m.store(f, "p1", 1)
		m.collect(f, "add", 1)
	})
	v.reduction("markNaN", "x *float32", "", func() {
		m.load(f, 1, "p1")
		m.constant(f, 2, "one")
		m.selectEqual(f, 0, 1, 1, 0, 2)
	})
	v.reduction("toF16", "src *float32, dst *uint16", "", func() {
		m.load(f, 1, "p1")
		m.mov(f, 2, 1)
		m.storeF16(f, "p2", 2)
		m.constant(f, 3, "one")
		m.selectEqual(f, 0, 1, 2, 0, 3)
	})
	return f
}

// softmax writes the softmax of rows of n elements.
func (v *vec) softmax() {
	f, m := v.f, v.m
	v.begin("softmax", "x *float32, ldx int, rows int, n int")
	row := func() {
		m.arg(f, "p1", "x")
		m.arg(f, "n", "n")
	}
	advance := map[string]int{"p1": 64}
	m.eachRow(f, func() {
		row()
		m.forAbreast(func() { m.constant(f, 0, "-inf") })
		m.loopAbreast(f, false, func() {
			m.load(f, 1, "p1")
			m.bin(f, "max", 0, 0, 1)
		}, advance)
		m.together(f, "max", 0) // unlike a sum it has no order
		m.across(f, "max", 0, 1)
		m.forAbreast(func() { m.spread(f, 6, 0) })
		row()
		m.constant(f, 0, "zero")
		m.loopAbreast(f, true, func() {
			m.load(f, 1, "p1")
			m.bin(f, "sub", 1, 1, 6)
			v.exp(1, 2, 3, 4, 5)
			m.store(f, "p1", 1)
			m.collect(f, "add", 1)
		}, advance)
		m.across(f, "add", 0, 1)
		m.binKR(f, "div", 0, "one", 0)
		m.forAbreast(func() { m.spread(f, 6, 0) })
		row()
		m.loopAbreast(f, false, func() {
			m.load(f, 1, "p1")
			m.bin(f, "mul", 1, 1, 6)
			m.store(f, "p1", 1)
		}, advance)
	}, "x", "ldx")
	m.ret(f)
}

// addLayerNorm writes x = LayerNorm(x + y) for two rows at once: the sum of a row
// is one chain of additions, and two are done in the time of one.
func (v *vec) addLayerNorm() {
	f, m := v.f, v.m
	v.begin("addLayerNorm2", "x0 *float32, x1 *float32, y0 *float32, y1 *float32, gain *float32, bias *float32, n int, count float32, eps float32")
	pointers := func(p0, p1, p2, p3 string) {
		m.arg(f, "n", "n")
		for i, name := range []string{p0, p1, p2, p3} {
			if name != "" {
				m.arg(f, fmt.Sprint("p", i), name)
			}
		}
	}
	f.comment("x += y; means to 0 and 6")
	pointers("x0", "y0", "x1", "y1")
	m.constant(f, 0, "zero")
	m.constant(f, 6, "zero")
	m.loop(f, func() {
		m.load(f, 1, "p0")
		m.load(f, 2, "p1")
		m.load(f, 3, "p2")
		m.load(f, 4, "p3")
		m.bin(f, "add", 1, 1, 2)
		m.bin(f, "add", 3, 3, 4)
		m.store(f, "p0", 1)
		m.store(f, "p2", 3)
		m.bin(f, "add", 0, 0, 1)
		m.bin(f, "add", 6, 6, 3)
	}, map[string]int{"p0": 64, "p1": 64, "p2": 64, "p3": 64})
	mean := func(r int) {
		m.across(f, "add", r, 1)
		m.argK(f, "count")
		m.binK(f, "div", r, r, "")
	}
	mean(0)
	mean(6)
	f.comment("1/√(variance + eps) to 4 and 5")
	pointers("x0", "", "x1", "")
	m.constant(f, 4, "zero")
	m.constant(f, 5, "zero")
	m.loop(f, func() {
		m.load(f, 1, "p0")
		m.load(f, 2, "p2")
		m.bin(f, "sub", 1, 1, 0)
		m.bin(f, "sub", 2, 2, 6)
		m.fma(f, 4, 1, 1)
		m.fma(f, 5, 2, 2)
	}, map[string]int{"p0": 64, "p2": 64})
	for _, r := range []int{4, 5} {
		mean(r)
		m.argK(f, "eps")
		m.binK(f, "add", r, r, "")
		m.sqrt(f, r)
		m.binKR(f, "div", r, "one", r)
	}
	f.comment("(x − mean)·scale·gain + bias")
	pointers("x0", "gain", "x1", "bias")
	m.loop(f, func() {
		m.load(f, 2, "p1")
		for _, r := range []struct {
			p           string
			mean, scale int
		}{{"p0", 0, 4}, {"p2", 6, 5}} {
			m.load(f, 1, r.p)
			m.load(f, 3, "p3")
			m.bin(f, "sub", 1, 1, r.mean)
			m.bin(f, "mul", 1, 1, r.scale)
			m.fma(f, 3, 1, 2)
			m.store(f, r.p, 3)
		}
	}, map[string]int{"p0": 64, "p1": 64, "p2": 64, "p3": 64})
	m.ret(f)
}

// begin begins a function that loads its arguments itself.
func (v *vec) begin(name, params string) {
	comment := map[string]string{
		"markNaN":       "sets a lane to 1 where an element is NaN",
		"toF16":         "rounds to float16 and sets a lane to 1 where that changes a value",
		"softmax":       "is SoftmaxRows for rows of n floats, ldx bytes apart",
		"addLayerNorm2": "is AddLayerNorm for two rows",
		"packColumn":    "copies n/16 rows of 16 floats, which are ldv bytes apart, to one another",
	}[name]
	if comment == "" {
		comment = "equals " + name + "Generic"
	}
	v.f.begin(name+v.m.name(), params, comment+"; n is a positive multiple of 16.")
	v.m.begin(v.f)
}

// function writes a function: its pointers go to p0, p1 … in their order, n to n.
func (v *vec) function(name, params string, body func()) {
	f, m := v.f, v.m
	v.begin(name, params)
	next := 0
	for _, p := range f.params() {
		switch {
		case p.pointer:
			m.arg(f, []string{"p0", "p1", "p2", "p3"}[next], p.name)
			next++
		case p.name == "n":
			m.arg(f, "n", "n")
		}
	}
	body()
	m.ret(f)
}

// unary writes x = body(x), with x in register 0.
func (v *vec) unary(name string, body func()) {
	v.function(name, "x *float32, n int", func() {
		v.m.loopAbreast(v.f, false, func() {
			v.m.load(v.f, 0, "p0")
			body()
			v.m.store(v.f, "p0", 0)
		}, map[string]int{"p0": 64})
	})
}

// reduction writes body over floats (p1), with the lanes in register 0. A
// float32 parameter is in the constant register at first.
func (v *vec) reduction(name, pointers, value string, body func()) {
	params := "lanes *[16]float32, " + pointers + ", n int"
	if value != "" {
		params += ", " + value
	}
	v.function(name, params, func() {
		f, m := v.f, v.m
		advance := map[string]int{"p1": 64}
		for _, p := range f.params() {
			if p.name == "dst" {
				advance["p2"] = 32
			}
			if p.size == 4 {
				m.argK(f, p.name)
			}
		}
		m.load(f, 0, "p0")
		if name == "expSum" {
			m.loopAbreast(f, true, body, advance)
		} else {
			m.loop(f, body, advance)
		}
		m.store(f, "p0", 0)
	})
}
