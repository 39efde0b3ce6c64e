//go:build !linux || purego

package roberta

// newWeights allocates n weights. Only Linux is asked for huge pages.
func newWeights[E float32 | uint16](n int) []E { return make([]E, n) }
