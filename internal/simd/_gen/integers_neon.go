package main

import "fmt"

const neonIntHeader = `Tiles of a product in Int8 or Int16; see type intTile. Registers:

	R0 … R5    rows of x, which are ldx (R8) apart
	R6         panel of w
	R7         groups of four terms that are left
	R11        the tile's argument
	V0 …       of bytes: sums, four a row; then V24 … have x, one a row: four groups, or
	           one; V30 and V31 have w, four columns each
	V8 …       of words: sums, four a row; V0 … V2 have x, a group of two rows each;
	           V3 … V6 have w, a term of 16 columns each, and V7 half of them widened
	           of Int16: the same, but V0 and V1 have a pair of four rows each, V3 and V4 a
	           term each of eight columns, V5 and V6 those of the others
`

// neonIntKinds are the kinds of NEON: with instructions for dot products and without.
// They say nothing of how tiles multiply, which differs too much.
var neonIntKinds = []intKind{
	{name: "int8Words", rows: 6, panels: 1, about: "x in words"},
	{name: "int8Bytes", rows: 6, panels: 1, about: "x in signed bytes"},
	{name: "int16", rows: 6, panels: 1, about: "both in words", lean: true},
}

func (m *neon) integers() (lists []string) {
	for _, k := range neonIntKinds {
		lists = append(lists, k.goList("NEON", 1))
		for i, fn := range k.functions("NEON", 1) {
			neonIntTile{neonTile{m, tileKinds[0], i + 1}, k}.write(fn)
		}
	}
	m.int8Start()
	m.int8Large("Words", "*int16", "MOVH", 2)
	m.int8Large("Bytes", "*uint8", "MOVB", 1)
	return lists
}

// A neonIntTile writes one tile. A group of four terms of bytes is as large as one term
// in float32, in x and in w, so a tile of bytes goes through them as one of float32 does.
type neonIntTile struct {
	neonTile
	kind intKind
}

func (t neonIntTile) write(fn function) {
	t.begin(fn, 0)
	field := func(name string) mem { return mem{base: R(11), name: "intTile_" + name} }
	t.op("MOVD", t.arg("t"), R(11))
	t.op("MOVD", field("x"), R(0))
	t.op("MOVD", field("ldx"), R(8))
	for r := 1; r < t.rows; r++ {
		t.op("ADD", R(8), R(r-1), R(r))
	}
	t.op("MOVD", field("w"), R(6))
	t.op("MOVD", field("groups"), R(7))
	sums, free := V(0), V(24)
	switch t.kind.name {
	case "int8Words":
		sums, free = 8, 0
		t.words(sums)
	case "int16":
		sums, free = 8, 0
		t.pairs(sums)
	default:
		t.products("SDOT")
	}

	t.comment("dst[r][n] = (start[r][n] + sum[r][n])·scale[r]·scales[n] + base[r][n]")
	pointers := []string{"scales", "scale", "start", "base", "dst"} // R0 … R4
	for i, name := range pointers {
		t.op("MOVD", field(name), R(i))
	}
	for i, name := range []string{"lds", "ldb", "ldd"} {
		t.op("MOVD", field(name), R(5+i))
	}
	scales, y := free, free+4
	t.op("VLD1", at(R(0), 0), list(scales))
	for r := range t.rows {
		s := sums + V(4*r)
		if !t.kind.lean {
			t.op("VLD1", at(R(2), 0), list(y))
			for q := range V(4) {
				t.op("VADD", (y + q).as("S4"), (s + q).as("S4"), (s + q).as("S4"))
			}
		}
		t.op("FMOVS.P", at(R(1), 4), y.scalar())
		t.op("VDUP", y.as("S[0]"), y.as("S4"))
		for q := range V(4) {
			t.word("SCVTF", s+q, s+q, 0)
			t.word("FMUL", s+q, s+q, y)
		}
		t.op("VLD1", at(R(3), 0), list(y))
		for q := range V(4) {
			t.fmla(y+q, s+q, scales+q)
		}
		t.op("VST1", list(y), at(R(4), 0))
		if r < t.rows-1 {
			for i := range 3 {
				t.op("ADD", R(5+i), R(2+i))
			}
		}
	}
	t.ret()
}

// words adds up the products of words. A load takes the bytes of each term of a group to
// a register of its own, where they are widened: the second half to another register,
// then the first in place.
func (t neonIntTile) words(sums V) {
	const x, w, high = V(0), V(3), V(7)
	for i := range V(4 * t.rows) {
		t.zero(sums + i)
	}
	again := t.label("group")
	t.place(again)
	t.op("VLD4.P", at(R(6), 64), reg("[V3.B16, V4.B16, V5.B16, V6.B16]"))
	for r := range t.rows {
		if r%2 == 0 {
			t.op("FMOVD.P", at(R(r), 8), (x + V(r/2)).scalar())
		} else {
			t.op("VLD1.P", at(R(r), 8), (x + V(r/2)).as("D[1]"))
		}
	}
	for k := range 4 {
		t.comment("sum[r][n] += x[r][k]·w[k][n], k += 1")
		low := w + V(k)
		t.word("SXTL2", high, low, 0)
		t.word("SXTL", low, low, 0)
		for r := range t.rows {
			for q := range 4 {
				t.lane([]string{"SMLAL", "SMLAL2"}[q%2], sums+V(4*r+q), []V{low, high}[q/2], x+V(r/2), r%2*4+k)
			}
		}
	}
	t.op("SUBS", imm(1), R(7))
	t.op("BNE", again)
}

// pairs adds up the products of pairs of words. Loads take the words of each term of a pair
// to registers of their own: V3 and V4 have those of eight columns, V5 and V6 of the others.
func (t neonIntTile) pairs(sums V) {
	const x, w = V(0), V(3)
	for i := range V(4 * t.rows) {
		t.zero(sums + i)
	}
	again := t.label("pair")
	t.place(again)
	t.op("VLD2.P", at(R(6), 32), reg("[V3.H8, V4.H8]"))
	t.op("VLD2.P", at(R(6), 32), reg("[V5.H8, V6.H8]"))
	for r := range t.rows {
		t.op("VLD1.P", at(R(r), 4), (x + V(r/4)).as(fmt.Sprintf("S[%d]", r%4)))
	}
	for k := range 2 {
		t.comment("sum[r][n] += x[r][k]·w[k][n], k += 1")
		for r := range t.rows {
			for q := range 4 {
				t.lane([]string{"SMLAL", "SMLAL2"}[q%2], sums+V(4*r+q), w+V(k+q/2*2), x+V(r/4), r%4*2+k)
			}
		}
	}
	t.op("SUBS", imm(1), R(7))
	t.op("BNE", again)
}

// int8Start writes what tiles of bytes begin with.
func (m *neon) int8Start() {
	m.begin(int8StartFunction("NEON"), 0)
	for i, name := range []string{"dst", "sums", "w", "zero", "at", "extra", "rows", "ldd"} {
		m.op("MOVD", m.arg(name), R(i))
	}
	const up, down, zero, extra = V(16), V(17), V(18), V(19)
	m.op("VLD1", at(R(1), 0), list(8))
	m.op("MOVD", imm(-24), R(8))
	m.op("VDUP", R(8), down.as("S4"))
	again := m.label("row")
	m.place(again)
	m.comment("The byte of each column that is multiplied with at: up to the highest bits and down again")
	m.op("MOVWU.P", at(R(4), 4), R(8))
	m.op("LSR", imm(2), R(8), R(9))
	m.op("ADD", reg("R9<<6"), R(2), R(9))
	m.op("MVN", R(8), R(8))
	m.op("AND", imm(3), R(8))
	m.op("LSL", imm(3), R(8))
	m.op("VDUP", R(8), up.as("S4"))
	m.op("VLD1", at(R(9), 0), list(0))
	m.op("MOVW.P", at(R(3), 4), R(8))
	m.op("VDUP", R(8), zero.as("S4"))
	m.op("MOVW.P", at(R(5), 4), R(8))
	m.op("VDUP", R(8), extra.as("S4"))
	for v := range V(4) {
		m.word("SSHL", v, v, up)
		m.word("SSHL", v, v, down)
		m.word("MUL", v, v, extra)
		m.word("MLS", v, 8+v, zero)
	}
	m.op("VST1", list(0), at(R(0), 0))
	m.op("ADD", R(7), R(0))
	m.op("SUBS", imm(1), R(6))
	m.op("BNE", again)
	m.ret()
}

// int8Large is that of x86.
func (m *neon) int8Large(name, typ, load string, size int) {
	m.begin(int8LargeFunction(name, typ, "NEON"), 0)
	for i, name := range []string{"sums", "lds", "x", "ldx", "rows", "large", "n"} {
		m.op("MOVD", m.arg(name), R(i))
	}
	again, row := m.label("large"), m.label("row")
	m.place(again)
	m.op("MOVWU", mem{base: R(5), name: "Large_N"}, R(8))
	m.op("AND", imm(15), R(8))
	m.op("ADD", reg("R8<<2"), R(0), R(8))
	m.op("MOVWU", mem{base: R(5), name: "Large_K"}, R(9))
	m.op("ADD", reg([]string{"", "R9", "R9<<1"}[size]), R(2), R(9))
	m.op("MOVW", mem{base: R(5), name: "Large_Extra"}, R(10))
	m.op("MOVD", R(4), R(11))
	m.place(row)
	m.op(load, at(R(9), 0), R(12))
	m.op("MOVW", at(R(8), 0), R(13))
	m.op("MADDW", R(10), R(13), R(12), R(13))
	m.op("MOVW", R(13), at(R(8), 0))
	m.op("ADD", R(3), R(9))
	m.op("ADD", R(1), R(8))
	m.op("SUBS", imm(1), R(11))
	m.op("BNE", row)
	m.op("ADD", reg("$Large__size"), R(5))
	m.op("SUBS", imm(1), R(6))
	m.op("BNE", again)
	m.ret()
}
