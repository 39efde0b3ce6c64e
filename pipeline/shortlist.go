package pipeline

import (
	"cmp"
	"math"
	"slices"

	"github.com/goroberta/goroberta/internal/simd"
)

// A shortlist is the vectors that may be among the best k of a query.
type shortlist struct {
	entries []candidate
	// lower is a heap of the k largest lower bounds of keys, the smallest first, and
	// least is that, or −Inf as long as there are fewer than k: a vector whose key is
	// certainly below it is not among the best.
	lower []float64
	least float64
}

// A candidate is a vector on a shortlist.
type candidate struct {
	upper  float64 // bound of its key
	index  int
	score  float32 // if scored
	scored bool
}

// better orders candidates that are scored as hits are ordered.
func better(a, b candidate) int {
	if c := cmp.Compare(b.score, a.score); c != 0 {
		return c
	}
	return cmp.Compare(a.index, b.index)
}

// offer puts a vector on the shortlist of query q, and returns the key below which others
// need not come.
func (s *searcher) offer(q int, key, bound float64, index int) (limit float64) {
	l := &s.found[q]
	upper := key + bound
	if upper != upper { // no bound, since the product is none
		upper = math.Inf(1)
	}
	l.entries = append(l.entries, candidate{upper: upper, index: index})
	l.raise(key-bound, s.k)
	if most := 2*s.k + 1024; len(l.entries) >= most {
		l.prune(l.least)
		if len(l.entries) > most/2+s.k/2 {
			s.keepBest(l, q)
		}
	}
	return l.least - bound
}

// raise adds the lower bound of a key.
func (l *shortlist) raise(lower float64, k int) {
	switch {
	case !(lower > l.least): // nor NaN
		return
	case len(l.lower) < k:
		if l.lower = append(l.lower, lower); len(l.lower) < k {
			return
		}
		slices.Sort(l.lower) // which is a heap
	default:
		h := l.lower
		h[0] = lower
		for i := 0; ; {
			c := 2*i + 1
			if c+1 < k && h[c+1] < h[c] {
				c++
			}
			if c >= k || h[i] <= h[c] {
				break
			}
			h[i], h[c] = h[c], h[i]
			i = c
		}
	}
	l.least = l.lower[0]
}

// prune takes candidates off the list whose keys are certainly below least.
func (l *shortlist) prune(least float64) {
	l.entries = slices.DeleteFunc(l.entries, func(c candidate) bool { return c.upper < least })
}

// keepBest scores all candidates of query q and keeps the best k.
func (s *searcher) keepBest(l *shortlist, q int) {
	query := s.rows[q*s.stride:][:s.dim]
	for i := range l.entries {
		if c := &l.entries[i]; !c.scored {
			c.score, c.scored = s.exact(query, s.lengths[q], c.index), true
		}
	}
	slices.SortFunc(l.entries, better)
	l.entries = l.entries[:min(s.k, len(l.entries))]
}

// exact is Similarity.Score of a query and vector i.
func (ix *Index) exact(query []float32, length float64, i int) float32 {
	const stride = simd.PanelWidth
	packed := ix.blocks[i/blockVectors].vector(i % blockVectors)
	other := 0.0
	if ix.similarity == Cosine {
		for k := range query {
			x := float64(packed[k*stride])
			other += x * x
		}
	}
	return ix.similarity.score(query, packed, stride, length, math.Sqrt(other))
}

// join makes hits of what all searchers found for query q.
func (ix *Index) join(searchers []*searcher, q int) []Hit {
	s := searchers[0]
	l := &s.found[q]
	for _, other := range searchers[1:] {
		o := &other.found[q]
		l.entries = append(l.entries, o.entries...)
		for _, lower := range o.lower {
			l.raise(lower, s.k)
		}
		*o = shortlist{}
	}
	l.prune(l.least)
	s.keepBest(l, q)
	hits := make([]Hit, len(l.entries))
	for i, c := range l.entries {
		hits[i] = Hit{c.index, c.score}
	}
	*l = shortlist{}
	return hits
}
