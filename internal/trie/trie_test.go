package trie

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

func TestTrie(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 100 {
		texts := make([]string, r.IntN(300))
		numbers := map[string]int{}
		for i := range texts {
			b := make([]byte, r.IntN(6))
			for j := range b {
				b[j] = "\x00\x01ab\xfe\xff"[r.IntN(6)]
			}
			texts[i] = string(b)
			if texts[i] != "" {
				numbers[texts[i]] = i
			}
		}
		trie := New(len(texts), func(i int) string { return texts[i] })
		for range 300 {
			b := make([]byte, r.IntN(8))
			for j := range b {
				b[j] = "\x00\x01ab\xfe\xffc"[r.IntN(7)]
			}
			s := string(b)
			want, ok := numbers[s]
			if !ok {
				want = -1
			}
			if got := Find(trie, s); got != want {
				t.Fatalf("Find(%q) = %d, want %d", s, got, want)
			}
			want, length := -1, 0
			for n := 1; n <= len(s); n++ {
				if i, ok := numbers[s[:n]]; ok {
					want, length = i, n
				}
			}
			if got, n := Longest(trie, s); got != want || n != length {
				t.Fatalf("Longest(%q) = %d, %d, want %d, %d", s, got, n, want, length)
			}
		}
	}
}

// TestSize: no set of texts makes the trie much larger than they are. In the second
// one no two nodes' children fit into one block.
func TestSize(t *testing.T) {
	long := []string{strings.Repeat("a", 1<<16), strings.Repeat("b", 1<<16)}
	var sparse []string
	for i := range 400 {
		for c := range 20 {
			sparse = append(sparse, fmt.Sprintf("%c%c%c", 'a'+i%20, 'a'+i/20, c*c%251))
		}
	}
	for name, texts := range map[string][]string{"long": long, "sparse": sparse} {
		size := 0
		for _, s := range texts {
			size += len(s)
		}
		trie := New(len(texts), func(i int) string { return texts[i] })
		if n := len(trie.Units); n > 8*size {
			t.Errorf("%s: %d bytes of texts make %d units", name, size, n)
		}
		for _, s := range texts {
			if i := Find(trie, s); i < 0 || texts[i] != s {
				t.Errorf("%s: Find(%.20q) = %d", name, s, i)
			}
		}
	}
}
