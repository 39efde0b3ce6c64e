//go:build !purego && (amd64 || arm64)

package simd

import "time"

const (
	peakRounds = 20_000
	peakFlops  = 2 * 384 * peakRounds
)

// Peak measures for a tenth of a millisecond how many operations a second the
// arithmetic units of one core do at the active level, a fused multiply-add of
// two float32 counted as two: what no product can exceed. It is 0 at the portable
// level. Benchmarks call it before and after what they measure, because the clock
// of a busy machine goes up and down.
func Peak() float64 {
	l := Active()
	if l == Generic {
		return 0
	}
	start := time.Now()
	peakAt(l, peakRounds)
	return peakFlops / time.Since(start).Seconds()
}
