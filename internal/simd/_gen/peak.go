package main

import "strings"

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

// peakInt8 is peak for each kind of the level's tiles of integers. Its rounds have 48
// instructions whose products are added.
func (m *x86) peakInt8() {
	for _, k := range x86IntKinds(m.wide) {
		if k.lean { // its instructions are those of words, or take as long as those of bytes
			continue
		}
		m.begin(function{"peak" + strings.TrimPrefix(k.name, "int8") + m.level(), "rounds int", "is peak" + m.level() + " for rounds of 48 products of integers: " + k.about + ".", byHand}, 0)
		m.op("MOVQ", m.arg("rounds"), CX)
		x, t := m.reg(15), m.reg(14)
		for i := range 12 {
			m.zero(m.reg(i))
		}
		m.zero(x)
		loop := m.label("loop")
		m.op("PCALIGN", imm(32))
		m.place(loop)
		for range 4 {
			for i := range 12 {
				switch sum := m.reg(i); {
				case k.name == "int8Words":
					m.op("VPMADDWD", x, x, t)
					m.op("VPADDD", t, sum, sum)
				default:
					m.vnni("VPDPBUSD", x, x, sum)
				}
			}
		}
		m.op("SUBQ", imm(1), CX)
		m.op("JNZ", loop)
		m.ret()
	}
}

func (m *neon) peakInt8() {}

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
