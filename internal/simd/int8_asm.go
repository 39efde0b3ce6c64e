//go:build !purego && (amd64 || arm64)

package simd

import "unsafe"

// An int8Tile is the argument of a kernel of integers, which computes one tile, in Int16
// without start, large and fetching:
//
//	dst[r][n] = (start[r][n] + Σ_k x[r][k]·w[k][n])·scale[r]·scales[n] + base[r][n]
//
// start makes up for what x has in bytes. The Extra of weights of more than 8 bits is in
// large, or in the start if the tile cannot add it. Strides are in bytes. It lies in a
// Scratch for the reason that type tile gives.
//
// Tiles of x86 fetch the panels that come next: at every group of terms the line at next,
// of two panels also the one ldw bytes on, and then they add step to next. Tiles of words
// go through the panel twice, for half of its columns each, so the second half is computed
// while memory is read. Without this fetching, 8 rows of words took 12 % longer, and 4
// rows, a single tile, 37 % (Zen 3); tiles of bytes could not be measured.
type int8Tile struct {
	dst    *float32
	ldd    int
	x      unsafe.Pointer
	ldx    int
	w      *uint8
	ldw    int // to the next panel
	groups int // of four terms, in Int16 of two
	start  *int32
	lds    int
	scale  *float32
	scales *float32
	base   *float32
	ldb    int
	next   *uint8
	step   int
	large  unsafe.Pointer // *tileLarge
	// Where in large that of each register of sums begins, in bytes, and where the last
	// ends. They are 16 bytes apart, so that 32 more are the second half's of words.
	bounds [5][2]int
}

// An int8Kernel computes a tile. How many rows and columns that has is in the kernel's
// name.
type int8Kernel func(t *int8Tile)

// An int8Set is the tiles of a level for rows in one form.
type int8Set struct {
	tiles [][]int8Kernel // by the number of panels less one and by the number of rows
	quads int            // of tiles that add large weights: how many times four columns a register of sums has
}

// startRows bounds the rows of a tile.
const startRows = 14

// int8Scratch is what products of integers need of a Scratch.
type int8Scratch struct {
	tile  int8Tile
	start [startRows * 2 * PanelWidth]int32
}

// noStart is the start of a tile of words that adds all large weights by itself.
var noStart [2 * PanelWidth]int32

func multiplyInt8(j *Job, s *Scratch) {
	l := Active()
	set := int8Tiles(l, j.Int8.form)
	if l == Generic || set.tiles == nil || j.W.K == 0 {
		multiplyInt8Generic(j)
		return
	}
	for i := range j.Panels.Count {
		end := j.Panels.End + i*j.Panels.Step
		for p := j.Panels.First + i*j.Panels.Step; p < end; p += len(set.tiles) {
			panels := min(len(set.tiles), end-p)
			s.int8.multiply(j, set, p, panels, j.int8After(i, p+panels, end))
		}
	}
	s.int8.tile = int8Tile{} // or it would keep the job's memory alive
}

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

// multiply computes a product for one panel or two from p on, after which comes next.
func (s *int8Scratch) multiply(j *Job, set int8Set, p, panels int, next []uint8) {
	kernels := set.tiles[panels-1]
	w, q, n := &j.W.I8, j.Int8, p*PanelWidth
	panel := PanelWidth * wholeGroups(j.W.K)
	t := &s.tile
	t.ldd, t.w, t.ldw, t.groups = 4*j.DstStride, &w.Q[p*panel], panel, wholeGroups(j.W.K)/4
	t.scales, t.ldb = &w.Scales[n], 4*j.BaseStride
	if j.Base == nil {
		t.base, t.ldb = &zeros[0], 0
	}
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
		t.dst, t.scale = &j.Dst[r*j.DstStride+n], &q.scales[row]
		if j.Base != nil {
			t.base = &j.Base[r*j.BaseStride+n]
		}
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
