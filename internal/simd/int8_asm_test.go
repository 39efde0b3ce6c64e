//go:build !purego && (amd64 || arm64)

package simd

import (
	"math/rand/v2"
	"testing"
)

// BenchmarkInt8Start computes what tiles of bytes begin with, where about two outputs in three
// have a weight of more than 8 bits, as in trained models.
func BenchmarkInt8Start(b *testing.B) {
	const rows, n, k = 14, 768, 768
	random := rand.New(rand.NewPCG(1, 2))
	weights := make([]float32, n*k)
	for i := range weights {
		weights[i] = float32(random.NormFloat64())
	}
	for i := range n {
		if random.IntN(3) > 0 {
			weights[i*k+random.IntN(k)] = 6
		}
	}
	w := PackInt8(weights, k, n, k, nil, nil)
	w.I8.tiles.prepare(unsignedBytes, w.I8.Large, Panels(n))
	w.I8.tiles.orderByTerm(w.I8.Large, k, Panels(n))
	w.I8.sums = w.int8Sums()
	var q Int8Rows
	q.resetAs(unsignedBytes, rows, k)
	q.Set(testFloats(rows*k, 2), k, 0, rows, nil)
	dst := make([]int32, rows*PanelWidth)
	for b.Loop() {
		for p := range Panels(n) {
			q.start(dst, &w, p, 1, 0, rows)
		}
	}
	b.ReportMetric(b.Elapsed().Seconds()/float64(b.N*Panels(n)*rows)*1e9, "ns/row")
}
