package roberta

import (
	"context"
	"log/slog"
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

// benchModel is a model of roberta.base's size with one classification head.
func benchModel(b *testing.B, threads int) *Model {
	e := benchEncoder(12, 768, 3072, 12)
	m := &Model{cfg: e.cfg, enc: e, pool: parallel.New(threads), pooler: simd.Tanh, log: slog.New(slog.DiscardHandler)}
	m.heads.Store(&map[string]*classificationHead{})
	b.Cleanup(m.pool.Close)
	if err := m.RegisterClassificationHead("head", 3); err != nil {
		b.Fatal(err)
	}
	return m
}

// benchRows are token sequences for it.
func benchRows(B, T int) [][]int {
	rng := rand.New(rand.NewPCG(1, 2))
	return slices.Collect(func(yield func([]int) bool) {
		for range B {
			row := make([]int, T)
			for i := range row {
				row[i] = 4 + rng.IntN(900)
			}
			if !yield(row) {
				return
			}
		}
	})
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

// BenchmarkPredict compares Predict, which computes one row a sequence in the
// last layer, with ExtractFeatures, which computes all.
func BenchmarkPredict(b *testing.B) {
	m, ctx := benchModel(b, 2), context.Background()
	rows := benchRows(8, 128)
	alternate(b, "predict", func() { _, _ = m.Predict(ctx, "head", rows...) }, "features", func() { _, _ = m.ExtractFeatures(ctx, rows...) })
}

// BenchmarkCallers compares one caller with 64 sequences in one batch and 64
// callers with a sequence each.
func BenchmarkCallers(b *testing.B) {
	m, ctx := benchModel(b, 2), context.Background()
	rows := benchRows(64, 32)
	alternate(b, "callers", func() {
		var wg sync.WaitGroup
		for _, row := range rows {
			wg.Go(func() { _, _ = m.ExtractFeatures(ctx, row) })
		}
		wg.Wait()
	}, "batch", func() { _, _ = m.ExtractFeatures(ctx, rows...) })
}

// BenchmarkBusyCollector compares calls on one thread with and without another
// goroutine that makes so much garbage that it is collected all the time.
func BenchmarkBusyCollector(b *testing.B) {
	m, ctx := benchModel(b, 1), context.Background()
	rows := benchRows(1, 128)
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
	call := func() { _, _ = m.ExtractFeatures(ctx, rows...) }
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
			var rows [][]int
			for _, n := range benchLengths(shape) {
				rows = append(rows, benchRows(1, n)...)
			}
			batch, err := newBatch(&e.cfg, rows)
			if err != nil {
				b.Fatal(err)
			}
			p, a := parallel.New(1), newArena(nil)
			heads := e.heads(a, batch, nil)
			clear(heads.qkv.data)
			alternate(b, "attention", func() {
				for range e.layers {
					for i := range batch.sequences() {
						for h := range e.cfg.Heads {
							heads.attend(&a.scratch[0], i, h)
						}
					}
				}
			}, "all", func() {
				whole := newArena(nil)
				_, _ = e.run(context.Background(), p, whole, batch, nil, nil)
				whole.release()
			})
		})
	}
}
