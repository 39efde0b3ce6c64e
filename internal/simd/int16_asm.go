//go:build !purego && (amd64 || arm64)

package simd

import "unsafe"

// multiplyInt16 computes a product for the panels from p on, as many as kernels do. Panels were
// just written, so they are in a cache and tiles fetch nothing.
func (s *intScratch) multiplyInt16(j *Job, kernels []intKernel, p int) {
	w, q := &j.W.I16, j.Int16
	panel := PanelWidth * wholePairs(j.W.K)
	t := &s.tile
	t.setPanels(j, p, &w.Scales[p*PanelWidth])
	t.w, t.ldw, t.groups = (*uint8)(unsafe.Pointer(&w.Q[p*panel])), 2*panel, wholePairs(j.W.K)/2
	t.ldx = 2 * q.stride
	height, high := cutRows(j.Rows, len(kernels)-1)
	for r := 0; r < j.Rows; {
		h, _ := nextTiles(r, j.Rows, height, high)
		t.setRows(j, r, p, &q.scales[j.Row+r])
		t.x = unsafe.Pointer(&q.words[(j.Row+r)*q.stride])
		kernels[h](t)
		r += h
	}
}

// setVec sets whole rows, and returns how many.
func (q *Int16Rows) setVec(x []float32, ldx int, limit, share float32) int {
	l, n := Active(), Panels(q.terms)*PanelWidth
	if l == Generic || n == 0 {
		return 0
	}
	if n == q.terms {
		most := max(1, callFloats/n)
		for r := 0; r < q.rows; r += most {
			toInt16RowsAt(l, &q.words[r*q.stride], &x[r*ldx], &q.scales[r], 4*ldx, min(most, q.rows-r), n, 2*(q.stride-n), limit, share)
		}
		return q.rows
	}
	q.padded = sized(q.padded, n)
	clear(q.padded[q.terms:])
	for r := range q.rows {
		copy(q.padded[:q.terms], x[r*ldx:])
		toInt16RowsAt(l, &q.words[r*q.stride], &q.padded[0], &q.scales[r], 0, 1, n, 0, limit, share)
	}
	return q.rows
}

// packWordPairsVec packs pairs of words like float32. It returns how many of k terms it
// has done.
func packWordPairsVec(panel, words []int16, stride, k int) int {
	l := Active()
	if k &^= 15; k == 0 || l == Generic {
		return 0
	}
	pack16At(l, (*float32)(unsafe.Pointer(&panel[0])), (*float32)(unsafe.Pointer(&words[0])), 2*stride, k/2)
	return k
}

// columnTopsVec goes through k rows of 16 floats.
func columnTopsVec(tops *[2]lanes, v []float32, ldv, k int) int {
	l := Active()
	if l == Generic {
		return 0
	}
	const most = callFloats / PanelWidth
	for i := 0; i < k; i += most {
		columnTopsAt(l, &tops[0], &v[i*ldv], 4*ldv, PanelWidth*min(most, k-i))
	}
	return k
}

// packWordColumnsVec packs pairs of k rows of 16 floats. It returns how many rows.
func packWordColumnsVec(panel []int16, v []float32, ldv, k int, inverses *lanes) int {
	l := Active()
	if k &^= 1; l == Generic {
		return 0
	}
	const most = callFloats / PanelWidth
	for i := 0; i < k; i += most {
		packWordColumnsAt(l, &panel[i*PanelWidth], &v[i*ldv], inverses, 4*ldv, PanelWidth/2*min(most, k-i))
	}
	return k
}
