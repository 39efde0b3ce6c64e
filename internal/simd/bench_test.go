package simd

import (
	"fmt"
	"testing"
)

// benchLevels runs f at every level that the processor has.
func benchLevels(b *testing.B, f func(b *testing.B, l Level)) {
	for _, l := range Supported() {
		restore, err := Use(l)
		if err != nil {
			b.Fatal(err)
		}
		f(b, l)
		restore()
	}
}

// BenchmarkProduct runs the products of roberta.base and roberta.large. It takes one
// matrix after the other of a set that is larger than the caches, as a model does.
func BenchmarkProduct(b *testing.B) {
	for _, s := range []struct{ k, n int }{{1024, 4096}, {4096, 1024}, {1024, 1024}, {768, 3072}} {
		for _, format := range formats {
			matrices := make([]Matrix, 64<<20/(4*s.k*s.n))
			for i := range matrices {
				matrices[i] = testMatrix(s.n, s.k, uint64(i+1), format)
			}
			for _, m := range []int{1, 2, 4, 8, 14, 32, 128, 512} {
				benchLevels(b, func(b *testing.B, l Level) {
					if l == Generic && m > 8 {
						return
					}
					b.Run(fmt.Sprintf("type=%s/isa=%v/m=%d/k=%d/n=%d", formatNames[format], l, m, s.k, s.n), func(b *testing.B) {
						ldx, ldd := s.k+16, s.n+16
						x := testFloats(m*ldx, 7)
						dst := make([]float32, m*ldd)
						bias := testFloats(s.n, 8)
						job, scratch := testJob(dst, ldd, x, ldx, m, &matrices[0], bias), new(Scratch)
						i := 0
						for b.Loop() {
							job.W = &matrices[i%len(matrices)]
							i++
							Multiply(job, scratch)
						}
						seconds := b.Elapsed().Seconds() / float64(b.N)
						b.ReportMetric(2*float64(m)*float64(s.k)*float64(s.n)/seconds/1e9, "GFLOP/s")
						b.ReportMetric(float64(format.bytes()*s.k*s.n)/seconds/1e9, "GB/s")
					})
				})
			}
		}
	}
}

// BenchmarkTile runs one tile again and again, on weights in the second-level cache:
// the speed that products would have if memory were no limit.
func BenchmarkTile(b *testing.B) {
	const k, n = kBlock, 2 * PanelWidth
	w := testMatrix(n, k, 1, Float32)
	for _, m := range []int{1, 2, 4, 6, 8, 12, 14} {
		benchLevels(b, func(b *testing.B, l Level) {
			b.Run(fmt.Sprintf("type=f32/isa=%v/m=%d/k=%d/n=%d", l, m, k, n), func(b *testing.B) {
				x, dst := testFloats(m*(k+16), 2), make([]float32, m*(n+16))
				job, scratch := testJob(dst, n+16, x, k+16, m, &w, nil), new(Scratch)
				for b.Loop() {
					Multiply(job, scratch)
				}
				b.ReportMetric(2*float64(m*k*n)*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
			})
		})
	}
}

// BenchmarkRow runs the functions of one row.
func BenchmarkRow(b *testing.B) {
	const n = 1024
	src := testFloats(n, 3)
	x, dst, gain, bias := make([]float32, n), make([]float32, n), testFloats(n, 4), testFloats(n, 5)
	h := make([]uint16, n)
	for i := range h {
		h[i] = uint16(i * 30)
	}
	panels, packed := make([]float32, PackedLen(64, 16)), make([]uint16, PackedLen(64, 16))
	for _, o := range []struct {
		name string
		f    func()
	}{
		{"Softmax", func() { copy(x, src); Softmax(x) }},
		{"SoftmaxRows", func() { copy(x, src); SoftmaxRows(x, 128, 8, 128) }},
		{"LogSoftmax", func() { LogSoftmax(dst, src) }},
		{"LayerNorm", func() { LayerNorm(dst, src, gain, bias, 1e-5) }},
		{"AddLayerNorm", func() { copy(x, src); AddLayerNorm(x, n/2, gain, n/2, 2, gain[:n/2], bias[:n/2], 1e-5) }},
		{"GELU", func() { copy(x, src); GELU(x) }},
		{"GELUTanh", func() { copy(x, src); GELUTanh(x) }},
		{"Tanh", func() { copy(x, src); Tanh(x) }},
		{"ReLU", func() { copy(x, src); ReLU(x) }},
		{"Scale", func() { Scale(x, 1) }},
		{"Add", func() { Add(x, bias) }},
		{"Larger", func() { Larger(x, bias) }},
		{"mul", func() { mul(x, src, bias) }},
		{"FromF16", func() { FromF16(dst, h) }},
		{"ToF16Exact", func() { FromF16(dst[:256], h[:256]); ToF16Exact(h[:256], dst[:256]) }},
		{"Pack", func() { Pack(panels, src, 16, 64, 16) }},
		{"PackF16", func() { PackF16(packed, h, 16, 64, 16) }},
		{"PackColumns", func() { PackColumns(panels, src, 64, 16, 64) }},
	} {
		benchLevels(b, func(b *testing.B, l Level) {
			b.Run(fmt.Sprintf("op=%s/isa=%v/n=%d", o.name, l, n), func(b *testing.B) {
				copy(x, src)
				for b.Loop() {
					o.f()
				}
				b.ReportMetric(b.Elapsed().Seconds()/float64(b.N)/n*1e9, "ns/float")
			})
		})
	}
}

// BenchmarkInt8Rows rounds 128 rows, as a product in Int8 wants them.
func BenchmarkInt8Rows(b *testing.B) {
	for f, name := range []string{"words", "bytes"} {
		for _, n := range []int{768, 3072} {
			b.Run(fmt.Sprintf("form=%s/n=%d", name, n), func(b *testing.B) {
				x := testFloats(128*n, 1)
				var q Int8Rows
				q.resetAs(form(f), 128, n)
				for b.Loop() {
					q.Set(x, n, 0, 128, nil)
				}
				b.ReportMetric(b.Elapsed().Seconds()/float64(b.N)/float64(128*n)*1e12, "ps/value")
			})
		}
	}
}
