package main

const (
	packParams    = "panel *float32, w *float32, ldw int, k int"
	packF16Params = "panel *uint16, w *uint16, ldw int, k int"
	packComment   = "sets panel[i*16+j] = w[j][i] for 16 rows of ldw bytes; k is a positive multiple of 8."
)

// pack writes the packing of 16 rows into a panel by squares of 8 × 8, in AVX2's
// registers for both levels: it is bound by shuffles and stores.
func (m *x86) pack(f *file) {
	f.begin("pack16"+m.name(), packParams, packComment)
	f.i("MOVQ %s, DI", f.arg("panel"))
	f.i("MOVQ %s, SI", f.arg("w"))
	f.i("MOVQ %s, AX", f.arg("ldw"))
	f.i("MOVQ %s, CX", f.arg("k"))
	f.i("LEAQ (AX)(AX*2), R8 // 3·ldw")
	f.i("LEAQ (SI)(AX*8), DX // row 8")
	loop := f.newLabel("loop")
	f.at(loop)
	square8(f, "SI", 0)
	square8(f, "DX", 32)
	f.i("ADDQ $32, SI")
	f.i("ADDQ $32, DX")
	f.i("ADDQ $512, DI")
	f.i("SUBQ $8, CX")
	f.i("JNZ  %s", loop)
	m.ret(f)
}

// square8 transposes 8 rows of 8 floats from p into a panel's columns.
func square8(f *file, p string, at int) {
	f.i("LEAQ (%s)(AX*4), R9", p)
	for r := range 8 {
		base := p
		if r >= 4 {
			base = "R9"
		}
		f.i("VMOVUPS (%s)%s, Y%d", base, []string{"", "(AX*1)", "(AX*2)", "(R8*1)"}[r%4], r)
	}
	// Pairs of rows, then pairs of pairs, then the two halves of each register.
	for r := 0; r < 8; r += 2 {
		f.i("VUNPCKLPS Y%d, Y%d, Y%d", r+1, r, 8+r)
		f.i("VUNPCKHPS Y%d, Y%d, Y%d", r+1, r, 9+r)
	}
	for r := 0; r < 8; r += 4 {
		f.i("VSHUFPS $0x44, Y%d, Y%d, Y%d", 10+r, 8+r, r)
		f.i("VSHUFPS $0xee, Y%d, Y%d, Y%d", 10+r, 8+r, r+1)
		f.i("VSHUFPS $0x44, Y%d, Y%d, Y%d", 11+r, 9+r, r+2)
		f.i("VSHUFPS $0xee, Y%d, Y%d, Y%d", 11+r, 9+r, r+3)
	}
	for c := range 8 {
		half := "$0x20"
		if c >= 4 {
			half = "$0x31"
		}
		f.i("VPERM2F128 %s, Y%d, Y%d, Y8", half, c%4+4, c%4)
		f.i("VMOVUPS Y8, %d(DI)", 64*c+at)
	}
}

// pack writes the packing of 16 rows into a panel by squares of 4 × 4.
func (m *neon) pack(f *file) {
	f.begin("pack16NEON", packParams, packComment)
	f.i("MOVD %s, R0", f.arg("panel"))
	f.i("MOVD %s, R1", f.arg("w"))
	f.i("MOVD %s, R2", f.arg("ldw"))
	f.i("MOVD %s, R3", f.arg("k"))
	loop := f.newLabel("loop")
	f.at(loop)
	f.i("MOVD R1, R4")
	for g := range 4 {
		// Rows 4g … 4g+3 to V0–V3, pairs to V4–V7, columns to V0–V3.
		for r := range 4 {
			f.i("FMOVQ (R4), F%d", r)
			f.i("ADD R2, R4")
		}
		for r := 0; r < 4; r += 2 {
			f.i("VTRN1 V%d.S4, V%d.S4, V%d.S4", r+1, r, 4+r)
			f.i("VTRN2 V%d.S4, V%d.S4, V%d.S4", r+1, r, 5+r)
		}
		for c := range 2 {
			f.i("VTRN1 V%d.D2, V%d.D2, V%d.D2", 6+c, 4+c, c)
			f.i("VTRN2 V%d.D2, V%d.D2, V%d.D2", 6+c, 4+c, 2+c)
		}
		for c := range 4 {
			f.i("FMOVQ F%d, %d(R0)", c, 64*c+16*g)
		}
	}
	f.i("ADD $16, R1")
	f.i("ADD $256, R0")
	f.i("SUBS $4, R3")
	f.i("BNE  %s", loop)
	m.ret(f)
}

// packF16 writes the packing of 16 rows of float16 by 8 columns: rows r and r+8
// share a register, and what unpacking does in each half of it, thrice, makes a
// column.
func (m *x86) packF16(f *file) {
	f.begin("pack16F16"+m.name(), packF16Params, packComment)
	f.i("MOVQ %s, DI", f.arg("panel"))
	f.i("MOVQ %s, SI", f.arg("w"))
	f.i("MOVQ %s, AX", f.arg("ldw"))
	f.i("MOVQ %s, CX", f.arg("k"))
	f.i("LEAQ (AX)(AX*2), R8 // 3·ldw")
	f.i("LEAQ (SI)(AX*4), BX // rows 4, 8 and 12")
	f.i("LEAQ (SI)(AX*8), DX")
	f.i("LEAQ (DX)(AX*4), R9")
	loop := f.newLabel("loop")
	f.at(loop)
	for r := range 8 {
		at := []string{"", "(AX*1)", "(AX*2)", "(R8*1)"}[r%4]
		f.i("VMOVDQU (%s)%s, X%d", choose(r < 4, "SI", "BX"), at, r)
		f.i("VINSERTI128 $1, (%s)%s, Y%d, Y%[3]d", choose(r < 4, "DX", "R9"), at, r)
	}
	for r := 0; r < 8; r += 2 {
		f.i("VPUNPCKLWD Y%d, Y%d, Y%d", r+1, r, 8+r)
		f.i("VPUNPCKHWD Y%d, Y%d, Y%d", r+1, r, 9+r)
	}
	for half := range 2 { // rows 0–3 and 4–7: columns 0 1, 2 3, 4 5, 6 7
		b := 8 + 4*half
		for i := range 2 {
			f.i("VPUNPCKLDQ Y%d, Y%d, Y%d", b+i+2, b+i, 4*half+2*i)
			f.i("VPUNPCKHDQ Y%d, Y%d, Y%d", b+i+2, b+i, 4*half+2*i+1)
		}
	}
	for i := range 4 {
		f.i("VPUNPCKLQDQ Y%d, Y%d, Y8", 4+i, i)
		f.i("VPUNPCKHQDQ Y%d, Y%d, Y9", 4+i, i)
		f.i("VMOVDQU Y8, %d(DI)", 64*i)
		f.i("VMOVDQU Y9, %d(DI)", 64*i+32)
	}
	for _, p := range []string{"SI", "BX", "DX", "R9"} {
		f.i("ADDQ $16, %s", p)
	}
	f.i("ADDQ $256, DI")
	f.i("SUBQ $8, CX")
	f.i("JNZ  %s", loop)
	m.ret(f)
}

// packF16 writes the packing of 16 rows of float16 by squares of 8 × 8.
func (m *neon) packF16(f *file) {
	f.begin("pack16F16NEON", packF16Params, packComment)
	f.i("MOVD %s, R0", f.arg("panel"))
	f.i("MOVD %s, R1", f.arg("w"))
	f.i("MOVD %s, R2", f.arg("ldw"))
	f.i("MOVD %s, R3", f.arg("k"))
	loop := f.newLabel("loop")
	f.at(loop)
	f.i("MOVD R1, R4")
	for half := range 2 {
		for r := range 8 {
			f.i("FMOVQ (R4), F%d", r)
			f.i("ADD R2, R4")
		}
		// Pairs of rows: even columns to V8, V10 …, odd ones to V9, V11 …
		for r := 0; r < 8; r += 2 {
			f.i("VTRN1 V%d.H8, V%d.H8, V%d.H8", r+1, r, 8+r)
			f.i("VTRN2 V%d.H8, V%d.H8, V%d.H8", r+1, r, 9+r)
		}
		// Fours of rows: columns 0 4, 1 5, 2 6, 3 7 to V0–V3, of the others to V4–V7.
		for four := range 2 {
			for odd := range 2 {
				a := 8 + 4*four + odd
				f.i("VTRN1 V%d.S4, V%d.S4, V%d.S4", a+2, a, 4*four+odd)
				f.i("VTRN2 V%d.S4, V%d.S4, V%d.S4", a+2, a, 4*four+odd+2)
			}
		}
		for c := range 4 {
			f.i("VTRN1 V%d.D2, V%d.D2, V8.D2", 4+c, c)
			f.i("VTRN2 V%d.D2, V%d.D2, V9.D2", 4+c, c)
			f.i("FMOVQ F8, %d(R0)", 32*c+16*half)
			f.i("FMOVQ F9, %d(R0)", 32*(c+4)+16*half)
		}
	}
	f.i("ADD $16, R1")
	f.i("ADD $256, R0")
	f.i("SUBS $8, R3")
	f.i("BNE  %s", loop)
	m.ret(f)
}
