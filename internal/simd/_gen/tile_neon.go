package main

func (m *neon) tileHeader() string {
	return `Tiles of a product; see type kernel. Registers in the loop:

	R0 … R5   rows of x
	R6        panel of w
	R7        terms that are left
	R10       where a Keep tile leaves its weights
	V0 …      accumulators, four a row
	V24 …     x, one a row: four terms, or one
	V30, V31  weights, a quarter of a panel each

Four terms go once round the loop, so that x is loaded by vectors and used by
element. next, ldn and step are left to the processor's own prefetching.
`
}

func (m *neon) tile(f *file, weights weightKind, rows, _ int, _ bool) {
	again := f.newLabel("tile")
	if weights == full {
		f.at(again)
	}
	f.i("MOVD %s, R0", f.arg("x"))
	f.i("MOVD %s, R8", f.arg("ldx"))
	f.i("MOVD %s, R6", f.arg("w"))
	f.i("MOVD %s, R7", f.arg("k"))
	if weights == keep {
		f.i("MOVD %s, R10", f.arg("wide"))
	}
	for r := 1; r < rows; r++ {
		f.i("ADD R8, R%d, R%d", r-1, r)
	}
	for i := range 4 * rows {
		f.i("VEOR V%d.B16, V%d.B16, V%d.B16", i, i, i)
	}
	term := func(lane int) {
		op := []string{"FMLA0", "FMLA1", "FMLA2", "FMLA3"}[lane]
		for q := range 4 {
			w := 30 + q%2
			switch {
			case weights != full:
				f.i("FMOVD %d(R6), F%d", 32*lane+8*q, w)
				f.i("%s", word("FCVTL", w, w, 0))
				if weights == keep {
					f.i("FMOVQ F%d, %d(R10)", w, 64*lane+16*q)
				}
			case q%2 == 0:
				f.i("FLDPQ %d(R6), (F30, F31)", 64*lane+16*q)
			}
			for r := range rows {
				f.i("%s", word(op, 4*r+q, w, 24+r))
			}
		}
	}
	advance := func(terms int) {
		f.i("ADD $%d, R6", terms*choose(weights != full, 32, 64))
		if weights == keep {
			f.i("ADD $%d, R10", 64*terms)
		}
	}
	four, last, one, done := f.newLabel("four"), f.newLabel("last"), f.newLabel("one"), f.newLabel("done")
	f.i("SUBS $4, R7")
	f.i("BLT  %s", last)
	f.at(four)
	for r := range rows {
		f.i("FMOVQ.P 16(R%d), F%d", r, 24+r)
	}
	for lane := range 4 {
		term(lane)
	}
	advance(4)
	f.i("SUBS $4, R7")
	f.i("BGE  %s", four)
	f.at(last)
	f.i("ADDS $4, R7")
	f.i("BEQ  %s", done)
	f.at(one)
	for r := range rows {
		f.i("FMOVS.P 4(R%d), F%d", r, 24+r)
	}
	term(0)
	advance(1)
	f.i("SUBS $1, R7")
	f.i("BNE  %s", one)
	f.at(done)

	f.comment("dst = base + sums")
	f.i("MOVD %s, R0", f.arg("dst"))
	f.i("MOVD %s, R1", f.arg("ldd"))
	f.i("MOVD %s, R2", f.arg("base"))
	f.i("MOVD %s, R3", f.arg("ldb"))
	for r := range rows {
		f.i("VLD1 (R2), [V24.S4, V25.S4, V26.S4, V27.S4]")
		for p := range 4 {
			f.i("%s", word("FADD", 4*r+p, 24+p, 4*r+p))
		}
		f.i("VST1 %s, (R0)", list(r))
		if r < rows-1 || weights == full {
			f.i("ADD R3, R2")
			f.i("ADD R1, R0")
		}
	}
	if weights == full {
		f.comment("The next tile, of the rows below")
		f.i("MOVD R0, %s", f.arg("dst"))
		f.i("MOVD R2, %s", f.arg("base"))
		f.i("MOVD %s, R0", f.arg("x"))
		f.i("MOVD $%d, R1", rows)
		f.i("MADD R1, R0, R8, R0")
		f.i("MOVD R0, %s", f.arg("x"))
		f.i("MOVD %s, R1", f.arg("tiles"))
		f.i("SUBS $1, R1")
		f.i("MOVD R1, %s", f.arg("tiles"))
		f.i("BNE  %s", again)
	}
	m.ret(f)
}
