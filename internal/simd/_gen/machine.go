package main

import "fmt"

// A machine is an instruction set, seen as one with registers of 16 float32:
// one register of AVX-512, two of AVX2, four of NEON. v is such a register's
// number, from 0 to vRegs-1; k is a constant's name.
//
// Destinations come first; d may be one of the operands.
type machine interface {
	name() string // as in Go names: AVX512
	file() string // as in file names: avx512
	arch() string
	rows() int   // of the highest tile
	panels() int // of the widest tile

	tile(f *file, types string, rows, panels int)

	// Arguments and loops. Pointers are named p0, p1, p2, p3.
	arg(f *file, reg, arg string) // pointer or int to a register
	argK(f *file, arg string)     // float32 argument to a scratch register, for the K forms with k = ""
	loop(f *file, body func(), advance map[string]int)
	ret(f *file)

	load(f *file, v int, p string)
	loadF16(f *file, v int, p string)
	store(f *file, p string, v int)
	mov(f *file, d, a int)
	constant(f *file, d int, k string)
	bin(f *file, op string, d, a, b int)
	binK(f *file, op string, d, a int, k string)      // a op k
	binKR(f *file, op string, d int, k string, b int) // k op b
	fma(f *file, d, a, b int)                         // d += a·b
	fmaK(f *file, d, a int, k string)                 // d += a·k
	horner(f *file, d, a int, k string)               // d = d·a + k
	selectLess(f *file, d, a int, k string, x, y int) // d = a < k ? x : y
	selectMore(f *file, d, a, b, x, y int)            // d = a > b ? x : y
	shiftToExponent(f *file, v int)                   // bits << 23
	addBitsK(f *file, v int, k string)                // bits + k
}

var machines = []machine{&x86{wide: true}, &x86{}, &neon{}}

// An x86 machine is AVX-512 (wide) or AVX2.
type x86 struct{ wide bool }

func (m *x86) arch() string { return "amd64" }
func (m *x86) name() string { return map[bool]string{true: "AVX512", false: "AVX2"}[m.wide] }
func (m *x86) file() string { return map[bool]string{true: "avx512", false: "avx2"}[m.wide] }
func (m *x86) rows() int    { return map[bool]int{true: 14, false: 6}[m.wide] }
func (m *x86) panels() int  { return map[bool]int{true: 2, false: 1}[m.wide] }

// regs are the physical registers of a 16-float register, with their byte offsets.
func (m *x86) regs(v int) []string {
	if m.wide {
		return []string{fmt.Sprintf("Z%d", v)}
	}
	if v > 6 {
		panic("AVX2 has 7 registers of 16 floats")
	}
	return []string{fmt.Sprintf("Y%d", 2*v), fmt.Sprintf("Y%d", 2*v+1)}
}

func (m *x86) step() int { return map[bool]int{true: 64, false: 32}[m.wide] }

// Scratch: one register for a constant, one for a mask.
func (m *x86) k() string { return map[bool]string{true: "Z31", false: "Y14"}[m.wide] }

var x86Pointers = map[string]string{"p0": "DI", "p1": "SI", "p2": "DX", "p3": "BX", "n": "CX"}

func (m *x86) arg(f *file, reg, arg string) { f.i("MOVQ %s, %s", arg, x86Pointers[reg]) }
func (m *x86) argK(f *file, arg string)     { f.i("VBROADCASTSS %s, %s", arg, m.k()) }

func (m *x86) loop(f *file, body func(), advance map[string]int) {
	l := f.newLabel("loop")
	f.at(l)
	body()
	for _, p := range []string{"p0", "p1", "p2", "p3"} {
		if n := advance[p]; n > 0 {
			f.i("ADDQ $%d, %s", n, x86Pointers[p])
		}
	}
	f.i("SUBQ $16, CX")
	f.i("JNZ  %s", l)
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

func (m *x86) mov(f *file, d, a int) {
	for i, r := range m.regs(d) {
		f.i("VMOVAPS %s, %s", m.regs(a)[i], r)
	}
}

func (m *x86) loadK(f *file, k string) string {
	if k != "" {
		f.i("VBROADCASTSS %s<>+%d(SB), %s", constantsName(m), constantOffset(k), m.k())
	}
	return m.k()
}

func (m *x86) constant(f *file, d int, k string) {
	for _, r := range m.regs(d) {
		f.i("VBROADCASTSS %s<>+%d(SB), %s", constantsName(m), constantOffset(k), r)
	}
}

func (m *x86) op(op string) string {
	if op == "and" || op == "or" {
		if m.wide {
			return map[string]string{"and": "VPANDD", "or": "VPORD"}[op]
		}
		return map[string]string{"and": "VANDPS", "or": "VORPS"}[op]
	}
	return map[string]string{"add": "VADDPS", "sub": "VSUBPS", "mul": "VMULPS", "div": "VDIVPS", "max": "VMAXPS", "min": "VMINPS"}[op]
}

func (m *x86) bin(f *file, op string, d, a, b int) {
	for i, r := range m.regs(d) {
		f.i("%s %s, %s, %s", m.op(op), m.regs(b)[i], m.regs(a)[i], r)
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

const lessThan = 17 // ordered, quiet

func (m *x86) selectLess(f *file, d, a int, k string, x, y int) {
	c := m.loadK(f, k)
	for i, r := range m.regs(d) {
		m.choose(f, r, m.regs(a)[i], c, m.regs(x)[i], m.regs(y)[i])
	}
}

func (m *x86) selectMore(f *file, d, a, b, x, y int) {
	for i, r := range m.regs(d) {
		m.choose(f, r, m.regs(b)[i], m.regs(a)[i], m.regs(x)[i], m.regs(y)[i])
	}
}

// choose sets d = a < b ? x : y.
func (m *x86) choose(f *file, d, a, b, x, y string) {
	if m.wide {
		f.i("VCMPPS $%d, %s, %s, K1", lessThan, b, a)
		f.i("VBLENDMPS %s, %s, K1, %s", x, y, d)
		return
	}
	f.i("VCMPPS $%d, %s, %s, Y15", lessThan, b, a)
	f.i("VBLENDVPS Y15, %s, %s, %s", x, y, d)
}

func (m *x86) shiftToExponent(f *file, v int) {
	for _, r := range m.regs(v) {
		f.i("VPSLLD $23, %s, %s", r, r)
	}
}

func (m *x86) addBitsK(f *file, v int, k string) {
	c := m.loadK(f, k)
	for _, r := range m.regs(v) {
		f.i("VPADDD %s, %s, %s", c, r, r)
	}
}
