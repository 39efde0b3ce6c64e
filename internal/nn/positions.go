package nn

import (
	"math"
	"slices"
	"sync"
	"sync/atomic"
)

// Positions gives the position embedding of each place in a sequence.
type Positions struct {
	first int // row of a sequence's first token
	table atomic.Pointer[Table]

	sinusoidal bool
	dim        int
	growing    sync.Mutex
}

// LearnedPositions takes position p of a sequence, from 0, from row first+p of t,
// which is float32.
func LearnedPositions(t *Table, first int) *Positions {
	p := &Positions{first: first}
	p.table.Store(t)
	return p
}

// SinusoidalPositions computes position p, from 0, as fairseq does for index
// first+p. Memory grows with the longest sequence seen, not with what a file's
// settings claim.
func SinusoidalPositions(dim, first int) *Positions {
	p := &Positions{first: first, sinusoidal: true, dim: dim}
	p.table.Store(&Table{Cols: dim})
	return p
}

// upTo is a table with a row for each position of b. A nil p has none.
func (p *Positions) upTo(b *Batch) *Table {
	if p == nil {
		return nil
	}
	t := p.table.Load()
	if !p.sinusoidal {
		return t
	}
	need := p.first + slices.Max(b.Positions) + 1
	if need <= t.Rows {
		return t
	}
	p.growing.Lock()
	defer p.growing.Unlock()
	if t = p.table.Load(); need > t.Rows {
		t = sinusoids(max(need, 2*t.Rows), p.dim)
		p.table.Store(t)
	}
	return t
}

// sinusoids returns the table of sinusoidal position embeddings: sines in the first
// half of a row, cosines in the second, with wavelengths from 2π to 10000·2π,
// computed in float32 like fairseq's
// (fairseq/modules/sinusoidal_positional_embedding.py, get_embedding).
func sinusoids(rows, cols int) *Table {
	t := &Table{Rows: rows, Cols: cols, F32: make([]float32, rows*cols)}
	half := cols / 2
	step := float32(math.Log(10000) / float64(max(half-1, 1)))
	for p := range rows {
		row := t.row(p)
		for i := range half {
			freq := float32(math.Exp(float64(float32(i) * -step)))
			angle := float64(float32(p) * freq)
			row[i] = float32(math.Sin(angle))
			row[half+i] = float32(math.Cos(angle))
		}
	}
	return t
}
