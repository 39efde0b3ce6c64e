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

func multiply(j *Job, s *Scratch) {
	t := tiles(Active())
	if t == nil {
		multiplyGeneric(j)
		return
	}
	o := newOrder(j, t.panels)
	for i := range o.steps {
		now, next := o.step(i), ahead{}
		if i+1 < o.steps {
			n := o.step(i + 1)
			next = ahead{j.W, (n.panel*j.W.K + n.k0) * PanelWidth}
		} else if w := j.Next.W; w != nil && w.len() > 0 {
			next = ahead{w, j.Next.Panel * w.K * PanelWidth}
		}
		n := now.panel * PanelWidth
		switch {
		case now.k0 > 0: // the sum so far is the base
			t.block(j, now, next, j.Dst[n:], j.DstStride, s)
		case j.Base == nil:
			t.block(j, now, next, zeros[:], 0, s)
		default:
			t.block(j, now, next, j.Base[n:], j.BaseStride, s)
		}
	}
}

// A step of a job is one block of terms, from k0 on, of one panel or two.
type step struct{ panel, width, k0 int }

// An order is the order of a job's steps.
type order struct {
	*Job
	width  int // panels of a step, but for the last of a range
	groups int // of panels, in a range
	blocks int // of terms
	steps  int
}

func newOrder(j *Job, width int) order {
	groups := (j.Panels.End - j.Panels.First + width - 1) / width
	blocks := (j.W.K + kBlock - 1) / kBlock
	return order{j, width, groups, blocks, groups * j.Panels.Count * blocks}
}

// step is step i.
func (o *order) step(i int) step {
	g, block := i/o.blocks, i%o.blocks
	if o.ByTerms {
		all := o.steps / o.blocks
		g, block = i%all, i/all
	}
	skip := g / o.groups * o.Panels.Step
	p := o.Panels.First + skip + g%o.groups*o.width
	return step{p, min(o.width, o.Panels.End+skip-p), block * kBlock}
}

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
	n := min(a.at+r*min(kBlock, a.w.K)/m*PanelWidth, a.w.len()-1)
	if a.w.Format == Float16 {
		return unsafe.Pointer(&a.w.F16[n])
	}
	return unsafe.Pointer(&a.w.F32[n])
}

// block computes a step, on top of base, whose first column is the step's.
func (t *tileSet) block(j *Job, now step, next ahead, base []float32, ldb int, s *Scratch) {
	m, w := j.Rows, j.W
	dst, ldd := j.Dst[now.panel*PanelWidth:], j.DstStride
	x, ldx := j.X[now.k0:], j.XStride
	height, high := cutRows(m, t.rows)
	ldw := w.K * PanelWidth // from panel to panel
	k := min(kBlock, w.K-now.k0)
	at := now.panel*ldw + now.k0*PanelWidth
	step := 0 // each tile asks for its share of what comes next
	if next.w == nil {
		next = ahead{w, at}
	} else {
		step = (2*PanelWidth*next.w.Format.bytes()*height + m - 1) / m
	}
	ldn := next.w.Format.bytes() * next.w.K * PanelWidth
	kernels := t.one
	if now.width == 2 {
		kernels = t.two
	}
	if w.Format == Float32 {
		for r := 0; r < m; {
			h, n := nextTiles(r, m, height, high)
			kernels[h](&dst[r*ldd], 4*ldd, &x[r*ldx], 4*ldx, &w.F32[at], 4*ldw, k, &base[r*ldb], 4*ldb, next.share(r, m), ldn, step, n)
			r += n * h
		}
		return
	}
	r := 0
	switch {
	case now.width < t.panels:
		FromF16(s.wide[:k*PanelWidth], w.F16[at:][:k*PanelWidth])
	case height == m:
		r = height
		t.half[r](&dst[0], 4*ldd, &x[0], 4*ldx, &w.F16[at], 2*ldw, k, &base[0], 4*ldb, next.share(0, m), ldn, step)
	default:
		r = height
		t.keep[r](&dst[0], 4*ldd, &x[0], 4*ldx, &w.F16[at], 2*ldw, k, &base[0], 4*ldb, next.share(0, m), ldn, step, &s.wide[0])
	}
	for r < m {
		h, n := nextTiles(r, m, height, high)
		kernels[h](&dst[r*ldd], 4*ldd, &x[r*ldx], 4*ldx, &s.wide[0], 4*kBlock*PanelWidth, k, &base[r*ldb], 4*ldb, next.share(r, m), ldn, step, n)
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
