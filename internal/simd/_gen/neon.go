package main

import "fmt"

// R is a general register of arm64, V a vector register.
func R(n int) reg { return reg(fmt.Sprint("R", n)) }

type V int

// as is the register in a form: S4, B16, S[0].
func (v V) as(form string) operand { return reg(fmt.Sprintf("V%d.%s", v, form)) }

// scalar is the register's name in instructions that move it whole or in part.
func (v V) scalar() operand { return reg(fmt.Sprint("F", int(v))) }

// list is four registers from v on, for loads and stores.
func list(v V) operand {
	return reg(fmt.Sprintf("[V%d.S4, V%d.S4, V%d.S4, V%d.S4]", v, v+1, v+2, v+3))
}

// neon is NEON of 64-bit ARM. Registers of 16 floats are V0–V3, V4–V7, … V24–V27;
// V28 and V29 are scratch, R9 points to the constants.
type neon struct {
	*file
	*constants
}

var neonPointers = map[string]reg{"p0": R(0), "p1": R(1), "p2": R(2), "p3": R(3), "n": R(4)}

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
	"BFDOT0": 0x4F40F000, // Vd.4S, Vn.8H, Vm.2H[0]
	"BFDOT1": 0x4F60F000, // Vd.4S, Vn.8H, Vm.2H[1]
	"BFDOT2": 0x4F40F800, // Vd.4S, Vn.8H, Vm.2H[2]
	"BFDOT3": 0x4F60F800, // Vd.4S, Vn.8H, Vm.2H[3]
	"FSQRT":  0x6EA1F800, // Vd.4S, Vn.4S
	"FCVTL":  0x0E217800, // Vd.4S, Vn.4H
	"FCVTL2": 0x4E217800, // Vd.4S, Vn.8H
	"FCVTN":  0x0E216800, // Vd.4H, Vn.4S
	"FCVTNS": 0x4E21A800, // Vd.4S, Vn.4S
	"SQXTN":  0x0E614800, // Vd.4H, Vn.4S
	"SQXTN2": 0x4E614800, // Vd.8H, Vn.4S
	"XTN":    0x0E212800, // Vd.8B, Vn.8H
	"XTN2":   0x4E212800, // Vd.16B, Vn.8H

	"SCVTF":  0x4E21D800, // Vd.4S, Vn.4S
	"SXTL":   0x0F08A400, // Vd.8H, Vn.8B
	"SXTL2":  0x4F08A400, // Vd.8H, Vn.16B
	"MUL":    0x4EA09C00, // Vd.4S, Vn.4S, Vm.4S, as the next two
	"MLS":    0x6EA09400,
	"SSHL":   0x4EA04400,
	"SDOT0":  0x4F80E000, // Vd.4S, Vn.16B, Vm.4B[0]
	"SDOT1":  0x4FA0E000, // Vd.4S, Vn.16B, Vm.4B[1]
	"SDOT2":  0x4F80E800, // Vd.4S, Vn.16B, Vm.4B[2]
	"SDOT3":  0x4FA0E800, // Vd.4S, Vn.16B, Vm.4B[3]
	"SMLAL":  0x0F402000, // Vd.4S, Vn.4H, Vm.H[0]; see lane for the others
	"SMLAL2": 0x4F402000, // Vd.4S, Vn.8H, Vm.H[0]
}

// word writes the instruction d = n op m.
func (f *file) word(op string, d, n, m V) {
	base, ok := words[op]
	if !ok || d|n|m > 31 {
		panic(fmt.Sprintf("no instruction %s V%d, V%d, V%d", op, d, n, m))
	}
	f.line("\tWORD $0x%08X // %s V%d, V%d, V%d", base|uint32(d)|uint32(n)<<5|uint32(m)<<16, op, d, n, m)
}

// lane writes SMLAL or SMLAL2 by element i of m, one of the first 16 registers.
func (f *file) lane(op string, d, n, m V, i int) {
	if m > 15 || i > 7 {
		panic(fmt.Sprintf("no instruction %s by element %d of V%d", op, i, m))
	}
	f.line("\tWORD $0x%08X // %s V%d, V%d, V%d.H[%d]", words[op]|uint32(d)|uint32(n)<<5|uint32(m)<<16|uint32(i&1)<<20|uint32(i>>1&1)<<21|uint32(i>>2)<<11, op, d, n, m, i)
}

var neonOps = map[string]string{"add": "FADD", "sub": "FSUB", "mul": "FMUL", "div": "FDIV", "max": "FMAX", "min": "FMIN"}

// quad are the physical registers of a register of 16 floats.
func quad(v int) [4]V {
	if v == K {
		return [4]V{28, 28, 28, 28}
	}
	return [4]V{V(4 * v), V(4*v + 1), V(4*v + 2), V(4*v + 3)}
}

// writeTable writes each constant four times: one load fills a register.
func (m *neon) writeTable() {
	fmt.Fprintf(&m.data, "\n")
	for i, name := range m.used {
		b := uint64(m.table[name])
		fmt.Fprintf(&m.data, "DATA constantsNEON<>+%d(SB)/8, $0x%016x // %s\n", 16*i, b<<32|b, name)
		fmt.Fprintf(&m.data, "DATA constantsNEON<>+%d(SB)/8, $0x%016x\n", 16*i+8, b<<32|b)
	}
	fmt.Fprintf(&m.data, "GLOBL constantsNEON<>(SB), RODATA|NOPTR, $%d\n", 16*len(m.used))
}

func (m *neon) start()               { m.op("MOVD", reg("$constantsNEON<>(SB)"), R(9)) }
func (m *neon) arg16(p, name string) { m.op("MOVD", m.arg(name), neonPointers[p]) }

func (m *neon) hold(name string) int {
	m.op("FMOVS", m.arg(name), V(28).scalar())
	m.op("VDUP", V(28).as("S[0]"), V(28).as("S4"))
	return K
}

func (m *neon) ret() { m.op("RET") }

// zero sets a register to 0.
func (m *neon) zero(v V) { m.op("VEOR", v.as("B16"), v.as("B16"), v.as("B16")) }

func (m *neon) loop(body func(), advance map[string]int) {
	l := m.label("loop")
	m.place(l)
	body()
	for _, p := range []string{"p0", "p1", "p2", "p3"} {
		if n := advance[p]; n > 0 {
			m.op("ADD", imm(n), neonPointers[p])
		}
	}
	m.op("SUBS", imm(16), R(4))
	m.op("BNE", l)
}

// loopAbreast is loop: 16 elements are four registers, enough.
func (m *neon) loopAbreast(_ bool, body func(machine), advance map[string]int) {
	m.loop(func() { body(m) }, advance)
}

func (m *neon) abreast() machine     { return m }
func (m *neon) together(string, int) {}

func (m *neon) eachRow(body func(), p, ld string) {
	l := m.label("row")
	m.place(l)
	body()
	m.op("MOVD", m.arg(p), R(5))
	m.op("MOVD", m.arg(ld), R(6))
	m.op("ADD", R(6), R(5))
	m.op("MOVD", R(5), m.arg(p))
	m.op("MOVD", m.arg("rows"), R(5))
	m.op("SUBS", imm(1), R(5))
	m.op("MOVD", R(5), m.arg("rows"))
	m.op("BNE", l)
}

func (m *neon) offset(p, name string) {
	m.op("MOVD", m.arg(name), R(5))
	m.op("ADD", R(5), neonPointers[p])
}

func (m *neon) across(op string, v, t int) {
	r, s := quad(v), quad(t)[0]
	m.one(op, r[0], r[0], r[2])
	m.one(op, r[1], r[1], r[3])
	m.one(op, r[0], r[0], r[1])
	m.op("VEXT", imm(8), r[0].as("B16"), r[0].as("B16"), s.as("B16"))
	m.one(op, r[0], r[0], s)
	m.op("VDUP", r[0].as("S[1]"), s.as("S4"))
	m.one(op, s, r[0], s)
	for _, d := range r {
		m.op("VDUP", s.as("S[0]"), d.as("S4"))
	}
}

func (m *neon) sqrt(v int) {
	for _, r := range quad(v) {
		m.word("FSQRT", r, r, 0)
	}
}

func (m *neon) collect(op string, a int) { m.bin(op, 0, 0, a) }

func (m *neon) load(v int, p string)  { m.op("VLD1", at(neonPointers[p], 0), list(V(4*v))) }
func (m *neon) store(p string, v int) { m.op("VST1", list(V(4*v)), at(neonPointers[p], 0)) }

func (m *neon) loadF16(v int, p string) {
	m.op("VLD1", at(neonPointers[p], 0), reg("[V28.H8, V29.H8]"))
	for i, r := range quad(v) {
		m.word([]string{"FCVTL", "FCVTL2"}[i%2], r, V(28+i/2), 0)
	}
}

func (m *neon) storeF16(p string, v int) {
	for i, r := range quad(v) {
		m.word("FCVTN", 28, r, 0)
		m.op("FMOVD", V(28).scalar(), at(neonPointers[p], 8*i))
		m.word("FCVTL", r, 28, 0)
	}
}

func (m *neon) storePairs(p string, v int) {
	r := quad(v)
	for _, r := range r {
		m.op("VUSHR", imm(48), r.as("D2"), V(28).as("D2"))
		m.op("VORR", V(28).as("B16"), r.as("B16"), r.as("B16"))
	}
	for i := range 2 {
		m.op("VUZP1", r[2*i+1].as("S4"), r[2*i].as("S4"), r[2*i].as("S4"))
		m.op("FMOVQ", r[2*i].scalar(), at(neonPointers[p], 16*i))
	}
}

// words packs whole numbers to int16, in the first two registers of v.
func (m *neon) words(v int) [4]V {
	r := quad(v)
	for _, r := range r {
		m.word("FCVTNS", r, r, 0)
	}
	m.word("SQXTN", r[0], r[0], 0)
	m.word("SQXTN2", r[0], r[1], 0)
	m.word("SQXTN", r[1], r[2], 0)
	m.word("SQXTN2", r[1], r[3], 0)
	return r
}

func (m *neon) storeInt16(p string, v int) {
	r := m.words(v)
	m.op("FMOVQ", r[0].scalar(), at(neonPointers[p], 0))
	m.op("FMOVQ", r[1].scalar(), at(neonPointers[p], 16))
}

func (m *neon) storeBytes(p string, v int) {
	r := m.words(v)
	m.word("XTN", r[0], r[0], 0)
	m.word("XTN2", r[0], r[1], 0)
	m.op("FMOVQ", r[0].scalar(), at(neonPointers[p], 0))
}

func (m *neon) storeWordPairs(p string, a, b int) {
	for i, low := range quad(a) {
		high := quad(b)[i]
		m.word("FCVTNS", low, low, 0)
		m.word("FCVTNS", high, high, 0)
		m.op("VSLI", imm(16), high.as("S4"), low.as("S4"))
	}
	m.store(p, a)
}

func (m *neon) advance(p string, bytes int) { m.op("ADD", imm(bytes), neonPointers[p]) }

func (m *neon) mov(d, a int) {
	for i, r := range quad(d) {
		m.op("VMOV", quad(a)[i].as("B16"), r.as("B16"))
	}
}

func (m *neon) spread(d, a int) { m.mov(d, a) }

func (m *neon) number(k string) mem { return mem{base: R(9), disp: 16 * m.index(k), note: k} }

func (m *neon) k(name string) int {
	m.op("FMOVQ", m.number(name), V(28).scalar())
	return K
}

func (m *neon) constant(d int, k string) {
	for _, r := range quad(d) {
		m.op("FMOVQ", m.number(k), r.scalar())
	}
}

// one writes d = a op b for one register of four.
func (m *neon) one(op string, d, a, b V) {
	switch op {
	case "and":
		m.op("VAND", b.as("B16"), a.as("B16"), d.as("B16"))
	case "or":
		m.op("VORR", b.as("B16"), a.as("B16"), d.as("B16"))
	default:
		m.word(neonOps[op], d, a, b)
	}
}

func (m *neon) bin(op string, d, a, b int) {
	for i, r := range quad(d) {
		m.one(op, r, quad(a)[i], quad(b)[i])
	}
}

// fmla writes d += a·b for one register of four.
func (m *neon) fmla(d, a, b V) { m.op("VFMLA", b.as("S4"), a.as("S4"), d.as("S4")) }

func (m *neon) fma(d, a, b int) {
	for i, r := range quad(d) {
		m.fmla(r, quad(a)[i], quad(b)[i])
	}
}

// horner: FMLA adds to its destination, so the constant has to be there first.
func (m *neon) horner(d, a int, k string) {
	for i, r := range quad(d) {
		t := V(28 + i%2)
		m.op("FMOVQ", m.number(k), t.scalar())
		m.fmla(t, r, quad(a)[i])
		m.op("VMOV", t.as("B16"), r.as("B16"))
	}
}

// choose compares as b > a or a == b, to a mask in V29.
func (m *neon) choose(compare string, d, a, b, x, y int) {
	for i, r := range quad(d) {
		if compare == "less" {
			m.word("FCMGT", 29, quad(b)[i], quad(a)[i])
		} else {
			m.word("FCMEQ", 29, quad(a)[i], quad(b)[i])
		}
		m.op("VBSL", quad(y)[i].as("B16"), quad(x)[i].as("B16"), V(29).as("B16"))
		m.op("VMOV", V(29).as("B16"), r.as("B16"))
	}
}

func (m *neon) power(t, _ int) {
	c := quad(m.k("exponentOne"))[0]
	for _, r := range quad(t) {
		m.op("VSHL", imm(23), r.as("S4"), r.as("S4"))
		m.op("VADD", c.as("S4"), r.as("S4"), r.as("S4"))
	}
}

func (m *neon) timesPower(x, y, t, q int, k string) {
	m.bin("mul", y, y, t)
	m.constant(q, "zero")
	m.choose("less", x, x, m.k(k), q, y)
}
