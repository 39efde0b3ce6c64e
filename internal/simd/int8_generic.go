package simd

// checkInt8 is Multiply's check of the rows of a product in Int8.
func (j *Job) checkInt8() {
	w := j.W
	if q := j.Int8; q == nil || q.terms != w.K || j.Row < 0 || j.Row+j.Rows > q.rows {
		panic("simd: short x")
	}
}

// multiplyInt8Generic is Multiply for Int8 in portable Go: the definition of its result.
func multiplyInt8Generic(j *Job) {
	for i := range j.Panels.Count {
		for p := j.Panels.First + i*j.Panels.Step; p < j.Panels.End+i*j.Panels.Step; p++ {
			for r := range j.Rows {
				j.multiplyInt8Row(r, p)
			}
		}
	}
}

// multiplyInt8Row computes row r of a product for one panel.
func (j *Job) multiplyInt8Row(r, panel int) {
	w, p, row := j.W, &j.W.I8, j.Row+r
	k4 := wholeGroups(w.K)
	q := p.Q[panel*PanelWidth*k4:][:PanelWidth*k4]
	var sums [PanelWidth]int32
	for k := 0; k < k4; k += 4 {
		var x [4]int32
		for i := range min(4, w.K-k) {
			x[i] = j.Int8.value(row, k+i)
		}
		group := q[k*PanelWidth:][:4*PanelWidth]
		for n := range sums {
			g := group[4*n:][:4]
			sums[n] += x[0]*int32(int8(g[0])) + x[1]*int32(int8(g[1])) + x[2]*int32(int8(g[2])) + x[3]*int32(int8(g[3]))
		}
	}
	for _, l := range p.large(panel) {
		sums[l.N%PanelWidth] += l.Extra * j.Int8.value(row, int(l.K))
	}
	n := panel * PanelWidth
	dst, scales := j.Dst[r*j.DstStride+n:][:PanelWidth], p.Scales[n:][:PanelWidth]
	var base [PanelWidth]float32
	if j.Base != nil {
		copy(base[:], j.Base[r*j.BaseStride+n:])
	}
	for i, s := range sums {
		dst[i] = fma32(float32(float32(s)*j.Int8.scales[row]), scales[i], base[i])
	}
}
