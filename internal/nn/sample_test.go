package nn

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/goroberta/goroberta/internal/parallel"
)

// TestSample: what is sampled of many sequences has the bits that it has of each sequence
// alone, on any number of threads.
func TestSample(t *testing.T) {
	e := benchEncoder(2, 32, 64, 2)
	b := &Batch{Offsets: []int{0}}
	for s := range 60 { // more than are computed at a time
		n := 1 + s*37%300
		for i := range n {
			b.Tokens, b.Positions = append(b.Tokens, (s*31+i*7)%1000), append(b.Positions, i)
		}
		b.Offsets = append(b.Offsets, len(b.Tokens))
	}
	if b.Len() < 2*sampleTokens {
		t.Fatalf("%d tokens", b.Len())
	}
	var rows []int
	for r := 5; r < b.Len(); r += 173 {
		rows = append(rows, r)
	}
	name := func(l *Linear, i int) string {
		for n := range e.Layers {
			for k, of := range []*Linear{&e.Layers[n].QKV, &e.Layers[n].Out, &e.Layers[n].FC1, &e.Layers[n].FC2} {
				if l == of {
					return fmt.Sprint(n, " ", k, " ", i)
				}
			}
		}
		t.Fatal("a layer that is none of the encoder's")
		return ""
	}
	want := map[string][]float32{}
	one := parallel.New(1)
	defer one.Close()
	for i, r := range rows {
		s, _ := slices.BinarySearch(b.Offsets, r+1)
		alone := b.pick([]int{s - 1})
		err := e.Sample(t.Context(), one, alone, Only(r-b.Offsets[s-1]), func(l *Linear, _ int, x []float32) { want[name(l, i)] = slices.Clone(x) })
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(want) != 2*4*len(rows) {
		t.Fatalf("%d rows of inputs", len(want))
	}
	for _, threads := range []int{1, 2, 5} {
		p := parallel.New(threads)
		defer p.Close()
		seen := 0
		err := e.Sample(t.Context(), p, b, Only(rows...), func(l *Linear, i int, x []float32) {
			if seen++; !slices.Equal(x, want[name(l, i)]) {
				t.Errorf("%d threads: input %s differs from that of the sequence alone", threads, name(l, i))
			}
		})
		if err != nil || seen != len(want) {
			t.Errorf("%d rows, error %v", seen, err)
		}
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := e.Sample(ended, one, b, Only(rows...), nil); !errors.Is(err, context.Canceled) {
		t.Errorf("an ended context: error %v", err)
	}
}
