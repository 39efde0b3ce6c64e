package roberta

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/goroberta/goroberta/internal/simd"
)

// batchOf makes token sequences of the given lengths, <s> and </s> included.
func batchOf(seed uint64, vocab int, lengths ...int) [][]int {
	rng := rand.New(rand.NewPCG(seed, 1))
	var rows [][]int
	for _, n := range lengths {
		row := []int{0}
		for len(row) < n-1 {
			row = append(row, 4+rng.IntN(vocab-5))
		}
		rows = append(rows, append(row, 2)[:n])
	}
	return rows
}

// sequence returns the first n rows of sequence s, zeros for pads.
func sequence(x *States, s, n int) []float32 {
	C := x.Shape()[2]
	values := make([]float32, n*C)
	for i := range n {
		copy(values[i*C:], x.Row(s, i))
	}
	return values
}

func sameBits(a, b []float32) bool {
	return slices.EqualFunc(a, b, func(x, y float32) bool { return math.Float32bits(x) == math.Float32bits(y) })
}

// TestLevelsOneResult holds a batch to its sequences one by one, threads to one
// another and every level of instructions to the portable one, bit for bit.
func TestLevelsOneResult(t *testing.T) {
	for _, p := range precisions {
		t.Run(p.String(), func(t *testing.T) { testLevelsOneResult(t, p) })
	}
}

// precisions are those that tests go through.
var precisions = []Precision{Float32, BFloat16, Int8}

func testLevelsOneResult(t *testing.T, precision Precision) {
	ctx := context.Background()
	for _, path := range [][]string{{"tiny", "model.pt"}, {"tiny", "fp16.pt"}, {"variants", "prenorm", "model.pt"}, {"variants", "head_dim_5", "model.pt"}, {"variants", "one_head_ffn_odd", "model.pt"}} {
		t.Run(strings.Join(path[:len(path)-1], "/"), func(t *testing.T) {
			one := openGolden(t, golden(t, path...), WithThreads(1), WithPrecision(precision))
			rows := batchOf(7, one.Config().VocabSize, 5, 1, 40, 17, 2, 31)
			rows[3] = append([]int{padID, padID}, rows[3]...)
			for i := range rows { // the variants have fewer positions
				rows[i] = rows[i][:min(len(rows[i]), one.Config().MaxPositions)]
			}
			want, err := one.ExtractFeatures(ctx, rows...)
			if err != nil {
				t.Fatal(err)
			}
			logp, err := one.Predict(ctx, "mnli", rows...)
			if err != nil {
				t.Fatal(err)
			}
			logits, err := one.LMLogits(ctx, rows...)
			if err != nil {
				t.Fatal(err)
			}
			for s, row := range rows {
				x, err := one.ExtractFeatures(ctx, row)
				if err != nil {
					t.Fatal(err)
				}
				if !sameBits(floats(x), sequence(want, s, len(row))) {
					t.Errorf("sequence %d alone differs from the same in a batch", s)
				}
				p, err := one.Predict(ctx, "mnli", row)
				if err != nil {
					t.Fatal(err)
				}
				if !sameBits(floats(p), floats(logp)[3*s:][:3]) {
					t.Errorf("prediction for sequence %d alone differs from the same in a batch", s)
				}
			}
			for _, threads := range []int{2, 7} {
				m := openGolden(t, golden(t, path...), WithThreads(threads), WithPrecision(precision))
				for _, f := range []struct {
					name string
					run  func() (result, error)
					want result
				}{
					{"features", func() (result, error) { return m.ExtractFeatures(ctx, rows...) }, want},
					{"predictions", func() (result, error) { return m.Predict(ctx, "mnli", rows...) }, logp},
					{"LM logits", func() (result, error) { return m.LMLogits(ctx, rows...) }, logits},
				} {
					got, err := f.run()
					if err != nil {
						t.Fatal(err)
					}
					if !sameBits(floats(got), floats(f.want)) {
						t.Errorf("%s on %d threads differ from those on one", f.name, threads)
					}
				}
			}
			dots := precision != BFloat16 || simd.BF16Exact()
			if !dots {
				t.Log("the instruction of this processor gives bits of its own; levels are compared without it")
				defer simd.UseDots(false)()
				want = must[*States](t)(one.ExtractFeatures(ctx, rows...))
				logp = must[*Matrix](t)(one.Predict(ctx, "mnli", rows...))
				logits = must[*States](t)(one.LMLogits(ctx, rows...))
			}
			levels := simd.Supported()
			for i, level := range append(levels, levels...) {
				restore, err := simd.Use(level)
				if err != nil {
					t.Fatal(err)
				}
				restoreDots := simd.UseDots(dots && i < len(levels))
				got, err := one.ExtractFeatures(ctx, rows...)
				if err == nil && !sameBits(floats(got), floats(want)) {
					t.Errorf("level %v differs from level %v", level, simd.Active())
				}
				p, err2 := one.Predict(ctx, "mnli", rows...)
				if err2 == nil && !sameBits(floats(p), floats(logp)) {
					t.Errorf("predictions at level %v differ", level)
				}
				l, err3 := one.LMLogits(ctx, rows...)
				if err3 == nil && !sameBits(floats(l), floats(logits)) {
					t.Errorf("LM logits at level %v differ", level)
				}
				restoreDots()
				restore()
				if err := errors.Join(err, err2, err3); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// TestLevelsAttentions holds the attention weights of a batch to those of its
// sequences one by one, of threads and of levels, bit for bit. Rows of weights add up
// to 1, and nothing else changes because they are kept.
func TestLevelsAttentions(t *testing.T) {
	ctx := t.Context()
	for _, path := range [][]string{{"tiny", "model.pt"}, {"variants", "prenorm", "model.pt"}, {"variants", "head_dim_5", "model.pt"}, {"variants", "one_head_ffn_odd", "model.pt"}} {
		t.Run(strings.Join(path[:len(path)-1], "/"), func(t *testing.T) {
			one := openGolden(t, golden(t, path...), WithThreads(1))
			lengths := []int{5, 1, 40, 17, 2, 31}
			for i := range 40 { // enough for parts
				lengths = append(lengths, 2+i*11%39)
			}
			rows := batchOf(7, one.Config().VocabSize, lengths...)
			for i := range rows { // the variants have fewer positions
				rows[i] = rows[i][:min(len(rows[i]), one.Config().MaxPositions)]
			}
			want := must[*Result](t)(one.Extract(ctx, WantAttentions|WantHiddens, rows...))
			hidden := must[[]*States](t)(one.ExtractAllHiddens(ctx, rows...))
			same := func(got *Result) bool {
				for l, a := range got.Attentions {
					if !sameBits(a.values, want.Attentions[l].values) || !sameBits(got.Hidden[l+1].values, hidden[l+1].values) {
						return false
					}
				}
				return len(got.Attentions) == one.Config().Layers
			}
			if !same(want) {
				t.Error("the hidden states change when attention weights are kept")
			}
			for s, row := range rows {
				alone := must[*Result](t)(one.Extract(ctx, WantAttentions, row))
				for l, a := range alone.Attentions {
					if !sameBits(a.values, want.Attentions[l].Float32s(s)) {
						t.Fatalf("layer %d: weights of sequence %d alone differ from those in a batch", l, s)
					}
					for h := range one.Config().Heads {
						for i := range row {
							sum := 0.0
							for _, w := range a.Row(0, h, i) {
								sum += float64(w)
							}
							if !(math.Abs(sum-1) < 1e-6) {
								t.Fatalf("layer %d, head %d: weights of token %d add up to %v", l, h, i, sum)
							}
						}
					}
				}
			}
			for _, threads := range []int{2, 3, 7} {
				m := openGolden(t, golden(t, path...), WithThreads(threads))
				if !same(must[*Result](t)(m.Extract(ctx, WantAttentions|WantHiddens, rows...))) {
					t.Errorf("weights on %d threads differ from those on one", threads)
				}
				for s := range 4 { // one sequence on all threads
					a := must[*Result](t)(m.Extract(ctx, WantAttentions, rows[s])).Attentions[0]
					if !sameBits(a.values, want.Attentions[0].Float32s(s)) {
						t.Errorf("weights of sequence %d on %d threads differ", s, threads)
					}
				}
			}
			for _, level := range simd.Supported() {
				restore, err := simd.Use(level)
				if err != nil {
					t.Fatal(err)
				}
				got, err := one.Extract(ctx, WantAttentions|WantHiddens, rows...)
				restore()
				if err != nil {
					t.Fatal(err)
				}
				if !same(got) {
					t.Errorf("weights at level %v differ", level)
				}
			}
		})
	}
}

// TestMaskedRowsOnly holds the computation of the asked rows alone to the full one.
func TestMaskedRowsOnly(t *testing.T) {
	for _, name := range []string{"prenorm", "untied"} {
		m := openGolden(t, golden(t, "variants", name, "model.pt"))
		rows := batchOf(3, m.Config().VocabSize, 9, 20, 4)
		at := [][]int{{0, 8}, {7}, {}}
		full, err := m.LMLogits(context.Background(), rows...)
		if err != nil {
			t.Fatal(err)
		}
		got, err := maskLogits(context.Background(), m, rows, at)
		if err != nil {
			t.Fatal(err)
		}
		V, T := m.Config().VocabSize, full.Shape()[1]
		n := 0
		for s := range rows {
			for _, i := range at[s] {
				if !sameBits(got[n*V:][:V], floats(full)[(s*T+i)*V:][:V]) {
					t.Errorf("%s: logits of position %d of sequence %d alone differ from the full computation", name, i, s)
				}
				n++
			}
		}
	}
}

// maskLogits is all that ask gives.
func maskLogits(ctx context.Context, m *Model, tokens, at [][]int) (all []float32, err error) {
	err = m.ask(ctx, func(yield func(question) bool) {
		for s, in := range Inputs(tokens...) {
			if !yield(question{in, at[s], func(_ int, logits []float32) { all = append(all, logits...) }}) {
				return
			}
		}
	})
	return all, err
}
