package simd

// Pack packs W, n rows of k weights with stride ldw, into panels; see Matrix.
func Pack(dst, w []float32, ldw, n, k int) {
	if len(dst) < PackedLen(n, k) || n > 0 && k > 0 && len(w) < (n-1)*ldw+k {
		panic("simd: short slice for Pack")
	}
	for p := range Panels(n) {
		panel := dst[p*k*PanelWidth:][:k*PanelWidth]
		rows := min(PanelWidth, n-p*PanelWidth)
		done := 0
		switch {
		case k == 0:
		case rows == PanelWidth:
			done = packVec(panel, w[p*PanelWidth*ldw:], ldw, k)
		case k <= headDim:
			done = packFewer(panel, w[p*PanelWidth*ldw:], ldw, rows, k)
		}
		packRows(panel, w[p*PanelWidth*ldw:], ldw, rows, done, k)
	}
}

// headDim is the usual size of an attention head. Keys are packed for each head: the
// last tokens of a sequence seldom fill a panel, and a short sequence has no other.
const headDim = 64

// packFewer is packVec for fewer than 16 rows, of at most headDim columns.
func packFewer(panel, w []float32, ldw, rows, k int) int {
	var whole [PanelWidth * headDim]float32
	for j := range rows {
		copy(whole[j*k:(j+1)*k], w[j*ldw:])
	}
	return packVec(panel, whole[:], k, k)
}

// PackF16 is Pack for the bits of float16 weights.
func PackF16(dst, w []uint16, ldw, n, k int) {
	if len(dst) < PackedLen(n, k) || n > 0 && k > 0 && len(w) < (n-1)*ldw+k {
		panic("simd: short slice for PackF16")
	}
	for p := range Panels(n) {
		panel := dst[p*k*PanelWidth:][:k*PanelWidth]
		rows := min(PanelWidth, n-p*PanelWidth)
		done := 0
		if rows == PanelWidth && k > 0 {
			done = packF16Vec(panel, w[p*PanelWidth*ldw:], ldw, k)
		}
		packRows(panel, w[p*PanelWidth*ldw:], ldw, rows, done, k)
	}
}

// packRows packs columns k0 … k-1 of up to 16 rows into a panel, in squares, so that
// both matrices stay in cache.
func packRows[E float32 | uint16](panel, w []E, ldw, rows, k0, k int) {
	const square = 16
	for ; k0 < k; k0 += square {
		kn := min(square, k-k0)
		for j := range rows {
			for i, v := range w[j*ldw+k0:][:kn] {
				panel[(k0+i)*PanelWidth+j] = v
			}
		}
		for j := rows; j < PanelWidth; j++ {
			for i := range kn {
				panel[(k0+i)*PanelWidth+j] = 0
			}
		}
	}
}

// PackColumns packs V, k rows of n values with stride ldv, as a matrix of n
// output and k input features: element (i, j) is v[j*ldv+i].
func PackColumns(dst, v []float32, ldv, k, n int) {
	if len(dst) < PackedLen(n, k) || n > 0 && k > 0 && len(v) < (k-1)*ldv+n {
		panic("simd: short slice for PackColumns")
	}
	for p := range Panels(n) {
		panel := dst[p*k*PanelWidth:][:k*PanelWidth]
		cols := min(PanelWidth, n-p*PanelWidth)
		done := 0
		if cols == PanelWidth && k > 0 {
			done = packColumnVec(panel, v[p*PanelWidth:], ldv, k)
		}
		for j := done; j < k; j++ {
			row := panel[j*PanelWidth:][:PanelWidth]
			clear(row[copy(row, v[j*ldv+p*PanelWidth:][:cols]):])
		}
	}
}
