package roberta

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"testing"
	"time"
)

// TestOneProcessor runs more threads than there are processors, from more
// goroutines, which must neither hang nor change a bit.
func TestOneProcessor(t *testing.T) {
	path := golden(t, "tiny", "model.pt")
	rows := batchOf(3, 1005, 7, 20, 40)
	want := must[[]float32](t)(everything(t.Context(), openGolden(t, path), rows))
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	for _, opts := range [][]Option{nil, {WithThreads(1)}, {WithThreads(8)}} {
		m := openGolden(t, path, opts...)
		var wg sync.WaitGroup
		for range 6 {
			wg.Go(func() {
				if got, err := everything(t.Context(), m, rows); err != nil || !sameBits(got, want) {
					t.Errorf("other numbers on one processor (error %v)", err)
				}
			})
		}
		wg.Wait()
	}
}

// A countdown is a context that ends after it was looked at n times.
type countdown struct {
	context.Context
	n     int
	after int // looks at it after its end
}

func (c *countdown) Err() error {
	if c.n--; c.n >= 0 {
		return nil
	}
	c.after++
	return context.Canceled
}

// TestCancelledMidway ends a context at every layer of every method. The
// method must return at once, and the next call must not notice.
func TestCancelledMidway(t *testing.T) {
	m := openGolden(t, golden(t, "tiny", "model.pt"), WithThreads(1)) // so that looks can be counted
	rows := batchOf(8, m.Config().VocabSize, 5, 22)
	want := must[[]float32](t)(everything(t.Context(), m, rows))
	for name, f := range map[string]func(ctx context.Context) error{
		"features":    func(ctx context.Context) error { _, err := m.ExtractFeatures(ctx, rows...); return err },
		"all hiddens": func(ctx context.Context) error { _, err := m.ExtractAllHiddens(ctx, rows...); return err },
		"LM logits":   func(ctx context.Context) error { _, err := m.LMLogits(ctx, rows...); return err },
		"predict":     func(ctx context.Context) error { _, err := m.Predict(ctx, "mnli", rows...); return err },
		"fill-mask":   func(ctx context.Context) error { _, err := m.FillMask(ctx, "The <mask>", 2); return err },
		"words": func(ctx context.Context) error {
			_, err := m.ExtractFeaturesAlignedToWords(ctx, "the time", []string{"the", "time"})
			return err
		},
		"pronoun": func(ctx context.Context) error {
			_, err := m.DisambiguatePronoun(ctx, "The time was because [it] was.", []string{"The time"})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			looks := 0
			for ; looks < 100; looks++ {
				ctx := &countdown{Context: t.Context(), n: looks}
				err := f(ctx)
				if err == nil {
					break
				}
				if !errors.Is(err, context.Canceled) {
					t.Fatalf("ended after %d looks: %v, want context.Canceled", looks, err)
				}
				if ctx.after > 2 { // to notice the end, and to tell the caller
					t.Errorf("ended after %d looks, and looked at %d times more", looks, ctx.after)
				}
			}
			want := m.Config().Layers + 1
			if name == "LM logits" || name == "fill-mask" || name == "pronoun" {
				want += 2 // in the LM head too
			}
			if looks < want {
				t.Errorf("the context is looked at %d times, want at least %d", looks, want)
			}
		})
	}
	if got := must[[]float32](t)(everything(t.Context(), m, rows)); !sameBits(got, want) {
		t.Error("numbers changed after cancelled calls")
	}
	late, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer cancel()
	if _, err := m.ExtractFeatures(late, rows...); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("after the deadline: %v, want context.DeadlineExceeded", err)
	}
}

// TestConcurrentUse lets 100 goroutines call everything at once and compares
// each result with that of one goroutine.
func TestConcurrentUse(t *testing.T) {
	ctx := context.Background()
	m := openGolden(t, golden(t, "tiny", "model.pt"), WithThreads(3))
	rows := batchOf(5, m.Config().VocabSize, 12, 3, 25)
	calls := []func() ([]float32, error){
		func() ([]float32, error) { return values(m.ExtractFeatures(ctx, rows...)) },
		func() ([]float32, error) { return values(m.LMLogits(ctx, rows[1])) },
		func() ([]float32, error) { return values(m.Predict(ctx, "topics", rows...)) },
		func() ([]float32, error) {
			hs, err := m.ExtractAllHiddens(ctx, rows[0])
			var all []float32
			for _, h := range hs {
				all = append(all, floats(h)...)
			}
			return all, err
		},
		func() ([]float32, error) {
			fills, err := m.FillMask(ctx, "The first <mask> of the year.", 4)
			var all []float32
			for _, f := range fills {
				all = append(all, f.Score, float32(f.ID))
			}
			return all, err
		},
		func() ([]float32, error) {
			var all []float32
			for _, id := range m.Encode("The people said it was the first time.", m.Decode(rows[0])) {
				all = append(all, float32(id))
			}
			return all, nil
		},
		func() ([]float32, error) {
			name := "again"
			if err := m.RegisterClassificationHead(name, 4, WithSeed(9)); err != nil {
				return nil, err
			}
			return values(m.Predict(ctx, name, rows...))
		},
	}
	var want [][]float32
	for _, call := range calls {
		v, err := call()
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, v)
	}
	var wg sync.WaitGroup
	for g := range 100 {
		wg.Go(func() {
			for i := range calls {
				i = (i + g) % len(calls)
				got, err := calls[i]()
				if err != nil || !sameBits(got, want[i]) {
					t.Errorf("call %d in goroutine %d: other bits than alone (error %v)", i, g, err)
				}
			}
		})
	}
	wg.Wait()
}

func values[T result](x T, err error) ([]float32, error) {
	if err != nil {
		return nil, err
	}
	return floats(x), nil
}
