package roberta

import (
	"github.com/goroberta/goroberta/internal/parallel"
	"github.com/goroberta/goroberta/internal/simd"
)

// A linear layer is y = x·Wᵀ + b.
type linear struct {
	w simd.Matrix
	b []float32 // padded with zeros to whole panels
}

// run sets the columns of panels [p0, p1) of dst to f(x·Wᵀ + b); f is an
// activation function applied in place, or nil. s is what comes after it.
func (l *linear) run(p *parallel.Pool, a *arena, dst, x matrix, p0, p1 int, f func([]float32), s successor) {
	threads := p.Threads()
	c := cutProduct(x.rows, p1-p0, l.w.K, threads)
	p.Run(c.items(), func(slot, item int) {
		r0, r1 := split(x.rows, c.rowBlocks, item%c.rowBlocks)
		q0, q1 := c.panels(p0, p1, item)
		// Threads take items in turns, more or less.
		next := simd.Next{W: &l.w}
		if item+threads < c.items() {
			next.Panel, _ = c.panels(p0, p1, item+threads)
		} else {
			next = s.next(x.rows, threads, (item+threads)%c.items())
		}
		l.multiply(&a.scratch[slot], dst, x, r0, r1, simd.PanelRanges{First: q0, End: q1, Count: 1}, next)
		if f != nil {
			lo, hi := q0*simd.PanelWidth, min(q1*simd.PanelWidth, dst.cols)
			for r := r0; r < r1; r++ {
				f(dst.row(r)[lo:hi])
			}
		}
	})
}

// runParts is run on one goroutine, for parts of the panels and without a function.
func (l *linear) runParts(own *scratch, dst, x matrix, ps simd.PanelRanges, then simd.Next) {
	blocks := rowBlocks(x.rows, l.w.K)
	for i := range blocks {
		r0, r1 := split(x.rows, blocks, i)
		next := simd.Next{W: &l.w, Panel: ps.First}
		if i == blocks-1 {
			next = then
		}
		l.multiply(own, dst, x, r0, r1, ps, next)
	}
}

// multiply computes rows r0 … r1-1 of dst = x·Wᵀ + b, for the panels ps.
func (l *linear) multiply(own *scratch, dst, x matrix, r0, r1 int, ps simd.PanelRanges, next simd.Next) {
	simd.Multiply(&simd.Job{Dst: dst.from(r0, 0), DstStride: dst.stride, X: x.from(r0, 0), XStride: x.stride, Rows: r1 - r0,
		W: &l.w, Panels: ps, Base: l.b, ByTerms: (r1-r0)*l.w.K > cacheFloats, Next: next}, own.product)
}

// A successor is the layer whose weights are wanted after a product's: while a
// product ends, its beginning comes from memory. The zero successor is none.
type successor struct {
	l     *linear
	apart int // panels between the beginnings of items that are not cut by cutProduct
}

// next is where thread t begins with it.
func (s successor) next(rows, threads, t int) simd.Next {
	if s.l == nil {
		return simd.Next{}
	}
	n := simd.Next{W: &s.l.w, Panel: t * s.apart}
	if s.apart == 0 {
		panels := simd.Panels(s.l.w.N)
		n.Panel, _ = cutProduct(rows, panels, s.l.w.K, threads).panels(0, panels, t)
	}
	return n
}

// A cut says into how many blocks of rows and of panels a product falls.
type cut struct{ rowBlocks, panelBlocks int }

func (c cut) items() int { return c.rowBlocks * c.panelBlocks }

// panels are those of [p0, p1) that an item computes. Neighbouring items share
// them: weights are the larger operand. Kernels take panels in pairs.
func (c cut) panels(p0, p1, item int) (q0, q1 int) {
	q0, q1 = split((p1-p0+1)/2, c.panelBlocks, item/c.rowBlocks)
	return p0 + 2*q0, min(p0+2*q1, p1)
}

const (
	// cacheFloats is how much of x may be walked again and again: a good half of a
	// second-level cache of 2 MiB. More goes by terms.
	cacheFloats = 320 << 10
	// A block of rows of x, of which a product walks at most 1024 columns at a
	// time, takes half of a second-level cache of 1 MiB: the weights that stream
	// past, the next ones and the results want room as well. Smaller blocks make
	// more of them, each with all weights to read.
	blockFloats  = 128 << 10
	blockColumns = 1024
	// An item below this many multiply-adds costs more to hand over than it saves.
	minItem = 1 << 18
	// Items a thread, so that one that is held up does not hold up the others.
	itemsPerThread = 2
)

// rowBlocks is the number of blocks for m rows of k columns.
func rowBlocks(m, k int) int {
	return max(1, (m*min(k, blockColumns)+blockFloats-1)/blockFloats)
}

// cutProduct cuts m rows × panels with sums of k products for threads workers.
// It decides who computes what and never what comes out.
func cutProduct(m, panels, k, threads int) cut {
	c := cut{rowBlocks: rowBlocks(m, k), panelBlocks: 1}
	work := m * panels * simd.PanelWidth * k
	items := itemsPerThread * threads
	if threads == 1 {
		items = 1
	}
	items = min(items, max(1, work/minItem))
	most := max(1, panels/2)
	c.panelBlocks = min(max(c.panelBlocks, (items+c.rowBlocks-1)/c.rowBlocks), most)
	// Output that an activation function reads again should still be in cache.
	rows := (m + c.rowBlocks - 1) / c.rowBlocks
	c.panelBlocks = min(max(c.panelBlocks, rows*panels*simd.PanelWidth/(128<<10)), most)
	// 132 items for 64 threads would take as long as 192. A few more may come out even.
	best, idle := c.panelBlocks, 1.0
	for n := c.panelBlocks; n <= min(2*c.panelBlocks, most) && n*c.rowBlocks > threads && idle > 0.02; n++ {
		rounds := (n*c.rowBlocks + threads - 1) / threads
		if i := 1 - float64(n*c.rowBlocks)/float64(rounds*threads); i < idle {
			best, idle = n, i
		}
	}
	c.panelBlocks = best
	return c
}

// split is block i of n of 0 … total-1, in sizes that differ by at most 1.
func split(total, n, i int) (lo, hi int) { return total * i / n, total * (i + 1) / n }
