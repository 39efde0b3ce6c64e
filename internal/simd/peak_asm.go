//go:build !purego && (amd64 || arm64)

package simd

import "time"

const (
	peakRounds = 20_000
	peakFlops  = 2 * 384 * peakRounds
)

// Peak is the number of operations a second that one core's arithmetic units do at the
// active level, measured for a tenth of a millisecond. A fused multiply-add counts as
// two. No product can be faster. It is 0 at the portable level. Benchmarks call it
// before and after what they measure, because the clock of a busy machine changes.
func Peak() float64 {
	l := Active()
	if l == Generic {
		return 0
	}
	start := time.Now()
	peakAt(l, peakRounds)
	return peakFlops / time.Since(start).Seconds()
}

// PeakInt8 is Peak for products of 8-bit integers, with the instructions that the active
// level has for them. It is 0 where there is no measure.
func PeakInt8() float64 {
	run, ops := int8Peak()
	if run == nil {
		return 0
	}
	start := time.Now()
	run(peakRounds)
	return float64(ops*peakRounds) / time.Since(start).Seconds()
}
