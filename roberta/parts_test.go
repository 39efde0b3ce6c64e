package roberta

import (
	"context"
	"errors"
	"fmt"
	"testing"
)

// TestPartsOneResult holds large batches, which are computed in parts, to their
// sequences one by one.
func TestPartsOneResult(t *testing.T) {
	for _, p := range precisions {
		t.Run(p.String(), func(t *testing.T) { testPartsOneResult(t, p) })
	}
}

func testPartsOneResult(t *testing.T, precision Precision) {
	ctx := context.Background()
	for _, name := range []string{"tiny", "prenorm"} {
		path := golden(t, "tiny", "model.pt")
		if name != "tiny" {
			path = golden(t, "variants", name, "model.pt")
		}
		one := openGolden(t, path, WithThreads(1), WithPrecision(precision))
		longest, V := one.Config().MaxPositions, one.Config().VocabSize
		var lengths []int
		for i := range 60 {
			lengths = append(lengths, min(longest, 2+i*11%39))
		}
		rows := batchOf(23, V, lengths...)
		at := func(s int) []int { return []int{0, lengths[s] / 2, lengths[s] - 1}[s%2 : 1+s%3] }
		var masks [][]int
		for s := range lengths {
			masks = append(masks, at(s))
		}
		var want [][]*States
		var wantLogits []float32
		for s, row := range rows {
			want = append(want, must[[]*States](t)(one.ExtractAllHiddens(ctx, row)))
			wantLogits = append(wantLogits, must[[]float32](t)(maskLogits(ctx, one, rows[s:s+1], [][]int{at(s)}))...)
		}
		for _, threads := range []int{1, 2, 3, 5} {
			t.Run(fmt.Sprintf("%s/threads=%d", name, threads), func(t *testing.T) {
				m := openGolden(t, path, WithThreads(threads), WithPrecision(precision))
				e := must[*Result](t)(m.Extract(ctx, WantFeatures|WantHiddens, rows...))
				for s, n := range lengths {
					for l := range e.Hidden {
						if !sameBits(sequence(e.Hidden[l], s, n), floats(want[s][l])) {
							t.Fatalf("layer %d of sequence %d differs from the sequence alone", l, s)
						}
					}
				}
				if got := must[[]float32](t)(maskLogits(ctx, m, rows, masks)); !sameBits(got, wantLogits) {
					t.Error("logits of single positions differ from those of the sequences alone")
				}
				ended, cancel := context.WithCancel(ctx)
				cancel()
				if _, err := m.ExtractFeatures(ended, rows...); !errors.Is(err, context.Canceled) {
					t.Errorf("ended context: error %v", err)
				}
			})
		}
		looks := &countdown{Context: ctx, n: 3}
		if _, err := one.ExtractFeatures(looks, rows...); !errors.Is(err, context.Canceled) {
			t.Errorf("context that ends in the first part: error %v", err)
		}
		if looks.after > 20 {
			t.Errorf("%d looks at a context after its end", looks.after)
		}
	}
}
