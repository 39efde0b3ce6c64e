package merges

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/goroberta/goroberta/tokenizer"
)

// naive merges by searching all neighbours each time. starts[i] is the part that symbol i
// begins with.
func naive(symbols []int32, together bool, rule func(l, r int32) (Rule, bool)) (all []string) {
	symbols = slices.Clone(symbols)
	starts := make([]int, len(symbols)+1)
	for i := range starts {
		starts[i] = i
	}
	merge := func(i int, made Rule) {
		all = append(all, fmt.Sprint(starts[i], starts[i+1], starts[i+2], made.Rank))
		symbols[i] = made.Made
		symbols, starts = slices.Delete(symbols, i+1, i+2), slices.Delete(starts, i+1, i+2)
	}
	for {
		best := -1
		var first Rule
		for i := range len(symbols) - 1 {
			if x, ok := rule(symbols[i], symbols[i+1]); ok && (best < 0 || x.Rank < first.Rank) {
				best, first = i, x
			}
		}
		if best < 0 {
			return all
		}
		if !together {
			merge(best, first)
			continue
		}
		for i := best; i < len(symbols)-1; i++ { // what was merged is not merged again
			if x, ok := rule(symbols[i], symbols[i+1]); ok && x.Rank == first.Rank {
				merge(i, x)
			}
		}
	}
}

// TestTrace compares merges with those of the plain loop, with rules in any order.
func TestTrace(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		together := rng.IntN(2) == 0
		rules := map[[2]int32]Rule{}
		next := int32(3) // symbols 0 to 2 make others, which are longer
		order := rng.Perm(12)
		for _, rank := range order {
			l, r := rng.Int32N(next), rng.Int32N(next)
			if _, ok := rules[[2]int32{l, r}]; !ok {
				rules[[2]int32{l, r}] = Rule{Rank: rank, Made: next}
				next++
			}
		}
		rule := func(l, r int32) (Rule, bool) { x, ok := rules[[2]int32{l, r}]; return x, ok }
		symbols := make([]int32, rng.IntN(30))
		for i := range symbols {
			symbols[i] = rng.Int32N(3)
		}
		var got []string
		var last tokenizer.Merge
		for _, m := range Trace(symbols, together, rule, func(s int32) string { return fmt.Sprint(s) }) {
			got = append(got, fmt.Sprint(m.From, m.Mid, m.To, m.Rank))
			last = m
		}
		if want := naive(symbols, together, rule); !slices.Equal(got, want) {
			t.Fatalf("%v, together %v, rules %v:\n%v\nwant\n%v", symbols, together, rules, got, want)
		}
		if len(got) > 0 && last.Made == "" {
			t.Errorf("merge %+v has no name", last)
		}
	}
}
