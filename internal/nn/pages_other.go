//go:build !linux || purego

package nn

// inHugePages allocates n elements. Only Linux is asked for huge pages.
func inHugePages[E float32 | uint16](n int) []E { return make([]E, n) }
