package nn

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/goroberta/goroberta/internal/simd"
)

// TestAttention compares attention, in float32 and in integers, with that in float64 and plain
// loops: for heads that are whole panels and others, and for all rows and some. All cases have
// the same memory, one after the other, as calls with models of several precisions do.
func TestAttention(t *testing.T) {
	team := newTeam(nil)
	defer team.release()
	for _, c := range []struct{ dim, heads int }{{128, 2}, {48, 2}, {60, 4}, {32, 32}} {
		for _, lengths := range [][]int{{1, 2}, {17, 64, 5}, {130}} {
			for _, f := range []struct {
				format simd.Format
				bound  float64
			}{{simd.Float32, 3e-6}, {simd.Int8, 6e-4}, {simd.BFloat16, 6e-4}} {
				for _, s := range []Selection{All(), Only(0, lengths[0])} {
					if lengths[0] == 130 && s.some {
						continue
					}
					t.Run(fmt.Sprint(c, lengths, f.format, s.some), func(t *testing.T) {
						testAttention(t, team, benchEncoder(1, c.dim, 2*c.dim, c.heads), benchBatch(lengths...), s, f.format, f.bound)
					})
				}
			}
		}
	}
}

func testAttention(t *testing.T, team team, e *Encoder, b *Batch, s Selection, f simd.Format, bound float64) {
	a := e.newAttention(team, &e.Layers[0], b, team.matrix(useX, b.Len(), e.Dim), s)
	a.l = &Layer{}
	a.l.QKV.W.Format = f
	random := rand.New(rand.NewPCG(1, 2))
	for i := range a.qkv.data {
		a.qkv.data[i] = float32(random.NormFloat64())
	}
	rows := s.rows
	if !s.some {
		for r := range b.Len() {
			rows = append(rows, r)
		}
	}
	queries := make([][]float64, len(rows))
	for i, r := range rows {
		copy(a.q.row(i)[:e.Dim], a.qkv.row(r)[:e.Dim])
		queries[i] = float64s(a.q.row(i)[:e.Dim])
	}
	for i := range b.Sequences() {
		for h := range e.Heads {
			a.attend(team.arena.members[0], i, h)
		}
	}
	D, sequence := e.headDim(), 0
	for i, r := range rows {
		for b.Offsets[sequence+1] <= r {
			sequence++
		}
		for h := range e.Heads {
			lo, hi, col := b.Offsets[sequence], b.Offsets[sequence+1], h*D
			want, total := make([]float64, D), 0.0
			for k := lo; k < hi; k++ {
				score := 0.0
				for d, v := range a.qkv.from(k, a.part+col)[:D] {
					score += queries[i][col+d] * float64(v)
				}
				p := math.Exp(score / math.Sqrt(float64(D)))
				total += p
				for d, v := range a.qkv.from(k, 2*a.part+col)[:D] {
					want[d] += p * float64(v)
				}
			}
			for d, got := range a.out.row(i)[col : col+D] {
				if w := want[d] / total; !(math.Abs(float64(got)-w) <= bound) {
					t.Fatalf("row %d, head %d: element %d is %v, want %v", r, h, d, got, w)
				}
			}
		}
	}
}

func float64s(x []float32) []float64 {
	y := make([]float64, len(x))
	for i, v := range x {
		y[i] = float64(v)
	}
	return y
}
