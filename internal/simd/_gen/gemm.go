package main

import "fmt"

const tileParams = "dst *float32, ldd int, x *float32, ldx int, w *float32, ldw int, k int, base *float32, ldb int"
const tileParams16 = "dst *float32, ldd int, x *float32, ldx int, w *uint16, ldw int, k int, base *float32, ldb int"

// gemm writes a machine's tiles: all heights, for float32 and float16 weights.
func gemm(m machine) *file {
	f := &file{}
	for _, t := range []struct {
		types  string
		panels int
	}{{"F32", 2}, {"F32", 1}, {"F32F16", m.panels()}} {
		if t.panels > m.panels() {
			continue
		}
		params := tileParams
		if t.types == "F32F16" {
			params = tileParams16
		}
		for r := 1; r <= m.rows(); r++ {
			f.begin(tileName(m, t.types, r, t.panels), params, 72, "")
			m.tile(f, t.types, r, t.panels)
		}
	}
	return f
}

// x86Row is the address of row r of x: SI + r·ldx, with multiples of ldx kept in
// registers.
func x86Row(r, disp int) string {
	index := []string{"", "AX*1", "AX*2", "R8*1", "AX*4", "R9*1", "R8*2", "R10*1", "AX*8", "R11*1", "R9*2", "R12*1", "R8*4", "R13*1"}[r]
	if index == "" {
		return fmt.Sprintf("%d(SI)", disp)
	}
	return fmt.Sprintf("%d(SI)(%s)", disp, index)
}

// tile writes one tile. Its registers:
//
//	SI x, AX ldx, R8 3·ldx, R9 5·ldx, R10 7·ldx, R11 9·ldx, R12 11·ldx, R13 13·ldx
//	BX, DX panels of w, CX terms that are left
//	vectors: accumulators by row, then the weights of one term, then x
func (m *x86) tile(f *file, types string, rows, panels int) {
	reg, parts := "Z", panels
	if !m.wide {
		reg, parts = "Y", 2*panels
	}
	vr := func(i int) string { return fmt.Sprintf("%s%d", reg, i) }
	acc := func(r, p int) string { return vr(r*parts + p) }
	first := rows * parts // registers after the accumulators
	weight := func(p int) string { return vr(first + p) }
	xs := vr(first + parts)
	half := types == "F32F16"
	// part says which pointer and byte a part of a row of weights is at.
	part := func(p, step int) string {
		ptr := "BX"
		at := p * m.step()
		if m.wide {
			ptr, at = []string{"BX", "DX"}[p], 0
		}
		if half {
			return fmt.Sprintf("%d(%s)", at/2+32*step, ptr)
		}
		return fmt.Sprintf("%d(%s)", at+64*step, ptr)
	}

	f.i("MOVQ x+16(FP), SI")
	f.i("MOVQ ldx+24(FP), AX")
	f.i("MOVQ w+32(FP), BX")
	f.i("MOVQ k+48(FP), CX")
	if panels == 2 {
		f.i("MOVQ ldw+40(FP), DX")
		f.i("ADDQ BX, DX")
	}
	for _, t := range []struct {
		rows  int // tiles of more rows need this multiple of ldx
		from  string
		scale int
		to    string
	}{{3, "AX", 2, "R8"}, {5, "AX", 4, "R9"}, {7, "R8", 2, "R10"}, {9, "AX", 8, "R11"}, {11, "R9", 2, "R12"}, {13, "R8", 4, "R13"}} {
		if rows > t.rows {
			f.i("LEAQ (AX)(%s*%d), %s", t.from, t.scale, t.to)
		}
	}
	for i := range first {
		if m.wide {
			f.i("VPXORD %s, %s, %s", vr(i), vr(i), vr(i))
		} else {
			f.i("VXORPS %s, %s, %s", vr(i), vr(i), vr(i))
		}
	}
	term := func(step int) {
		for p := range parts {
			if half {
				f.i("VCVTPH2PS %s, %s", part(p, step), weight(p))
			} else {
				f.i("VMOVUPS %s, %s", part(p, step), weight(p))
			}
		}
		for r := range rows {
			f.i("VBROADCASTSS %s, %s", x86Row(r, 4*step), xs)
			for p := range parts {
				f.i("VFMADD231PS %s, %s, %s", weight(p), xs, acc(r, p))
			}
		}
	}
	advance := func(steps int) {
		size := 64
		if half {
			size = 32
		}
		f.i("ADDQ $%d, SI", 4*steps)
		f.i("ADDQ $%d, BX", size*steps)
		if panels == 2 {
			f.i("ADDQ $%d, DX", size*steps)
		}
	}
	two, last, done := f.newLabel("two"), f.newLabel("last"), f.newLabel("done")
	f.i("SUBQ $2, CX")
	f.i("JLT  %s", last)
	f.i("PCALIGN $32")
	f.at(two)
	term(0)
	term(1)
	advance(2)
	f.i("SUBQ $2, CX")
	f.i("JGE  %s", two)
	f.at(last)
	f.i("ADDQ $2, CX")
	f.i("JEQ  %s", done)
	term(0)
	f.at(done)
	f.comment("dst = base + sums")
	f.i("MOVQ dst+0(FP), DI")
	f.i("MOVQ ldd+8(FP), DX")
	f.i("MOVQ base+56(FP), SI")
	f.i("MOVQ ldb+64(FP), AX")
	for r := range rows {
		for p := range parts {
			f.i("VADDPS %d(SI), %s, %s", p*m.step(), acc(r, p), acc(r, p))
		}
		for p := range parts {
			f.i("VMOVUPS %s, %d(DI)", acc(r, p), p*m.step())
		}
		if r < rows-1 {
			f.i("ADDQ AX, SI")
			f.i("ADDQ DX, DI")
		}
	}
	f.i("VZEROUPPER")
	f.i("RET")
}

// tile writes one tile. Its registers:
//
//	R0 … R5 rows of x, R6 panel of w, R7 terms that are left
//	V0 … accumulators, four a row; V24–V27 weights of one term; V28 x; V29, V30 float16
func (m *neon) tile(f *file, types string, rows, _ int) {
	half := types == "F32F16"
	f.i("MOVD x+16(FP), R0")
	f.i("MOVD ldx+24(FP), R8")
	f.i("MOVD w+32(FP), R6")
	f.i("MOVD k+48(FP), R7")
	for r := 1; r < rows; r++ {
		f.i("ADD R8, R%d, R%d", r-1, r)
	}
	for i := range 4 * rows {
		f.i("VEOR V%d.B16, V%d.B16, V%d.B16", i, i, i)
	}
	loop := f.newLabel("loop")
	f.at(loop)
	if half {
		f.i("VLD1.P 32(R6), [V29.H8, V30.H8]")
		f.i("%s", word("widen", 24, 29, 0))
		f.i("%s", word("widen2", 25, 29, 0))
		f.i("%s", word("widen", 26, 30, 0))
		f.i("%s", word("widen2", 27, 30, 0))
	} else {
		f.i("VLD1.P 64(R6), [V24.S4, V25.S4, V26.S4, V27.S4]")
	}
	for r := range rows {
		f.i("VLD1R.P 4(R%d), [V28.S4]", r)
		for p := range 4 {
			f.i("VFMLA V%d.S4, V28.S4, V%d.S4", 24+p, 4*r+p)
		}
	}
	f.i("SUBS $1, R7")
	f.i("BNE  %s", loop)
	f.comment("dst = base + sums")
	f.i("MOVD dst+0(FP), R0")
	f.i("MOVD ldd+8(FP), R1")
	f.i("MOVD base+56(FP), R2")
	f.i("MOVD ldb+64(FP), R3")
	for r := range rows {
		f.i("VLD1 (R2), [V24.S4, V25.S4, V26.S4, V27.S4]")
		for p := range 4 {
			f.i("%s", word("add", 4*r+p, 24+p, 4*r+p))
		}
		f.i("VST1 [V%d.S4, V%d.S4, V%d.S4, V%d.S4], (R0)", 4*r, 4*r+1, 4*r+2, 4*r+3)
		if r < rows-1 {
			f.i("ADD R3, R2")
			f.i("ADD R1, R0")
		}
	}
	f.i("RET")
}
