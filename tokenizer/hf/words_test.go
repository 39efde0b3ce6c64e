package hf

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
)

// TestWordCache: what many goroutines at once find in a cache is what was added for that
// piece, also where pieces share slots.
func TestWordCache(t *testing.T) {
	idsOf := func(n int) []int {
		ids := make([]int, n%(mostWordIDs+2))
		for i := range ids {
			ids[i] = n*31 + i
		}
		return ids
	}
	var c wordCache
	var group sync.WaitGroup
	var found sync.Map
	for worker := range 4 {
		group.Go(func() {
			r := rand.New(rand.NewPCG(uint64(worker), 1))
			var ids []int
			for range 20000 {
				n := r.IntN(1000)
				// The size is part of the hash, so that these fall into slots side by side now and then.
				piece := fmt.Sprintf("%0*d", 1+n%longestWord, n)
				key, ok := keyOf(piece)
				if !ok {
					continue
				}
				key.a, key.b, key.c = uint64(n), uint64(n)<<7, 3 // whatever they are
				var again bool
				ids, ok, again = c.append(append(ids[:0], -1), key)
				want := append([]int{-1}, idsOf(n)...)
				switch {
				case ok && !slices.Equal(ids, want):
					t.Errorf("piece %d: %v, want %v", n, ids, want)
					return
				case ok:
					found.Store(n, true)
				case len(ids) != 1:
					t.Errorf("piece %d is not there and has %v", n, ids)
					return
				case again:
					c.add(key, idsOf(n))
				}
			}
		})
	}
	group.Wait()
	n := 0
	found.Range(func(key, _ any) bool {
		n++
		if len(idsOf(key.(int))) > mostWordIDs {
			t.Errorf("piece %v has too many ids", key)
		}
		return true
	})
	if n < 500 {
		t.Errorf("%d pieces were found", n)
	}
}

// TestSpansAgain: a word that is remembered has the spans that it had.
func TestSpansAgain(t *testing.T) {
	all, err := goldens()
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range all {
		tok := parseGolden(t, g.Name)
		for _, w := range g.Rows {
			ids, spans := tok.AppendSpans(nil, nil, w.Texts[0])
			for range 2 { // the second is the first that may be of the cache
				again, spansAgain := tok.AppendSpans(nil, nil, w.Texts[0])
				if !slices.Equal(again, ids) || !slices.Equal(spansAgain, spans) {
					t.Fatalf("%s: %q has %v %v, then %v %v", g.Name, w.Texts[0], ids, spans, again, spansAgain)
				}
			}
		}
	}
}
