package roberta

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"gorgonia.org/tensor"
)

// TestParts cuts random batches for random numbers of threads: every sequence
// must be in one part, whole and in its own numbers.
func TestParts(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	cfg := &Config{Dim: 64, FFNDim: 256, VocabSize: 1000, MaxPositions: 512}
	for range 500 {
		var lengths []int
		for range 1 + rng.IntN(40) {
			lengths = append(lengths, 1+rng.IntN(1+rng.IntN(400)))
		}
		threads := 1 + rng.IntN(9)
		rows := batchOf(rng.Uint64(), 1000, lengths...)
		for i := range rows {
			rows[i] = slices.Insert(rows[i], rng.IntN(len(rows[i])+1), padID)
		}
		b := must[*batch](t)(newBatch(cfg, rows))
		parts, rest := b.parts(cfg, threads)
		if len(parts) > 0 && b.len() < leastRows*threads {
			t.Fatalf("%d rows in parts for %d threads", b.len(), threads)
		}
		var asked []int
		for r := range b.len() {
			if rng.IntN(3) == 0 {
				asked = append(asked, r)
			}
		}
		seen, found := make([]int, b.len()), make([]int, len(asked))
		for _, p := range append(parts, rest) {
			if len(p.sequences) == 0 && p.len() > 0 {
				t.Fatalf("lengths %v: %d rows of no sequence", lengths, p.len())
			}
			at := p.rowsIn(b)
			if len(at) != p.len() {
				t.Fatalf("lengths %v: a part of %d rows says where %d are", lengths, p.len(), len(at))
			}
			for r, i := range at {
				seen[i]++
				if p.tokens[r] != b.tokens[i] || p.positions[r] != b.positions[i] || p.places[r] != b.places[i] {
					t.Fatalf("lengths %v: row %d of a part is not row %d of the batch", lengths, r, i)
				}
			}
			for i, s := range p.sequences {
				if p.offsets[i+1]-p.offsets[i] != b.offsets[s+1]-b.offsets[s] {
					t.Fatalf("lengths %v: sequence %d has another length in its part", lengths, s)
				}
			}
			own, to := p.only(b, asked)
			for i, r := range own {
				found[to[i]]++
				if at[r] != asked[to[i]] {
					t.Fatalf("lengths %v: row %d of a part stands for row %d", lengths, r, asked[to[i]])
				}
			}
		}
		if slices.ContainsFunc(seen, func(n int) bool { return n != 1 }) || slices.ContainsFunc(found, func(n int) bool { return n != 1 }) {
			t.Fatalf("lengths %v, %d threads: rows missing or there twice", lengths, threads)
		}
	}
}

// TestPartsShare holds parts to a share of the work that keeps all threads busy.
func TestPartsShare(t *testing.T) {
	cfg := &Config{Dim: 768, FFNDim: 3072, VocabSize: 1000, MaxPositions: 512}
	for _, c := range []struct {
		lengths        []int
		threads, parts int
		rest           int // sequences
	}{
		{slices.Repeat([]int{128}, 8), 1, 8, 0},
		{slices.Repeat([]int{128}, 8), 2, 8, 0},
		{slices.Repeat([]int{32}, 32), 2, 8, 0},
		{[]int{128, 128, 128}, 2, 2, 1},              // two at a time, the third together
		{[]int{512}, 2, 0, 1},                        // one sequence is no batch
		{[]int{512, 8, 8, 8}, 2, 0, 4},               // nor is one with crumbs
		{slices.Repeat([]int{8}, 4), 2, 0, 4},        // too few rows
		{slices.Repeat([]int{128}, 100), 64, 64, 36}, // a round of parts, then the rest
	} {
		b := must[*batch](t)(newBatch(cfg, batchOf(1, 1000, c.lengths...)))
		parts, rest := b.parts(cfg, c.threads)
		if len(parts) != c.parts || len(rest.sequences) != c.rest {
			t.Errorf("%d sequences of %d tokens or so on %d threads: %d parts and a rest of %d, want %d and %d",
				len(c.lengths), c.lengths[0], c.threads, len(parts), len(rest.sequences), c.parts, c.rest)
		}
	}
}

// TestPartsOneResult holds large batches, which are computed in parts, to their
// sequences one by one.
func TestPartsOneResult(t *testing.T) {
	ctx := context.Background()
	for _, name := range []string{"tiny", "prenorm"} {
		path := golden(t, "tiny", "model.pt")
		if name != "tiny" {
			path = golden(t, "variants", name, "model.pt")
		}
		one := openGolden(t, path, WithThreads(1))
		longest, V := one.Config().MaxPositions, one.Config().VocabSize
		var lengths []int
		for i := range 60 {
			lengths = append(lengths, min(longest, 2+i*11%39))
		}
		rows := batchOf(23, V, lengths...)
		at := func(s int) []int { return []int{0, lengths[s] / 2, lengths[s] - 1}[s%2 : 1+s%3] }
		var want [][]*tensor.Dense
		var wantLogits []float32
		for s, row := range rows {
			want = append(want, must[[]*tensor.Dense](t)(one.ExtractAllHiddens(ctx, row)))
			wantLogits = append(wantLogits, must[[]float32](t)(one.maskLogits(ctx, rows[s:s+1], func(int) []int { return at(s) }))...)
		}
		for _, threads := range []int{1, 2, 3, 5} {
			t.Run(fmt.Sprintf("%s/threads=%d", name, threads), func(t *testing.T) {
				m := openGolden(t, path, WithThreads(threads))
				e := must[*Extraction](t)(m.Extract(ctx, LastHidden|AllHiddens, rows...))
				for s, n := range lengths {
					for l := range e.Hidden {
						if !sameBits(sequence(e.Hidden[l], s, n), floats(want[s][l])) {
							t.Fatalf("layer %d of sequence %d differs from the sequence alone", l, s)
						}
					}
				}
				if got := must[[]float32](t)(m.maskLogits(ctx, rows, at)); !sameBits(got, wantLogits) {
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
