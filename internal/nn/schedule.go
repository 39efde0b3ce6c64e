package nn

import (
	"cmp"
	"slices"

	"github.com/goroberta/goroberta/internal/simd"
)

// Work is cut in one of three ways, by its size:
//
//   - A batch of many rows is cut into parts of whole sequences. Each part goes
//     through all layers on one thread (parts).
//   - A long sequence is cut after attention into blocks of rows. Each block goes
//     to the end of the layer on one thread (blocks).
//   - A short sequence is cut in every product, into items of rows × panels that
//     the threads share (Linear.cut).
//
// Attention is cut by head (byHead) or by sequence and head.

// split is block i of n of 0 … total-1. Sizes differ by at most 1.
func split(total, n, i int) (lo, hi int) { return total * i / n, total * (i + 1) / n }

// A cut says into how many blocks of rows and of panels a product is cut.
type cut struct{ rowBlocks, panelBlocks int }

func (c cut) items() int { return c.rowBlocks * c.panelBlocks }

// panels returns the panels, out of all, that an item computes. Neighbouring items
// have the same panels, because weights are the larger operand. Kernels take panels
// in pairs.
func (c cut) panels(all simd.PanelRanges, item int) simd.PanelRanges {
	lo, hi := split((all.End-all.First+1)/2, c.panelBlocks, item/c.rowBlocks)
	return simd.PanelRanges{First: all.First + 2*lo, End: min(all.First+2*hi, all.End), Count: 1}
}

// cut says how a product of rows and of so many panels of l is cut for a number of
// threads.
func (l *Linear) cut(rows, panels, threads int) cut {
	c, k := cut{rowBlocks: l.rowBlocks(rows)}, l.W.K
	items := 1
	if threads > 1 {
		items = itemsPerThread * threads
	}
	items = min(items, max(1, rows*panels*simd.PanelWidth*k/minItem))
	most := max(1, panels/2)
	blockRows := (rows + c.rowBlocks - 1) / c.rowBlocks
	least := min(most, max(1, (items+c.rowBlocks-1)/c.rowBlocks, blockRows*panels*simd.PanelWidth/activationFloats))

	// 132 items on 64 threads take three rounds, as 192 would. Try slightly larger
	// counts that fill the last round.
	c.panelBlocks = least
	for n, idle := least, 1.0; n <= min(2*least, most) && n*c.rowBlocks > threads && idle > idleEnough; n++ {
		if i := idleShare(n*c.rowBlocks, threads); i < idle {
			c.panelBlocks, idle = n, i
		}
	}
	return c
}

// rowBlocks is the number of blocks into which rows of l's input are cut, so that each
// stays in a cache.
func (l *Linear) rowBlocks(rows int) int {
	bytes := 4 * min(l.W.K, blockColumns)
	switch l.W.Format {
	case simd.Int8:
		bytes = simd.Int8RowBytes(l.W.K)
	case simd.BFloat16:
		bytes = simd.BF16RowBytes(min(l.W.K, blockColumns))
	}
	return max(1, (rows*bytes+4*blockFloats-1)/(4*blockFloats))
}

// idleShare is the share of thread time that is lost in the last round of equal
// items.
func idleShare(items, threads int) float64 {
	rounds := (items + threads - 1) / threads
	return 1 - float64(items)/float64(rounds*threads)
}

// prefetch guesses what the thread that computes an item of l multiplies next: item
// + threads, or the beginning of the next layer. A wrong guess costs only a useless
// prefetch.
func (c cut) prefetch(l *Linear, panels simd.PanelRanges, item, threads int, next *Linear, rows int) simd.Next {
	if item+threads < c.items() {
		return simd.Next{W: &l.W, Panel: c.panels(panels, item+threads).First}
	}
	return next.start(rows, threads, (item+threads)%c.items())
}

// start returns the first weights of l that a thread multiplies, to be prefetched. A
// nil l has none.
func (l *Linear) start(rows, threads, thread int) simd.Next {
	if l == nil {
		return simd.Next{}
	}
	if l.byHead(threads) {
		return simd.Next{W: &l.W, Panel: thread * l.headPanels}
	}
	all := l.W.All()
	return simd.Next{W: &l.W, Panel: l.cut(rows, all.End, threads).panels(all, thread).First}
}

// byHead says whether each thread computes the queries, keys and values of a head and
// then its attention. They are in its cache then, and no thread waits for others. It
// needs a head size that is a multiple of 16, and a number of heads that leaves at
// most byHeadIdle of the thread time idle.
func (l *Linear) byHead(threads int) bool {
	return l.headPanels > 0 && idleShare(l.heads, threads) <= byHeadIdle
}

// blocks calls f for blocks lo … hi-1 of the rows 0 … n-1, each on one thread. If
// there are too few rows for that, or rows are sampled, it calls f once, for all rows and
// the whole team.
func (t team) blocks(n int, f func(t team, lo, hi int)) {
	blocks := blocksFor(n, t.threads())
	if blocks == 1 || t.sample != nil {
		f(t, 0, n)
		return
	}
	t.run(blocks, func(m *member, item int) {
		lo, hi := split(n, blocks, item)
		f(m.team(), lo, hi)
	})
}

// blocksFor is the number of blocks, of leastRows to partRows rows, that rows are cut
// into: a multiple of the number of threads, or 1 if there are too few rows.
func blocksFor(rows, threads int) int {
	if rows < leastRows*threads {
		return 1
	}
	return threads * ((rows + threads*partRows - 1) / (threads * partRows))
}

// A part is some sequences of a batch, in rising order.
type part struct {
	sequences []int
	cost      float64
}

// parts cuts b into parts. Each part goes through all layers on one thread:
//
//	thread 0   part 0 ──────────▶ part 2 ──────────▶ ┐
//	thread 1   part 1 ──────────▶ part 3 ──────────▶ ┴ rest, on both
//
// So threads wait for one another once a batch instead of several times a layer, and
// what a part computes stays in its core's caches. The price is that each thread reads
// all weights for itself; from about 100 rows on, arithmetic takes longer than that.
// Sequences that would leave threads idle are the rest, which all threads compute
// together. There may be no parts, or no rest.
func (e *Encoder) parts(b *Batch, threads int) (parts []part, rest part) {
	n := min(blocksFor(b.Len(), threads), b.Sequences())
	if n > 1 {
		parts = e.bins(b, n)
	}
	total := 0.0
	for s := range b.Sequences() {
		total += e.cost(b, s)
	}
	// Threads take the parts in their order. Try every number of parts, with the others
	// computed together, which takes longer because threads wait for one another.
	best, keep := together*total/float64(threads), 0
	for k := 1; k <= len(parts); k++ {
		left, load := total, make([]float64, threads)
		for _, p := range parts[:k] {
			load[slices.Index(load, slices.Min(load))] += p.cost
			left -= p.cost
		}
		if t := slices.Max(load) + together*left/float64(threads); t < best {
			best, keep = t, k
		}
	}
	if keep == 0 {
		return nil, part{}
	}
	for _, p := range parts[keep:] {
		rest.sequences = append(rest.sequences, p.sequences...)
	}
	slices.Sort(rest.sequences)
	return parts[:keep], rest
}

// bins puts the sequences into n parts of about equal cost: the longest sequences
// first, each into the part that costs least so far. It returns the parts that have
// any sequence, the most costly first.
func (e *Encoder) bins(b *Batch, n int) []part {
	order := make([]int, b.Sequences())
	for s := range order {
		order[s] = s
	}
	slices.SortStableFunc(order, func(s, t int) int { return cmp.Compare(e.cost(b, t), e.cost(b, s)) })
	bins := make([]part, n)
	for _, s := range order {
		least := &bins[0]
		for i := range bins {
			if bins[i].cost < least.cost {
				least = &bins[i]
			}
		}
		least.sequences = append(least.sequences, s)
		least.cost += e.cost(b, s)
	}
	bins = slices.DeleteFunc(bins, func(p part) bool { return len(p.sequences) == 0 })
	slices.SortStableFunc(bins, func(p, q part) int { return cmp.Compare(q.cost, p.cost) })
	for _, p := range bins {
		slices.Sort(p.sequences)
	}
	return bins
}

// cost is the work of sequence s, in multiply-adds of one layer.
func (e *Encoder) cost(b *Batch, s int) float64 {
	T := float64(b.Offsets[s+1] - b.Offsets[s])
	return T * float64(4*e.Dim*e.Dim+2*e.Dim*e.FFNDim) * (1 + 2*T/float64(4*e.Dim+2*e.FFNDim))
}

// rowsOf lists the rows of b that the part's sequences have.
func (p *part) rowsOf(b *Batch) []int {
	var rows []int
	for _, s := range p.sequences {
		for r := b.Offsets[s]; r < b.Offsets[s+1]; r++ {
			rows = append(rows, r)
		}
	}
	return rows
}

// selection returns the selected rows of b that lie in the part, numbered within the
// part, and the place of each among all selected rows.
func (p *part) selection(b *Batch, s Selection) (within Selection, places []int) {
	if !s.some {
		return s, p.rowsOf(b)
	}
	within, at := Only(), 0
	for _, q := range p.sequences {
		first, end := s.between(b.Offsets[q], b.Offsets[q+1])
		for i := first; i < end; i++ {
			within.rows, places = append(within.rows, at+s.rows[i]-b.Offsets[q]), append(places, i)
		}
		at += b.Offsets[q+1] - b.Offsets[q]
	}
	return within, places
}
