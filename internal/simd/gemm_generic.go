package simd

// productGeneric is Product in portable Go: the definition of its result.
func productGeneric(dst []float32, ldd int, x []float32, ldx, m int, w *Matrix, p0, p1 int, base []float32, ldb int) {
	var panel [PanelWidth]float32
	for p := p0; p < p1; p++ {
		n := p * PanelWidth
		for r := range m {
			var y [PanelWidth]float32
			if base != nil {
				copy(y[:], base[r*ldb+n:])
			}
			row := x[r*ldx:][:w.K]
			for k0 := 0; k0 < w.K; k0 += kBlock {
				var s [PanelWidth]float32
				for k := k0; k < min(k0+kBlock, w.K); k++ {
					at := (p*w.K + k) * PanelWidth
					if w.F16 != nil {
						fromF16Generic(panel[:], w.F16[at:][:PanelWidth])
					} else {
						copy(panel[:], w.F32[at:])
					}
					for j := range s {
						s[j] = fma32(row[k], panel[j], s[j])
					}
				}
				for j := range y {
					y[j] += s[j]
				}
			}
			copy(dst[r*ldd+n:], y[:])
		}
	}
}
