package simd

// genericRows is the number of rows that use a term of a panel once it is converted.
const genericRows = 4

// multiplyGeneric is Multiply in portable Go: the definition of its result. To
// each output element belongs, in this order,
//
//	y = base
//	for each block of kBlock terms:
//		s = 0
//		for each k of the block: s = x[k]·w[k] + s, rounded once
//		y = y + s
func multiplyGeneric(j *Job) {
	for i := range j.Panels.Count {
		multiplyRange(j, j.Panels.First+i*j.Panels.Step, j.Panels.End+i*j.Panels.Step)
	}
}

// multiplyRange is multiplyGeneric for the panels p0 … p1-1.
func multiplyRange(j *Job, p0, p1 int) {
	w := j.W
	var panel [PanelWidth]float32
	var wide [PanelWidth]float64
	for p := p0; p < p1; p++ {
		n := p * PanelWidth
		for r0 := 0; r0 < j.Rows; r0 += genericRows {
			rows := min(genericRows, j.Rows-r0)
			var y [genericRows][PanelWidth]float32
			if j.Base != nil {
				for r := range rows {
					copy(y[r][:], j.Base[(r0+r)*j.BaseStride+n:])
				}
			}
			for k0 := 0; k0 < w.K; k0 += kBlock {
				var s [genericRows][PanelWidth]float32
				for k := k0; k < min(k0+kBlock, w.K); k++ {
					at := (p*w.K + k) * PanelWidth
					switch w.Format {
					case Float16:
						fromF16Generic(panel[:], w.F16[at:][:PanelWidth])
					case BFloat16:
						for i := range panel {
							panel[i] = widenBF16(w.BF16[PairAt(p*PanelWidth+i, k, w.K)])
						}
					default:
						copy(panel[:], w.F32[at:])
					}
					for i, v := range panel {
						wide[i] = float64(v)
					}
					for r := range rows {
						addProducts(&s[r], j.x(r0+r, k), &wide)
					}
				}
				for r := range rows {
					for i, v := range s[r] {
						y[r][i] += v
					}
				}
			}
			for r := range rows {
				copy(j.Dst[(r0+r)*j.DstStride+n:], y[r][:])
			}
		}
	}
}

// x is x[r][k].
func (j *Job) x(r, k int) float32 {
	if j.W.Format == BFloat16 {
		return j.BF16.value(j.Row+r, k)
	}
	return j.X[r*j.XStride+k]
}

// addProducts sets s[j] = x·w[j] + s[j], as fma32 does; w holds float32 values.
func addProducts(s *[PanelWidth]float32, x float32, w *[PanelWidth]float64) {
	x64 := float64(x)
	for j, v := range w {
		sum := x64*v + float64(s[j])
		if doubtful(sum) {
			s[j] = fmaOdd(x, float32(v), s[j])
		} else {
			s[j] = float32(sum)
		}
	}
}
