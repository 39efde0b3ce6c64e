package roberta

import (
	"context"
	"fmt"
	"testing"

	"github.com/goroberta/goroberta/internal/parallel"
	"github.com/goroberta/goroberta/internal/simd"
)

// benchEncoder makes an encoder of roberta.large's or another size. Its weights
// are small, so that activations stay finite; speed does not depend on them.
func benchEncoder(layers, C, ffn, heads int) *encoder {
	lin := func(n, k int) linear {
		l := linear{w: simd.Matrix{N: n, K: k, F32: make([]float32, simd.PackedLen(n, k))}, b: make([]float32, n)}
		for i := range l.w.F32 {
			l.w.F32[i] = float32(i%17-8) / 512
		}
		return l
	}
	ln := func() norm {
		n := norm{make([]float32, C), make([]float32, C)}
		for i := range n.gain {
			n.gain[i] = 1
		}
		return n
	}
	e := &encoder{cfg: Config{Layers: layers, Dim: C, FFNDim: ffn, Heads: heads, LayerNormEps: 1e-5, MaxPositions: 512}, act: simd.GELU}
	e.tokens = &table{rows: 1000, cols: C, f32: make([]float32, 1000*C)}
	for i := range e.tokens.f32 {
		e.tokens.f32[i] = float32(i%13-6) / 8
	}
	n := ln()
	e.embLN = &n
	for range layers {
		e.layers = append(e.layers, layer{qkv: lin(3*C, C), out: lin(C, C), fc1: lin(ffn, C), fc2: lin(C, ffn), attnLN: ln(), ffnLN: ln()})
	}
	return e
}

// flops is the number of operations of a forward pass's products.
func flops(c *Config, lengths []int) float64 {
	total := 0.0
	for _, T := range lengths {
		linear := 4*c.Dim*c.Dim + 2*c.Dim*c.FFNDim
		total += 2 * float64(T) * float64(linear+2*T*c.Dim) * float64(c.Layers)
	}
	return total
}

// BenchmarkForward runs the encoder of roberta.large's size.
func BenchmarkForward(b *testing.B) {
	e := benchEncoder(24, 1024, 4096, 16)
	for _, threads := range []int{1, 2} {
		for _, shape := range [][2]int{{1, 1}, {1, 8}, {1, 32}, {1, 128}, {8, 128}, {1, 512}} {
			b.Run(fmt.Sprintf("arch=large/isa=%v/threads=%d/shape=%dx%d", simd.Active(), threads, shape[0], shape[1]), func(b *testing.B) {
				p := parallel.New(threads)
				defer p.Close()
				var rows [][]int
				var lengths []int
				for range shape[0] {
					row := make([]int, shape[1])
					for i := range row {
						row[i] = 2 + i%900
					}
					rows, lengths = append(rows, row), append(lengths, len(row))
				}
				e.cfg.VocabSize = e.tokens.rows
				batch, err := newBatch(&e.cfg, rows)
				if err != nil {
					b.Fatal(err)
				}
				for b.Loop() {
					a := newArena(p)
					if _, err := e.forward(context.Background(), p, a, batch, nil, nil); err != nil {
						b.Fatal(err)
					}
					a.release()
				}
				b.ReportMetric(flops(&e.cfg, lengths)*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
			})
		}
	}
}
