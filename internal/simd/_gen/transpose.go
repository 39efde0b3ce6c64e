package main

const packDoc = "sets panel[16i+j] = w[j][i] for 16 rows of k columns, ldw bytes apart; k is a positive multiple of 8; twin: packRows."

func packFunction(level string) function {
	return function{"pack16" + level, "panel *float32, w *float32, ldw int, k int", packDoc, byHand}
}

func packF16Function(level string) function {
	return function{"pack16F16" + level, "panel *uint16, w *uint16, ldw int, k int", packDoc, byHand}
}

func packPairsFunction(level string) function {
	return function{"pack16Pairs" + level, "panel *uint16, w *uint16, ldw int, k int",
		"sets panel[32i+2j] = w[j][2i+1] and panel[32i+2j+1] = w[j][2i] for 16 rows of 2k columns, ldw bytes apart; k is a positive multiple of 8; twin: packPairsGeneric.", byHand}
}

// row is the address of row r of four that are AX bytes apart; R8 is 3·AX.
func row(base reg, r int) mem {
	return []mem{at(base, 0), at(base, 0).by(AX, 1), at(base, 0).by(AX, 2), at(base, 0).by(R8, 1)}[r]
}

// pack writes the packing of 16 rows into a panel by squares of 8 × 8, in AVX2's
// registers for both levels: it is bound by shuffles and stores.
func (m *x86) pack() { m.packDwords(packFunction(m.level()), false) }

// packPairs packs pairs as if they were float32, but for the order in a pair.
func (m *x86) packPairs() { m.packDwords(packPairsFunction(m.level()), true) }

func (m *x86) packDwords(fn function, swap bool) {
	m.begin(fn, 0)
	m.op("MOVQ", m.arg("panel"), DI)
	m.op("MOVQ", m.arg("w"), SI)
	m.op("MOVQ", m.arg("ldw"), AX)
	m.op("MOVQ", m.arg("k"), CX)
	m.comment("R8 = 3·ldw, DX = row 8")
	m.op("LEAQ", at(AX, 0).by(AX, 2), R8)
	m.op("LEAQ", at(SI, 0).by(AX, 8), DX)
	loop := m.label("loop")
	m.place(loop)
	m.square8(SI, 0, swap)
	m.square8(DX, 32, swap)
	m.op("ADDQ", imm(32), SI)
	m.op("ADDQ", imm(32), DX)
	m.op("ADDQ", imm(512), DI)
	m.op("SUBQ", imm(8), CX)
	m.op("JNZ", loop)
	m.ret()
}

// square8 transposes 8 rows of 8 floats from p into a panel's columns, and swaps their
// halves if told to.
func (m *x86) square8(p reg, disp int, swap bool) {
	y := func(n int) xreg { return xreg{'Y', n} }
	m.op("LEAQ", at(p, 0).by(AX, 4), R9)
	for r := range 8 {
		m.op("VMOVUPS", row(choose(r < 4, p, R9), r%4), y(r))
	}
	m.comment("Pairs of rows, then pairs of pairs, then the two halves of each register.")
	for r := 0; r < 8; r += 2 {
		m.op("VUNPCKLPS", y(r+1), y(r), y(8+r))
		m.op("VUNPCKHPS", y(r+1), y(r), y(9+r))
	}
	for r := 0; r < 8; r += 4 {
		for i := range 2 {
			m.op("VSHUFPS", bits(0x44), y(10+r+i), y(8+r+i), y(r+2*i))
			m.op("VSHUFPS", bits(0xee), y(10+r+i), y(8+r+i), y(r+2*i+1))
		}
	}
	for c := range 8 {
		m.op("VPERM2F128", choose(c < 4, bits(0x20), bits(0x31)), y(c%4+4), y(c%4), y(8))
		if swap {
			m.op("VPSLLD", imm(16), y(8), y(9))
			m.op("VPSRLD", imm(16), y(8), y(8))
			m.op("VPOR", y(9), y(8), y(8))
		}
		m.op("VMOVUPS", y(8), at(DI, 64*c+disp))
	}
}

// packF16 writes the packing of 16 rows of float16, 8 columns at a time. Rows r and
// r+8 are the halves of one register; three rounds of unpacking, which works on each
// half alone, make columns.
func (m *x86) packF16() {
	y := func(n int) xreg { return xreg{'Y', n} }
	m.begin(packF16Function(m.level()), 0)
	m.op("MOVQ", m.arg("panel"), DI)
	m.op("MOVQ", m.arg("w"), SI)
	m.op("MOVQ", m.arg("ldw"), AX)
	m.op("MOVQ", m.arg("k"), CX)
	m.comment("R8 = 3·ldw; BX, DX and R9 are rows 4, 8 and 12")
	m.op("LEAQ", at(AX, 0).by(AX, 2), R8)
	m.op("LEAQ", at(SI, 0).by(AX, 4), BX)
	m.op("LEAQ", at(SI, 0).by(AX, 8), DX)
	m.op("LEAQ", at(DX, 0).by(AX, 4), R9)
	loop := m.label("loop")
	m.place(loop)
	for r := range 8 {
		m.op("VMOVDQU", row(choose(r < 4, SI, BX), r%4), y(r).as('X'))
		m.op("VINSERTI128", imm(1), row(choose(r < 4, DX, R9), r%4), y(r), y(r))
	}
	for r := 0; r < 8; r += 2 {
		m.op("VPUNPCKLWD", y(r+1), y(r), y(8+r))
		m.op("VPUNPCKHWD", y(r+1), y(r), y(9+r))
	}
	for half := range 2 { // rows 0–3 and 4–7: columns 0 1, 2 3, 4 5, 6 7
		b := 8 + 4*half
		for i := range 2 {
			m.op("VPUNPCKLDQ", y(b+i+2), y(b+i), y(4*half+2*i))
			m.op("VPUNPCKHDQ", y(b+i+2), y(b+i), y(4*half+2*i+1))
		}
	}
	for i := range 4 {
		m.op("VPUNPCKLQDQ", y(4+i), y(i), y(8))
		m.op("VPUNPCKHQDQ", y(4+i), y(i), y(9))
		m.op("VMOVDQU", y(8), at(DI, 64*i))
		m.op("VMOVDQU", y(9), at(DI, 64*i+32))
	}
	for _, p := range []reg{SI, BX, DX, R9} {
		m.op("ADDQ", imm(16), p)
	}
	m.op("ADDQ", imm(256), DI)
	m.op("SUBQ", imm(8), CX)
	m.op("JNZ", loop)
	m.ret()
}

// trn writes the two transpositions of pairs of elements: even ones of a and b to
// even, odd ones to odd.
func (m *neon) trn(form string, a, b, even, odd V) {
	m.op("VTRN1", b.as(form), a.as(form), even.as(form))
	m.op("VTRN2", b.as(form), a.as(form), odd.as(form))
}

// pack writes the packing of 16 rows into a panel by squares of 4 × 4.
func (m *neon) pack() { m.packDwords(packFunction("NEON"), false) }

func (m *neon) packPairs() { m.packDwords(packPairsFunction("NEON"), true) }

func (m *neon) packDwords(fn function, swap bool) {
	m.begin(fn, 0)
	loop := m.packStart()
	for g := range 4 {
		m.comment("Rows %d … %d to V0–V3, pairs to V4–V7, columns to V0–V3", 4*g, 4*g+3)
		m.loadRows(4)
		for r := V(0); r < 4; r += 2 {
			m.trn("S4", r, r+1, 4+r, 5+r)
		}
		for c := range V(2) {
			m.trn("D2", 4+c, 6+c, c, 2+c)
		}
		for c := range 4 {
			if swap {
				m.op("VREV32", V(c).as("H8"), V(c).as("H8"))
			}
			m.op("FMOVQ", V(c).scalar(), at(R(0), 64*c+16*g))
		}
	}
	m.packEnd(loop, 4, 256)
}

// packF16 writes the packing of 16 rows of float16 by squares of 8 × 8.
func (m *neon) packF16() {
	m.begin(packF16Function("NEON"), 0)
	loop := m.packStart()
	for half := range 2 {
		m.loadRows(8)
		m.comment("Pairs of rows: even columns to V8, V10 …, odd ones to V9, V11 …")
		for r := V(0); r < 8; r += 2 {
			m.trn("H8", r, r+1, 8+r, 9+r)
		}
		m.comment("Fours of rows: columns 0 4, 1 5, 2 6, 3 7 to V0–V3, of the others to V4–V7")
		for four := range V(2) {
			for odd := range V(2) {
				a := 8 + 4*four + odd
				m.trn("S4", a, a+2, 4*four+odd, 4*four+odd+2)
			}
		}
		for c := range 4 {
			m.trn("D2", V(c), V(4+c), 8, 9)
			m.op("FMOVQ", V(8).scalar(), at(R(0), 32*c+16*half))
			m.op("FMOVQ", V(9).scalar(), at(R(0), 32*(c+4)+16*half))
		}
	}
	m.packEnd(loop, 8, 256)
}

// packStart begins a loop over columns: panel in R0, the columns' first row in R1
// and R4, ldw in R2, k in R3.
func (m *neon) packStart() label {
	for i, name := range []string{"panel", "w", "ldw", "k"} {
		m.op("MOVD", m.arg(name), R(i))
	}
	loop := m.label("loop")
	m.place(loop)
	m.op("MOVD", R(1), R(4))
	return loop
}

// loadRows loads the next n rows at R4 to V0 …
func (m *neon) loadRows(n int) {
	for r := range n {
		m.op("FMOVQ", at(R(4), 0), V(r).scalar())
		m.op("ADD", R(2), R(4))
	}
}

// packEnd ends the loop, in which 16 bytes of each row became columns.
func (m *neon) packEnd(loop label, columns, bytes int) {
	m.op("ADD", imm(16), R(1))
	m.op("ADD", imm(bytes), R(0))
	m.op("SUBS", imm(columns), R(3))
	m.op("BNE", loop)
	m.ret()
}
