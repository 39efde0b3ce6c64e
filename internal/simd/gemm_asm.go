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
// Whether to the first or the second-level cache, see fetchNear. It also fetches
// dst, where it will write at the end.
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

func product(dst []float32, ldd int, x []float32, ldx, m int, w *Matrix, ps Parts, base []float32, ldb int, scratch []float32, then Next) {
	t := tiles(Active())
	if t == nil {
		productGeneric(dst, ldd, x, ldx, m, w, ps, base, ldb)
		return
	}
	// Panel by panel, so that a tile of sums is done before the next begins. If the
	// rows of x would not stay in the second-level cache meanwhile, block by block
	// of terms, so that only a block of x has to.
	inRange := (ps.P1 - ps.P0 + t.panels - 1) / t.panels
	blocks, groups := (w.K+kBlock-1)/kBlock, inRange*ps.Count
	at := func(i int) (p, width, k0 int) {
		g, k := i/blocks, i%blocks
		if m*w.K > cacheFloats {
			g, k = i%groups, i/groups
		}
		first := ps.P0 + g/inRange*ps.Step
		p = first + g%inRange*t.panels
		return p, min(t.panels, first+ps.P1-ps.P0-p), k * kBlock
	}
	steps := blocks * groups
	for i := range steps {
		p, width, k0 := at(i)
		n, next := p*PanelWidth, ahead{}
		if i+1 < steps {
			nextP, _, nextK := at(i + 1)
			next = ahead{w, (nextP*w.K + nextK) * PanelWidth}
		} else if then.W != nil && len(then.W.F32)+len(then.W.F16) > 0 {
			next = ahead{then.W, then.Panel * then.W.K * PanelWidth}
		}
		switch {
		case k0 > 0: // the sum so far is the base
			t.block(dst[n:], ldd, x[k0:], ldx, m, w, p, width, k0, next, dst[n:], ldd, scratch)
		case base == nil:
			t.block(dst[n:], ldd, x[k0:], ldx, m, w, p, width, k0, next, zeros[:], 0, scratch)
		default:
			t.block(dst[n:], ldd, x[k0:], ldx, m, w, p, width, k0, next, base[n:], ldb, scratch)
		}
	}
}

// cacheFloats is how much of x may be walked again and again: a good half of a
// second-level cache of 2 MiB.
const cacheFloats = 320 << 10

// callRows bounds the rows that one call of a kernel computes: assembly cannot be
// preempted, and this many take well below 100 µs.
const callRows = 224

// ahead is where the weights of the block after this begin, if there are any.
type ahead struct {
	w  *Matrix
	at int
}

// share is the address from which the tile that begins at row r of m fetches its
// share of the block.
func (a ahead) share(r, m int) unsafe.Pointer {
	n := a.at + r*min(kBlock, a.w.K)/m*PanelWidth
	if a.w.F16 != nil {
		return unsafe.Pointer(&a.w.F16[min(n, len(a.w.F16)-1)])
	}
	return unsafe.Pointer(&a.w.F32[min(n, len(a.w.F32)-1)])
}

// block computes one block of terms, from k0 on, of the width (1 or 2) panels
// from p on, whose first column is dst's and base's and whose first term is x's.
func (t *tileSet) block(dst []float32, ldd int, x []float32, ldx, m int, w *Matrix, p, width, k0 int, next ahead, base []float32, ldb int, scratch []float32) {
	height, high := cutRows(m, t.rows)
	ldw := w.K * PanelWidth // from panel to panel
	k := min(kBlock, w.K-k0)
	at := p*ldw + k0*PanelWidth
	step := 0 // each tile asks for its share of what comes next
	if next.w == nil {
		next = ahead{w, at}
	} else {
		step = (2*PanelWidth*next.w.bytes()*height + m - 1) / m
	}
	ldn := next.w.bytes() * next.w.K * PanelWidth
	kernels := t.one
	if width == 2 {
		kernels = t.two
	}
	if w.F16 == nil {
		for r := 0; r < m; {
			h, n := nextTiles(r, m, height, high)
			kernels[h](&dst[r*ldd], 4*ldd, &x[r*ldx], 4*ldx, &w.F32[at], 4*ldw, k, &base[r*ldb], 4*ldb, next.share(r, m), ldn, step, n)
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
		t.half[r](&dst[0], 4*ldd, &x[0], 4*ldx, &w.F16[at], 2*ldw, k, &base[0], 4*ldb, next.share(0, m), ldn, step)
	default:
		r = height
		t.keep[r](&dst[0], 4*ldd, &x[0], 4*ldx, &w.F16[at], 2*ldw, k, &base[0], 4*ldb, next.share(0, m), ldn, step, &scratch[0])
	}
	for r < m {
		h, n := nextTiles(r, m, height, high)
		kernels[h](&dst[r*ldd], 4*ldd, &x[r*ldx], 4*ldx, &scratch[0], 4*kBlock*PanelWidth, k, &base[r*ldb], 4*ldb, next.share(r, m), ldn, step, n)
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
