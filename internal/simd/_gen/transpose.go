package main

// transpose writes the packing of 16 rows into a panel by squares of 8 × 8, for
// AVX2 and AVX-512.
func transpose() *file {
	f := &file{}
	f.begin("pack16AVX2", "panel *float32, w *float32, ldw int, k int", 32,
		"Sets panel[i*16+j] = w[j][i] for 16 rows of ldw bytes; k is a positive multiple of 8.")
	f.i("MOVQ panel+0(FP), DI")
	f.i("MOVQ w+8(FP), SI")
	f.i("MOVQ ldw+16(FP), AX")
	f.i("MOVQ k+24(FP), CX")
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
	f.i("VZEROUPPER")
	f.i("RET")
	return f
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
	// Pairs of rows, then of pairs, then the two halves of each register.
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
