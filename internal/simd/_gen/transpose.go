package main

const packParams = "panel *float32, w *float32, ldw int, k int"

// pack writes the packing of 16 rows into a panel by squares of 8 × 8, in AVX2's
// registers for both levels: it is bound by shuffles and stores.
func (m *x86) pack(f *file) {
	f.begin("pack16"+m.name(), packParams, "Sets panel[i*16+j] = w[j][i] for 16 rows of ldw bytes; k is a positive multiple of 8.")
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
	f.begin("pack16NEON", packParams, "Sets panel[i*16+j] = w[j][i] for 16 rows of ldw bytes; k is a positive multiple of 8.")
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
