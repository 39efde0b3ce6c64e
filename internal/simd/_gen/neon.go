package main

import "fmt"

// neon is NEON of 64-bit ARM. Registers of 16 floats are V0–V3, V4–V7, … V24–V27;
// V28 holds a constant, V29 is scratch.
type neon struct{}

func (*neon) arch() string { return "arm64" }
func (*neon) name() string { return "NEON" }
func (*neon) file() string { return "neon" }
func (*neon) rows() int    { return 6 }
func (*neon) panels() int  { return 1 }

var neonPointers = map[string]string{"p0": "R0", "p1": "R1", "p2": "R2", "p3": "R3", "n": "R4"}

// words are instructions that Go's assembler lacks, with registers 0: the
// operands are Rd | Rn<<5 | Rm<<16 (Arm Architecture Reference Manual, C7).
var words = map[string]uint32{
	"add": 0x4E20D400, "sub": 0x4EA0D400, "mul": 0x6E20DC00, "div": 0x6E20FC00, "max": 0x4E20F400, "min": 0x4EA0F400,
	"greater": 0x6EA0E400,                       // FCMGT Vd.4S, Vn.4S, Vm.4S
	"widen":   0x0E217800, "widen2": 0x4E217800, // FCVTL, FCVTL2 Vd.4S, Vn.4H/8H
}

func word(op string, d, n, m int) string {
	return fmt.Sprintf("WORD $0x%08X // F%s V%d, V%d, V%d", words[op]|uint32(d)|uint32(n)<<5|uint32(m)<<16, op, d, n, m)
}

func quad(v int) [4]int { return [4]int{4 * v, 4*v + 1, 4*v + 2, 4*v + 3} }

func list(v int) string {
	q := quad(v)
	return fmt.Sprintf("[V%d.S4, V%d.S4, V%d.S4, V%d.S4]", q[0], q[1], q[2], q[3])
}

func (*neon) arg(f *file, reg, arg string) { f.i("MOVD %s, %s", arg, neonPointers[reg]) }

func (*neon) argK(f *file, arg string) {
	f.i("FMOVS %s, F28", arg)
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

func (*neon) ret(f *file) { f.i("RET") }

func (*neon) load(f *file, v int, p string)  { f.i("VLD1 (%s), %s", neonPointers[p], list(v)) }
func (*neon) store(f *file, p string, v int) { f.i("VST1 %s, (%s)", list(v), neonPointers[p]) }

func (*neon) loadF16(f *file, v int, p string) {
	q := quad(v)
	f.i("VLD1 (%s), [V28.H8, V29.H8]", neonPointers[p])
	f.i("%s", word("widen", q[0], 28, 0))
	f.i("%s", word("widen2", q[1], 28, 0))
	f.i("%s", word("widen", q[2], 29, 0))
	f.i("%s", word("widen2", q[3], 29, 0))
}

func (*neon) mov(f *file, d, a int) {
	for i := range 4 {
		f.i("VMOV V%d.B16, V%d.B16", quad(a)[i], quad(d)[i])
	}
}

func (m *neon) loadK(f *file, k string) int {
	if k != "" {
		f.i("MOVD $%s<>+%d(SB), R9", constantsName(m), constantOffset(k))
		f.i("VLD1R (R9), [V28.S4]")
	}
	return 28
}

func (m *neon) constant(f *file, d int, k string) {
	f.i("MOVD $%s<>+%d(SB), R9", constantsName(m), constantOffset(k))
	for _, r := range quad(d) {
		f.i("VLD1R (R9), [V%d.S4]", r)
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
		f.i("%s", word(op, d, a, b))
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

func (m *neon) horner(f *file, d, a int, k string) {
	c := m.loadK(f, k)
	for i := range 4 {
		f.i("VMOV V%d.B16, V29.B16", c)
		f.i("VFMLA V%d.S4, V%d.S4, V29.S4", quad(a)[i], quad(d)[i])
		f.i("VMOV V29.B16, V%d.B16", quad(d)[i])
	}
}

func (m *neon) selectLess(f *file, d, a int, k string, x, y int) {
	c := m.loadK(f, k)
	for i := range 4 {
		f.i("%s", word("greater", 29, c, quad(a)[i]))
		m.choose(f, quad(d)[i], quad(x)[i], quad(y)[i])
	}
}

func (m *neon) selectMore(f *file, d, a, b, x, y int) {
	for i := range 4 {
		f.i("%s", word("greater", 29, quad(a)[i], quad(b)[i]))
		m.choose(f, quad(d)[i], quad(x)[i], quad(y)[i])
	}
}

// choose sets d to x where the mask V29 is set, else to y.
func (*neon) choose(f *file, d, x, y int) {
	f.i("VBSL V%d.B16, V%d.B16, V29.B16", y, x)
	f.i("VMOV V29.B16, V%d.B16", d)
}

func (*neon) shiftToExponent(f *file, v int) {
	for _, r := range quad(v) {
		f.i("VSHL $23, V%d.S4, V%d.S4", r, r)
	}
}

func (m *neon) addBitsK(f *file, v int, k string) {
	c := m.loadK(f, k)
	for _, r := range quad(v) {
		f.i("VADD V%d.S4, V%d.S4, V%d.S4", c, r, r)
	}
}
