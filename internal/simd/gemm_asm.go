//go:build !purego && (amd64 || arm64)

package simd

import "unsafe"

// A tile is the argument of a kernel, which computes tiles of a product, one below
// the other, for one block of k terms:
//
//	dst[r][n] = base[r][n] + Σ_k x[r][k]·w[k][n]
//
// A kernel only reads it. Strides are in bytes. It lies in a Scratch, because kernels
// are called through variables, and arguments of such calls escape to the heap.
//
// Meanwhile the kernel fetches the weights of the next block from memory: at every
// second term it fetches the line at next (and at next+ldn if it is two panels wide)
// and then adds step to next. Processors read ahead too, but not past a page. Without
// this fetching, ten tiles took 20 % longer and two took 100 % (Sapphire Rapids; Zen 4:
// 10 % and 50 %). fetchNear decides to which cache. A kernel also fetches dst, where
// it will write at the end.
type tile struct {
	dst   *float32
	ldd   int
	x     unsafe.Pointer
	ldx   int
	w     unsafe.Pointer // the block's first weight
	ldw   int            // to the next panel
	k     int
	base  *float32
	ldb   int
	next  unsafe.Pointer
	ldn   int
	step  int
	tiles int      // how many tiles to compute
	wide  *float32 // where kernels of tileSet.widen leave weights as float32, the second panel kBlock terms after the first
}

// A kernel computes t.tiles tiles. How many rows and columns a tile has is in the
// kernel's name.
type kernel func(t *tile)

// A tileSet is the tiles that a level has for weights of one format. See tileTable
// for those of a processor.
type tileSet struct {
	panels  int      // width of a tile
	odd     Level    // if panels is 2: the level whose tiles compute the last panel of an odd number
	kernels []kernel // by the number of rows, from 1 to that of the highest tile

	// widen are kernels that also write the weights as float32, to tile.wide. One of
	// them computes the first tile of a block; the level's kernels for Float32 compute
	// the others from there. They exist only for more than half the rows of the highest
	// tile: the first of several tiles has that many. nil: kernels compute all tiles.
	widen []kernel
}

// A Scratch is the working memory of Multiply. It must not be used by two
// goroutines at once.
type Scratch struct {
	tile     tile
	wide     [2*PanelWidth*kBlock + cacheLine/4]float32 // a block of two panels, as float32, from a cache line's start
	integers intScratch
}

const cacheLine = 64

// zeros is the base of a product without one.
var zeros [2 * PanelWidth]float32

func multiply(j *Job, s *Scratch) {
	l := Active()
	if l == Generic || j.format() == pairs && !hasPairs(l) {
		multiplyGeneric(j)
		return
	}
	o := newOrder(j, tiles(l, j.format()).panels)
	for i := range o.steps {
		now, next := o.step(i), ahead{}
		if i+1 < o.steps {
			n := o.step(i + 1)
			next = ahead{j.W, (n.panel*j.W.terms() + n.k0) * PanelWidth}
		} else if w := j.Next.W; w != nil && w.Format <= BFloat16 && w.len() > 0 {
			next = ahead{w, j.Next.Panel * w.terms() * PanelWidth}
		}
		n := now.panel * PanelWidth
		switch {
		case now.k0 > 0: // the sum so far is the base
			s.multiply(j, l, now, next, j.Dst[n:], j.DstStride)
		case j.Base == nil:
			s.multiply(j, l, now, next, zeros[:], 0)
		default:
			s.multiply(j, l, now, next, j.Base[n:], j.BaseStride)
		}
	}
	s.tile = tile{} // or it would keep the job's memory alive
}

// pairs, in the tables of tiles, is BFloat16 with x in pairs too.
const pairs = Int16 + 1

// format is the format that the job's tiles have in the tables.
func (j *Job) format() Format {
	if j.W.Format == BFloat16 && j.BF16.paired {
		return pairs
	}
	return j.W.Format
}

// rows is where x begins, from term k0 on, and how many bytes its rows are apart.
func (j *Job) rows(k0 int) (x unsafe.Pointer, stride int) {
	switch q := j.BF16; j.format() {
	case pairs:
		return unsafe.Pointer(&q.pairs[j.Row*q.stride+k0]), 2 * q.stride
	case BFloat16:
		return unsafe.Pointer(&q.floats[j.Row*q.stride+k0]), 4 * q.stride
	}
	return unsafe.Pointer(&j.X[k0]), 4 * j.XStride
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
	return a.w.pointer(min(a.at+r*min(kBlock, a.w.terms())/m*PanelWidth, a.w.len()-1))
}

// pointer is the address of weight i.
func (w *Matrix) pointer(i int) unsafe.Pointer {
	switch w.Format {
	case Float16:
		return unsafe.Pointer(&w.F16[i])
	case BFloat16:
		return unsafe.Pointer(&w.BF16[i])
	}
	return unsafe.Pointer(&w.F32[i])
}

// multiply computes a step at level l, on top of base, whose first column is the
// step's.
func (s *Scratch) multiply(j *Job, l Level, now step, next ahead, base []float32, ldb int) {
	set := tiles(l, j.format())
	if now.width < set.panels {
		l = set.odd
		set = tiles(l, j.format())
	}
	m, w, size := j.Rows, j.W, j.W.Format.bytes()
	dst := j.Dst[now.panel*PanelWidth:]
	x, ldx := j.rows(now.k0)
	height, high := cutRows(m, len(set.kernels)-1)
	at := (now.panel*w.terms() + now.k0) * PanelWidth

	t := &s.tile
	t.ldd, t.ldx, t.ldb = 4*j.DstStride, ldx, 4*ldb
	t.w, t.ldw = w.pointer(at), size*w.terms()*PanelWidth
	t.k = min(kBlock, w.terms()-now.k0)
	once := 2 // terms that go once round a kernel's loop
	if j.format() == pairs {
		t.k, once = t.k/2, 4
	}
	// Loads that cross cache lines made products of 8 rows 8 % slower.
	t.wide = &s.wide[-uintptr(unsafe.Pointer(&s.wide[0]))%cacheLine/4]
	if next.w == nil {
		next, t.step = ahead{w, at}, 0
	} else { // each tile asks for its share of what comes next
		t.step = (once*PanelWidth*next.w.Format.bytes()*height + m - 1) / m
	}
	t.ldn = next.w.Format.bytes() * next.w.terms() * PanelWidth

	for r := 0; r < m; {
		h, n := nextTiles(r, m, height, high)
		widen := r == 0 && h < m && set.widen != nil
		if widen {
			n = 1
		}
		t.dst, t.x, t.base = &dst[r*j.DstStride], unsafe.Add(x, r*ldx), &base[r*ldb]
		t.next, t.tiles = next.share(r, m), n
		if widen {
			set.widen[h](t)
			set, t.w, t.ldw = tiles(l, Float32), unsafe.Pointer(t.wide), 4*kBlock*PanelWidth
		} else {
			set.kernels[h](t)
		}
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
