package roberta

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"
	"testing"
	"time"
)

// everything calls each method that computes and gives its numbers.
func everything(ctx context.Context, m *Model, rows [][]int) (all []float32, err error) {
	x, err := m.ExtractFeatures(ctx, rows...)
	if err != nil {
		return nil, err
	}
	all = append(all, floats(x)...)
	hidden, err := m.ExtractAllHiddens(ctx, rows...)
	if err != nil {
		return nil, err
	}
	for _, h := range hidden {
		all = append(all, floats(h)...)
	}
	weights, err := m.Extract(ctx, WantAttentions, rows...)
	if err != nil {
		return nil, err
	}
	for _, a := range weights.Attentions {
		all = append(all, a.values...)
	}
	for _, f := range []func() (result, error){
		func() (result, error) { return m.LMLogits(ctx, rows...) },
		func() (result, error) { return m.Predict(ctx, "mnli", rows...) },
		func() (result, error) { return m.PredictLogits(ctx, "score", rows...) },
		func() (result, error) {
			al, err := m.ExtractFeaturesAlignedToWords(ctx, "the first time", []string{"the", "first time"[:5], "time"})
			if err != nil {
				return nil, err
			}
			return al.Features, nil
		},
	} {
		d, err := f()
		if err != nil {
			return nil, err
		}
		all = append(all, floats(d)...)
	}
	fills, err := m.FillMask(ctx, "The first <mask>.", 3)
	if err != nil {
		return nil, err
	}
	for _, f := range fills {
		all = append(all, f.Score, float32(f.ID))
	}
	answer, err := m.DisambiguatePronoun(ctx, "The time was first because [it] was.", []string{"The time", "first"})
	if err != nil {
		return nil, err
	}
	for _, s := range answer.Scores {
		all = append(all, s.Score)
	}
	return all, nil
}

// TestSteadyMemory bounds what a call allocates beside what it hands out, also
// after inputs of other shapes.
func TestSteadyMemory(t *testing.T) {
	if raceDetector {
		t.Skip("under the race detector sync.Pool forgets at random")
	}
	ctx := t.Context()
	m := openGolden(t, golden(t, "tiny", "model.pt"), WithThreads(2))
	V := m.Config().VocabSize
	rows := batchOf(6, V, 30, 40, 17)
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // a collection empties the pool of arenas
	for _, c := range []struct {
		name   string
		floats int // handed out
		allocs float64
		f      func() error
	}{
		{"features", 3 * 40 * 64, 40, func() error { _, err := m.ExtractFeatures(ctx, rows...); return err }},
		{"all hiddens", 4 * 3 * 40 * 64, 80, func() error { _, err := m.ExtractAllHiddens(ctx, rows...); return err }},
		{"LM logits", 40 * V, 40, func() error { _, err := m.LMLogits(ctx, rows[1]); return err }},
		{"LM logits of unequal lengths", 3 * 40 * V, 40, func() error { _, err := m.LMLogits(ctx, rows...); return err }},
		{"predict", 3 * 3, 40, func() error { _, err := m.Predict(ctx, "mnli", rows...); return err }},
		{"fill-mask", V, 60, func() error { _, err := m.FillMask(ctx, "The first <mask>.", 5); return err }},
	} {
		t.Run(c.name, func(t *testing.T) {
			call := func() {
				if err := c.f(); err != nil {
					t.Error(err)
				}
			}
			call()
			for n := 1; n <= 40; n += 13 { // other shapes in between
				if _, err := m.ExtractFeatures(ctx, batchOf(uint64(n), V, n, 41-n)...); err != nil {
					t.Fatal(err)
				}
			}
			if got := testing.AllocsPerRun(5, call); got > c.allocs+30*float64(m.Config().Layers) {
				t.Errorf("%v allocations a call, want at most %v and 30 a layer", got, c.allocs)
			}
			const calls = 5
			got, want := uint64(0), uint64(4*c.floats+4*c.floats/8+32<<10)
			for range 10 { // a worker that takes part for the first time allocates its scratch memory
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				for range calls {
					call()
				}
				runtime.ReadMemStats(&after)
				if got = (after.TotalAlloc - before.TotalAlloc) / calls; got <= want {
					return
				}
			}
			t.Errorf("%d bytes a call for %d bytes handed out, want at most %d", got, 4*c.floats, want)
		})
	}
}

// TestNothingIsLeft opens, uses and closes a model many times.
func TestNothingIsLeft(t *testing.T) {
	in := golden(t, "tiny", "model.pt")
	dir := t.TempDir()
	plain, mapped := filepath.Join(dir, "plain.safetensors"), filepath.Join(dir, "packed.safetensors")
	if err := errors.Join(Convert(t.Context(), in, plain), Convert(t.Context(), in, mapped, Packed())); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{in, plain, mapped, golden(t, "tiny", "roberta.tiny.tar.gz")} {
		t.Run(filepath.Base(path), func(t *testing.T) {
			use := func() {
				m, err := Open(path, WithThreads(5))
				if err != nil {
					t.Fatal(err)
				}
				if _, err := m.ExtractFeatures(t.Context(), []int{0, 5, 2}); err != nil {
					t.Error(err)
				}
				if err := m.Close(); err != nil {
					t.Error(err)
				}
			}
			use()
			goroutines, files := runtime.NumGoroutine(), openFiles()
			for range 20 {
				use()
			}
			awaitGoroutines(goroutines)
			if got := openFiles(); got > files {
				t.Errorf("%d open files after 20 models, %d before", got, files)
			}
		})
	}
	// Files that no model can be made of leave nothing either.
	goroutines := runtime.NumGoroutine()
	bad := filepath.Join(dir, "bad.pt")
	if err := os.WriteFile(bad, []byte("PK\x03\x04 no archive"), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 20 {
		if _, err := Open(bad, WithThreads(5)); err == nil {
			t.Fatal("a broken file opens")
		}
	}
	awaitGoroutines(goroutines)
}

// awaitGoroutines waits until no more than n goroutines are left: one that was told to
// end takes a moment. If one stays, go test ends the wait and shows all goroutines.
func awaitGoroutines(n int) {
	for runtime.NumGoroutine() > n {
		time.Sleep(time.Millisecond)
	}
}

// openFiles counts this process's open files, 0 where the system does not show them.
func openFiles() int {
	fds, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return 0
	}
	return len(fds)
}

// TestResultsOutliveTheModel reads results and encodes text after Close of a
// model whose file was mapped: neither may point into the mapping.
func TestResultsOutliveTheModel(t *testing.T) {
	for _, opts := range [][]ConvertOption{nil, {Packed()}} {
		path := filepath.Join(t.TempDir(), "model.safetensors")
		if err := Convert(t.Context(), golden(t, "tiny", "model.pt"), path, opts...); err != nil {
			t.Fatal(err)
		}
		m := must[*Model](t)(Open(path))
		rows := batchOf(9, m.Config().VocabSize, 12)
		hidden := must[[]*States](t)(m.ExtractAllHiddens(t.Context(), rows...))
		tokens := m.Encode("The first time.")
		if err := m.Close(); err != nil {
			t.Fatal(err)
		}
		again := openGolden(t, golden(t, "tiny", "model.pt"))
		for layer, want := range must[[]*States](t)(again.ExtractAllHiddens(t.Context(), rows...)) {
			if !sameBits(floats(hidden[layer]), floats(want)) {
				t.Errorf("hidden state %d has other values after Close", layer)
			}
		}
		if got := m.Encode("The first time."); !slices.Equal(got, tokens) || m.Decode(got) != "The first time." {
			t.Errorf("Encode after Close gives %v (%q), want %v", got, m.Decode(got), tokens)
		}
		if got, want := fmt.Sprint(m.Heads(), m.Config(), m.Notes(), m.HasLMHead()), fmt.Sprint(again.Heads(), again.Config(), again.Notes(), again.HasLMHead()); got != want {
			t.Errorf("after Close the model describes itself as %s, want %s", got, want)
		}
		if _, err := everything(t.Context(), m, rows); !errors.Is(err, ErrClosed) {
			t.Errorf("computing after Close: %v, want ErrClosed", err)
		}
	}
}

// TestOpenByManyGoroutines opens one file many times at once.
func TestOpenByManyGoroutines(t *testing.T) {
	path := golden(t, "tiny", "model.pt")
	rows := batchOf(3, 1005, 7, 20)
	want := must[[]float32](t)(everything(t.Context(), openGolden(t, path), rows))
	var wg sync.WaitGroup
	for g := range 16 {
		wg.Go(func() {
			m, err := Open(path, WithThreads(1+g%3))
			if err != nil {
				t.Error(err)
				return
			}
			defer m.Close()
			if got, err := everything(t.Context(), m, rows); err != nil || !sameBits(got, want) {
				t.Errorf("goroutine %d: other numbers than alone (error %v)", g, err)
			}
		})
	}
	wg.Wait()
}

func TestCloseWhileInUse(t *testing.T) {
	m, err := Open(golden(t, "tiny", "model.pt"))
	if err != nil {
		t.Fatal(err)
	}
	rows := batchOf(5, m.Config().VocabSize, 30, 30, 30)
	var wg sync.WaitGroup
	started := make(chan struct{}, 8)
	for range 8 {
		wg.Go(func() {
			for i := 0; ; i++ {
				_, err := m.ExtractFeatures(context.Background(), rows...)
				if i == 0 {
					started <- struct{}{}
				}
				if errors.Is(err, ErrClosed) {
					return
				}
				if err != nil {
					t.Errorf("a call beside Close: %v", err)
					return
				}
			}
		})
	}
	<-started
	if err := m.Close(); err != nil {
		t.Error(err)
	}
	wg.Wait()
	if err := m.Close(); err != nil {
		t.Errorf("second Close: %v", err)
	}
	if _, err := m.FillMask(context.Background(), "<mask>", 1); !errors.Is(err, ErrClosed) {
		t.Errorf("FillMask after Close: %v, want ErrClosed", err)
	}
	if err := m.RegisterClassificationHead("x", 2); !errors.Is(err, ErrClosed) {
		t.Errorf("RegisterClassificationHead after Close: %v, want ErrClosed", err)
	}
}

func TestOpenFSAndLoad(t *testing.T) {
	path := golden(t, "tiny", "model.pt")
	want := openGolden(t, path)
	rows := batchOf(5, 1005, 12)
	features, err := want.ExtractFeatures(context.Background(), rows...)
	if err != nil {
		t.Fatal(err)
	}
	fromFS, err := OpenFS(os.DirFS(filepath.Dir(path)), filepath.Base(path))
	if err != nil {
		t.Fatal(err)
	}
	defer fromFS.Close()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := Load(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	defer loaded.Close()
	for name, m := range map[string]*Model{"OpenFS": fromFS, "Load": loaded} {
		got, err := m.ExtractFeatures(context.Background(), rows...)
		if err != nil {
			t.Fatal(err)
		}
		if !sameBits(floats(got), floats(features)) {
			t.Errorf("%s: other features than from Open", name)
		}
	}
	if got := fromFS.Encode("Hello world!"); !slices.Equal(got, want.Encode("Hello world!")) {
		t.Errorf("OpenFS: Encode gives %v", got)
	}
	// Only a stream: no dict.txt beside it, and 1005 tokens are not GPT-2's.
	if got := loaded.Encode("Hello world!"); got != nil {
		t.Errorf("Load: Encode without a vocabulary gives %v, want nil", got)
	}
	if _, err := loaded.ExtractFeatures(context.Background(), loaded.Encode("Hello")); !errors.Is(err, ErrNoVocabulary) {
		t.Errorf("features of what Encode gives without a vocabulary: %v, want ErrNoVocabulary", err)
	}
	if _, err := loaded.FillMask(context.Background(), "<mask>", 1); !errors.Is(err, ErrNoVocabulary) {
		t.Errorf("FillMask without a vocabulary: %v, want ErrNoVocabulary", err)
	}
}
