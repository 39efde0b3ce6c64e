package nn

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
func benchEncoder(layers, C, ffn, heads int) *Encoder {
	memory := Slab[float32]{Want: layers * (4*C*C + 2*C*ffn)}
	lin := func(n, k int) Linear {
		l := Linear{W: simd.Matrix{N: n, K: k, F32: memory.Take(simd.PackedLen(n, k))}, Bias: make([]float32, n)}
		for i := range l.W.F32 {
			l.W.F32[i] = float32(i%17-8) / 512
		}
		return l
	}
	ln := func() Norm {
		n := Norm{make([]float32, C), make([]float32, C)}
		for i := range n.Gain {
			n.Gain[i] = 1
		}
		return n
	}
	e := &Encoder{Config: Config{Dim: C, FFNDim: ffn, Heads: heads, LayerNormEps: 1e-5, Activation: simd.GELU}}
	e.Tokens = &Table{Rows: 1000, Cols: C, F32: make([]float32, 1000*C)}
	for i := range e.Tokens.F32 {
		e.Tokens.F32[i] = float32(i%13-6) / 8
	}
	n := ln()
	e.EmbedNorm = &n
	for range layers {
		e.Layers = append(e.Layers, Layer{QKV: lin(3*C, C), Out: lin(C, C), FC1: lin(ffn, C), FC2: lin(C, ffn), AttnNorm: ln(), FFNNorm: ln()})
	}
	e.Prepare()
	return e
}

// flops is the number of operations of a forward pass's products.
func flops(e *Encoder, lengths []int) float64 {
	total := 0.0
	for _, T := range lengths {
		linear := 4*e.Dim*e.Dim + 2*e.Dim*e.FFNDim
		total += 2 * float64(T) * float64(linear+2*T*e.Dim) * float64(len(e.Layers))
	}
	return total
}

// benchBatch is a batch of sequences of the given lengths.
func benchBatch(lengths ...int) *Batch {
	b := &Batch{Offsets: []int{0}}
	for _, n := range lengths {
		for i := range n {
			b.Tokens, b.Positions = append(b.Tokens, 2+i*7%900), append(b.Positions, i)
		}
		b.Offsets = append(b.Offsets, len(b.Tokens))
	}
	return b
}

// BenchmarkForward runs the encoder in the sizes of roberta.base and
// roberta.large, and gives the speed of its products also as a part of what the
// processor can do.
func BenchmarkForward(b *testing.B) {
	for _, arch := range []struct {
		name                  string
		layers, C, ffn, heads int
	}{{"base", 12, 768, 3072, 12}, {"large", 24, 1024, 4096, 16}} {
		var e *Encoder // made when the first benchmark wants it
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

func benchForward(b *testing.B, e *Encoder, threads int, lengths []int) {
	p := parallel.New(threads)
	defer p.Close()
	batch, work := benchBatch(lengths...), flops(e, lengths)
	var rates, parts []float64
	before := peak()
	for b.Loop() {
		start := time.Now()
		if _, err := e.Run(context.Background(), p, Request{Batch: batch}); err != nil {
			b.Fatal(err)
		}
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
