package roberta

import (
	"cmp"
	"slices"
)

// best returns the k indices of the largest scores that ok accepts, largest
// first, of equal ones the smaller index. NaN counts as smallest.
func best(scores []float32, k int, ok func(int) bool) []int {
	// A heap of the best so far, its worst on top.
	var heap []int
	worse := func(a, b int) bool {
		if c := cmp.Compare(scores[a], scores[b]); c != 0 {
			return c < 0
		}
		return a > b
	}
	down := func(i int) {
		for {
			c := 2*i + 1
			if c >= len(heap) {
				return
			}
			if c+1 < len(heap) && worse(heap[c+1], heap[c]) {
				c++
			}
			if !worse(heap[c], heap[i]) {
				return
			}
			heap[i], heap[c] = heap[c], heap[i]
			i = c
		}
	}
	for id, score := range scores {
		if len(heap) == k && (score <= scores[heap[0]] || !worse(heap[0], id)) || !ok(id) { // the first says it of most
			continue
		}
		if len(heap) == k {
			heap[0] = id
			down(0)
			continue
		}
		heap = append(heap, id)
		for i := len(heap) - 1; i > 0 && worse(heap[i], heap[(i-1)/2]); i = (i - 1) / 2 {
			heap[i], heap[(i-1)/2] = heap[(i-1)/2], heap[i]
		}
	}
	slices.SortFunc(heap, func(a, b int) int {
		if worse(a, b) {
			return 1
		}
		return -1
	})
	return heap
}
