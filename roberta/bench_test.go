package roberta

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/goroberta/goroberta/internal/parallel"
	"github.com/goroberta/goroberta/internal/simd"
)

// benchEncoder makes an encoder of roberta.large's or another size. Its weights
// are small, so that activations stay finite; speed does not depend on them.
func benchEncoder(layers, C, ffn, heads int) *encoder {
	memory := slab[float32]{left: layers * (4*C*C + 2*C*ffn)}
	lin := func(n, k int) linear {
		l := linear{w: simd.Matrix{N: n, K: k, F32: memory.take(simd.PackedLen(n, k))}, b: make([]float32, n)}
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
	e := &encoder{cfg: Config{Layers: layers, Dim: C, FFNDim: ffn, Heads: heads, LayerNormEps: 1e-5, MaxPositions: 512, VocabSize: 1000}, act: simd.GELU}
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

// BenchmarkForward runs the encoder in the sizes of roberta.base and
// roberta.large, and gives the speed of its products also as a part of what the
// processor can do.
func BenchmarkForward(b *testing.B) {
	for _, arch := range []struct {
		name                  string
		layers, C, ffn, heads int
	}{{"base", 12, 768, 3072, 12}, {"large", 24, 1024, 4096, 16}} {
		var e *encoder // made when the first benchmark wants it
		for _, threads := range []int{1, 2} {
			for _, shape := range []string{"1x1", "1x8", "1x32", "1x128", "1x512", "8x128", "32x32", "mix32"} {
				b.Run(fmt.Sprintf("arch=%s/isa=%v/threads=%d/shape=%s", arch.name, simd.Active(), threads, shape), func(b *testing.B) {
					if e == nil {
						e = benchEncoder(arch.layers, arch.C, arch.ffn, arch.heads)
					}
					benchForward(b, e, threads, benchLengths(shape))
				})
			}
		}
	}
}

// benchLengths are the lengths of a batch's sequences. mix32 are sentences as a
// service sees them: many short ones, a few long ones.
func benchLengths(shape string) []int {
	if shape == "mix32" {
		return []int{18, 26, 24, 9, 10, 14, 13, 25, 37, 15, 8, 10, 28, 23, 13, 31, 14, 21, 61, 12, 27, 31, 16, 11, 42, 39, 36, 26, 21, 35, 16, 9}
	}
	var B, T int
	if _, err := fmt.Sscanf(shape, "%dx%d", &B, &T); err != nil {
		panic(err)
	}
	return slices.Repeat([]int{T}, B)
}

func benchForward(b *testing.B, e *encoder, threads int, lengths []int) {
	p := parallel.New(threads)
	defer p.Close()
	var rows [][]int
	for _, n := range lengths {
		row := make([]int, n)
		for i := range row {
			row[i] = 2 + i%900
		}
		rows = append(rows, row)
	}
	batch, err := newBatch(&e.cfg, rows)
	if err != nil {
		b.Fatal(err)
	}
	work := flops(&e.cfg, lengths)
	var rates, parts []float64
	before := peak()
	for b.Loop() {
		start := time.Now()
		a := newArena(p)
		if _, err := e.run(context.Background(), p, a, batch, nil, nil); err != nil {
			b.Fatal(err)
		}
		a.release()
		rate := work / time.Since(start).Seconds()
		after := peak()
		rates = append(rates, rate)
		parts = append(parts, rate/((before+after)/2*float64(threads)))
		before = after
	}
	slices.Sort(rates)
	slices.Sort(parts)
	b.ReportMetric(rates[len(rates)/2]/1e9, "GFLOP/s")
	if before > 0 {
		b.ReportMetric(100*parts[len(parts)/2], "%-of-peak")
	}
}

// peak is the median of several measurements: single ones scatter.
func peak() float64 {
	var p [31]float64
	for i := range p {
		p[i] = simd.Peak()
	}
	slices.Sort(p[:])
	return p[len(p)/2]
}
