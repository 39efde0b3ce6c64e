//go:build !purego && (amd64 || arm64)

package simd

import "unsafe"

// noStart is the start of a tile of words that adds all large weights by itself.
var noStart [2 * PanelWidth]int32

// int8After is the weights that are multiplied next: panel p of range i of the job's, which
// goes up to end, or else the next range's first or the next job's; nil if there are none.
func (j *Job) int8After(i, p, end int) []uint8 {
	w := j.W
	if p >= end {
		p = j.Panels.First + (i+1)*j.Panels.Step
		if i+1 == j.Panels.Count {
			w, p = j.Next.W, j.Next.Panel
		}
	}
	if w == nil || w.Format != Int8 {
		return nil
	}
	return w.I8.Q[min(p*PanelWidth*wholeGroups(w.K), len(w.I8.Q)):]
}

// multiplyInt8 computes a product for one panel or two from p on, after which comes next.
func (s *intScratch) multiplyInt8(j *Job, set intSet, p, panels int, next []uint8) {
	kernels := set.tiles[panels-1]
	w, q := &j.W.I8, j.Int8
	panel := PanelWidth * wholeGroups(j.W.K)
	t := &s.tile
	t.setPanels(j, p, &w.Scales[p*PanelWidth])
	t.w, t.ldw, t.groups = &w.Q[p*panel], panel, wholeGroups(j.W.K)/4
	large := w.tiles.of(q.form)
	t.setLarge(large, p, panels, set.quads)
	plain := q.form == words && large.first[p] == large.first[p+panels]
	if plain {
		t.start, t.lds = &noStart[0], 0
	}
	if len(next) == 0 {
		next = w.Q[p*panel:]
	}
	step := 4 * PanelWidth // bytes of a group of terms
	if q.form == words {
		step /= 2 // in each of two goes
	}
	height, high := cutRows(j.Rows, len(kernels)-1)
	for r := 0; r < j.Rows; {
		h, _ := nextTiles(r, j.Rows, height, high)
		row := j.Row + r
		if !plain {
			q.start(s.start[:], j.W, p, panels, row, h)
			t.start, t.lds = &s.start[0], 4*PanelWidth*panels
		}
		if q.form == words {
			t.x, t.ldx = unsafe.Pointer(&q.words[row*q.stride]), 2*q.stride
		} else {
			t.x, t.ldx = unsafe.Pointer(&q.bytes[row*q.stride]), q.stride
		}
		t.setRows(j, r, p, &q.scales[row])
		// Each tile fetches its share of what comes next.
		t.next, t.step = &next[min(r*panel/j.Rows, len(next)-1)], (step*h+j.Rows-1)/j.Rows
		kernels[h](t)
		r += h
	}
}

// start sets dst [h, panels·16] to what kernels begin with for h rows from row on: what
// bytes of x lack, and products of Extra that tiles do not add.
func (q *Int8Rows) start(dst []int32, w *Matrix, panel, panels, row, h int) {
	p := &w.I8
	ldd := panels * PanelWidth
	size := PanelWidth * wholeGroups(w.K)
	if q.form == words {
		clear(dst[:h*ldd])
	} else {
		int8StartAt(panels, &dst[0], &p.sums[panel*PanelWidth], &p.Q[panel*size], size, &q.zero[row], &q.at[row], &q.extra[row], h, 4*ldd)
	}
	if p.first[panel] < p.first[panel+panels] {
		q.addLarge(dst, ldd, p, panel, panels, row, h)
	}
}

// extremesVec sets the lanes for a prefix of x and returns its length.
func extremesVec(l *[5]lanes, x []float32) int {
	n, level := whole(len(x))
	if n > 0 {
		extremesAt(level, &l[0], &x[0], n)
	}
	return n
}
