package roberta_test

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/goroberta/goroberta/roberta"
)

// TestHammer lets 200 goroutines call everything on one model for some seconds,
// while contexts end, models are closed and opened, and the collector runs, and
// compares every result with that of a call alone, bit for bit. It looks for
// results in memory that was freed or given to another call. GOGC=1 and a small
// GOMEMLIMIT make such faults likely; make test sets them. GOROBERTA_HAMMER is how
// long it runs, as "1m".
func TestHammer(t *testing.T) {
	duration := 2 * time.Second
	if s := os.Getenv("GOROBERTA_HAMMER"); s != "" {
		var err error
		if duration, err = time.ParseDuration(s); err != nil {
			t.Fatalf("GOROBERTA_HAMMER: %v", err)
		}
	}
	path := filepath.Join(goldens(), "tiny", "model.pt")
	open := func(threads int) *roberta.Model {
		m, err := roberta.Open(path, roberta.WithThreads(threads))
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	alone := open(1)
	defer alone.Close()
	head := alone.Heads()[0].Name
	inputs := make([][]int, 8)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range inputs {
		inputs[i] = []int{0}
		for range r.IntN(alone.Config().MaxPositions - 1) {
			inputs[i] = append(inputs[i], 4+r.IntN(alone.Config().VocabSize-5))
		}
	}

	// A call returns a function that reads its result, so that the memory has a
	// chance to be collected before it is read.
	type result func() []float32
	calls := map[string]func(ctx context.Context, m *roberta.Model, i int) (result, error){
		"features": func(ctx context.Context, m *roberta.Model, i int) (result, error) {
			x, err := m.ExtractFeatures(ctx, inputs[i])
			return func() []float32 { return x.Float32s() }, err
		},
		"batch": func(ctx context.Context, m *roberta.Model, i int) (result, error) {
			x, err := m.ExtractFeatures(ctx, slices.Repeat([][]int{inputs[i]}, 1+i%5)...)
			return func() []float32 { return x.Float32s() }, err
		},
		"hidden states": func(ctx context.Context, m *roberta.Model, i int) (result, error) {
			xs, err := m.ExtractAllHiddens(ctx, inputs[i])
			return func() (all []float32) {
				for _, x := range xs {
					all = append(all, x.Float32s()...)
				}
				return all
			}, err
		},
		"attentions": func(ctx context.Context, m *roberta.Model, i int) (result, error) {
			x, err := m.Extract(ctx, roberta.WantAttentions, inputs[i])
			return func() (all []float32) {
				for _, a := range x.Attentions {
					all = append(all, a.Float32s(0)...)
				}
				return all
			}, err
		},
		"LM logits": func(ctx context.Context, m *roberta.Model, i int) (result, error) {
			x, err := m.LMLogits(ctx, inputs[i])
			return func() []float32 { return x.Float32s() }, err
		},
		"prediction": func(ctx context.Context, m *roberta.Model, i int) (result, error) {
			x, err := m.Predict(ctx, head, inputs[i])
			return func() []float32 { return x.Float32s() }, err
		},
		"words": func(ctx context.Context, m *roberta.Model, i int) (result, error) {
			a, err := m.ExtractFeaturesAlignedToWords(ctx, "the first time", []string{"the", "first", "time"})
			return func() []float32 { return a.Features.Float32s() }, err
		},
		"fill-mask": func(ctx context.Context, m *roberta.Model, i int) (result, error) {
			fills, err := m.FillMask(ctx, "The first <mask> of the year.", 3)
			return func() (all []float32) {
				for _, f := range fills {
					all = append(all, f.Score, float32(f.ID))
				}
				return all
			}, err
		},
		"new head": func(ctx context.Context, m *roberta.Model, i int) (result, error) {
			if err := m.RegisterClassificationHead("new", 3, roberta.WithSeed(5)); err != nil {
				return nil, err
			}
			x, err := m.PredictLogits(ctx, "new", inputs[i])
			return func() []float32 { return x.Float32s() }, err
		},
	}
	want := map[string][][]float32{}
	var names []string
	for name, call := range calls {
		names = append(names, name)
		for i := range inputs {
			x, err := call(t.Context(), alone, i)
			if err != nil {
				t.Fatal(err)
			}
			want[name] = append(want[name], slices.Clone(x()))
		}
	}
	slices.Sort(names)
	names = append(names, slices.Repeat([]string{"LM logits"}, len(names))...) // large results are freed soonest

	var model atomic.Pointer[roberta.Model]
	model.Store(open(3))
	defer func() { model.Load().Close() }()
	var compared atomic.Int64
	var wg sync.WaitGroup
	stop := time.Now().Add(duration)
	for g := range 200 {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(uint64(g), 9))
			for (time.Now().Before(stop) || compared.Load() == 0) && !t.Failed() {
				switch r.IntN(500) {
				case 0:
					m, err := roberta.Open(path, roberta.WithThreads(3))
					if err != nil {
						t.Error(err)
						return
					}
					if err := model.Swap(m).Close(); err != nil {
						t.Error(err)
					}
				case 1:
					debug.FreeOSMemory()
				}
				name, i := names[r.IntN(len(names))], r.IntN(len(inputs))
				ctx, cancel := context.WithCancel(t.Context())
				if r.IntN(3) == 0 {
					time.AfterFunc(time.Duration(r.IntN(3000))*time.Microsecond, cancel)
				}
				x, err := calls[name](ctx, model.Load(), i)
				switch {
				case err == nil:
					if !sameBits(x(), want[name][i]) {
						t.Errorf("%s of input %d: other bits than alone", name, i)
					}
					compared.Add(1)
				case !errors.Is(err, roberta.ErrClosed) && !errors.Is(err, context.Canceled):
					t.Errorf("%s of input %d: %v", name, i, err)
				}
				cancel()
			}
		})
	}
	wg.Wait()
	t.Logf("%d results compared", compared.Load())
}

func sameBits(a, b []float32) bool {
	return slices.EqualFunc(a, b, func(x, y float32) bool { return math.Float32bits(x) == math.Float32bits(y) })
}
