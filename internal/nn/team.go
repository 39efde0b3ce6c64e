package nn

import (
	"sync"

	"github.com/goroberta/goroberta/internal/parallel"
	"github.com/goroberta/goroberta/internal/simd"
)

// A team is the goroutines that compute together and the memory of what they
// compute. Its matrices are valid until release.
type team struct {
	pool  *parallel.Pool // nil: the calling goroutine alone
	arena *arena
}

// An arena holds the matrices of one forward pass, and a member for each
// goroutine. Arenas are reused, so nothing in them may leave the package.
type arena struct {
	matrices [matrixCount][]float32
	members  []*member
}

// A member is the working memory of one goroutine.
type member struct {
	product simd.Scratch
	keys    simd.Matrix // of one head
	values  simd.Matrix // of one head
	scores  []float32   // of one tile of queries
	out     []float32   // of one tile of attention or logits
	rows    packedRows  // a few rows of the LM head's matrix
	alone   *arena      // for what the goroutine computes without the others
}

// A use names the memory of a matrix in an arena. A matrix is valid until the next
// one of the same use.
type use int

const (
	useX    use = iota // hidden states
	useOut             // features of all parts
	useIn              // what attention reads in a pre-norm layer
	useQKV             // queries, keys, values
	useQ               // queries of the selected rows
	useAttn            // outputs of all heads
	useY               // output of a block, before it is added to x
	useH               // inside of the feed-forward block
	useRows            // hidden states of the selected rows
	useInRows
	useHead
	useHeadInner
	matrixCount
)

// arenas keeps arenas between calls. The garbage collector frees an arena after two
// collections without use, and with it the memory of a large batch.
var arenas = sync.Pool{New: func() any { return new(arena) }}

// newTeam is a team of the pool's goroutines, or of the caller alone if pool is nil.
func newTeam(pool *parallel.Pool) team {
	a := arenas.Get().(*arena)
	for len(a.members) < pool.Threads() {
		a.members = append(a.members, new(member))
	}
	return team{pool, a}
}

// release gives the team's memory back for other calls.
func (t team) release() { arenas.Put(t.arena) }

func (t team) threads() int { return t.pool.Threads() }

// fair is the team, or the calling goroutine alone once calls occupy more than half of
// the threads: all are done sooner then, because no thread waits for others.
func (t team) fair() team { return team{t.pool.Fair(), t.arena} }

// team is a team of this goroutine alone.
func (m *member) team() team {
	if m.alone == nil {
		m.alone = &arena{members: []*member{m}}
	}
	return team{nil, m.alone}
}

// run calls f for the items 0 … n-1, shared among the team's members.
func (t team) run(n int, f func(m *member, item int)) {
	t.pool.Run(n, func(slot, item int) { f(t.arena.members[slot], item) })
}

// rows calls f for chunks lo … hi-1 of the rows 0 … n-1.
func (t team) rows(n int, f func(lo, hi int)) {
	t.pool.Run((n+rowChunk-1)/rowChunk, func(_, item int) { f(item*rowChunk, min(n, (item+1)*rowChunk)) })
}

// matrix is a matrix of rows × cols in the team's memory. Its values are whatever
// an earlier use left.
func (t team) matrix(u use, rows, cols int) matrix {
	stride := strideFor(cols)
	t.arena.matrices[u] = grow(t.arena.matrices[u], rows*stride)
	return matrix{data: t.arena.matrices[u], rows: rows, cols: cols, stride: stride}
}

// selected is the selected rows of x: x itself if all rows are selected.
func (t team) selected(u use, x matrix, s Selection) matrix {
	if !s.some {
		return x
	}
	y := t.matrix(u, len(s.rows), x.cols)
	for i, r := range s.rows {
		copy(y.row(i), x.row(r))
	}
	return y
}

// norm is LN(x), row by row.
func (t team) norm(u use, x matrix, n *Norm, eps float32) matrix {
	y := t.matrix(u, x.rows, x.cols)
	t.normInto(y, x, n, eps)
	return y
}

// normInto sets y = LN(x), row by row. y may be x.
func (t team) normInto(y, x matrix, n *Norm, eps float32) {
	t.rows(x.rows, func(lo, hi int) {
		for r := lo; r < hi; r++ {
			simd.LayerNorm(y.row(r), x.row(r), n.Gain, n.Bias, eps)
		}
	})
}

// add sets x = x + y.
func (t team) add(x, y matrix) {
	t.rows(x.rows, func(lo, hi int) {
		for r := lo; r < hi; r++ {
			simd.Add(x.row(r), y.row(r))
		}
	})
}

// addNorm sets x = LN(x + y), row by row.
func (t team) addNorm(x, y matrix, n *Norm, eps float32) {
	t.rows(x.rows, func(lo, hi int) {
		simd.AddLayerNorm(x.from(lo, 0), x.stride, y.from(lo, 0), y.stride, hi-lo, n.Gain, n.Bias, eps)
	})
}
