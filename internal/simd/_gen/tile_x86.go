package main

import "fmt"

// kBlock is the number of terms in a block, as in package simd.
const kBlock = 256

func (m *x86) tileHeader() string {
	h := `Tiles of a product; see type kernel. Registers in the loop:

	SI        rows of x; AX, R8 … R13 are 1, 3, 5, 7, 9, 11 and 13 times ldx
	BX        panel of w`
	if m.wide {
		h += `; DX ldw, the distance to the second panel`
	}
	return h + fmt.Sprintf(`
	CX        terms that are left
	DI        panel that comes next, fetched in steps of R14 bytes
	R14       at first the row of dst to fetch, from the last up
	R15       where a Keep tile leaves its weights; for others ldn
	%[1]s0 …      accumulators, row by row; then weights, then x

Two terms go once round the loop: weights, then acc[row] += x[row]·w for each row.
`, choose(m.wide, "Z", "Y"))
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

// prefetchWrite fetches the cache line at disp(R14), to be written to. Go's
// assembler does not know PREFETCHW; a processor without it does nothing.
func (m *x86) prefetchWrite(f *file, disp int) {
	if disp == 0 {
		f.i("BYTE $0x41; BYTE $0x0F; BYTE $0x0D; BYTE $0x0E // PREFETCHW (R14)")
		return
	}
	f.i("BYTE $0x41; BYTE $0x0F; BYTE $0x0D; BYTE $0x4E; BYTE $%d // PREFETCHW %[1]d(R14)", disp)
}

func (m *x86) tile(f *file, weights weightKind, rows, panels int, near bool) {
	parts := choose(m.wide, panels, 2*panels) // registers a row
	reg := func(i int) string { return fmt.Sprintf("%s%d", choose(m.wide, "Z", "Y"), i) }
	acc := func(r, p int) string { return reg(r*parts + p) }
	weight := func(p int) string { return reg(rows*parts + p) }
	x := reg(rows*parts + parts)
	size := choose(weights != full, 32, 64) // bytes of a panel and term

	again := f.newLabel("tile")
	if weights == full {
		f.at(again)
	}
	f.i("MOVQ %s, SI", f.arg("x"))
	f.i("MOVQ %s, AX", f.arg("ldx"))
	f.i("MOVQ %s, BX", f.arg("w"))
	if panels == 2 {
		f.i("MOVQ %s, DX", f.arg("ldw"))
	}
	f.i("MOVQ %s, CX", f.arg("k"))
	f.i("MOVQ %s, DI", f.arg("next"))
	switch {
	case weights == keep:
		f.i("MOVQ %s, R15", f.arg("wide"))
	case panels == 2:
		f.i("MOVQ %s, R15", f.arg("ldn"))
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
	for i := range rows * parts {
		f.i("%s %s, %s, %s", choose(m.wide, "VPXORD", "VXORPS"), reg(i), reg(i), reg(i))
	}

	term := func(step int) {
		for p := range parts {
			panel, at := choose(m.wide, p, 0), choose(m.wide, 0, p*m.step())
			from := fmt.Sprintf("%d(BX)", choose(weights != full, at/2, at)+step*size) + choose(panel == 1, "(DX*1)", "")
			f.i("%s %s, %s", choose(weights != full, "VCVTPH2PS", "VMOVUPS"), from, weight(p))
			if weights == keep {
				f.i("VMOVUPS %s, %d(R15)", weight(p), panel*kBlock*64+at+64*step)
			}
		}
		for r := range rows {
			f.i("VBROADCASTSS %s, %s", x86Row(r, 4*step), x)
			for p := range parts {
				f.i("VFMADD231PS %s, %s, %s", weight(p), x, acc(r, p))
			}
		}
	}
	fetch := choose(near, "PREFETCHT0", "PREFETCHT1")
	twoTerms := func(fetchStep string) {
		for at := 0; at < 2*size; at += 64 {
			f.i("%s %d(DI)", fetch, at)
			if panels == 2 {
				// What keeps has a next panel as far away as its own, and no register to spare.
				f.i("%s %d(DI)(%s*1)", fetch, at, choose(weights == keep, "DX", "R15"))
			}
		}
		f.i("ADDQ %s, DI", fetchStep)
		term(0)
		term(1)
		f.i("ADDQ $8, SI")
		f.i("ADDQ $%d, BX", 2*size)
		if weights == keep {
			f.i("ADDQ $128, R15")
		}
		f.i("SUBQ $2, CX")
	}
	fetchRow := func() {
		for at := 0; at < 64*panels; at += 64 {
			m.prefetchWrite(f, at)
		}
	}
	first, two, last, done := f.newLabel("first"), f.newLabel("two"), f.newLabel("last"), f.newLabel("done")
	f.i("MOVQ %s, R14", f.arg("ldd"))
	f.i("IMULQ $%d, R14", rows-1)
	f.i("ADDQ %s, R14", f.arg("dst"))
	f.i("SUBQ $2, CX")
	f.i("JLT  %s", last)
	f.i("CMPQ %s, $%d", f.arg("step"), 2*size)
	f.i("JNE  %s", first)
	f.comment("The only tile of its panels waits for weights, not for dst: fetch that at once.")
	for r := range rows {
		fetchRow()
		if r < rows-1 {
			f.i("SUBQ %s, R14", f.arg("ldd"))
		}
	}
	f.i("MOVQ %s, R14", f.arg("step"))
	f.i("JMP  %s", two)
	f.comment("Others fetch a row at each of their first steps; all at once would hold them up.")
	f.i("PCALIGN $64")
	f.at(first)
	fetchRow()
	twoTerms(f.arg("step"))
	f.i("JLT  %s", last)
	f.i("SUBQ %s, R14", f.arg("ldd"))
	f.i("CMPQ R14, %s", f.arg("dst"))
	f.i("JCC  %s", first)
	f.i("MOVQ %s, R14", f.arg("step"))
	f.i("PCALIGN $64")
	f.at(two)
	twoTerms("R14")
	f.i("JGE  %s", two)
	f.at(last)
	f.i("ADDQ $2, CX")
	f.i("JEQ  %s", done)
	term(0)
	f.at(done)

	f.comment("dst = base + sums")
	if weights == full {
		f.i("MOVQ DI, %s", f.arg("next"))
	}
	f.i("MOVQ %s, DI", f.arg("dst"))
	f.i("MOVQ %s, DX", f.arg("ldd"))
	f.i("MOVQ %s, SI", f.arg("base"))
	f.i("MOVQ %s, AX", f.arg("ldb"))
	for r := range rows {
		for p := range parts {
			f.i("VADDPS %d(SI), %s, %s", p*m.step(), acc(r, p), acc(r, p))
		}
		for p := range parts {
			f.i("VMOVUPS %s, %d(DI)", acc(r, p), p*m.step())
		}
		if r < rows-1 || weights == full {
			f.i("ADDQ AX, SI")
			f.i("ADDQ DX, DI")
		}
	}
	if weights == full {
		f.comment("The next tile, of the rows below")
		f.i("MOVQ DI, %s", f.arg("dst"))
		f.i("MOVQ SI, %s", f.arg("base"))
		f.i("MOVQ %s, AX", f.arg("ldx"))
		f.i("IMULQ $%d, AX", rows)
		f.i("ADDQ AX, %s", f.arg("x"))
		f.i("SUBQ $1, %s", f.arg("tiles"))
		f.i("JNE  %s", again)
	}
	m.ret(f)
}
