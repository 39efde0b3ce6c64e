package main

import "fmt"

// x86IntHeader explains the registers of a tile of integers.
const x86IntHeader = `Tiles of a product in Int8 or Int16; see type intTile. Registers:

	R14       the tile's argument
	AX …      AX, R8 … R13 are 1, 3, 5, 7, 9, 11 and 13 times ldx

and in the loop over groups of terms:

	SI        rows of x
	BX        panel of w; with two panels DX is ldw, the distance to the second
	CX        groups of four terms that are left, or that less those of a round; in Int16
	          a group has two terms, and nothing is fetched
	DI        what comes next of w, fetched in steps of R15 bytes. Of words these are R10
	          and R11, and R15 is where the half of the panel begins that is computed
	Z0 … (Y)  sums, one or two a row; then two of w, then one or two of x
`

// An intKind says how the tiles of a level multiply integers.
type intKind struct {
	name   string // of functions in Go
	rows   int    // of the highest tile
	panels int    // of the widest tile
	about  string
	lean   bool                            // without starts, large weights and fetching
	unroll int                             // groups of terms that a round of the loop adds
	group  func(t intTile, i int)          // adds group i of those from SI and BX on
	dot    func(t intTile, w, x, sum xreg) // adds a group's products w·x to a sum; x may be lost
}

// x86IntKinds are the kinds of AVX-512 or of AVX2. Processors without instructions for
// dot products of bytes have words at both levels.
func x86IntKinds(wide bool) []intKind {
	if wide {
		return []intKind{
			{"int8Bytes", 14, 2, "x in unsigned bytes", false, 1, intTile.dot512, intTile.dot},
			{"int16", 14, 2, "both in words", true, 1, intTile.dot512, intTile.dotWords},
		}
	}
	return []intKind{
		// A processor foresees the end of a loop of 48 rounds, and not that of one of 192:
		// 128×768×3072 takes 2 % less time (Zen 3).
		{"int8Words", 6, 1, "x in words", false, 4, intTile.words, intTile.madd},
		{"int8Bytes", 6, 1, "x in unsigned bytes", false, 1, intTile.dot256, intTile.dot},
		{"int16", 6, 1, "both in words", true, 4, intTile.pairs, intTile.madd},
		{"int16Dots", 6, 1, "both in words, by AVX-VNNI", true, 1, intTile.dot256, intTile.dotWords},
	}
}

// goList is the list of tiles of so many panels, as Go declares it.
func (k intKind) goList(level string, panels int) string {
	list := fmt.Sprintf("%sx%d%s = []intKernel{nil, ", k.name, 16*panels, level)
	for _, fn := range k.functions(level, panels) {
		list += fn.name + ", "
	}
	return list + "}"
}

// functions are the tiles of so many panels, as Go declares them, from one row up.
func (k intKind) functions(level string, panels int) []function {
	var fs []function
	for r := 1; r <= k.rows; r++ {
		fs = append(fs, function{
			name:   fmt.Sprintf("%sx%dx%d%s", k.name, r, 16*panels, level),
			params: "t *intTile",
			doc: fmt.Sprintf("sets dst[r][n] = (%sΣ_k x[r][k]·w[k][n])·scale[r]·scales[n] + base[r][n] for %d row%s and %d columns, %s; twin: multiplyIntegersGeneric.",
				choose(k.lean, "", "start[r][n] + "), r, choose(r == 1, "", "s"), 16*panels, k.about),
		})
	}
	return fs
}

// int8 writes a level's tiles of integers and returns their lists, as Go declares them.
func (m *x86) integers() (lists []string) {
	m.writeLanes()
	for _, k := range x86IntKinds(m.wide) {
		for panels := 1; panels <= k.panels; panels++ {
			lists = append(lists, k.goList(m.level(), panels))
			for i, fn := range k.functions(m.level(), panels) {
				intTile{m, k, i + 1, panels}.write(fn)
			}
		}
	}
	m.int8Start()
	if !m.wide {
		m.int8Large("Bytes", "*uint8", "MOVBLZX", 1)
	}
	return lists
}

// An intTile writes one tile.
type intTile struct {
	*x86
	kind         intKind
	rows, panels int
}

func intField(name string) mem { return mem{base: R14, name: "intTile_" + name} }

// A row has two registers of sums but for one panel of AVX-512.
func (t intTile) parts() int { return choose(t.wide, t.panels, 2) }

func (t intTile) sum(r, part int) xreg { return t.reg(t.parts()*r + part) }
func (t intTile) free(i int) xreg      { return t.reg(t.parts()*t.rows + i) }

// term is the address of a row's group i of terms.
func (t intTile) term(r, i int) mem { return x86Row(r, i*t.groupSize()) }

// groupSize is how many bytes of x a group of terms has: four of them, or in Int16 two.
func (t intTile) groupSize() int { return choose(t.kind.name == "int8Words", 8, 4) }

func (t intTile) write(fn function) {
	words := t.kind.name == "int8Words"
	t.begin(fn, 0)
	t.op("MOVQ", t.arg("t"), R14)
	t.op("MOVQ", intField("ldx"), AX)
	t.multiples(t.rows)
	if t.wide && t.panels == 2 {
		t.op("MOVQ", intField("ldw"), DX)
	}
	if !t.kind.lean {
		next, step := t.ahead()
		t.op("MOVQ", intField("next"), next)
		t.op("MOVQ", intField("step"), step)
	}
	half := t.label("half")
	if words {
		t.op("XORQ", R15, R15)
		t.place(half)
	}
	t.op("MOVQ", intField("x"), SI)
	t.op("MOVQ", intField("w"), BX)
	t.op("MOVQ", intField("groups"), CX)
	if words {
		t.op("ADDQ", R15, BX)
	}
	for r := range t.rows {
		for part := range t.parts() {
			t.zero(t.sum(r, part))
		}
	}
	t.groups()
	if !t.kind.lean {
		t.large()
	}

	t.comment("dst[r][n] = (start[r][n] + sum[r][n])·scale[r]·scales[n] + base[r][n]")
	for _, p := range []struct {
		name string
		to   reg
	}{{"dst", DI}, {"start", SI}, {"base", BX}, {"scales", CX}} {
		if t.kind.lean && p.name == "start" {
			continue
		}
		t.op("MOVQ", intField(p.name), p.to)
		if words {
			t.op("ADDQ", R15, p.to)
		}
	}
	t.op("MOVQ", intField("scale"), DX)
	halves := choose(words, 1, t.parts())
	scales := func(part int) xreg { return t.free(part) }
	for part := range halves {
		t.op("VMOVUPS", at(CX, part*t.bytes()), scales(part))
	}
	for r := range t.rows {
		if words {
			t.op("VPHADDD", t.sum(r, 1), t.sum(r, 0), t.sum(r, 0))
			t.op("VPERMQ", bits(0xd8), t.sum(r, 0), t.sum(r, 0))
		}
		t.op("VBROADCASTSS", at(DX, 4*r), t.free(2))
		for part := range halves {
			s := t.sum(r, part)
			if !t.kind.lean {
				t.op("VPADDD", at(SI, part*t.bytes()), s, s)
			}
			t.op("VCVTDQ2PS", s, s)
			t.op("VMULPS", t.free(2), s, s)
			t.op("VFMADD213PS", at(BX, part*t.bytes()), scales(part), s)
			t.op("VMOVUPS", s, at(DI, part*t.bytes()))
		}
		if r < t.rows-1 {
			if !t.kind.lean {
				t.op("ADDQ", intField("lds"), SI)
			}
			t.op("ADDQ", intField("ldb"), BX)
			t.op("ADDQ", intField("ldd"), DI)
		}
	}
	if words {
		t.op("ADDQ", imm(32), R15)
		t.op("CMPQ", R15, imm(64))
		t.op("JNE", half)
	}
	t.ret()
}

// ahead are the registers of what comes next and of the steps in which it is fetched.
func (t intTile) ahead() (next, step reg) {
	if t.kind.name == "int8Words" {
		return R10, R11
	}
	return DI, R15
}

// fetch fetches a line of what comes next, of each panel.
func (t intTile) fetch() {
	next, step := t.ahead()
	t.op("PREFETCHT1", at(next, 0))
	if t.wide && t.panels == 2 {
		t.op("PREFETCHT1", at(next, 0).by(DX, 1))
	}
	t.op("ADDQ", step, next)
}

// groups adds all groups of terms, of which there is one at least.
func (t intTile) groups() {
	n := t.kind.unroll
	if n == 1 {
		t.rounds(1, "JNZ")
		return
	}
	rest, done := t.label("rest"), t.label("done")
	t.op("SUBQ", imm(n), CX)
	t.op("JLT", rest)
	t.rounds(n, "JGE")
	t.place(rest)
	t.op("ADDQ", imm(n), CX)
	t.op("JEQ", done)
	t.rounds(1, "JNZ")
	t.place(done)
}

// rounds adds n groups at a time until CX, less by n each time, ends it.
func (t intTile) rounds(n int, again string) {
	start := t.label("groups")
	t.op("PCALIGN", imm(32))
	t.place(start)
	for i := range n {
		if !t.kind.lean {
			t.fetch()
		}
		t.kind.group(t, i)
	}
	t.op("ADDQ", imm(n*t.groupSize()), SI)
	t.op("ADDQ", imm(n*64), BX)
	t.op("SUBQ", imm(n), CX)
	t.op(again, start)
}

// lanes is memory with one lane of ones among lanes of zeros.
const lanes, lanesMiddle = "lanes<>", 15

func (m *x86) writeLanes() {
	fmt.Fprintf(&m.data, "\nDATA %s+%d(SB)/4, $-1\nGLOBL %[1]s(SB), RODATA|NOPTR, $%[3]d\n", lanes, 4*lanesMiddle, 4*(2*lanesMiddle+1))
}

// large adds the products with weights of more than 8 bits, each a group of terms
// of which one column has one that is not zero.
func (t intTile) large() {
	bound := func(i int) mem {
		m := intField("bounds")
		m.disp = 16 * i
		if t.kind.name == "int8Words" { // of the half
			m = m.by(R15, 1)
		}
		return m
	}
	field := func(name string) mem {
		return mem{base: BX, name: "tileLarge_" + name}.by(CX, 1)
	}
	t.op("MOVQ", intField("large"), BX)
	t.op("LEAQ", mem{base: "SB", name: lanes}, DX)
	t.op("MOVQ", bound(0), CX)
	for part := range t.parts() {
		again, done := t.label("large"), t.label("done")
		t.place(again)
		t.op("CMPQ", CX, bound(part+1))
		t.op("JEQ", done)
		t.op("MOVLQSX", field("at"), SI)
		t.op("MOVLQSX", field("lane"), DI)
		t.op("ADDQ", intField("x"), SI)
		w, x := t.free(0), t.free(1)
		t.op("VPBROADCASTD", field("value"), w)
		t.op(choose(t.wide, "VPANDD", "VPAND"), at(DX, choose(t.wide || t.kind.name == "int8Words", 0, 32*part)).by(DI, 1), w, w)
		for r := range t.rows {
			t.op("VPBROADCASTD", x86Row(r, 0), x)
			t.kind.dot(t, w, x, t.sum(r, part))
		}
		t.op("ADDQ", reg("$tileLarge__size"), CX)
		t.op("JMP", again)
		t.place(done)
	}
}

// dot is VPDPBUSD of the level, and dotWords VPDPWSSD.
func (t intTile) dot(w, x, sum xreg)      { t.vnni("VPDPBUSD", w, x, sum) }
func (t intTile) dotWords(w, x, sum xreg) { t.vnni("VPDPWSSD", w, x, sum) }

func (t intTile) madd(w, x, sum xreg) {
	t.op("VPMADDWD", w, x, x)
	t.op("VPADDD", x, sum, sum)
}

// words adds four terms of half a panel: its bytes are widened, and neighbouring
// products added to sums of two terms each. With each addition right after its product, six
// rows took 3 % longer and four 8 % (Zen 3).
func (t intTile) words(i int) {
	w, x := [2]xreg{t.free(0), t.free(1)}, [2]xreg{t.free(2), t.free(3)}
	for part := range 2 {
		t.op("VPMOVSXBW", at(BX, 64*i+16*part), w[part])
	}
	for r := range t.rows {
		t.op("VPBROADCASTQ", t.term(r, i), x[0])
		t.madds(w, x, r)
	}
}

// madds adds products of two registers of words of w and row r, in x[0].
func (t intTile) madds(w, x [2]xreg, r int) {
	t.op("VPMADDWD", w[0], x[0], x[1])
	t.op("VPMADDWD", w[1], x[0], x[0])
	t.op("VPADDD", x[0], t.sum(r, 1), t.sum(r, 1))
	t.op("VPADDD", x[1], t.sum(r, 0), t.sum(r, 0))
}

// pairs adds two terms of a panel of words.
func (t intTile) pairs(i int) {
	w, x := t.halves(i), [2]xreg{t.free(2), t.free(3)}
	for r := range t.rows {
		t.op("VPBROADCASTD", t.term(r, i), x[0])
		t.madds(w, x, r)
	}
}

// halves loads group i of a panel.
func (t intTile) halves(i int) (w [2]xreg) {
	for part := range w {
		w[part] = t.free(part)
		t.op("VMOVDQU", at(BX, 64*i+32*part), w[part])
	}
	return w
}

// dot512 adds four terms of a panel or two by AVX-512's VNNI.
func (t intTile) dot512(i int) {
	x := t.free(2)
	for part := range t.panels {
		w := at(BX, 64*i)
		if part == 1 {
			w = w.by(DX, 1)
		}
		t.op("VMOVDQU32", w, t.free(part))
	}
	for r := range t.rows {
		t.op("VPBROADCASTD", t.term(r, i), x)
		for part := range t.panels {
			t.kind.dot(t, t.free(part), x, t.sum(r, part))
		}
	}
}

// dot256 adds four terms of a panel by AVX-VNNI.
func (t intTile) dot256(i int) {
	w, x := t.halves(i), t.free(2)
	for r := range t.rows {
		t.op("VPBROADCASTD", t.term(r, i), x)
		for part := range 2 {
			t.kind.dot(t, w[part], x, t.sum(r, part))
		}
	}
}

// vnni writes an instruction of VNNI. Its VEX form is written in bytes, because Go's assembler
// lacks it.
func (m *x86) vnni(name string, w, x, sum xreg) {
	if m.wide {
		m.op(name, w, x, sum)
		return
	}
	code := map[string]int{"VPDPBUSD": 0x50, "VPDPWSSD": 0x52}[name]
	high := func(r xreg) int { return 1 - r.n>>3 }
	m.line("\tBYTE $0xC4; BYTE $0x%02X; BYTE $0x%02X; BYTE $0x%02X; BYTE $0x%02X // %s %v, %v, %v",
		high(sum)<<7|1<<6|high(w)<<5|2, (15-x.n)<<3|1<<2|1, code, 0xC0|sum.n&7<<3|w.n&7, name, w, x, sum)
}

// int8Start writes what tiles of bytes begin with: for a panel, or with AVX-512 for two.
func (m *x86) int8Start() {
	fn := int8StartFunction(m.level())
	if m.wide {
		fn = function{"int8Start2" + m.level(), "dst *int32, sums *int32, w *uint8, ldw int, zero *int32, at *int32, extra *int32, rows int, ldd int",
			"is int8StartAVX2 for two panels, the second ldw bytes after the first", byHand}
	}
	m.begin(fn, 0)
	for _, p := range []struct {
		name string
		to   reg
	}{{"dst", DI}, {"sums", SI}, {"w", BX}, {"zero", R8}, {"at", R9}, {"extra", R10}, {"rows", CX}, {"ldd", DX}} {
		m.op("MOVQ", m.arg(p.name), p.to)
	}
	second := at(BX, 32)
	if m.wide {
		m.op("MOVQ", m.arg("ldw"), R12)
		m.op("ADDQ", BX, R12)
		second = at(R12, 0)
	}
	y, load := m.reg, choose(m.wide, "VMOVDQU32", "VMOVDQU")
	for part := range 2 {
		m.op(load, at(SI, part*m.bytes()), y(8+part))
	}
	again := m.label("row")
	m.place(again)
	m.comment("The byte of each column that is multiplied with at: up to the highest bits and down again")
	m.op("MOVL", at(R9, 0), AX)
	m.op("MOVL", AX, R11)
	m.op("SHRL", imm(2), AX)
	m.op("SHLL", imm(6), AX)
	m.op("NOTL", R11)
	m.op("ANDL", imm(3), R11)
	m.op("SHLL", imm(3), R11)
	m.op("VMOVD", R11, y(4).as('X'))
	m.op("VPBROADCASTD", at(R8, 0), y(0))
	m.op("VPBROADCASTD", at(R10, 0), y(1))
	for part, w := range []mem{at(BX, 0), second} {
		s, z := y(5+part), y(2+part)
		m.op(load, w.by(AX, 1), s)
		m.op("VPSLLD", y(4).as('X'), s, s)
		m.op("VPSRAD", imm(24), s, s)
		m.op("VPMULLD", y(1), s, s)
		m.op("VPMULLD", y(0), y(8+part), z)
		m.op("VPSUBD", z, s, s)
		m.op(load, s, at(DI, part*m.bytes()))
	}
	for _, p := range []reg{R8, R9, R10} {
		m.op("ADDQ", imm(4), p)
	}
	m.op("ADDQ", DX, DI)
	m.op("SUBQ", imm(1), CX)
	m.op("JNZ", again)
	m.ret()
}

func int8StartFunction(level string) function {
	return function{"int8Start" + level, "dst *int32, sums *int32, w *uint8, zero *int32, at *int32, extra *int32, rows int, ldd int",
		"sets dst[r][n] = extra[r]·w[at[r]][n] − zero[r]·sums[n] for a panel w and rows ldd bytes apart; twin: Job.sumInt8.", byHand}
}

// int8Large writes the products with weights of more than 8 bits, of which a panel has
// few: in general registers, one after the other.
func (m *x86) int8Large(name, typ, load string, size int) {
	m.begin(int8LargeFunction(name, typ, m.level()), 0)
	for _, p := range []struct {
		name string
		to   reg
	}{{"sums", AX}, {"lds", BX}, {"x", CX}, {"ldx", DX}, {"large", R8}, {"n", R9}} {
		m.op("MOVQ", m.arg(p.name), p.to)
	}
	again, row := m.label("large"), m.label("row")
	m.place(again)
	m.op("MOVL", mem{base: R8, name: "Large_N"}, DI)
	m.op("ANDL", imm(15), DI)
	m.op("LEAQ", at(AX, 0).by(DI, 4), DI)
	m.op("MOVL", mem{base: R8, name: "Large_K"}, SI)
	m.op("LEAQ", at(CX, 0).by(SI, size), SI)
	m.op("MOVL", mem{base: R8, name: "Large_Extra"}, R10)
	m.op("MOVQ", m.arg("rows"), R11)
	m.place(row)
	m.op(load, at(SI, 0), R12)
	m.op("IMULL", R10, R12)
	m.op("ADDL", R12, at(DI, 0))
	m.op("ADDQ", DX, SI)
	m.op("ADDQ", BX, DI)
	m.op("SUBQ", imm(1), R11)
	m.op("JNZ", row)
	m.op("ADDQ", reg("$Large__size"), R8)
	m.op("SUBQ", imm(1), R9)
	m.op("JNZ", again)
	m.op("RET")
}

func int8LargeFunction(name, typ, level string) function {
	return function{"int8Large" + name + level, "sums *int32, lds int, x " + typ + ", ldx int, rows int, large *Large, n int",
		"adds large[i].Extra·x[r][large[i].K] to sums[r][large[i].N mod 16] for rows lds and ldx bytes apart; twin: Job.sumInt8.", byHand}
}
