package main

import "fmt"

// x86TileHeader explains the registers of a tile.
const x86TileHeader = `Tiles of a product; see type tile. Registers:

	BP        the tile's argument
	SI        rows of x; AX, R8 … R13 are 1, 3, 5, 7, 9, 11 and 13 times ldx
	BX        panel of w; with Z registers DX is ldw, the distance to the second panel
	CX        terms that are left
	DI        panel that comes next, fetched in steps of R14 bytes
	R14       at first the row of dst to fetch, from the last up
	R15       where a Wide tile leaves its weights; for others ldn
	Z0 … (Y)  acc, two a row; then two of w, then one of x; for pairs, one that keeps upper halves

Two terms go once round the loop. What moves from tile to tile is kept in local variables.
`

// moving are the fields of a tile's argument that change from tile to tile. They are
// copied to local variables: the argument is in memory that the garbage collector
// scans, and must hold no pointer past the end of a slice.
var moving = []string{"x", "dst", "base", "next", "tiles"}

func local(name string) mem {
	for i, m := range moving {
		if m == name {
			return mem{base: "SP", disp: -8 * (i + 1), name: name}
		}
	}
	panic("no local variable " + name)
}

// x86Row is the address of row r of x: SI + r·ldx, with multiples of ldx kept in
// registers.
func x86Row(r, disp int) mem {
	m := []mem{{}, {index: AX, scale: 1}, {index: AX, scale: 2}, {index: R8, scale: 1}, {index: AX, scale: 4}, {index: R9, scale: 1},
		{index: R8, scale: 2}, {index: R10, scale: 1}, {index: AX, scale: 8}, {index: R11, scale: 1}, {index: R9, scale: 2},
		{index: R12, scale: 1}, {index: R8, scale: 4}, {index: R13, scale: 1}}[r]
	m.base, m.disp = SI, disp
	return m
}

// multiples puts the multiples of AX, ldx, that x86Row needs for so many rows into registers.
func (m *x86) multiples(rows int) {
	for _, l := range []struct {
		rows  int // tiles of more rows need this multiple
		from  reg
		scale int
		to    reg
	}{{3, AX, 2, R8}, {5, AX, 4, R9}, {7, R8, 2, R10}, {9, AX, 8, R11}, {11, R9, 2, R12}, {13, R8, 4, R13}} {
		if rows > l.rows {
			m.op("LEAQ", at(AX, 0).by(l.from, l.scale), l.to)
		}
	}
}

// An x86Tile writes one tile.
type x86Tile struct {
	*x86
	kind tileKind
	rows int
	near bool
}

func (m x86Tile) acc(r, half int) operand { return m.reg(2*r + half) }
func (m x86Tile) weight(half int) operand { return m.reg(2*m.rows + half) }
func (m x86Tile) x() operand              { return m.reg(2*m.rows + 2) }
func (m x86Tile) upper() operand          { return m.reg(2*m.rows + 3) }
func (m x86Tile) size() int               { return 16 * m.kind.size } // bytes of a panel and term

func (t x86Tile) write(fn function) {
	t.begin(fn, 8*len(moving))
	t.op("MOVQ", t.arg("t"), BP)
	for _, name := range moving {
		t.op("MOVQ", field(BP, name), SI)
		t.op("MOVQ", SI, local(name))
	}
	if t.kind.pairs {
		t.comment("The mask of the upper halves")
		if t.wide {
			t.op("VPTERNLOGD", bits(0xff), t.upper(), t.upper(), t.upper())
		} else {
			t.op("VPCMPEQD", t.upper(), t.upper(), t.upper())
		}
		t.op("VPSLLD", imm(16), t.upper(), t.upper())
	}
	again, first, two, last, done := t.label("tile"), t.label("first"), t.label("two"), t.label("last"), t.label("done")
	t.place(again)
	t.op("MOVQ", local("x"), SI)
	t.op("MOVQ", field(BP, "ldx"), AX)
	t.op("MOVQ", field(BP, "w"), BX)
	if t.wide {
		t.op("MOVQ", field(BP, "ldw"), DX)
	}
	t.op("MOVQ", field(BP, "k"), CX)
	t.op("MOVQ", local("next"), DI)
	switch {
	case t.kind.wide:
		t.op("MOVQ", field(BP, "wide"), R15)
	case t.wide:
		t.op("MOVQ", field(BP, "ldn"), R15)
	}
	t.multiples(t.rows)
	t.comment("acc[r][n] = 0")
	for r := range t.rows {
		t.zero(t.acc(r, 0))
		t.zero(t.acc(r, 1))
	}
	t.op("MOVQ", field(BP, "ldd"), R14)
	t.op("IMULQ", imm(t.rows-1), R14)
	t.op("ADDQ", local("dst"), R14)
	t.op("SUBQ", imm(2), CX)
	t.op("JLT", last)
	t.op("CMPQ", field(BP, "step"), imm(2*t.size()))
	t.op("JNE", first)
	t.comment("The only tile of its panels waits for weights, not for dst: fetch that at once.")
	for r := range t.rows {
		t.fetchRow()
		if r < t.rows-1 {
			t.op("SUBQ", field(BP, "ldd"), R14)
		}
	}
	t.op("MOVQ", field(BP, "step"), R14)
	t.op("JMP", two)
	t.comment("Others fetch a row at each of their first steps; all at once would hold them up.")
	t.op("PCALIGN", imm(64))
	t.place(first)
	t.fetchRow()
	t.twoTerms(field(BP, "step"))
	t.op("JLT", last)
	t.op("SUBQ", field(BP, "ldd"), R14)
	t.op("CMPQ", R14, local("dst"))
	t.op("JCC", first)
	t.op("MOVQ", field(BP, "step"), R14)
	t.op("PCALIGN", imm(64))
	t.place(two)
	t.twoTerms(R14)
	t.op("JGE", two)
	t.place(last)
	if !t.kind.pairs {
		t.op("ADDQ", imm(2), CX)
		t.op("JEQ", done)
		t.term(0)
		t.place(done)
	}

	t.comment("dst[r][n] = base[r][n] + acc[r][n]")
	t.op("MOVQ", DI, local("next"))
	t.op("MOVQ", local("dst"), DI)
	t.op("MOVQ", field(BP, "ldd"), DX)
	t.op("MOVQ", local("base"), SI)
	t.op("MOVQ", field(BP, "ldb"), AX)
	for r := range t.rows {
		for half := range 2 {
			t.op("VADDPS", at(SI, half*t.bytes()), t.acc(r, half), t.acc(r, half))
		}
		for half := range 2 {
			t.op("VMOVUPS", t.acc(r, half), at(DI, half*t.bytes()))
		}
		t.op("ADDQ", AX, SI)
		t.op("ADDQ", DX, DI)
	}
	t.comment("The next tile, of the rows below")
	t.op("MOVQ", DI, local("dst"))
	t.op("MOVQ", SI, local("base"))
	t.op("MOVQ", field(BP, "ldx"), AX)
	t.op("IMULQ", imm(t.rows), AX)
	t.op("ADDQ", AX, local("x"))
	t.op("SUBQ", imm(1), local("tiles"))
	t.op("JNE", again)
	t.ret()
}

// term adds one term: acc[r][n] += x[r][k]·w[k][n], with k that many terms on.
func (t x86Tile) term(k int) {
	t.comment("acc[r][n] += x[r][k]·w[k][n], k += 1")
	for half := range 2 {
		// The second half is another panel, or the second half of the panel.
		w, wide := at(BX, t.size()*k), at(R15, 64*k)
		switch {
		case half == 1 && t.wide:
			w = w.by(DX, 1)
			wide.name = "(const_kBlock*64)"
		case half == 1:
			w.disp += t.size() / 2
			wide.disp += 32
		}
		t.op(choose(t.kind.size == 2, "VCVTPH2PS", "VMOVUPS"), w, t.weight(half))
		if t.kind.wide {
			t.op("VMOVUPS", t.weight(half), wide)
		}
	}
	t.multiply(k)
}

// multiply adds the products of weights with column k of x.
func (t x86Tile) multiply(k int) {
	for r := range t.rows {
		t.op("VBROADCASTSS", x86Row(r, 4*k), t.x())
		for half := range 2 {
			if t.kind.dot {
				t.dot(t.weight(half), t.x(), t.acc(r, half))
			} else {
				t.op("VFMADD231PS", t.weight(half), t.x(), t.acc(r, half))
			}
		}
	}
}

// pair adds two terms, whose weights are the upper and the lower halves of a panel.
func (t x86Tile) pair() {
	for k := range 2 {
		t.comment("acc[r][n] += x[r][k]·w[k][n], k += 1")
		for half := range 2 {
			w, wide := at(BX, 0), at(R15, 64*k)
			switch {
			case half == 1 && t.wide:
				w = w.by(DX, 1)
				wide.name = "(const_kBlock*64)"
			case half == 1:
				w.disp += 32
				wide.disp += 32
			}
			switch {
			case k == 0:
				t.op(choose(t.wide, "VPANDD", "VPAND"), w, t.upper(), t.weight(half))
			case t.wide:
				t.op("VPSLLD", imm(16), w, t.weight(half))
			default:
				t.op("VMOVDQU", w, t.weight(half))
				t.op("VPSLLD", imm(16), t.weight(half), t.weight(half))
			}
			if t.kind.wide {
				t.op("VMOVUPS", t.weight(half), wide)
			}
		}
		t.multiply(k)
	}
}

// dot writes VDPBF16PS, which Go's assembler does not know: acc += x·w of pairs, that of
// the upper halves first.
func (m *x86) dot(w, x, acc operand) {
	d, v, r := acc.(xreg), x.(xreg).n, w.(xreg).n
	bit := func(n, i int) int { return ^n >> i & 1 } // EVEX has the bits of registers inverted
	code := []int{0x62,
		bit(d.n, 3)<<7 | bit(r, 4)<<6 | bit(r, 3)<<5 | bit(d.n, 4)<<4 | 2, // 0F 38
		(^v&15)<<3 | 4 | 2, // F3
		choose(d.width == 'Z', 2, 1)<<5 | bit(v, 4)<<3,
		0x52, 0xc0 | d.n&7<<3 | r&7}
	text := ""
	for _, b := range code {
		text += fmt.Sprintf("BYTE $0x%02X; ", b)
	}
	m.line("\t%s// VDPBF16PS %v, %v, %v", text, w, x, acc)
}

// twoTerms adds two terms and fetches that many bytes of the next weights.
func (t x86Tile) twoTerms(step operand) {
	fetch := choose(t.near, "PREFETCHT0", "PREFETCHT1")
	for disp := 0; disp < 2*t.size(); disp += 64 {
		t.op(fetch, at(DI, disp))
		if t.wide {
			// A Wide tile has its next panel as far away as its own, and no register to spare.
			t.op(fetch, at(DI, disp).by(choose(t.kind.wide, DX, R15), 1))
		}
	}
	t.op("ADDQ", step, DI)
	if t.kind.pairs {
		t.pair()
	} else {
		t.term(0)
		t.term(1)
	}
	t.op("ADDQ", imm(8), SI)
	t.op("ADDQ", imm(2*t.size()), BX)
	if t.kind.wide {
		t.op("ADDQ", imm(128), R15)
	}
	t.op("SUBQ", imm(2), CX)
}

// fetchRow fetches the row of dst at R14, to be written to. Go's assembler does not
// know PREFETCHW; a processor without it does nothing.
func (t x86Tile) fetchRow() {
	t.line("\tBYTE $0x41; BYTE $0x0F; BYTE $0x0D; BYTE $0x0E // PREFETCHW (R14)")
	if t.wide {
		t.line("\tBYTE $0x41; BYTE $0x0F; BYTE $0x0D; BYTE $0x4E; BYTE $64 // PREFETCHW 64(R14)")
	}
}
