//go:build !purego && (amd64 || arm64)

package simd

import "unsafe"

// An intTile is the argument of a kernel of integers, which computes one tile:
//
//	dst[r][n] = (start[r][n] + Σ_k x[r][k]·w[k][n])·scale[r]·scales[n] + base[r][n]
//
// start makes up for what x has in bytes. The Extra of weights of more than 8 bits is in
// large, or in the start if the tile cannot add it. Tiles of Int16 use neither. Strides are in
// bytes. It lies in a Scratch for the reason that type tile gives.
//
// Tiles of Int8 on x86 fetch the panels that come next: at every group of terms the line at next,
// of two panels also the one ldw bytes on, and then they add step to next. Tiles of words
// go through the panel twice, for half of its columns each, so the second half is computed
// while memory is read. Without this fetching, 8 rows of words took 12 % longer, and 4
// rows, a single tile, 37 % (Zen 3); tiles of bytes could not be measured.
type intTile struct {
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

// An intKernel computes a tile. How many rows and columns that has is in the kernel's
// name.
type intKernel func(t *intTile)

// An intSet is the tiles of a level for rows in one form.
type intSet struct {
	tiles [][]intKernel // by the number of panels less one and by the number of rows
	quads int           // of tiles that add large weights: how many times four columns a register of sums has
}

// startRows bounds the rows of a tile.
const startRows = 14

// intScratch is what products of integers need of a Scratch.
type intScratch struct {
	tile  intTile
	start [startRows * 2 * PanelWidth]int32
}

func multiplyIntegers(j *Job, s *Scratch) {
	l := Active()
	set := j.intTiles(l)
	if l == Generic || set.tiles == nil || j.W.K == 0 {
		multiplyIntegersGeneric(j)
		return
	}
	for i := range j.Panels.Count {
		end := j.Panels.End + i*j.Panels.Step
		for p := j.Panels.First + i*j.Panels.Step; p < end; p += len(set.tiles) {
			panels := min(len(set.tiles), end-p)
			if j.W.Format == Int16 {
				s.integers.multiplyInt16(j, set.tiles[panels-1], p)
			} else {
				s.integers.multiplyInt8(j, set, p, panels, j.int8After(i, p+panels, end))
			}
		}
	}
	s.integers.tile = intTile{} // or it would keep the job's memory alive
}

// intTiles are the tiles of a level for the job; there may be none.
func (j *Job) intTiles(l Level) intSet {
	if j.W.Format == Int16 {
		return int16Tiles(l)
	}
	return int8Tiles(l, j.Int8.form)
}

// setPanels sets what is the same for all rows of a product for the panels from p on.
func (t *intTile) setPanels(j *Job, p int, scales *float32) {
	t.ldd, t.ldb, t.scales = 4*j.DstStride, 4*j.BaseStride, scales
	if j.Base == nil {
		t.base, t.ldb = &zeros[0], 0
	}
}

// setRows sets what depends on the rows: those from r on.
func (t *intTile) setRows(j *Job, r, p int, scale *float32) {
	t.dst, t.scale = &j.Dst[r*j.DstStride+p*PanelWidth], scale
	if j.Base != nil {
		t.base = &j.Base[r*j.BaseStride+p*PanelWidth]
	}
}
