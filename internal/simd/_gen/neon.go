package main

import "fmt"

// neon is NEON of 64-bit ARM. Registers of 16 floats are V0–V3, V4–V7, … V24–V27;
// V28 and V29 are scratch, R9 points to the constants.
type neon struct{ constants }

func (*neon) arch() string    { return "arm64" }
func (*neon) name() string    { return "NEON" }
func (*neon) file() string    { return "neon" }
func (*neon) rows() int       { return 6 }
func (*neon) panels() int     { return 1 }
func (*neon) fetches() []bool { return []bool{false} }

var neonPointers = map[string]string{"p0": "R0", "p1": "R1", "p2": "R2", "p3": "R3", "n": "R4"}

// words are instructions that Go's assembler lacks, with registers 0: the
// operands are Rd | Rn<<5 | Rm<<16 (Arm Architecture Reference Manual, C7).
var words = map[string]uint32{
	"FADD":   0x4E20D400, // Vd.4S, Vn.4S, Vm.4S, as the next ones
	"FSUB":   0x4EA0D400,
	"FMUL":   0x6E20DC00,
	"FDIV":   0x6E20FC00,
	"FMAX":   0x4E20F400,
	"FMIN":   0x4EA0F400,
	"FCMGT":  0x6EA0E400,
	"FCMEQ":  0x4E20E400,
	"FMLA0":  0x4F801000, // Vd.4S, Vn.4S, Vm.S[0]
	"FMLA1":  0x4FA01000, // Vd.4S, Vn.4S, Vm.S[1]
	"FMLA2":  0x4F801800, // Vd.4S, Vn.4S, Vm.S[2]
	"FMLA3":  0x4FA01800, // Vd.4S, Vn.4S, Vm.S[3]
	"FSQRT":  0x6EA1F800, // Vd.4S, Vn.4S
	"FCVTL":  0x0E217800, // Vd.4S, Vn.4H
	"FCVTL2": 0x4E217800, // Vd.4S, Vn.8H
	"FCVTN":  0x0E216800, // Vd.4H, Vn.4S
}

// word is an instruction d = n op m.
func word(op string, d, n, m int) string {
	base, ok := words[op]
	if !ok || d|n|m > 31 {
		panic(fmt.Sprintf("no instruction %s V%d, V%d, V%d", op, d, n, m))
	}
	return fmt.Sprintf("WORD $0x%08X // %s V%d, V%d, V%d", base|uint32(d)|uint32(n)<<5|uint32(m)<<16, op, d, n, m)
}

var neonOps = map[string]string{"add": "FADD", "sub": "FSUB", "mul": "FMUL", "div": "FDIV", "max": "FMAX", "min": "FMIN"}

func quad(v int) [4]int { return [4]int{4 * v, 4*v + 1, 4*v + 2, 4*v + 3} }

func list(v int) string {
	q := quad(v)
	return fmt.Sprintf("[V%d.S4, V%d.S4, V%d.S4, V%d.S4]", q[0], q[1], q[2], q[3])
}

// writeTable writes each constant four times: one load fills a register.
func (m *neon) writeTable(f *file) {
	fmt.Fprintf(&f.data, "\n")
	for i, name := range m.t.names {
		bits := uint64(m.t.bits[name])
		fmt.Fprintf(&f.data, "DATA constantsNEON<>+%d(SB)/8, $0x%016x // %s\n", 16*i, bits<<32|bits, name)
		fmt.Fprintf(&f.data, "DATA constantsNEON<>+%d(SB)/8, $0x%016x\n", 16*i+8, bits<<32|bits)
	}
	fmt.Fprintf(&f.data, "GLOBL constantsNEON<>(SB), RODATA|NOPTR, $%d\n", 16*len(m.t.names))
}

func (*neon) begin(f *file)                 { f.i("MOVD $constantsNEON<>(SB), R9") }
func (*neon) arg(f *file, reg, name string) { f.i("MOVD %s, %s", f.arg(name), neonPointers[reg]) }

func (*neon) argK(f *file, name string) {
	f.i("FMOVS %s, F28", f.arg(name))
	f.i("VDUP V28.S[0], V28.S4")
}

func (*neon) loop(f *file, body func(), advance map[string]int) {
	l := f.newLabel("loop")
	f.at(l)
	body()
	for _, p := range []string{"p0", "p1", "p2", "p3"} {
		if n := advance[p]; n > 0 {
			f.i("ADD $%d, %s", n, neonPointers[p])
		}
	}
	f.i("SUBS $16, R4")
	f.i("BNE  %s", l)
}

// loopAbreast is loop: 16 elements are four registers, enough.
func (m *neon) loopAbreast(f *file, _ bool, body func(), advance map[string]int) {
	m.loop(f, body, advance)
}

func (*neon) forAbreast(set func()) { set() }

func (*neon) together(*file, string, int) {}

func (*neon) eachRow(f *file, body func(), p, ld string) {
	l := f.newLabel("row")
	f.at(l)
	body()
	f.i("MOVD %s, R5", f.arg(p))
	f.i("MOVD %s, R6", f.arg(ld))
	f.i("ADD  R6, R5")
	f.i("MOVD R5, %s", f.arg(p))
	f.i("MOVD %s, R5", f.arg("rows"))
	f.i("SUBS $1, R5")
	f.i("MOVD R5, %s", f.arg("rows"))
	f.i("BNE  %s", l)
}

func (*neon) offset(f *file, p, name string) {
	f.i("MOVD %s, R5", f.arg(name))
	f.i("ADD  R5, %s", neonPointers[p])
}

func (m *neon) across(f *file, op string, v, t int) {
	r, s := quad(v), quad(t)[0]
	m.one(f, op, r[0], r[0], r[2])
	m.one(f, op, r[1], r[1], r[3])
	m.one(f, op, r[0], r[0], r[1])
	f.i("VEXT $8, V%d.B16, V%[1]d.B16, V%d.B16", r[0], s)
	m.one(f, op, r[0], r[0], s)
	f.i("VDUP V%d.S[1], V%d.S4", r[0], s)
	m.one(f, op, s, r[0], s)
	for _, d := range r {
		f.i("VDUP V%d.S[0], V%d.S4", s, d)
	}
}

func (*neon) sqrt(f *file, v int) {
	for _, r := range quad(v) {
		f.i("%s", word("FSQRT", r, r, 0))
	}
}

func (m *neon) collect(f *file, op string, a int) { m.bin(f, op, 0, 0, a) }

func (*neon) ret(f *file) { f.i("RET") }

func (*neon) load(f *file, v int, p string)  { f.i("VLD1 (%s), %s", neonPointers[p], list(v)) }
func (*neon) store(f *file, p string, v int) { f.i("VST1 %s, (%s)", list(v), neonPointers[p]) }

func (*neon) loadF16(f *file, v int, p string) {
	q := quad(v)
	f.i("VLD1 (%s), [V28.H8, V29.H8]", neonPointers[p])
	f.i("%s", word("FCVTL", q[0], 28, 0))
	f.i("%s", word("FCVTL2", q[1], 28, 0))
	f.i("%s", word("FCVTL", q[2], 29, 0))
	f.i("%s", word("FCVTL2", q[3], 29, 0))
}

func (*neon) storeF16(f *file, p string, v int) {
	for i, r := range quad(v) {
		f.i("%s", word("FCVTN", 28, r, 0))
		f.i("FMOVD F28, %d(%s)", 8*i, neonPointers[p])
		f.i("%s", word("FCVTL", r, 28, 0))
	}
}

func (*neon) mov(f *file, d, a int) {
	for i := range 4 {
		f.i("VMOV V%d.B16, V%d.B16", quad(a)[i], quad(d)[i])
	}
}

func (m *neon) spread(f *file, d, a int) { m.mov(f, d, a) }

func (m *neon) loadK(f *file, k string) int {
	if k != "" {
		f.i("FMOVQ %d(R9), F28 // %s", 16*m.index(k), k)
	}
	return 28
}

func (m *neon) constant(f *file, d int, k string) {
	for _, r := range quad(d) {
		f.i("FMOVQ %d(R9), F%d // %s", 16*m.index(k), r, k)
	}
}

// one writes d = a op b for one register of four.
func (*neon) one(f *file, op string, d, a, b int) {
	switch op {
	case "and":
		f.i("VAND V%d.B16, V%d.B16, V%d.B16", b, a, d)
	case "or":
		f.i("VORR V%d.B16, V%d.B16, V%d.B16", b, a, d)
	default:
		f.i("%s", word(neonOps[op], d, a, b))
	}
}

func (m *neon) bin(f *file, op string, d, a, b int) {
	for i := range 4 {
		m.one(f, op, quad(d)[i], quad(a)[i], quad(b)[i])
	}
}

func (m *neon) binK(f *file, op string, d, a int, k string) {
	c := m.loadK(f, k)
	for i := range 4 {
		m.one(f, op, quad(d)[i], quad(a)[i], c)
	}
}

func (m *neon) binKR(f *file, op string, d int, k string, b int) {
	c := m.loadK(f, k)
	for i := range 4 {
		m.one(f, op, quad(d)[i], c, quad(b)[i])
	}
}

func (*neon) fma(f *file, d, a, b int) {
	for i := range 4 {
		f.i("VFMLA V%d.S4, V%d.S4, V%d.S4", quad(b)[i], quad(a)[i], quad(d)[i])
	}
}

func (m *neon) fmaK(f *file, d, a int, k string) {
	c := m.loadK(f, k)
	for i := range 4 {
		f.i("VFMLA V%d.S4, V%d.S4, V%d.S4", c, quad(a)[i], quad(d)[i])
	}
}

// horner: FMLA adds to its destination, so the constant has to be there first.
func (m *neon) horner(f *file, d, a int, k string) {
	at := 16 * m.index(k)
	for i := range 4 {
		t := 28 + i%2
		f.i("FMOVQ %d(R9), F%d // %s", at, t, k)
		f.i("VFMLA V%d.S4, V%d.S4, V%d.S4", quad(a)[i], quad(d)[i], t)
		f.i("VMOV V%d.B16, V%d.B16", t, quad(d)[i])
	}
}

func (m *neon) selectLess(f *file, d, a int, k string, x, y int) {
	c := m.loadK(f, k)
	for i := range 4 {
		f.i("%s", word("FCMGT", 29, c, quad(a)[i]))
		m.choose(f, quad(d)[i], quad(x)[i], quad(y)[i])
	}
}

func (m *neon) selectMore(f *file, d, a, b, x, y int) {
	for i := range 4 {
		f.i("%s", word("FCMGT", 29, quad(a)[i], quad(b)[i]))
		m.choose(f, quad(d)[i], quad(x)[i], quad(y)[i])
	}
}

func (m *neon) selectEqual(f *file, d, a, b, x, y int) {
	for i := range 4 {
		f.i("%s", word("FCMEQ", 29, quad(a)[i], quad(b)[i]))
		m.choose(f, quad(d)[i], quad(x)[i], quad(y)[i])
	}
}

// choose sets d to x where the mask V29 is set, else to y.
func (*neon) choose(f *file, d, x, y int) {
	f.i("VBSL V%d.B16, V%d.B16, V29.B16", y, x)
	f.i("VMOV V29.B16, V%d.B16", d)
}

func (m *neon) power(f *file, t, _ int) {
	c := m.loadK(f, "exponentOne")
	for _, r := range quad(t) {
		f.i("VSHL $23, V%d.S4, V%d.S4", r, r)
		f.i("VADD V%d.S4, V%d.S4, V%d.S4", c, r, r)
	}
}

func (m *neon) timesPower(f *file, x, y, t, q int, k string) {
	m.bin(f, "mul", y, y, t)
	m.constant(f, q, "zero")
	m.selectLess(f, x, x, k, q, y)
}
