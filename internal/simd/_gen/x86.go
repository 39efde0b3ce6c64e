package main

import "fmt"

// An x86 machine is AVX-512 (wide) or AVX2 with FMA and F16C.
type x86 struct {
	wide bool
	// abreast is 2 or 4 while a loop's body is written for as many registers at a
	// time, so that one is worked on while others wait for a result. Register 0
	// is one register all the same if it collects results.
	abreast  int
	collects bool
	constants
}

func choose[T any](c bool, a, b T) T {
	if c {
		return a
	}
	return b
}

func (m *x86) arch() string  { return "amd64" }
func (m *x86) name() string  { return choose(m.wide, "AVX512", "AVX2") }
func (m *x86) file() string  { return choose(m.wide, "avx512", "avx2") }
func (m *x86) rows() int     { return choose(m.wide, 14, 6) }
func (m *x86) panels() int   { return choose(m.wide, 2, 1) }
func (*x86) fetches() []bool { return []bool{false, true} }

// step is the size of a register in bytes.
func (m *x86) step() int { return choose(m.wide, 64, 32) }

// k is the register for a constant.
func (m *x86) k() string { return choose(m.wide, "Z31", "Y14") }

// regs are the physical registers of a register of 16 floats.
func (m *x86) regs(v int) []string {
	if v > 6 {
		panic("AVX2 has 7 registers of 16 floats")
	}
	if m.wide {
		r := []string{fmt.Sprintf("Z%d", v)}
		if v == 0 && m.collects {
			return r
		}
		for i := 1; i < m.abreast; i++ {
			r = append(r, fmt.Sprintf("Z%d", v+32/m.abreast*i))
		}
		return r
	}
	return []string{fmt.Sprintf("Y%d", 2*v), fmt.Sprintf("Y%d", 2*v+1)}
}

var x86Pointers = map[string]string{"p0": "DI", "p1": "SI", "p2": "DX", "p3": "BX", "n": "CX"}

func (m *x86) writeTable(f *file) {
	fmt.Fprintf(&f.data, "\n")
	for i, name := range m.t.names {
		fmt.Fprintf(&f.data, "DATA constants%s<>+%d(SB)/4, $0x%08x // %s\n", m.name(), 4*i, m.t.bits[name], name)
	}
	fmt.Fprintf(&f.data, "GLOBL constants%s<>(SB), RODATA|NOPTR, $%d\n", m.name(), 4*len(m.t.names))
}

func (m *x86) begin(*file)                   {}
func (m *x86) arg(f *file, reg, name string) { f.i("MOVQ %s, %s", f.arg(name), x86Pointers[reg]) }
func (m *x86) argK(f *file, name string)     { f.i("VBROADCASTSS %s, %s", f.arg(name), m.k()) }

func (m *x86) loop(f *file, body func(), advance map[string]int) {
	m.repeat(f, 1, body, advance)
}

func (m *x86) loopAbreast(f *file, collects bool, body func(), advance map[string]int) {
	if !m.wide {
		m.loop(f, body, advance) // its registers are halves, so it has pairs anyway
		return
	}
	two, one, done := f.newLabel("two"), f.newLabel("one"), f.newLabel("done")
	f.i("SUBQ $64, CX")
	f.i("JLT  %s", two)
	m.abreast, m.collects = 4, collects
	m.repeat(f, 4, body, advance)
	f.at(two)
	f.i("ADDQ $32, CX")
	f.i("JLT  %s", one)
	m.abreast = 2
	m.repeat(f, 2, body, advance)
	m.abreast, m.collects = 1, false
	f.at(one)
	f.i("ADDQ $32, CX")
	f.i("JEQ  %s", done)
	m.repeat(f, 1, body, advance)
	f.at(done)
}

// forAbreast sets four registers, which are those of two and of one as well.
func (m *x86) forAbreast(set func()) {
	m.abreast = 4
	set()
	m.abreast = 1
}

func (m *x86) eachRow(f *file, body func(), p, ld string) {
	l := f.newLabel("row")
	f.at(l)
	body()
	f.i("MOVQ %s, AX", f.arg(ld))
	f.i("ADDQ AX, %s", f.arg(p))
	f.i("SUBQ $1, %s", f.arg("rows"))
	f.i("JNZ  %s", l)
}

func (m *x86) offset(f *file, p, name string) { f.i("ADDQ %s, %s", f.arg(name), x86Pointers[p]) }

func (m *x86) together(f *file, op string, v int) {
	m.forAbreast(func() {
		r := m.regs(v)
		for n := len(r) / 2; n > 0 && m.wide; n /= 2 {
			for i := range n {
				f.i("%s %s, %s, %[3]s", m.op(op), r[i+n], r[i])
			}
		}
	})
}

// repeat writes a loop over times·16 elements: while n ≥ 0 for several, which were
// taken from it before, and until n is 0 for one.
func (m *x86) repeat(f *file, times int, body func(), advance map[string]int) {
	l := f.newLabel("loop")
	f.at(l)
	body()
	for _, p := range []string{"p0", "p1", "p2", "p3"} {
		if n := advance[p]; n > 0 {
			f.i("ADDQ $%d, %s", times*n, x86Pointers[p])
		}
	}
	f.i("SUBQ $%d, CX", 16*times)
	f.i("%s  %s", choose(times == 1, "JNZ", "JGE"), l)
}

func (m *x86) ret(f *file) {
	f.i("VZEROUPPER")
	f.i("RET")
}

func (m *x86) load(f *file, v int, p string) {
	for i, r := range m.regs(v) {
		f.i("VMOVUPS %d(%s), %s", i*m.step(), x86Pointers[p], r)
	}
}

func (m *x86) loadF16(f *file, v int, p string) {
	for i, r := range m.regs(v) {
		f.i("VCVTPH2PS %d(%s), %s", i*m.step()/2, x86Pointers[p], r)
	}
}

func (m *x86) store(f *file, p string, v int) {
	for i, r := range m.regs(v) {
		f.i("VMOVUPS %s, %d(%s)", r, i*m.step(), x86Pointers[p])
	}
}

func (m *x86) storeF16(f *file, p string, v int) {
	narrow := choose(m.wide, "Y31", "X14")
	for i, r := range m.regs(v) {
		f.i("VCVTPS2PH $0, %s, %s", r, narrow)
		f.i("VMOVUPS %s, %d(%s)", narrow, i*m.step()/2, x86Pointers[p])
		f.i("VCVTPH2PS %s, %s", narrow, r)
	}
}

func (m *x86) mov(f *file, d, a int) {
	for i, r := range m.regs(d) {
		f.i("VMOVAPS %s, %s", m.regs(a)[i], r)
	}
}

func (m *x86) spread(f *file, d, a int) {
	for _, r := range m.regs(d) {
		f.i("VMOVAPS %s, %s", m.regs(a)[0], r)
	}
}

func (m *x86) loadK(f *file, k string) string {
	if k != "" {
		f.i("VBROADCASTSS constants%s<>+%d(SB), %s", m.name(), 4*m.index(k), m.k())
	}
	return m.k()
}

func (m *x86) constant(f *file, d int, k string) {
	r := m.regs(d)
	f.i("VBROADCASTSS constants%s<>+%d(SB), %s", m.name(), 4*m.index(k), r[0])
	for _, other := range r[1:] {
		f.i("VMOVAPS %s, %s", r[0], other)
	}
}

func (m *x86) op(op string) string {
	switch op {
	case "and":
		return choose(m.wide, "VPANDD", "VANDPS")
	case "or":
		return choose(m.wide, "VPORD", "VORPS")
	}
	// MAXPS and MINPS give their second operand, b, if one is NaN.
	return map[string]string{"add": "VADDPS", "sub": "VSUBPS", "mul": "VMULPS", "div": "VDIVPS", "max": "VMAXPS", "min": "VMINPS"}[op]
}

func (m *x86) bin(f *file, op string, d, a, b int) {
	for i, r := range m.regs(d) {
		f.i("%s %s, %s, %s", m.op(op), m.regs(b)[i], m.regs(a)[i], r)
	}
}

func (m *x86) collect(f *file, op string, a int) {
	to := m.regs(0)
	for i, r := range m.regs(a) {
		f.i("%s %s, %s, %[3]s", m.op(op), r, to[i%len(to)])
	}
}

func (m *x86) across(f *file, op string, v, t int) {
	r, s := m.regs(v), m.regs(t)[0][1:]
	low := r[0][1:]
	// The upper half to the lower: of both registers, or of the only one.
	if m.wide {
		f.i("VEXTRACTF64X4 $1, Z%s, Y%s", low, s)
	} else {
		f.i("VMOVAPS %s, Y%s", r[1], s)
	}
	f.i("%s Y%s, Y%s, Y%[3]s", m.op(op), s, low)
	f.i("VEXTRACTF128 $1, Y%s, X%s", low, s)
	f.i("%s X%s, X%s, X%[3]s", m.op(op), s, low)
	for _, order := range []string{"$0x4e", "$0xb1"} {
		f.i("VPERMILPS %s, X%s, X%s", order, low, s)
		f.i("%s X%s, X%s, X%[3]s", m.op(op), s, low)
	}
	for _, d := range r {
		f.i("VBROADCASTSS X%s, %s", low, d)
	}
}

func (m *x86) sqrt(f *file, v int) {
	for _, r := range m.regs(v) {
		f.i("VSQRTPS %s, %s", r, r)
	}
}

func (m *x86) binK(f *file, op string, d, a int, k string) {
	c := m.loadK(f, k)
	for i, r := range m.regs(d) {
		f.i("%s %s, %s, %s", m.op(op), c, m.regs(a)[i], r)
	}
}

func (m *x86) binKR(f *file, op string, d int, k string, b int) {
	c := m.loadK(f, k)
	for i, r := range m.regs(d) {
		f.i("%s %s, %s, %s", m.op(op), m.regs(b)[i], c, r)
	}
}

func (m *x86) fma(f *file, d, a, b int) {
	for i, r := range m.regs(d) {
		f.i("VFMADD231PS %s, %s, %s", m.regs(b)[i], m.regs(a)[i], r)
	}
}

func (m *x86) fmaK(f *file, d, a int, k string) {
	c := m.loadK(f, k)
	for i, r := range m.regs(d) {
		f.i("VFMADD231PS %s, %s, %s", c, m.regs(a)[i], r)
	}
}

func (m *x86) horner(f *file, d, a int, k string) {
	c := m.loadK(f, k)
	for i, r := range m.regs(d) {
		f.i("VFMADD213PS %s, %s, %s", c, m.regs(a)[i], r)
	}
}

// Predicates of VCMPPS: quiet, and false for NaN but the last.
const (
	equal    = 0
	lessThan = 17
	notLess  = 21
)

func (m *x86) selectLess(f *file, d, a int, k string, x, y int) {
	c := m.loadK(f, k)
	for i, r := range m.regs(d) {
		m.choose(f, lessThan, r, m.regs(a)[i], c, m.regs(x)[i], m.regs(y)[i])
	}
}

func (m *x86) selectMore(f *file, d, a, b, x, y int) {
	for i, r := range m.regs(d) {
		m.choose(f, lessThan, r, m.regs(b)[i], m.regs(a)[i], m.regs(x)[i], m.regs(y)[i])
	}
}

func (m *x86) selectEqual(f *file, d, a, b, x, y int) {
	for i, r := range m.regs(d) {
		m.choose(f, equal, r, m.regs(a)[i], m.regs(b)[i], m.regs(x)[i], m.regs(y)[i])
	}
}

// choose sets d to x where a and b are as the predicate says, else to y.
func (m *x86) choose(f *file, predicate int, d, a, b, x, y string) {
	if m.wide {
		f.i("VCMPPS $%d, %s, %s, K1", predicate, b, a)
		f.i("VBLENDMPS %s, %s, K1, %s", x, y, d)
		return
	}
	f.i("VCMPPS $%d, %s, %s, Y15", predicate, b, a)
	f.i("VBLENDVPS Y15, %s, %s, %s", x, y, d)
}

func (m *x86) power(f *file, t, n int) {
	if m.wide {
		m.mov(f, t, n) // VSCALEFPS takes n itself
		return
	}
	c := m.loadK(f, "exponentOne")
	for _, r := range m.regs(t) {
		f.i("VPSLLD $23, %s, %s", r, r)
		f.i("VPADDD %s, %s, %s", c, r, r)
	}
}

func (m *x86) timesPower(f *file, x, y, t, _ int, k string) {
	c := m.loadK(f, k)
	for i, r := range m.regs(x) {
		y, t := m.regs(y)[i], m.regs(t)[i]
		if m.wide {
			f.i("VCMPPS $%d, %s, %s, K1", notLess, c, r)
			f.i("VSCALEFPS.Z %s, %s, K1, %s", t, y, r)
			continue
		}
		f.i("VCMPPS $%d, %s, %s, %[3]s", notLess, c, r)
		f.i("VMULPS %s, %s, %s", t, y, y)
		f.i("VANDPS %s, %s, %s", y, r, r)
	}
}
