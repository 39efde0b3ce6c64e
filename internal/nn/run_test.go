package nn

import (
	"context"
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/goroberta/goroberta/internal/parallel"
	"github.com/goroberta/goroberta/internal/simd"
)

// TestEachLogits holds logits that are computed some rows at a time to those of all rows.
func TestEachLogits(t *testing.T) {
	e := benchEncoder(1, 32, 64, 2)
	table := func(rows, cols int) []float32 {
		x := make([]float32, rows*cols)
		for i := range x {
			x[i] = float32(math.Sin(float64(i)))
		}
		return x
	}
	const V, rows = 301, 11
	ln := Norm{table(1, 32), table(1, 32)}
	q := Request{LM: &LMHead{Dense: NewLinear(table(32, 32), 32, 32, table(1, 32)), Activation: simd.GELU, Norm: ln,
		W: &Table{Rows: V, Cols: 32, F32: table(V, 32)}, Bias: table(1, 2*V)}}
	team := newTeam(parallel.New(1))
	defer team.release()
	x := team.matrix(useX, rows, 32)
	for r := range rows {
		copy(x.row(r), table(rows, 32)[r*32:])
	}
	want, err := e.logits(t.Context(), team, x, &q, 1)
	if err != nil || len(want) != rows*V {
		t.Fatalf("%d logits, error %v", len(want), err)
	}
	for _, most := range []int{0, 1, V, 3*V + 5, rows * V, math.MaxInt} {
		var got []float32
		q.EachLogits = func(row int, logits []float32) {
			if row != len(got)/V || len(logits) != V {
				t.Errorf("row %d with %d logits after %d", row, len(logits), len(got))
			}
			got = append(got, logits...)
		}
		if all, err := e.logits(t.Context(), team, x, &q, most); err != nil || all != nil {
			t.Fatalf("%d logits beside those handed on, error %v", len(all), err)
		}
		if !slices.Equal(got, want) {
			t.Errorf("at most %d at a time: logits differ", most)
		}
	}
	got := make([]float32, rows*V)
	q.EachPiece = func(row, first int, logits []float32) { copy(got[row*V+first:], logits) }
	if all, err := e.logits(t.Context(), team, x, &q, 1); err != nil || all != nil || !slices.Equal(got, want) {
		t.Errorf("pieces differ, or %d logits come beside them; error %v", len(all), err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := e.logits(ended, team, x, &q, V); !errors.Is(err, context.Canceled) {
		t.Errorf("ended context: %v", err)
	}
}
