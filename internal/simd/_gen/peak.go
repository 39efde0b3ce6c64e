package main

func peakFunction(level string) function {
	return function{"peak" + level, "rounds int", "does rounds of 384 fused multiply-adds that depend neither on one another nor on memory, for benchmarks; it has no twin.", byHand}
}

func (m *x86) peak() {
	m.begin(peakFunction(m.level()), 0)
	m.op("MOVQ", m.arg("rounds"), CX)
	registers, times, x := choose(m.wide, 24, 12), choose(m.wide, 1, 4), m.reg(choose(m.wide, 31, 15))
	for i := range registers {
		m.zero(m.reg(i))
	}
	m.zero(x)
	loop := m.label("loop")
	m.op("PCALIGN", imm(32))
	m.place(loop)
	for range times {
		for i := range registers {
			m.op("VFMADD231PS", x, x, m.reg(i))
		}
	}
	m.op("SUBQ", imm(1), CX)
	m.op("JNZ", loop)
	m.ret()
}

func (m *neon) peak() {
	m.begin(peakFunction("NEON"), 0)
	m.op("MOVD", m.arg("rounds"), R(0))
	for i := range 25 {
		m.zero(V(i))
	}
	loop := m.label("loop")
	m.place(loop)
	for range 4 {
		for i := range 24 {
			m.fmla(V(i), 24, 24)
		}
	}
	m.op("SUBS", imm(1), R(0))
	m.op("BNE", loop)
	m.ret()
}
