package roberta

import (
	"sync"

	"github.com/goroberta/goroberta/internal/parallel"
	"github.com/goroberta/goroberta/internal/simd"
)

// A matrix is rows × cols float32 values in memory of a padded row stride:
//
//	row 0   x x x x x · ·      x: a value, ·: room
//	row 1   x x x x x · ·
//
// A row has room for whole panels, because products write whole panels, and
// then 16 floats more: kernels walk several rows at once, and rows whose
// distance is a multiple of 4096 bytes would all fall into one set of the
// first-level cache.
type matrix struct {
	data       []float32
	rows, cols int
	stride     int
}

func strideFor(cols int) int { return simd.Panels(cols)*simd.PanelWidth + 16 }

func (m matrix) row(i int) []float32 { return m.data[i*m.stride:][:m.cols] }

// rowsFrom is the matrix of rows lo … hi-1.
func (m matrix) rowsFrom(lo, hi int) matrix {
	return matrix{data: m.data[lo*m.stride : hi*m.stride], rows: hi - lo, cols: m.cols, stride: m.stride}
}

// from is the matrix's memory from row i, column c on.
func (m matrix) from(i, c int) []float32 { return m.data[i*m.stride+c:] }

// The matrices of one forward pass. Each has memory of its own in the arena.
const (
	bufX   = iota // hidden states
	bufOut        // features of all parts
	bufIn
	bufQKV
	bufQ
	bufAttn
	bufY
	bufH
	bufRows // hidden states of the rows that were asked for
	bufInRows
	bufHead
	bufHeadInner
	bufCount
)

// An arena is the memory of one call: the matrices of its forward pass and
// scratch memory for each goroutine that takes part. Arenas are reused, so
// nothing in them may leave the package.
type arena struct {
	bufs    [bufCount][]float32
	scratch []scratch
}

// A scratch is one goroutine's part of an arena.
type scratch struct {
	product *simd.Scratch
	keys    []float32      // keys of one head, packed
	values  []float32      // values of one head, packed
	w       [2]simd.Matrix // keys and values, or the LM head's panels: a job's matrix on the stack would be moved to the heap
	scores  []float32      // one tile of attention scores
	out     []float32      // one tile of attention output or of logits
	packed  packBuffer     // panels of the LM head
	own     *arena         // for blocks of rows that one goroutine computes alone
}

// arenas keeps arenas between calls. The garbage collector empties it, so
// memory that a large batch took goes back after two collections.
var arenas = sync.Pool{New: func() any { return new(arena) }}

func newArena(p *parallel.Pool) *arena {
	a := arenas.Get().(*arena)
	for len(a.scratch) < p.Threads() {
		a.scratch = append(a.scratch, scratch{product: new(simd.Scratch)})
	}
	return a
}

func (a *arena) release() { arenas.Put(a) }

// own is an arena for what slot computes without the others.
func (a *arena) own(slot int) *arena {
	s := &a.scratch[slot]
	if s.own == nil {
		s.own = &arena{scratch: []scratch{{product: s.product}}}
	}
	return s.own
}

// gather is the arena's matrix buf with the given rows of m.
func (a *arena) gather(buf int, m matrix, rows []int) matrix {
	g := a.matrix(buf, len(rows), m.cols)
	for i, r := range rows {
		copy(g.row(i), m.row(r))
	}
	return g
}

// matrix is the arena's matrix buf with room for rows × cols; its values are
// whatever an earlier use left.
func (a *arena) matrix(buf, rows, cols int) matrix {
	stride := strideFor(cols)
	a.bufs[buf] = grow(a.bufs[buf], rows*stride)
	return matrix{data: a.bufs[buf], rows: rows, cols: cols, stride: stride}
}

// grow returns s with length n, of its own memory if that suffices.
func grow(s []float32, n int) []float32 {
	if cap(s) < n {
		return inHugePages[float32](n)
	}
	return s[:n]
}

// A norm is a LayerNorm's gain and bias.
type norm struct{ gain, bias []float32 }

// rowChunk is the number of rows that one item of a row-wise operation takes.
const rowChunk = 16

// eachRow calls f for the rows 0 … n-1.
func eachRow(p *parallel.Pool, n int, f func(r int)) {
	rowChunks(p, n, func(lo, hi int) {
		for r := lo; r < hi; r++ {
			f(r)
		}
	})
}

// rowChunks calls f for chunks lo … hi-1 of the rows 0 … n-1.
func rowChunks(p *parallel.Pool, n int, f func(lo, hi int)) {
	p.Run((n+rowChunk-1)/rowChunk, func(_, item int) { f(item*rowChunk, min(n, (item+1)*rowChunk)) })
}
