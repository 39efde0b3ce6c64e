package nn

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// TestParts cuts random batches for random numbers of threads: every sequence
// must be in one part, whole and in its own numbers.
func TestParts(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	e := &Encoder{Config: Config{Dim: 64, FFNDim: 256}}
	for range 500 {
		var lengths []int
		for range 1 + rng.IntN(40) {
			lengths = append(lengths, 1+rng.IntN(1+rng.IntN(400)))
		}
		threads := 1 + rng.IntN(9)
		b := benchBatch(lengths...)
		parts, rest := e.parts(b, threads)
		if len(parts) > 0 && b.Len() < leastRows*threads {
			t.Fatalf("%d rows in parts for %d threads", b.Len(), threads)
		}
		var asked []int
		for r := range b.Len() {
			if rng.IntN(3) == 0 {
				asked = append(asked, r)
			}
		}
		seen, found := make([]int, b.Len()), make([]int, len(asked))
		for _, p := range append(parts, rest) {
			picked, at := b.pick(p.sequences), p.rowsOf(b)
			if len(at) != picked.Len() {
				t.Fatalf("lengths %v: a part of %d rows says where %d are", lengths, picked.Len(), len(at))
			}
			for r, i := range at {
				seen[i]++
				if picked.Tokens[r] != b.Tokens[i] || picked.Positions[r] != b.Positions[i] {
					t.Fatalf("lengths %v: row %d of a part is not row %d of the batch", lengths, r, i)
				}
			}
			for i, s := range p.sequences {
				if picked.Offsets[i+1]-picked.Offsets[i] != b.Offsets[s+1]-b.Offsets[s] {
					t.Fatalf("lengths %v: sequence %d has another length in its part", lengths, s)
				}
			}
			within, to := p.selection(b, Only(asked...))
			for i, r := range within.rows {
				found[to[i]]++
				if at[r] != asked[to[i]] {
					t.Fatalf("lengths %v: row %d of a part stands for row %d", lengths, r, asked[to[i]])
				}
			}
		}
		if len(parts) == 0 { // the batch as it is
			continue
		}
		if slices.ContainsFunc(seen, func(n int) bool { return n != 1 }) || slices.ContainsFunc(found, func(n int) bool { return n != 1 }) {
			t.Fatalf("lengths %v, %d threads: rows missing or there twice", lengths, threads)
		}
	}
}

// TestPartsShare holds parts to a share of the work that keeps all threads busy.
func TestPartsShare(t *testing.T) {
	e := &Encoder{Config: Config{Dim: 768, FFNDim: 3072}}
	for _, c := range []struct {
		lengths        []int
		threads, parts int
		rest           int // sequences
	}{
		{slices.Repeat([]int{128}, 8), 1, 8, 0},
		{slices.Repeat([]int{128}, 8), 2, 8, 0},
		{slices.Repeat([]int{32}, 32), 2, 8, 0},
		{[]int{128, 128, 128}, 2, 2, 1},              // two at a time, the third together
		{[]int{512}, 2, 0, 0},                        // one sequence is not cut
		{[]int{512, 8, 8, 8}, 2, 0, 0},               // nor is one with a few short ones
		{slices.Repeat([]int{8}, 4), 2, 0, 0},        // too few rows
		{slices.Repeat([]int{128}, 100), 64, 64, 36}, // a round of parts, then the rest
	} {
		b := benchBatch(c.lengths...)
		parts, rest := e.parts(b, c.threads)
		if len(parts) != c.parts || len(rest.sequences) != c.rest {
			t.Errorf("%d sequences of %d tokens or so on %d threads: %d parts and a rest of %d, want %d and %d",
				len(c.lengths), c.lengths[0], c.threads, len(parts), len(rest.sequences), c.parts, c.rest)
		}
	}
}
