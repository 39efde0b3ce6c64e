//go:build !purego

package simd

// NEON is part of every 64-bit ARM processor.
func supported() []Level { return []Level{NEON} }
