package nn

import (
	"context"
	"math/rand/v2"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/goroberta/goroberta/internal/parallel"
	"github.com/goroberta/goroberta/internal/simd"
)

// benchRun computes requests on an encoder of roberta.base's size.
func benchRun(b *testing.B, threads int) func(Request) {
	e, p := benchEncoder(12, 768, 3072, 12), parallel.New(threads)
	b.Cleanup(p.Close)
	return func(q Request) {
		if _, err := e.Run(context.Background(), p, q); err != nil {
			b.Error(err)
		}
	}
}

// alternate runs two functions in turns and reports the medians of their times
// and the second's by the first's.
func alternate(b *testing.B, nameA string, fa func(), nameB string, fb func()) {
	var ta, tb, ratios []float64
	for b.Loop() {
		t0 := time.Now()
		fa()
		t1 := time.Now()
		fb()
		a, c := t1.Sub(t0).Seconds(), time.Since(t1).Seconds()
		ta, tb, ratios = append(ta, a), append(tb, c), append(ratios, c/a)
	}
	for _, t := range [][]float64{ta, tb, ratios} {
		slices.Sort(t)
	}
	b.ReportMetric(1e3*ta[len(ta)/2], "ms/"+nameA)
	b.ReportMetric(1e3*tb[len(tb)/2], "ms/"+nameB)
	b.ReportMetric(ratios[len(ratios)/2], nameB+"/"+nameA)
}

// BenchmarkPredict compares a classification head, for which one row a sequence is
// computed in the last layer, with the features of all rows.
func BenchmarkPredict(b *testing.B) {
	run, batch := benchRun(b, 2), benchBatch(slices.Repeat([]int{128}, 8)...)
	dense := NewLinear(make([]float32, 768*768), 768, 768, nil)
	head := &Head{Dense: &dense, Activation: simd.Tanh, Out: NewLinear(make([]float32, 3*768), 3, 768, nil)}
	first := Only(batch.Offsets[:batch.Sequences()]...)
	alternate(b, "predict", func() { run(Request{Batch: batch, Rows: first, Heads: []Outputs{{Head: head}}}) },
		"features", func() { run(Request{Batch: batch, Features: true}) })
}

// BenchmarkCallers compares one caller with 64 sequences in one batch and 64
// callers with a sequence each.
func BenchmarkCallers(b *testing.B) {
	run, batch := benchRun(b, 2), benchBatch(slices.Repeat([]int{32}, 64)...)
	one := benchBatch(32)
	alternate(b, "callers", func() {
		var wg sync.WaitGroup
		for range batch.Sequences() {
			wg.Go(func() { run(Request{Batch: one, Features: true}) })
		}
		wg.Wait()
	}, "batch", func() { run(Request{Batch: batch, Features: true}) })
}

// BenchmarkBusyCollector compares calls on one thread with and without another
// goroutine that makes so much garbage that it is collected all the time.
func BenchmarkBusyCollector(b *testing.B) {
	run, batch := benchRun(b, 1), benchBatch(128)
	defer debug.SetGCPercent(debug.SetGCPercent(5))
	var busy atomic.Bool
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		var keep [1024]*[64]*int
		for i := 0; ; i++ {
			select {
			case <-done:
				return
			default:
			}
			if !busy.Load() || i%1024 == 0 {
				time.Sleep(time.Millisecond)
			}
			keep[i%len(keep)] = new([64]*int)
		}
	})
	call := func() { run(Request{Batch: batch, Features: true}) }
	var collections, calls uint32
	alternate(b, "quiet", call, "busy", func() {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		busy.Store(true)
		call()
		busy.Store(false)
		runtime.ReadMemStats(&after)
		collections, calls = collections+after.NumGC-before.NumGC, calls+1
	})
	b.ReportMetric(float64(collections)/float64(calls), "collections/call")
	close(done)
	wg.Wait()
}

// BenchmarkAttention reports attention's part of a call's time.
func BenchmarkAttention(b *testing.B) {
	e := benchEncoder(2, 768, 3072, 12)
	for _, shape := range []string{"8x32", "1x128", "1x512", "8x512"} {
		b.Run("shape="+shape, func(b *testing.B) {
			batch := benchBatch(benchLengths(shape)...)
			p, t := parallel.New(1), newTeam(nil)
			defer t.release()
			a := e.newAttention(t, &e.Layers[0], batch, t.matrix(useX, batch.Len(), e.Dim), All())
			clear(a.qkv.data)
			alternate(b, "attention", func() {
				for range e.Layers {
					a.attendAll(t)
				}
			}, "all", func() { _, _ = e.Run(context.Background(), p, Request{Batch: batch}) })
		})
	}
}

// attendAll computes the attention of all sequences and heads on one thread.
func (a *attention) attendAll(t team) {
	for i := range a.b.Sequences() {
		for h := range a.heads {
			a.attend(t.arena.members[0], i, h)
		}
	}
}

// BenchmarkAttentionIntegers compares attention in float32 with that of models in other
// precisions.
func BenchmarkAttentionIntegers(b *testing.B) {
	e := benchEncoder(1, 768, 3072, 12)
	for _, shape := range []string{"1x8", "1x32", "8x128", "1x512"} {
		b.Run("shape="+shape, func(b *testing.B) {
			batch, t := benchBatch(benchLengths(shape)...), newTeam(nil)
			defer t.release()
			a := e.newAttention(t, &e.Layers[0], batch, t.matrix(useX, batch.Len(), e.Dim), All())
			random := rand.New(rand.NewPCG(1, 2))
			fill := func() {
				for i := range a.qkv.data {
					a.qkv.data[i] = float32(random.NormFloat64())
				}
			}
			integers := *a
			integers.l = &Layer{QKV: e.Layers[0].QKV}
			integers.l.QKV.W.Format = simd.Int8
			fill() // a call in float32 scales the queries, in time to zero
			alternate(b, "float32", func() { a.attendAll(t) }, "integers", func() { integers.attendAll(t) })
		})
	}
}
