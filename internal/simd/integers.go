package simd

// multiplyIntegersGeneric is Multiply for Int8 and Int16 in portable Go: the definition of
// their results.
func multiplyIntegersGeneric(j *Job) {
	for i := range j.Panels.Count {
		for p := j.Panels.First + i*j.Panels.Step; p < j.Panels.End+i*j.Panels.Step; p++ {
			for r := range j.Rows {
				var sums [PanelWidth]int32
				if j.W.Format == Int16 {
					j.sumInt16(&sums, j.Row+r, p)
					j.scaleSums(&sums, r, p, j.Int16.scales[j.Row+r], j.W.I16.Scales)
				} else {
					j.sumInt8(&sums, j.Row+r, p)
					j.scaleSums(&sums, r, p, j.Int8.scales[j.Row+r], j.W.I8.Scales)
				}
			}
		}
	}
}

// scaleSums sets row r of the result, for one panel, to sums·sx·sw + base.
func (j *Job) scaleSums(sums *[PanelWidth]int32, r, panel int, sx float32, sw []float32) {
	n := panel * PanelWidth
	dst, scales := j.Dst[r*j.DstStride+n:][:PanelWidth], sw[n:][:PanelWidth]
	var base [PanelWidth]float32
	if j.Base != nil {
		copy(base[:], j.Base[r*j.BaseStride+n:])
	}
	for i, s := range sums {
		dst[i] = fma32(float32(float32(s)*sx), scales[i], base[i])
	}
}
