package roberta

import (
	"cmp"
	"context"
	"slices"
	"sync"

	"github.com/goroberta/goroberta/internal/parallel"
)

// A batch of many rows is cut into parts of whole sequences, and each part goes
// through all layers on one thread:
//
//	thread 0   part 0 ──────────▶ part 2 ──────────▶ ┐
//	thread 1   part 1 ──────────▶ part 3 ──────────▶ ┴ rest, on both
//
// Threads then meet once a batch instead of five times a layer, and what a part
// computes stays in its core's caches. The price is that each thread reads all
// weights for itself, which from some 100 rows on is hidden by the arithmetic.
// What is computed is the same, sequence by sequence.

const (
	// partRows is how many rows a part, or a block of rows, has at most if its
	// sequences allow: some 128 × 768 floats are half of a second-level cache.
	partRows = 128
	// leastRows is how many rows a thread must get for reading all weights: at the
	// peak of a core of 100 GFLOP/s that is 2 GB/s, which memory has for each core
	// of most machines.
	leastRows = 96
)

// blocksFor cuts rows into blocks of leastRows to partRows, the same number for
// each thread; 1 if there are too few.
func blocksFor(rows, threads int) int {
	if rows < leastRows*threads {
		return 1
	}
	return threads * ((rows + threads*partRows - 1) / (threads * partRows))
}

// A part is some sequences of a batch as a batch of its own.
type part struct {
	batch
	sequences []int // which ones
	cost      float64
}

// parts cuts b for a number of threads. What does not come out even is the rest,
// for all threads together; either may be empty.
func (b *batch) parts(cfg *Config, threads int) (parts []part, rest part) {
	all := make([]int, b.sequences())
	total := 0.0
	for s := range all {
		all[s] = s
		total += b.cost(cfg, s)
	}
	n := min(blocksFor(b.len(), threads), len(all))
	if n > 1 {
		parts = b.bins(cfg, n)
	}
	// Threads take the parts in their order. Which of the last ones are better
	// computed together, though threads then wait for one another now and then?
	const together = 1.03
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
		return nil, part{*b, all, total}
	}
	for _, p := range parts[keep:] {
		rest.sequences = append(rest.sequences, p.sequences...)
	}
	slices.Sort(rest.sequences)
	for i := range parts[:keep] {
		slices.Sort(parts[i].sequences)
		parts[i].batch = b.pick(parts[i].sequences)
	}
	rest.batch = b.pick(rest.sequences)
	return parts[:keep], rest
}

// cost is the work of sequence s, in multiply-adds of one layer.
func (b *batch) cost(cfg *Config, s int) float64 {
	T := float64(b.offsets[s+1] - b.offsets[s])
	return T * float64(4*cfg.Dim*cfg.Dim+2*cfg.Dim*cfg.FFNDim) * (1 + 2*T/float64(4*cfg.Dim+2*cfg.FFNDim))
}

// bins deals the sequences into n parts of about equal cost, longest first, and
// returns the parts that got any in falling order of cost.
func (b *batch) bins(cfg *Config, n int) []part {
	order := make([]int, b.sequences())
	for s := range order {
		order[s] = s
	}
	slices.SortStableFunc(order, func(s, t int) int { return cmp.Compare(b.cost(cfg, t), b.cost(cfg, s)) })
	bins := make([]part, n)
	for _, s := range order {
		least := &bins[0]
		for i := range bins {
			if bins[i].cost < least.cost {
				least = &bins[i]
			}
		}
		least.sequences = append(least.sequences, s)
		least.cost += b.cost(cfg, s)
	}
	bins = slices.DeleteFunc(bins, func(p part) bool { return len(p.sequences) == 0 })
	slices.SortStableFunc(bins, func(p, q part) int { return cmp.Compare(q.cost, p.cost) })
	return bins
}

// pick is the batch of the given sequences; their places stay those of the whole.
func (b *batch) pick(sequences []int) batch {
	p := batch{offsets: make([]int, 1, len(sequences)+1), width: b.width}
	for _, s := range sequences {
		lo, hi := b.offsets[s], b.offsets[s+1]
		p.tokens = append(p.tokens, b.tokens[lo:hi]...)
		p.positions = append(p.positions, b.positions[lo:hi]...)
		p.places = append(p.places, b.places[lo:hi]...)
		p.offsets = append(p.offsets, len(p.tokens))
	}
	return p
}

// rowsIn lists p's rows as rows of b, which it was cut from.
func (p *part) rowsIn(b *batch) []int {
	var at []int
	for _, s := range p.sequences {
		for r := b.offsets[s]; r < b.offsets[s+1]; r++ {
			at = append(at, r)
		}
	}
	return at
}

// only translates rows of b that were asked for: those of them that p has, as
// rows of p, and where each stands in rows.
func (p *part) only(b *batch, rows []int) (own, at []int) {
	own = []int{}
	for i, s := range p.sequences {
		j, _ := slices.BinarySearch(rows, b.offsets[s])
		for ; j < len(rows) && rows[j] < b.offsets[s+1]; j++ {
			own, at = append(own, p.offsets[i]+rows[j]-b.offsets[s]), append(at, j)
		}
	}
	return own, at
}

// run runs the stack on b as forward does, on all threads of the pool. hidden is
// also given the places of x's rows, and may be called by several goroutines at
// once.
func (e *encoder) run(ctx context.Context, p *parallel.Pool, a *arena, b *batch, rows []int, hidden func(layer int, places []int, x matrix)) (matrix, error) {
	forward := func(p *parallel.Pool, a *arena, b *batch, rows []int) (matrix, error) {
		if hidden == nil {
			return e.forward(ctx, p, a, b, rows, nil)
		}
		return e.forward(ctx, p, a, b, rows, func(layer int, x matrix) { hidden(layer, b.places, x) })
	}
	parts, rest := b.parts(&e.cfg, p.Threads())
	if len(parts) == 0 {
		return forward(p, a, b, rows)
	}
	n := b.len()
	if rows != nil {
		n = len(rows)
	}
	out := a.matrix(bufOut, n, e.cfg.Dim)
	one := func(p *parallel.Pool, a *arena, part *part) error {
		var own, to []int
		if rows == nil {
			to = part.rowsIn(b)
		} else {
			own, to = part.only(b, rows)
		}
		x, err := forward(p, a, &part.batch, own)
		if err != nil {
			return err
		}
		for r, i := range to {
			copy(out.row(i), x.row(r))
		}
		return nil
	}
	var first error
	var mu sync.Mutex
	p.Run(len(parts), func(_, item int) {
		own := newArena(nil)
		defer own.release()
		if err := one(nil, own, &parts[item]); err != nil {
			mu.Lock()
			first = cmp.Or(first, err)
			mu.Unlock()
		}
	})
	if first == nil && len(rest.sequences) > 0 {
		first = one(p, a, &rest)
	}
	return out, first
}
