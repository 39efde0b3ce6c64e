//go:build !purego && (amd64 || arm64)

package simd

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// BenchmarkPeak measures the highest speed of the arithmetic units, to compare that of
// BenchmarkProduct with.
func BenchmarkPeak(b *testing.B) {
	benchLevels(b, func(b *testing.B, l Level) {
		if l == Generic {
			return
		}
		b.Run(fmt.Sprintf("type=f32/isa=%v", l), func(b *testing.B) {
			best := 0.0
			for b.Loop() {
				best = max(best, Peak())
			}
			b.ReportMetric(best/1e9, "GFLOP/s")
		})
		b.Run(fmt.Sprintf("type=s8/isa=%v", l), func(b *testing.B) {
			best := 0.0
			for b.Loop() {
				best = max(best, PeakInt8())
			}
			b.ReportMetric(best/1e9, "GOP/s")
		})
	})
}

// BenchmarkOfPeak gives the speed of products in % of the peak. The peak is measured
// before and after each product, since the clock of a busy machine changes. The median
// of all products is reported.
func BenchmarkOfPeak(b *testing.B) {
	for _, s := range []struct{ m, k, n int }{{14, 1024, 4096}, {28, 1024, 4096}, {128, 1024, 4096}, {128, 4096, 1024}, {128, 768, 3072}} {
		for _, format := range formats {
			benchLevels(b, func(b *testing.B, l Level) {
				if l == Generic {
					return
				}
				b.Run(fmt.Sprintf("type=%s/isa=%v/m=%d/k=%d/n=%d", formatNames[format], l, s.m, s.k, s.n), func(b *testing.B) {
					matrices := make([]Matrix, 64<<20/(4*s.k*s.n))
					for i := range matrices {
						matrices[i] = testMatrix(s.n, s.k, uint64(i+1), format)
					}
					ldx, ldd := s.k+16, s.n+16
					x, dst, bias := testFloats(s.m*ldx, 7), make([]float32, s.m*ldd), testFloats(s.n, 8)
					job, scratch := testJob(dst, ldd, x, ldx, s.m, &matrices[0], bias), new(Scratch)
					var parts []float64
					i := 0
					peak := Peak
					if format == Int8 {
						peak = PeakInt8
					}
					before := peak()
					for b.Loop() {
						job.W = &matrices[i%len(matrices)]
						start := time.Now()
						Multiply(job, scratch)
						rate := 2 * float64(s.m*s.k*s.n) / time.Since(start).Seconds()
						after := peak()
						parts = append(parts, rate/((before+after)/2))
						before = after
						i++
					}
					slices.Sort(parts)
					b.ReportMetric(100*parts[len(parts)/2], "%-of-peak")
				})
			})
		}
	}
}
