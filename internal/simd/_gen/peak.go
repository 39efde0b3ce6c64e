package main

const (
	peakParams  = "rounds int"
	peakComment = "does rounds of 384 fused multiply-adds that depend neither on one another nor on memory, for benchmarks."
)

func (m *x86) peak(f *file) {
	f.begin("peak"+m.name(), peakParams, peakComment)
	f.i("MOVQ %s, CX", f.arg("rounds"))
	registers, times := choose(m.wide, 24, 12), choose(m.wide, 1, 4)
	reg := choose(m.wide, "Z", "Y")
	x := choose(m.wide, 31, 15)
	for i := range registers {
		f.i("%s %s%d, %[2]s%[3]d, %[2]s%[3]d", choose(m.wide, "VPXORD", "VXORPS"), reg, i)
	}
	f.i("%s %s%d, %[2]s%[3]d, %[2]s%[3]d", choose(m.wide, "VPXORD", "VXORPS"), reg, x)
	loop := f.newLabel("loop")
	f.i("PCALIGN $32")
	f.at(loop)
	for range times {
		for i := range registers {
			f.i("VFMADD231PS %s%d, %[1]s%[2]d, %[1]s%[3]d", reg, x, i)
		}
	}
	f.i("SUBQ $1, CX")
	f.i("JNZ  %s", loop)
	m.ret(f)
}

func (m *neon) peak(f *file) {
	f.begin("peakNEON", peakParams, peakComment)
	f.i("MOVD %s, R0", f.arg("rounds"))
	for i := range 25 {
		f.i("VEOR V%d.B16, V%[1]d.B16, V%[1]d.B16", i)
	}
	loop := f.newLabel("loop")
	f.at(loop)
	for range 4 {
		for i := range 24 {
			f.i("VFMLA V24.S4, V24.S4, V%d.S4", i)
		}
	}
	f.i("SUBS $1, R0")
	f.i("BNE  %s", loop)
	m.ret(f)
}
