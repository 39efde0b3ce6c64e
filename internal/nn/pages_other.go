//go:build !linux || purego

package nn

// inHugePages allocates n elements. Huge pages are for Linux alone.
func inHugePages[E float32 | uint16 | uint8](n int) []E { return make([]E, n) }
