//go:build !purego && (amd64 || arm64)

package simd

import "unsafe"

// A kernel computes tiles of a product, one below the other, for one block of k
// terms:
//
//	dst[r][n] = base[r][n] + Σ x[r][k]·w[k][n]
//
// ldd, ldx and ldb are row strides, ldw is the distance to the next panel where
// the tile is two panels wide, all in bytes. Meanwhile it fetches from memory the
// weights of the next block, every second term what is at next (and ldn beyond,
// if two panels wide), and then goes step bytes further. Processors read ahead
// too, but not past a page: without this, ten tiles took a fifth longer and two
// took twice as long (Sapphire Rapids; Zen 4: a tenth and half as long again).
// It also fetches dst, where it will write at the end.
type kernel func(dst *float32, ldd int, x *float32, ldx int, w *float32, ldw int, k int, base *float32, ldb int, next unsafe.Pointer, ldn int, step int, tiles int)

// A kernelHalf is a kernel for weights in float16 and one tile.
type kernelHalf func(dst *float32, ldd int, x *float32, ldx int, w *uint16, ldw int, k int, base *float32, ldb int, next unsafe.Pointer, ldn int, step int)

// A kernelKeep is a kernelHalf that leaves its weights as float32 at wide, the
// second panel kBlock terms after the first, for kernels of further rows. Its
// ldn is ldw.
type kernelKeep func(dst *float32, ldd int, x *float32, ldx int, w *uint16, ldw int, k int, base *float32, ldb int, next unsafe.Pointer, ldn int, step int, wide *float32)

// A tileSet is a level's kernels by their number of rows.
type tileSet struct {
	rows   int          // of the highest tile
	panels int          // of the widest tile, 1 or 2
	two    []kernel     // two panels wide
	one    []kernel     // one panel wide
	half   []kernelHalf // as wide as panels, as the next
	keep   []kernelKeep // from half of rows on
}

// zeros is the base of a product without one.
var zeros [2 * PanelWidth]float32

func product(dst []float32, ldd int, x []float32, ldx, m int, w *Matrix, p0, p1 int, base []float32, ldb int, scratch []float32) {
	t := tiles(Active())
	if t == nil {
		productGeneric(dst, ldd, x, ldx, m, w, p0, p1, base, ldb)
		return
	}
	// Panel by panel, so that a tile of sums is done before the next begins. If the
	// rows of x would not stay in the second-level cache meanwhile, block by block
	// of terms, so that only a block of x has to.
	blocks, groups := (w.K+kBlock-1)/kBlock, (p1-p0+t.panels-1)/t.panels
	at := func(i int) (p, k0 int) {
		if m*w.K > cacheFloats {
			return p0 + i%groups*t.panels, i / groups * kBlock
		}
		return p0 + i/blocks*t.panels, i % blocks * kBlock
	}
	steps := blocks * groups
	for i := range steps {
		p, k0 := at(i)
		n, next := p*PanelWidth, -1
		if i+1 < steps {
			nextP, nextK := at(i + 1)
			next = (nextP*w.K + nextK) * PanelWidth
		}
		switch {
		case k0 > 0: // the sum so far is the base
			t.block(dst[n:], ldd, x[k0:], ldx, m, w, p, min(t.panels, p1-p), k0, next, dst[n:], ldd, scratch)
		case base == nil:
			t.block(dst[n:], ldd, x[k0:], ldx, m, w, p, min(t.panels, p1-p), k0, next, zeros[:], 0, scratch)
		default:
			t.block(dst[n:], ldd, x[k0:], ldx, m, w, p, min(t.panels, p1-p), k0, next, base[n:], ldb, scratch)
		}
	}
}

// cacheFloats is how much of x may be walked again and again: a good half of a
// second-level cache of 2 MiB.
const cacheFloats = 320 << 10

// callRows bounds the rows that one call of a kernel computes: assembly cannot be
// preempted, and this many take well below 100 µs.
const callRows = 224

// block computes one block of terms, from k0 on, of the width (1 or 2) panels
// from p on, whose first column is dst's and base's and whose first term is x's.
// next is where in w the weights of the block after it begin, or -1.
func (t *tileSet) block(dst []float32, ldd int, x []float32, ldx, m int, w *Matrix, p, width, k0, next int, base []float32, ldb int, scratch []float32) {
	height, high := cutRows(m, t.rows)
	ldw := w.K * PanelWidth // from panel to panel
	k := min(kBlock, w.K-k0)
	at := p*ldw + k0*PanelWidth
	bytes := 4 // of a weight
	if w.F16 != nil {
		bytes = 2
	}
	step := (2*PanelWidth*bytes*height + m - 1) / m // each tile asks for its share of what comes next
	if next < 0 {
		next, step = at, 0
	}
	kernels := t.one
	if width == 2 {
		kernels = t.two
	}
	if w.F16 == nil {
		for r := 0; r < m; {
			h, n := nextTiles(r, m, height, high)
			share := min(next+r*k/m*PanelWidth, len(w.F32)-1)
			kernels[h](&dst[r*ldd], 4*ldd, &x[r*ldx], 4*ldx, &w.F32[at], 4*ldw, k, &base[r*ldb], 4*ldb, unsafe.Pointer(&w.F32[share]), 4*ldw, step, n)
			r += n * h
		}
		return
	}
	r := 0
	switch {
	case width < t.panels:
		FromF16(scratch[:k*PanelWidth], w.F16[at:][:k*PanelWidth])
	case height == m:
		r = height
		t.half[r](&dst[0], 4*ldd, &x[0], 4*ldx, &w.F16[at], 2*ldw, k, &base[0], 4*ldb, unsafe.Pointer(&w.F16[next]), 2*ldw, step)
	default:
		r = height
		t.keep[r](&dst[0], 4*ldd, &x[0], 4*ldx, &w.F16[at], 2*ldw, k, &base[0], 4*ldb, unsafe.Pointer(&w.F16[next]), 2*ldw, step, &scratch[0])
	}
	for r < m {
		h, n := nextTiles(r, m, height, high)
		share := min(next+r*k/m*PanelWidth, len(w.F16)-1)
		kernels[h](&dst[r*ldd], 4*ldd, &x[r*ldx], 4*ldx, &scratch[0], 4*kBlock*PanelWidth, k, &base[r*ldb], 4*ldb, unsafe.Pointer(&w.F16[share]), 2*ldw, step, n)
		r += n * h
	}
}

// cutRows cuts m rows into as few tiles of at most limit rows as there can be: high
// of them with height rows, and then others with one row less. A last tile of a
// row or two would leave most of the registers idle.
func cutRows(m, limit int) (height, high int) {
	tiles := (m + limit - 1) / limit
	height = (m + tiles - 1) / tiles
	return height, m - tiles*(height-1)
}

// nextTiles says how tiles go on at row r of m: n of h rows. height and high are
// cutRows's.
func nextTiles(r, m, height, high int) (h, n int) {
	h, n = height, high-r/height
	if n <= 0 {
		h = height - 1
		n = (m - r) / h
	}
	return h, min(n, callRows/h)
}
