package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/goroberta/goroberta/pipeline"
	"github.com/goroberta/goroberta/roberta"
)

// TestConcurrentUse lets 100 goroutines use one pipeline of each kind. They get what one
// alone gets.
func TestConcurrentUse(t *testing.T) {
	m := open(t, "tiny")
	var texts []string
	for i := range 5 {
		texts = append(texts, "x"+strings.Repeat(" of the time, Zoë", i))
	}
	for _, k := range kinds(t, m) {
		t.Run(k.name, func(t *testing.T) {
			answers := func(texts []string) (all []any) {
				for a, err := range k.each(t.Context(), slices.Values(texts)) {
					if err != nil {
						t.Error(err)
					}
					all = append(all, a)
				}
				return all
			}
			want := answers(texts)
			var wg sync.WaitGroup
			for g := range 100 {
				wg.Go(func() {
					lo := g % len(texts)
					hi := lo + 1 + g/len(texts)%(len(texts)-lo)
					if got := answers(texts[lo:hi]); !reflect.DeepEqual(got, want[lo:hi]) {
						t.Errorf("among others %q give %.300v, alone %.300v", texts[lo:hi], got, want[lo:hi])
					}
				})
			}
			wg.Wait()
		})
	}
}

// A countdown is a context that ends when it was looked at n times.
type countdown struct {
	context.Context
	n     int64
	looks atomic.Int64
}

func (c *countdown) Err() error {
	if c.looks.Add(1) <= c.n {
		return nil
	}
	return context.Canceled
}

// TestContextEnds ends a context at many moments of a long sequence through a model of
// many layers. A thread looks at the context before each layer, and returns if it has
// ended: so if no thread looks twice thereafter, none computes more than the layer that it
// is in. The sequence ends with the context's error, and leaves no goroutine.
func TestContextEnds(t *testing.T) {
	const layers = 12
	texts := slices.Repeat([]string{"The ferry from Bergen came in late.", "x", "The harbour was quiet."}, 2)
	for _, threads := range []int{1, 2} {
		m := synthModel(t, layers, 16, 2, roberta.WithThreads(threads))
		for _, k := range kinds(t, m, pipeline.WithBatch(16)) {
			t.Run(fmt.Sprintf("%s/threads=%d", k.name, threads), func(t *testing.T) {
				answers := 0
				whole := &countdown{Context: t.Context(), n: 1 << 40}
				for _, err := range k.each(whole, slices.Values(texts)) {
					if err != nil {
						t.Fatal(err)
					}
					answers++
				}
				looks := whole.looks.Load()
				if answers != len(texts) || looks < 2*layers {
					t.Fatalf("%d answers, and the context was looked at %d times; want %d and at least twice a layer", answers, looks, len(texts))
				}
				goroutines := runtime.NumGoroutine()
				for n := int64(0); n < looks-1; n += 1 + looks/25 {
					ctx := &countdown{Context: t.Context(), n: n}
					var errs []error
					for _, err := range k.each(ctx, slices.Values(texts)) {
						errs = append(errs, err)
					}
					last := len(errs) - 1
					if last < 0 || errs[last] != context.Canceled || errors.Join(errs[:last]...) != nil || last == len(texts) {
						t.Fatalf("ended after %d of %d looks: errors %v, want the context's as the last", n, looks, errs)
					}
					// Each thread looks once, then those who hand the error on.
					if after := ctx.looks.Load() - n; after > int64(threads)+3 {
						t.Errorf("ended after %d of %d looks, and looked at %d times more", n, looks, after)
					}
				}
				for runtime.NumGoroutine() > goroutines { // one that was told to end takes a moment
					time.Sleep(time.Millisecond)
				}
			})
		}
	}
}

// TestFlatMemory has pipelines answer many short texts. What they hold does not grow with
// the texts that they have answered.
func TestFlatMemory(t *testing.T) {
	const count, most = 10_000, 128 << 10 // bytes; 14 for each text
	texts := func(yield func(string) bool) {
		for i := range count {
			if !yield(fmt.Sprint("the ", i%97, " of")) {
				return
			}
		}
	}
	for _, k := range kinds(t, open(t, "tiny"), pipeline.WithBatch(64)) {
		t.Run(k.name, func(t *testing.T) {
			answers, first := 0, uint64(0)
			for _, err := range k.each(t.Context(), texts) {
				if err != nil {
					t.Fatal(err)
				}
				switch answers++; answers {
				case count / 10:
					first = liveBytes()
				case count:
					if last := liveBytes(); last > first+most {
						t.Errorf("%d bytes are held after %d texts, %d after %d", last, count, first, count/10)
					}
				}
			}
			if answers != count {
				t.Errorf("%d answers, want %d", answers, count)
			}
		})
	}
}

// liveBytes is the size of what is reachable. Pools forget in two collections.
func liveBytes() uint64 {
	runtime.GC()
	runtime.GC()
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	return s.HeapAlloc
}
