package nn

import (
	"sync"

	"github.com/goroberta/goroberta/internal/parallel"
	"github.com/goroberta/goroberta/internal/simd"
)

// A team is the goroutines that compute together and the memory of what they
// compute. Its matrices are valid until release.
type team struct {
	pool   *parallel.Pool // nil: the calling goroutine alone
	arena  *arena
	sample *sample // nil: nothing is sampled
}

// An arena holds the matrices of one forward pass, and a member for each
// goroutine. Arenas are reused, so nothing in them may leave the package.
type arena struct {
	matrices [matrixCount][]float32
	members  []*member
	rounded  rounded // what a layer multiplies
	some     rounded // the same of the selected rows
}

// A member is the working memory of one goroutine.
type member struct {
	product simd.Scratch
	keys    simd.Matrix    // of one head
	values  simd.Matrix    // of one head
	rounded simd.Int16Rows // what is multiplied with them, if they are integers
	scores  []float32      // of one tile of queries
	out     []float32      // of one tile of attention or logits
	rows    packedRows     // a few rows of the LM head's matrix
	alone   *arena         // for what the goroutine computes without the others
}

// A use names the memory of a matrix in an arena. A matrix is valid until the next
// one of the same use.
type use int

const (
	useX         use = iota // hidden states
	useOut                  // features of all parts
	useIn                   // what attention reads in a pre-norm layer
	useQKV                  // queries, keys, values
	useQ                    // queries of the selected rows
	useAttn                 // outputs of all heads
	useY                    // output of a block, before it is added to x
	useH                    // inside of the feed-forward block
	useRows                 // hidden states of the selected rows
	useInRows               // what attention reads, of the selected rows
	useHeadRows             // rows that a head reads
	useHead                 // output of a head
	useHeadInner            // inside of a head
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
	return team{pool: pool, arena: a}
}

// release gives the team's memory back for other calls.
func (t team) release() { arenas.Put(t.arena) }

func (t team) threads() int { return t.pool.Threads() }

// fair is the team, or the calling goroutine alone once calls occupy more than half of
// the threads: all are done sooner then, because no thread waits for others.
func (t team) fair() team { return team{t.pool.Fair(), t.arena, t.sample} }

// team is a team of this goroutine alone.
func (m *member) team() team {
	if m.alone == nil {
		m.alone = &arena{members: []*member{m}}
	}
	return team{arena: m.alone}
}

// run calls f for the items 0 … n-1, shared among the team's members.
func (t team) run(n int, f func(m *member, item int)) {
	t.pool.Run(n, func(slot, item int) { f(t.arena.members[slot], item) })
}

// matrix is a matrix of rows × cols in the team's memory. Its values are whatever
// an earlier use left.
func (t team) matrix(u use, rows, cols int) matrix {
	stride := strideFor(cols)
	t.arena.matrices[u] = grow(t.arena.matrices[u], rows*stride)
	return matrix{data: t.arena.matrices[u], rows: rows, cols: cols, stride: stride}
}
