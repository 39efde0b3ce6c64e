package main

import "fmt"

// The general registers that functions use.
const (
	AX, BX, CX, DX, SI, DI, BP           reg = "AX", "BX", "CX", "DX", "SI", "DI", "BP"
	R8, R9, R10, R11, R12, R13, R14, R15 reg = "R8", "R9", "R10", "R11", "R12", "R13", "R14", "R15"
)

// An xreg is a vector register: X3, Y3 or Z3, of 128, 256 or 512 bits.
type xreg struct {
	width byte
	n     int
}

func (r xreg) String() string { return fmt.Sprintf("%c%d", r.width, r.n) }

// as is the lower part of the register.
func (r xreg) as(width byte) xreg { return xreg{width, r.n} }

// An x86 machine is AVX-512 (wide) or AVX2 with FMA and F16C.
type x86 struct {
	*file
	*constants
	wide bool
	// times is how many registers this view of the machine has for each of its 16
	// floats: 1, or 2 or 4 within loopAbreast. Register 0 is one register all the
	// same if collects is set.
	times    int
	collects bool
}

func choose[T any](c bool, a, b T) T {
	if c {
		return a
	}
	return b
}

// view is the machine with other fields.
func (m *x86) view(times int, collects bool) *x86 {
	return &x86{m.file, m.constants, m.wide, times, collects}
}

// reg is a physical register of full width.
func (m *x86) reg(n int) xreg { return xreg{choose[byte](m.wide, 'Z', 'Y'), n} }

func (m *x86) level() string { return choose(m.wide, "AVX512", "AVX2") }

// bytes is the size of a register.
func (m *x86) bytes() int { return choose(m.wide, 64, 32) }

// regs are the physical registers of a register of 16 floats.
func (m *x86) regs(v int) []xreg {
	switch {
	case v > K:
		panic("AVX2 has 7 registers of 16 floats and one of scalars")
	case v == K:
		k := m.reg(choose(m.wide, 31, 14))
		return []xreg{k, k, k, k}
	case !m.wide:
		return []xreg{m.reg(2 * v), m.reg(2*v + 1)}
	}
	r := []xreg{m.reg(v)}
	for i := 1; i < m.times && !(v == 0 && m.collects); i++ {
		r = append(r, m.reg(v+32/m.times*i))
	}
	return r
}

var x86Pointers = map[string]reg{"p0": DI, "p1": SI, "p2": DX, "p3": BX, "n": CX}

// symbol is what the memory of the constants is called.
func (m *x86) symbol() string { return "constants" + m.level() + "<>" }

func (m *x86) writeTable() {
	fmt.Fprintf(&m.data, "\n")
	for i, name := range m.used {
		fmt.Fprintf(&m.data, "DATA %s+%d(SB)/4, $0x%08x // %s\n", m.symbol(), 4*i, m.table[name], name)
	}
	fmt.Fprintf(&m.data, "GLOBL %s(SB), RODATA|NOPTR, $%d\n", m.symbol(), 4*len(m.used))
}

func (m *x86) start()               {}
func (m *x86) arg16(p, name string) { m.op("MOVQ", m.arg(name), x86Pointers[p]) }

func (m *x86) hold(name string) int { return m.scalar(m.arg(name)) }
func (m *x86) k(name string) int    { return m.scalar(m.number(name)) }

func (m *x86) scalar(s mem) int {
	m.op("VBROADCASTSS", s, m.regs(K)[0])
	return K
}

func (m *x86) ret() {
	m.op("VZEROUPPER")
	m.op("RET")
}

// zero sets a register to 0.
func (m *x86) zero(r operand) { m.op(choose(m.wide, "VPXORD", "VXORPS"), r, r, r) }

// repeat writes a loop over times·16 elements: while n ≥ 0 for several, which were
// taken from it before, and until n is 0 for one.
func (m *x86) repeat(times int, body func(), advance map[string]int) {
	l := m.label("loop")
	m.place(l)
	body()
	for _, p := range []string{"p0", "p1", "p2", "p3"} {
		if n := advance[p]; n > 0 {
			m.op("ADDQ", imm(times*n), x86Pointers[p])
		}
	}
	m.op("SUBQ", imm(16*times), CX)
	m.op(choose(times == 1, "JNZ", "JGE"), l)
}

func (m *x86) loop(body func(), advance map[string]int) { m.repeat(1, body, advance) }

// loopAbreast works on four registers at a time, so that one is worked on while
// others wait for a result, then on two, then on one.
func (m *x86) loopAbreast(collects bool, body func(machine), advance map[string]int) {
	if !m.wide {
		m.loop(func() { body(m) }, advance) // its registers are halves, so it has pairs anyway
		return
	}
	two, one, done := m.label("two"), m.label("one"), m.label("done")
	m.op("SUBQ", imm(64), CX)
	m.op("JLT", two)
	m.repeat(4, func() { body(m.view(4, collects)) }, advance)
	m.place(two)
	m.op("ADDQ", imm(32), CX)
	m.op("JLT", one)
	m.repeat(2, func() { body(m.view(2, collects)) }, advance)
	m.place(one)
	m.op("ADDQ", imm(32), CX)
	m.op("JEQ", done)
	m.repeat(1, func() { body(m) }, advance)
	m.place(done)
}

// abreast is the view with four registers, which are those of two and of one as well.
func (m *x86) abreast() machine { return m.view(4, false) }

func (m *x86) together(op string, v int) {
	r := m.view(4, false).regs(v)
	for n := len(r) / 2; n > 0 && m.wide; n /= 2 {
		for i := range n {
			m.op(m.name(op), r[i+n], r[i], r[i])
		}
	}
}

func (m *x86) eachRow(body func(), p, ld string) {
	l := m.label("row")
	m.place(l)
	body()
	m.op("MOVQ", m.arg(ld), AX)
	m.op("ADDQ", AX, m.arg(p))
	m.op("SUBQ", imm(1), m.arg("rows"))
	m.op("JNZ", l)
}

func (m *x86) offset(p, name string) { m.op("ADDQ", m.arg(name), x86Pointers[p]) }

func (m *x86) load(v int, p string) {
	for i, r := range m.regs(v) {
		m.op("VMOVUPS", at(x86Pointers[p], i*m.bytes()), r)
	}
}

func (m *x86) loadF16(v int, p string) {
	for i, r := range m.regs(v) {
		m.op("VCVTPH2PS", at(x86Pointers[p], i*m.bytes()/2), r)
	}
}

func (m *x86) store(p string, v int) {
	for i, r := range m.regs(v) {
		m.op("VMOVUPS", r, at(x86Pointers[p], i*m.bytes()))
	}
}

func (m *x86) storeF16(p string, v int) {
	narrow := m.regs(K)[0].as(choose[byte](m.wide, 'Y', 'X'))
	for i, r := range m.regs(v) {
		m.op("VCVTPS2PH", imm(0), r, narrow)
		m.op("VMOVUPS", narrow, at(x86Pointers[p], i*m.bytes()/2))
		m.op("VCVTPH2PS", narrow, r)
	}
}

func (m *x86) storePairs(p string, v int) {
	t, r := m.regs(K)[0], m.regs(v)
	for i, r := range r {
		m.op("VPSRLQ", imm(48), r, t)
		m.op(m.name("or"), t, r, r)
		if m.wide {
			m.op("VPMOVQD", r, at(x86Pointers[p], 32*i))
		}
	}
	if !m.wide {
		m.op("VSHUFPS", bits(0x88), r[1], r[0], r[0])
		m.op("VPERMQ", bits(0xd8), r[0], r[0])
		m.op("VMOVUPS", r[0], at(x86Pointers[p], 0))
	}
}

// words packs whole numbers to int16, in the right order, at AVX2's level.
func (m *x86) words(v int) xreg {
	r := m.regs(v)
	for _, r := range r {
		m.op("VCVTPS2DQ", r, r)
	}
	m.op("VPACKSSDW", r[1], r[0], r[0])
	m.op("VPERMQ", bits(0xd8), r[0], r[0])
	return r[0]
}

func (m *x86) storeInt16(p string, v int) {
	to := at(x86Pointers[p], 0)
	if m.wide {
		for i, r := range m.regs(v) {
			to.disp = 32 * i
			m.op("VCVTPS2DQ", r, r)
			m.op("VPMOVSDW", r, to)
		}
		return
	}
	m.op("VMOVDQU", m.words(v), to)
}

func (m *x86) storeBytes(p string, v int) {
	to := at(x86Pointers[p], 0)
	if m.wide {
		for i, r := range m.regs(v) {
			to.disp = 16 * i
			m.op("VCVTPS2DQ", r, r)
			m.op("VPMOVDB", r, to)
		}
		return
	}
	w, high := m.words(v), m.regs(v)[1].as('X')
	m.op("VEXTRACTI128", imm(1), w, high)
	m.op("VPACKUSWB", high, w.as('X'), w.as('X'))
	m.op("VMOVDQU", w.as('X'), to)
}

func (m *x86) storeWordPairs(p string, a, b int) {
	for i, low := range m.regs(a) {
		high := m.regs(b)[i]
		m.op("VCVTPS2DQ", low, low)
		m.op("VCVTPS2DQ", high, high)
		m.op("VPSLLD", imm(16), low, low)
		m.op("VPSRLD", imm(16), low, low)
		m.op("VPSLLD", imm(16), high, high)
		m.op(m.name("or"), high, low, low)
	}
	m.store(p, a)
}

func (m *x86) advance(p string, bytes int) { m.op("ADDQ", imm(bytes), x86Pointers[p]) }

func (m *x86) mov(d, a int) {
	for i, r := range m.regs(d) {
		m.op("VMOVAPS", m.regs(a)[i], r)
	}
}

func (m *x86) spread(d, a int) {
	for _, r := range m.regs(d) {
		m.op("VMOVAPS", m.regs(a)[0], r)
	}
}

func (m *x86) number(k string) mem {
	return mem{base: "SB", disp: 4 * m.index(k), name: m.symbol(), note: k}
}

func (m *x86) constant(d int, k string) {
	r := m.regs(d)
	m.op("VBROADCASTSS", m.number(k), r[0])
	for _, other := range r[1:] {
		m.op("VMOVAPS", r[0], other)
	}
}

// name is an operation's instruction. VMAXPS and VMINPS give their second operand,
// b, if one is NaN.
func (m *x86) name(op string) string {
	switch op {
	case "and":
		return choose(m.wide, "VPANDD", "VANDPS")
	case "or":
		return choose(m.wide, "VPORD", "VORPS")
	}
	return map[string]string{"add": "VADDPS", "sub": "VSUBPS", "mul": "VMULPS", "div": "VDIVPS", "max": "VMAXPS", "min": "VMINPS"}[op]
}

func (m *x86) bin(op string, d, a, b int) {
	for i, r := range m.regs(d) {
		m.op(m.name(op), m.regs(b)[i], m.regs(a)[i], r)
	}
}

func (m *x86) collect(op string, a int) {
	to := m.regs(0)
	for i, r := range m.regs(a) {
		m.op(m.name(op), r, to[i%len(to)], to[i%len(to)])
	}
}

func (m *x86) across(op string, v, t int) {
	r, s := m.regs(v), m.regs(t)[0]
	low := r[0]
	// The upper half to the lower: of both registers, or of the only one.
	if m.wide {
		m.op("VEXTRACTF64X4", imm(1), low, s.as('Y'))
	} else {
		m.op("VMOVAPS", r[1], s)
	}
	m.op(m.name(op), s.as('Y'), low.as('Y'), low.as('Y'))
	m.op("VEXTRACTF128", imm(1), low.as('Y'), s.as('X'))
	m.op(m.name(op), s.as('X'), low.as('X'), low.as('X'))
	for _, order := range []bits{0x4e, 0xb1} { // halves, then neighbours
		m.op("VPERMILPS", order, low.as('X'), s.as('X'))
		m.op(m.name(op), s.as('X'), low.as('X'), low.as('X'))
	}
	for _, d := range r {
		m.op("VBROADCASTSS", low.as('X'), d)
	}
}

func (m *x86) sqrt(v int) {
	for _, r := range m.regs(v) {
		m.op("VSQRTPS", r, r)
	}
}

func (m *x86) fma(d, a, b int) {
	for i, r := range m.regs(d) {
		m.op("VFMADD231PS", m.regs(b)[i], m.regs(a)[i], r)
	}
}

func (m *x86) horner(d, a int, k string) {
	c := m.regs(m.k(k))[0]
	for i, r := range m.regs(d) {
		m.op("VFMADD213PS", c, m.regs(a)[i], r)
	}
}

// Predicates of VCMPPS: quiet, and false for NaN but the last.
const (
	equal    imm = 0
	lessThan imm = 17
	notLess  imm = 21
)

func (m *x86) choose(compare string, d, a, b, x, y int) {
	predicate := choose(compare == "less", lessThan, equal)
	mask := choose[operand](m.wide, reg("K1"), m.reg(15))
	for i, r := range m.regs(d) {
		m.op("VCMPPS", predicate, m.regs(b)[i], m.regs(a)[i], mask)
		if m.wide {
			m.op("VBLENDMPS", m.regs(x)[i], m.regs(y)[i], mask, r)
		} else {
			m.op("VBLENDVPS", mask, m.regs(x)[i], m.regs(y)[i], r)
		}
	}
}

func (m *x86) power(t, n int) {
	if m.wide {
		m.mov(t, n) // VSCALEFPS takes n itself
		return
	}
	c := m.regs(m.k("exponentOne"))[0]
	for _, r := range m.regs(t) {
		m.op("VPSLLD", imm(23), r, r)
		m.op("VPADDD", c, r, r)
	}
}

func (m *x86) timesPower(x, y, t, _ int, k string) {
	c := m.regs(m.k(k))[0]
	for i, r := range m.regs(x) {
		y, t := m.regs(y)[i], m.regs(t)[i]
		if m.wide {
			m.op("VCMPPS", notLess, c, r, reg("K1"))
			m.op("VSCALEFPS.Z", t, y, reg("K1"), r)
			continue
		}
		m.op("VCMPPS", notLess, c, r, r)
		m.op("VMULPS", t, y, y)
		m.op("VANDPS", y, r, r)
	}
}
