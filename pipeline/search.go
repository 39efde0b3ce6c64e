package pipeline

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/goroberta/goroberta/internal/simd"
)

// Search finds the k vectors that are most like each query, best first; of equal scores
// the one with the smaller index comes first. There are fewer than k only if the Index
// has no more. Hits do not depend on the other queries, on threads or on the
// instruction set.
//
// How it works: products of matrices in float32 give every score up to a known bound of
// their rounding error. Vectors that may be among the best k, which are hardly more than
// k, are then scored as Similarity.Score does it. There is no such product for
// Manhattan, which adds up differences and takes five times as long for one query and
// fifty times for many.
//
// Errors are ErrOption for k below 1, an *InputError around ErrVector for a query that
// has another number of values than the vectors or one that is not finite, and the
// context's, which is checked every few tens of microseconds.
func (ix *Index) Search(ctx context.Context, queries [][]float32, k int) ([][]Hit, error) {
	if k < 1 {
		return nil, fmt.Errorf("%w: the best %d hits", ErrOption, k)
	}
	for i, q := range queries {
		err := checkFinite(q)
		if err == nil && ix.n > 0 {
			err = checkVector(q, ix.dim)
		}
		if err != nil {
			return nil, &InputError{i, err}
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	hits := make([][]Hit, len(queries))
	if ix.n == 0 {
		return hits, nil
	}
	for lo := 0; lo < len(queries); lo += searchQueries {
		hi := min(lo+searchQueries, len(queries))
		if err := ix.search(ctx, queries[lo:hi], min(k, ix.n), hits[lo:hi]); err != nil {
			return nil, err
		}
	}
	return hits, nil
}

const (
	// searchQueries is how many queries the corpus is read for at a time, which bounds
	// the memory of a search.
	searchQueries = 512
	// searchRows is how many of them are multiplied at a time: four of the highest
	// tiles.
	searchRows = 56
	// searchBytes is how many bytes of the corpus are multiplied at a time: half of a
	// second-level cache of 512 KiB, since searchRows after searchRows are multiplied
	// with them.
	searchBytes = 256 << 10
)

// search finds the hits of at most searchQueries queries.
func (ix *Index) search(ctx context.Context, queries [][]float32, k int, hits [][]Hit) error {
	threads := ix.threads
	if threads == 0 {
		threads = runtime.GOMAXPROCS(0)
	}
	panels := max(1, searchBytes/(4*simd.PanelWidth*2*ix.dim)) * 2
	perBlock := (blockVectors/simd.PanelWidth + panels - 1) / panels
	items := perBlock * len(ix.blocks)
	threads = min(threads, items)

	x := newQueries(ix.similarity, queries)
	searchers := make([]*searcher, threads)
	var next atomic.Int64
	parallel(threads, func(t int) {
		s := newSearcher(ix, x, k)
		searchers[t] = s
		for ctx.Err() == nil {
			i := int(next.Add(1) - 1)
			if i >= items {
				return
			}
			s.scan(i/perBlock, i%perBlock*panels, panels, (i%perBlock+threads)*panels)
		}
	})
	if err := ctx.Err(); err != nil {
		return err
	}
	next.Store(0)
	parallel(min(threads, len(queries)), func(int) {
		for ctx.Err() == nil {
			q := int(next.Add(1) - 1)
			if q >= len(queries) {
				return
			}
			hits[q] = ix.join(searchers, q)
		}
	})
	return ctx.Err()
}

// parallel calls f(0) … f(n-1) at the same time.
func parallel(n int, f func(i int)) {
	var wg sync.WaitGroup
	for i := 1; i < n; i++ {
		wg.Go(func() { f(i) })
	}
	f(0)
	wg.Wait()
}

// queries are what is searched for, as rows of one matrix.
type queries struct {
	n, stride int
	rows      []float32
	lengths   []float64
}

func newQueries(s Similarity, vectors [][]float32) *queries {
	dim := len(vectors[0])
	q := &queries{n: len(vectors), stride: dim + simd.PanelWidth} // no multiple of 4096 bytes
	q.rows = make([]float32, q.n*q.stride)
	for i, v := range vectors {
		copy(q.rows[i*q.stride:], v)
		q.lengths = append(q.lengths, math.Sqrt(squares(v)))
	}
	return q
}

// A searcher is what one goroutine finds.
type searcher struct {
	*Index
	*queries
	k       int
	found   []shortlist // of each query
	product simd.Scratch
	job     simd.Job
	part    simd.Matrix // panels that are multiplied at a time
	out     []float32   // products
}

func newSearcher(ix *Index, q *queries, k int) *searcher {
	s := &searcher{Index: ix, queries: q, k: k, found: make([]shortlist, q.n)}
	for i := range s.found {
		s.found[i].least = math.Inf(-1)
	}
	return s
}

// scan compares all queries with the vectors of some panels of a block. next is the
// panel that this goroutine probably reads after them.
func (s *searcher) scan(number, first, panels, next int) {
	b := &s.blocks[number]
	end := min(first+panels, simd.Panels(b.matrix.N))
	if first >= end {
		return
	}
	if s.similarity == Manhattan {
		s.distances(number, first, end)
		return
	}
	width, from := simd.PanelWidth, first*simd.PanelWidth
	s.part = simd.Matrix{N: min(end*width, b.matrix.N) - from, K: s.dim, F32: b.matrix.F32[from*s.dim : end*width*s.dim]}
	stride := (end - first + 1) * width
	if n := min(searchRows, s.queries.n) * stride; len(s.out) < n {
		s.out = make([]float32, n)
	}
	for q := 0; q < s.queries.n; q += searchRows {
		rows := min(searchRows, s.queries.n-q)
		job := &s.job
		*job = simd.Job{
			Dst: s.out, DstStride: stride,
			X: s.rows[q*s.stride:], XStride: s.stride, Rows: rows,
			W: &s.part, Panels: s.part.All(),
		}
		if q+rows == s.queries.n && next < simd.Panels(b.matrix.N) {
			job.Next = simd.Next{W: &b.matrix, Panel: next}
		}
		simd.Multiply(job, &s.product)
		for r := range rows {
			s.compare(q+r, s.out[r*stride:][:s.part.N], b, from, number*blockVectors+from)
		}
	}
}

// compare looks for hits of query q among vectors from … of a block, given their products
// with it. at is the index of the first.
func (s *searcher) compare(q int, products []float32, b *block, from, at int) {
	l, err := &s.found[q], s.bound(s.lengths[q], b)
	limit := l.least - err
	switch s.similarity {
	case DotProduct:
		for i, p := range products {
			if key := float64(p); !(key < limit) { // NaN goes on
				limit = s.offer(q, key, err, at+i)
			}
		}
	case Cosine:
		for i, f := range b.factor[from:][:len(products)] {
			if key := float64(products[i]) * float64(f); !(key < limit) {
				limit = s.offer(q, key, err, at+i)
			}
		}
	case Euclidean:
		for i, f := range b.factor[from:][:len(products)] {
			if key := 2*float64(products[i]) - float64(f); !(key < limit) {
				limit = s.offer(q, key, err, at+i)
			}
		}
	}
}

// bound bounds the error of keys. A key is a number that grows with the score:
//
//	dot        q·x            the score
//	cosine     q·x / ‖x‖      the score times ‖q‖
//	euclidean  2·q·x − ‖x‖²   ‖q‖² minus the squared distance
//
// A product of D terms in float32 is right to D·2⁻²⁴·‖q‖·‖x‖ in whatever order it is
// summed (Higham, Accuracy and Stability of Numerical Algorithms, 2002, §3.1), and to
// D·2⁻¹²⁶ where terms are so small that they become 0. What is added to D leaves
// room for the rounding of factors and of scores: keys that are further apart than the
// sum of their bounds have different scores. Where numbers could become infinite there
// is no bound.
func (ix *Index) bound(length float64, b *block) float64 {
	const most = 1e18
	if length > most || b.longest > most {
		return math.Inf(1)
	}
	relative, absolute := float64(ix.dim+64)*0x1p-24, float64(ix.dim)*0x1p-126
	switch ix.similarity {
	case Cosine:
		return relative*length + absolute/b.shortest
	case Euclidean:
		both := length + b.longest
		return 2*relative*length*b.longest + 0x1p-21*both*both + 2*absolute
	}
	return relative*length*b.longest + absolute
}

// distances compares all queries with the vectors of panels by Manhattan distances. The
// keys are the scores themselves.
func (s *searcher) distances(number, first, end int) {
	const width = simd.PanelWidth
	b := &s.blocks[number]
	for p := first; p < end; p++ {
		panel := b.matrix.F32[p*width*s.dim:][:width*s.dim]
		for q := range s.queries.n {
			var sums [width]float64
			for k, x := range s.rows[q*s.stride:][:s.dim] {
				for i, v := range panel[k*width:][:width] {
					sums[i] += math.Abs(float64(x) - float64(v))
				}
			}
			limit := s.found[q].least
			for i, sum := range sums[:min(width, b.matrix.N-p*width)] {
				if key := float64(float32(0 - sum)); !(key < limit) {
					limit = s.offer(q, key, 0, number*blockVectors+p*width+i)
				}
			}
		}
	}
}
