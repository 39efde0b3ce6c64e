//go:build purego || !(amd64 || arm64)

package simd

// Peak is 0: the portable level has no measure of its own.
func Peak() float64 { return 0 }

// PeakInt8 is 0, as Peak is.
func PeakInt8() float64 { return 0 }
