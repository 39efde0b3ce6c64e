//go:build !race

package unigram

import (
	"math/rand/v2"
	"strings"
	"testing"
)

// The race detector empties pools at random.

func TestAllocations(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	m, err := New(random[float32](r, "abcé▁x", 300), Options[float32]{UnknownScore: -16})
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Repeat("▁abc▁xé▁b☃aa", 100)
	tokens := m.Append(nil, text)
	if n := testing.AllocsPerRun(100, func() { tokens = m.Append(tokens[:0], text) }); n > 0 {
		t.Errorf("%v allocations for a text, want none", n)
	}
}
