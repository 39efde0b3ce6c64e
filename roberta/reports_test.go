package roberta

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"gorgonia.org/tensor"
	"gorgonia.org/tensor/native"
)

// The tests in this file are trials of what users of RoBERTa's implementations
// have stumbled over: batches that change results, limits, masks and spaces,
// memory, threads, and results that are not the caller's own.

// rowAt returns position i of sequence s of x (B, T, C).
func rowAt(x *tensor.Dense, s, i int) []float32 {
	T, C := x.Shape()[1], x.Shape()[2]
	return floats(x)[(s*T+i)*C:][:C]
}

// must fails the test for an error.
func must[T any](t testing.TB) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// TestBatchShapes holds batches of odd shapes to their sequences one by one.
func TestBatchShapes(t *testing.T) {
	ctx := t.Context()
	m := openGolden(t, golden(t, "tiny", "model.pt"))
	C, V := m.Config().Dim, m.Config().VocabSize
	mixed := make([]int, 64)
	for i := range mixed {
		mixed[i] = 1 + i*7%40
	}
	for _, c := range []struct {
		name    string
		lengths []int
	}{
		{"one token", []int{1}},
		{"sequences of one token", []int{1, 1, 1}},
		{"one token beside the longest", []int{1, 40, 1}},
		{"the longest alone", []int{40}},
		{"the longest, many times", slices.Repeat([]int{40}, 9)},
		{"64 lengths", mixed},
		{"1000 short ones", slices.Repeat([]int{3, 5, 2, 1}, 250)},
	} {
		t.Run(c.name, func(t *testing.T) {
			rows := batchOf(11, V, c.lengths...)
			B, T := len(rows), slices.Max(c.lengths)
			features := must[*tensor.Dense](t)(m.ExtractFeatures(ctx, rows...))
			hidden := must[[]*tensor.Dense](t)(m.ExtractAllHiddens(ctx, rows...))
			logits := must[*tensor.Dense](t)(m.LMLogits(ctx, rows...))
			logp := must[*tensor.Dense](t)(m.Predict(ctx, "topics", rows...))
			for _, s := range []struct {
				name string
				got  *tensor.Dense
				want tensor.Shape
			}{
				{"features", features, tensor.Shape{B, T, C}}, {"embedding layer", hidden[0], tensor.Shape{B, T, C}},
				{"LM logits", logits, tensor.Shape{B, T, V}}, {"predictions", logp, tensor.Shape{B, 7}},
			} {
				if !slices.Equal(s.got.Shape(), s.want) {
					t.Fatalf("%s have shape %v, want %v", s.name, s.got.Shape(), s.want)
				}
			}
			if !sameBits(floats(hidden[len(hidden)-1]), floats(features)) {
				t.Error("the last hidden states are not the features")
			}
			step := max(1, B/40)
			for s := 0; s < B; s += step {
				alone := must[*tensor.Dense](t)(m.ExtractFeatures(ctx, rows[s]))
				if n := len(rows[s]); !sameBits(floats(alone), sequence(features, s, n)) {
					t.Errorf("features of sequence %d alone differ", s)
				}
				for i := len(rows[s]); i < T; i++ {
					if slices.ContainsFunc(rowAt(features, s, i), nonZero) || slices.ContainsFunc(rowAt(logits, s, i), nonZero) {
						t.Fatalf("row %d of sequence %d, past its end, is not zero", i, s)
					}
				}
				one := must[*tensor.Dense](t)(m.Predict(ctx, "topics", rows[s]))
				if !sameBits(floats(one), floats(logp)[7*s:][:7]) {
					t.Errorf("prediction for sequence %d alone differs", s)
				}
			}
		})
	}
}

func nonZero(x float32) bool { return x != 0 }

// TestPadsAnywhere pads one sequence at the left, at the right and inside.
func TestPadsAnywhere(t *testing.T) {
	ctx := t.Context()
	m := openGolden(t, golden(t, "tiny", "model.pt"))
	tokens := m.Encode("The people said it was the first time.")
	features := must[*tensor.Dense](t)(m.ExtractFeatures(ctx, tokens))
	logits := must[*tensor.Dense](t)(m.LMLogits(ctx, tokens))
	logp := must[*tensor.Dense](t)(m.Predict(ctx, "mnli", tokens))
	pads := slices.Repeat([]int{padID}, 50) // more than the model has positions
	inside := slices.Concat(tokens[:2], pads[:3], tokens[2:4], pads[:1], tokens[4:])
	for name, padded := range map[string][]int{
		"right": slices.Concat(tokens, pads),
		"left":  slices.Concat(pads, tokens),
		"both":  slices.Concat(pads[:4], tokens, pads[:2]),
		"in":    inside,
	} {
		t.Run(name, func(t *testing.T) {
			x := must[*tensor.Dense](t)(m.ExtractFeatures(ctx, padded, tokens))
			y := must[*tensor.Dense](t)(m.LMLogits(ctx, padded, tokens))
			p := must[*tensor.Dense](t)(m.Predict(ctx, "mnli", padded, tokens))
			if want := (tensor.Shape{2, len(padded), 64}); !slices.Equal(x.Shape(), want) {
				t.Fatalf("shape %v, want %v: pads count for the shape", x.Shape(), want)
			}
			n := 0
			for i, id := range padded {
				if id == padID {
					if slices.ContainsFunc(rowAt(x, 0, i), nonZero) || slices.ContainsFunc(rowAt(y, 0, i), nonZero) {
						t.Errorf("the pad at position %d has values", i)
					}
					continue
				}
				if !sameBits(rowAt(x, 0, i), rowAt(features, 0, n)) {
					t.Errorf("features of token %d differ from those without pads", n)
				}
				if !sameBits(rowAt(y, 0, i), rowAt(logits, 0, n)) {
					t.Errorf("LM logits of token %d differ from those without pads", n)
				}
				n++
			}
			if !sameBits(floats(p)[:3], floats(logp)) || !sameBits(floats(p)[3:], floats(logp)) {
				t.Errorf("predictions %v differ from %v without pads", floats(p), floats(logp))
			}
		})
	}
}

// TestLongestInput holds every method to the published 512 tokens: one more is
// refused before anything is computed, which a context that ended long ago shows.
func TestLongestInput(t *testing.T) {
	m := openGolden(t, golden(t, "fulldict", "model.pt"))
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	const limit = 512
	words := func(n int) string { return "a" + strings.Repeat(" a", n-3) } // n tokens with <s> and </s>
	if n := len(m.Encode(words(limit))); n != limit {
		t.Fatalf("the text has %d tokens, want %d", n, limit)
	}
	short := m.Encode("a")
	for _, c := range []struct {
		name string
		f    func(ctx context.Context, n int) error
		seq  int // index of the sequence at fault
	}{
		{"features", func(ctx context.Context, n int) error {
			_, err := m.ExtractFeatures(ctx, short, m.Encode(words(n)), short)
			return err
		}, 1},
		{"all hiddens", func(ctx context.Context, n int) error {
			_, err := m.ExtractAllHiddens(ctx, m.Encode(words(n)))
			return err
		}, 0},
		{"LM logits", func(ctx context.Context, n int) error {
			_, err := m.LMLogits(ctx, m.Encode(words(n))[:n])
			return err
		}, 0},
		{"predict", func(ctx context.Context, n int) error {
			_, err := m.Predict(ctx, "mnli", short, short, m.Encode(words(n)))
			return err
		}, 2},
		{"a pair", func(ctx context.Context, n int) error { // <s> a </s></s> b </s>
			_, err := m.Predict(ctx, "mnli", m.Encode(words(300), words(n-300)))
			return err
		}, 0},
		{"fill-mask", func(ctx context.Context, n int) error {
			_, err := m.FillMasks(ctx, []string{"<mask>", words(n-1) + " <mask>"}, 1)
			return err
		}, 1},
		{"words", func(ctx context.Context, n int) error {
			_, err := m.ExtractFeaturesAlignedToWords(ctx, words(n), strings.Fields(words(n)))
			return err
		}, 0},
		{"pronoun", func(ctx context.Context, n int) error { // no <s> here: n-1 and </s>
			_, err := m.DisambiguatePronoun(ctx, words(n)+" [it]", []string{"a"})
			return err
		}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.name != "LM logits" || !testing.Short() && !raceDetector { // 100 MB of them
				if err := c.f(t.Context(), limit); err != nil {
					t.Errorf("%d tokens: %v", limit, err)
				}
			}
			err := c.f(ended, limit+1)
			length, ok := errors.AsType[*LengthError](err)
			if !ok || !errors.Is(err, ErrTooLong) {
				t.Fatalf("%d tokens: error %v, want ErrTooLong", limit+1, err)
			}
			if want := (LengthError{Sequence: c.seq, Tokens: limit + 1, Max: limit}); *length != want {
				t.Errorf("%d tokens: %+v, want %+v", limit+1, *length, want)
			}
		})
	}
}

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
	for _, f := range []func() (*tensor.Dense, error){
		func() (*tensor.Dense, error) { return m.LMLogits(ctx, rows...) },
		func() (*tensor.Dense, error) { return m.Predict(ctx, "mnli", rows...) },
		func() (*tensor.Dense, error) { return m.PredictLogits(ctx, "score", rows...) },
		func() (*tensor.Dense, error) {
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

// TestResultsAreTheCallers writes over whatever a model hands out; nothing that
// it gives later may change.
func TestResultsAreTheCallers(t *testing.T) {
	ctx := t.Context()
	m := openGolden(t, golden(t, "tiny", "model.pt"))
	if err := m.RegisterClassificationHead("labelled", 2, WithLabels("no", "yes")); err != nil {
		t.Fatal(err)
	}
	rows := batchOf(2, m.Config().VocabSize, 6, 13)
	want := must[[]float32](t)(everything(ctx, m, rows))

	overwrite := func(ds ...*tensor.Dense) {
		for _, d := range ds {
			for i := range floats(d) {
				floats(d)[i] = float32(math.NaN())
			}
		}
	}
	features := must[*tensor.Dense](t)(m.ExtractFeatures(ctx, rows...))
	overwrite(features)
	hidden := must[[]*tensor.Dense](t)(m.ExtractAllHiddens(ctx, rows...))
	kept := slices.Clone(floats(hidden[1]))
	overwrite(hidden[0], hidden[len(hidden)-1])
	if !sameBits(floats(hidden[1]), kept) {
		t.Error("two hidden states share memory")
	}
	overwrite(must[*tensor.Dense](t)(m.LMLogits(ctx, rows...)), must[*tensor.Dense](t)(m.LMLogits(ctx, rows[0])),
		must[*tensor.Dense](t)(m.Predict(ctx, "mnli", rows...)), must[*tensor.Dense](t)(m.PredictLogits(ctx, "score", rows...)))
	given := []string{"the", "first", "time"}
	al := must[*Alignment](t)(m.ExtractFeaturesAlignedToWords(ctx, "the first time", given))
	overwrite(al.Features)
	al.Words[0] = "changed"
	if given[0] != "the" {
		t.Error("an Alignment holds the caller's own slice of words")
	}
	heads := m.Heads()
	for i := range heads {
		heads[i].Name = "changed"
		for j := range heads[i].Labels {
			heads[i].Labels[j] = "changed"
		}
	}
	one := must[Head](t)(m.Head("labelled"))
	one.Labels[1] = "changed"
	if one = must[Head](t)(m.Head("labelled")); !slices.Equal(one.Labels, []string{"no", "yes"}) {
		t.Errorf("labels are %q after a change to a copy", one.Labels)
	}
	tokens := m.Encode("The first time.")
	encoded := slices.Clone(tokens)
	for i := range tokens {
		tokens[i] = -1
	}
	if again := m.Encode("The first time."); !slices.Equal(again, encoded) {
		t.Errorf("Encode gives %v, and %v after a change to its result", encoded, again)
	}
	if got := must[[]float32](t)(everything(ctx, m, rows)); !sameBits(got, want) {
		t.Error("numbers changed after results were written over")
	}
}

// TestInputsStay gives tokens with room behind them, which a stray append
// would write to, and looks at all of it afterwards.
func TestInputsStay(t *testing.T) {
	m := openGolden(t, golden(t, "tiny", "model.pt"))
	rows := batchOf(4, m.Config().VocabSize, 5, 9)
	for i, row := range rows {
		rows[i] = append(make([]int, 0, 64), row...)
		for j := range rows[i][len(row):64] {
			rows[i][len(row):64][j] = 7000 + j
		}
	}
	before := slices.Concat(rows[0][:64], rows[1][:64])
	if _, err := everything(t.Context(), m, rows); err != nil {
		t.Fatal(err)
	}
	if after := slices.Concat(rows[0][:64], rows[1][:64]); !slices.Equal(after, before) {
		t.Errorf("tokens were %v and are %v", before, after)
	}
	candidates := append(make([]string, 0, 4), "The time", "first")
	if _, err := m.DisambiguatePronoun(t.Context(), "The _man_ was first because [it] was.", candidates); err != nil {
		t.Fatal(err)
	}
	if got := candidates[:3]; !slices.Equal(got, []string{"The time", "first", ""}) {
		t.Errorf("candidates and what lies behind them are %q", got)
	}
}

// TestTensorsAreOrdinary uses results as users of gorgonia.org/tensor do.
func TestTensorsAreOrdinary(t *testing.T) {
	ctx := t.Context()
	m := openGolden(t, golden(t, "tiny", "model.pt"))
	rows := batchOf(6, m.Config().VocabSize, 3, 5)
	one := rows[0][:1]
	results := map[string]*tensor.Dense{
		"features":           must[*tensor.Dense](t)(m.ExtractFeatures(ctx, rows...)),
		"one token":          must[*tensor.Dense](t)(m.ExtractFeatures(ctx, one)),
		"LM logits":          must[*tensor.Dense](t)(m.LMLogits(ctx, rows...)),
		"predictions":        must[*tensor.Dense](t)(m.Predict(ctx, "mnli", rows...)),
		"one class, one row": must[*tensor.Dense](t)(m.PredictLogits(ctx, "score", one)),
	}
	for name, d := range results {
		t.Run(name, func(t *testing.T) {
			shape := d.Shape()
			if d.IsScalar() || d.Dtype() != tensor.Float32 || d.IsView() || !d.DataOrder().IsRowMajor() || !d.DataOrder().IsContiguous() {
				t.Fatalf("not a contiguous row-major float32 tensor of its own: %v %v %v", shape, d.Dtype(), d.DataOrder())
			}
			if n := shape.TotalSize(); len(floats(d)) != n || cap(floats(d)) != n {
				t.Errorf("%d values in room for %d, want %d", len(floats(d)), cap(floats(d)), n)
			}
			last := make([]int, len(shape))
			for i := range last {
				last[i] = shape[i] - 1
			}
			if v := must[any](t)(d.At(last...)); v != floats(d)[len(floats(d))-1] {
				t.Errorf("At(%v) = %v, want %v", last, v, floats(d)[len(floats(d))-1])
			}
			if len(shape) == 3 {
				x := must[[][][]float32](t)(native.Tensor3F32(d))
				if got := x[last[0]][last[1]][last[2]]; got != floats(d)[len(floats(d))-1] {
					t.Errorf("native.Tensor3F32 ends with %v", got)
				}
			} else if x := must[[][]float32](t)(native.MatrixF32(d)); len(x) != shape[0] || len(x[0]) != shape[1] {
				t.Errorf("native.MatrixF32 has %d rows", len(x))
			}
			var npy bytes.Buffer
			if err := d.WriteNpy(&npy); err != nil {
				t.Fatal(err)
			}
			var back tensor.Dense
			if err := back.ReadNpy(&npy); err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(back.Shape(), shape) || !sameBits(floats(&back), floats(d)) {
				t.Errorf("WriteNpy and ReadNpy give %v, want %v", back.Shape(), shape)
			}
		})
	}
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
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			for range calls {
				call()
			}
			runtime.ReadMemStats(&after)
			got, want := (after.TotalAlloc-before.TotalAlloc)/calls, uint64(4*c.floats+4*c.floats/8+32<<10)
			if got > want {
				t.Errorf("%d bytes a call for %d bytes handed out, want at most %d", got, 4*c.floats, want)
			}
		})
	}
}

// TestNothingIsLeft opens, uses and closes a model many times.
func TestNothingIsLeft(t *testing.T) {
	in := golden(t, "tiny", "model.pt")
	dir := t.TempDir()
	plain, mapped := filepath.Join(dir, "plain.safetensors"), filepath.Join(dir, "packed.safetensors")
	if err := errors.Join(Convert(in, plain), Convert(in, mapped, Packed())); err != nil {
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
			deadline := time.Now().Add(5 * time.Second)
			for runtime.NumGoroutine() > goroutines && time.Now().Before(deadline) {
				time.Sleep(time.Millisecond)
			}
			if got := runtime.NumGoroutine(); got > goroutines {
				t.Errorf("%d goroutines after 20 models, %d before", got, goroutines)
			}
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
	if got := runtime.NumGoroutine(); got > goroutines {
		t.Errorf("%d goroutines after failures, %d before", got, goroutines)
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
		if err := Convert(golden(t, "tiny", "model.pt"), path, opts...); err != nil {
			t.Fatal(err)
		}
		m := must[*Model](t)(Open(path))
		rows := batchOf(9, m.Config().VocabSize, 12)
		hidden := must[[]*tensor.Dense](t)(m.ExtractAllHiddens(t.Context(), rows...))
		tokens := m.Encode("The first time.")
		if err := m.Close(); err != nil {
			t.Fatal(err)
		}
		again := openGolden(t, golden(t, "tiny", "model.pt"))
		for layer, want := range must[[]*tensor.Dense](t)(again.ExtractAllHiddens(t.Context(), rows...)) {
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

// TestFillMaskSpaces: a space before <mask> goes with it, other white space
// stays, and an answer's text and token agree.
func TestFillMaskSpaces(t *testing.T) {
	m := openGolden(t, golden(t, "fulldict", "model.pt"))
	for _, c := range []struct{ text, before, after string }{
		{"My cup is <mask>.", "My cup is", "."},
		{"My cup is<mask>.", "My cup is", "."},
		{"My cup is  <mask>  .", "My cup is ", "  ."},
		{"My cup is\t<mask>\n.", "My cup is\t", "\n."},
		{"My cup is\u00a0<mask> .", "My cup is\u00a0", " ."},
		{"<mask> cup is mine.", "", " cup is mine."},
		{" <mask> cup", "", " cup"},
		{"I<mask>  it", "I", "  it"},
		{"<mask>", "", ""},
		{"the end is <mask>", "the end is", ""},
		{"é👍 <mask> 中", "é👍", " 中"},
		{"a </s> <mask> <unk>", "a </s>", " <unk>"},
		{"<MASK> <mask>", "<MASK>", ""},
	} {
		t.Run(c.text, func(t *testing.T) {
			fills := must[[]Fill](t)(m.FillMask(t.Context(), c.text, 20))
			if len(fills) != 20 {
				t.Fatalf("%d answers, want 20", len(fills))
			}
			seen := map[int]bool{}
			for i, f := range fills {
				if want := c.before + f.Token + c.after; f.Text != want {
					t.Errorf("text %q, want %q", f.Text, want)
				}
				if i > 0 && f.Score > fills[i-1].Score || !(f.Score > 0 && f.Score < 1) || seen[f.ID] {
					t.Errorf("answer %d is %+v after %+v", i, f, fills[max(0, i-1)])
				}
				if got := m.tok.TokenText(f.ID); got != f.Token {
					t.Errorf("token %d is %q, the answer says %q", f.ID, got, f.Token)
				}
				seen[f.ID] = true
			}
			if again := must[[]Fill](t)(m.FillMask(t.Context(), c.text, 20)); !slices.Equal(again, fills) {
				t.Error("a second call gives other answers")
			}
			if batch := must[[][]Fill](t)(m.FillMasks(t.Context(), []string{"A <mask> and more text.", c.text}, 20)); !slices.Equal(batch[1], fills) {
				t.Error("the text in a batch gives other answers")
			}
		})
	}
	// The model sees no space at the end of a part, but sees one at its beginning.
	score := func(text string) float32 { return must[[]Fill](t)(m.FillMask(t.Context(), text, 1))[0].Score }
	if a, b := score("My cup is <mask>."), score("My cup is \t<mask>."); a != b {
		t.Errorf("white space before the mask changes the best score from %v to %v", a, b)
	}
	if a, b := score("My cup is <mask>."), score(" My cup is <mask>."); a == b {
		t.Error("a space in front of the text changes nothing")
	}
}

// TestFillMaskCounts asks for as many answers as there are, and for too many.
func TestFillMaskCounts(t *testing.T) {
	m := openGolden(t, golden(t, "tiny", "model.pt"))
	V := m.Config().VocabSize
	all := must[[]Fill](t)(m.FillMask(t.Context(), "The <mask>", V))
	sum := 0.0
	for i, f := range all {
		sum += float64(f.Score)
		if i > 0 && (f.Score > all[i-1].Score || f.Score == all[i-1].Score && f.ID < all[i-1].ID) {
			t.Errorf("answer %d, %+v, comes after %+v", i, f, all[i-1])
		}
	}
	// <s>, <pad> and </s> are no answers; the scores stay those of the whole vocabulary.
	if n := 3; len(all) != V-n || sum > 1+1e-5 || sum < 0.9 {
		t.Errorf("%d answers with scores that add up to %v, want %d and almost 1", len(all), sum, V-n)
	}
	if few := must[[]Fill](t)(m.FillMask(t.Context(), "The <mask>", 7)); !slices.Equal(few, all[:7]) {
		t.Errorf("the best 7 are %v, want %v", few, all[:7])
	}
	for _, k := range []int{0, -1, V + 1, math.MaxInt, math.MinInt} {
		_, err := m.FillMask(t.Context(), "The <mask>", k)
		if top, ok := errors.AsType[*TopKError](err); !ok || top.K != k || top.Max != V {
			t.Errorf("k = %d: %v, want a *TopKError with the limit %d", k, err, V)
		}
	}
}

// TestWords aligns texts that other implementations stumble over. Rows of words
// and of what follows them must add up to the features of all tokens.
func TestWords(t *testing.T) {
	m := openGolden(t, golden(t, "fulldict", "model.pt"))
	for _, c := range []struct {
		name, text string
		words      []string
		rest       int    // rows after the last word's
		says       string // of the error, if one is wanted
	}{
		{name: "plain", text: "Seven birds left. Nine stayed.", words: []string{"Seven", "birds", "left", ".", "Nine", "stayed", "."}, rest: 1},
		{name: "words with their spaces", text: "Seven birds left.", words: []string{"Seven ", " birds", "left", "."}, rest: 1},
		{name: "a double space", text: "Seven birds left.  Nine stayed.", words: []string{"Seven", "birds", "left", ".", "Nine", "stayed", "."}, says: `token 5 " "`},
		{name: "spaces at the end", text: "It stayed.   ", words: []string{"It", "stayed", "."}, rest: 4},
		{name: "a token shared by words", text: "cannot", words: []string{"c", "an", "not"}, rest: 1},
		{name: "characters cut into bytes", text: "é中 👍🏽!", words: []string{"é", "中", "👍🏽", "!"}, rest: 1},
		{name: "special tokens spelt out", text: "a <mask> </s>", words: []string{"a", "<mask>", "</s>"}, rest: 1},
		{name: "a word with a space inside", text: "New York", words: []string{"New York"}, says: "word 0"},
		{name: "a word too many", text: "Nine", words: []string{"Nine", "stayed"}, says: `word 1 "stayed"`},
		{name: "other case", text: "Nine", words: []string{"nine"}, says: `word 0 "nine"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			al, err := m.ExtractFeaturesAlignedToWords(t.Context(), c.text, c.words)
			if c.says != "" {
				if !errors.Is(err, ErrAlign) || !strings.Contains(err.Error(), c.says) {
					t.Fatalf("error %v, want ErrAlign that names %s", err, c.says)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			C := m.Config().Dim
			if want := (tensor.Shape{1 + len(c.words) + c.rest, C}); !slices.Equal(al.Features.Shape(), want) {
				t.Fatalf("shape %v, want %v", al.Features.Shape(), want)
			}
			x := must[*tensor.Dense](t)(m.ExtractFeatures(t.Context(), m.Encode(c.text)))
			for i := range C {
				var got, want float64
				for r := i; r < len(floats(al.Features)); r += C {
					got += float64(floats(al.Features)[r])
				}
				for r := i; r < len(floats(x)); r += C {
					want += float64(floats(x)[r])
				}
				if math.Abs(got-want) > 1e-4 {
					t.Errorf("channel %d adds up to %v, the features to %v", i, got, want)
				}
			}
		})
	}
}

// TestPronounErrors: each mistake has an error of its own.
func TestPronounErrors(t *testing.T) {
	m := openGolden(t, golden(t, "wsc", "model.pt"))
	kinds := []error{ErrPronounMark, ErrPronounFirst, ErrPronounMisaligned, ErrNoCandidate}
	for _, c := range []struct {
		name, text string
		candidates []string
		want       error
	}{
		{"no pronoun marked", "The cup broke because it fell.", []string{"The cup"}, ErrPronounMark},
		{"two pronouns marked", "The cup broke because [it] saw [it].", []string{"The cup"}, ErrPronounMark},
		{"a bracket left open", "The cup broke because [it fell.", []string{"The cup"}, ErrPronounMark},
		{"brackets the wrong way round", "The cup broke ]it[ fell.", []string{"The cup"}, ErrPronounMark},
		{"an empty query", "The __ cup broke because [it] fell.", []string{"The cup"}, ErrPronounMark},
		{"the pronoun first", "[It] fell.", []string{"The cup"}, ErrPronounFirst},
		{"the pronoun first, in a query", "_[It]_ fell.", []string{"The cup"}, ErrPronounFirst},
		{"a pronoun inside a word", "The cup broke un[it]ed.", []string{"The cup"}, ErrPronounMisaligned},
		{"no candidates", "The cup broke because [it] fell.", nil, ErrNoCandidate},
		{"blank candidates", "The cup broke because [it] fell.", []string{"", " \t"}, ErrNoCandidate},
		{"the query as the only candidate", "The _cup_ broke because [it] fell.", []string{"The cup"}, ErrNoCandidate},
		{"an empty text", "", []string{"The cup"}, ErrPronounMark},
	} {
		t.Run(c.name, func(t *testing.T) {
			answer, err := m.DisambiguatePronoun(t.Context(), c.text, c.candidates)
			if !errors.Is(err, ErrPronoun) {
				t.Fatalf("%+v, error %v, want ErrPronoun", answer, err)
			}
			for _, kind := range kinds {
				if errors.Is(err, kind) != (kind == c.want) {
					t.Errorf("error %q is %q: %v", err, kind, kind != c.want)
				}
			}
		})
	}
}

// TestLabelsFollowTheFile permutes and cuts the class names of a Hugging Face
// configuration: numbers stay in the head's order, names follow the file.
func TestLabelsFollowTheFile(t *testing.T) {
	dir := golden(t, "hf", "tiny-mnli")
	plain := openGolden(t, dir)
	head := plain.Heads()[0].Name
	rows := batchOf(5, plain.Config().VocabSize, 9, 4)
	want := must[*tensor.Dense](t)(plain.Predict(t.Context(), head, rows...))
	for _, c := range []struct {
		name    string
		id2name map[string]string
		labels  []string
		note    string
	}{
		{"in order", map[string]string{"0": "no", "1": "maybe", "2": "yes"}, []string{"no", "maybe", "yes"}, ""},
		{"permuted", map[string]string{"2": "no", "0": "maybe", "1": "yes"}, []string{"maybe", "yes", "no"}, ""},
		{"one too few", map[string]string{"0": "no", "1": "yes"}, nil, "2 labels"},
		{"placeholders", map[string]string{"0": "LABEL_0", "1": "LABEL_1", "2": "LABEL_2"}, nil, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			out := t.TempDir()
			config := readJSON[map[string]any](t, filepath.Join(dir, "config.json"))
			config["id2label"] = c.id2name
			delete(config, "label2id")
			data := must[[]byte](t)(json.Marshal(config))
			tensors := must[[]byte](t)(os.ReadFile(filepath.Join(dir, "model.safetensors")))
			if err := errors.Join(os.WriteFile(filepath.Join(out, "config.json"), data, 0o600), os.WriteFile(filepath.Join(out, "model.safetensors"), tensors, 0o600)); err != nil {
				t.Fatal(err)
			}
			m := openGolden(t, out)
			if got := must[Head](t)(m.Head(head)).Labels; !slices.Equal(got, c.labels) {
				t.Errorf("labels %q, want %q", got, c.labels)
			}
			if notes := strings.Join(m.Notes(), "\n"); !strings.Contains(notes, c.note) {
				t.Errorf("notes %q do not say %q", notes, c.note)
			}
			if got := must[*tensor.Dense](t)(m.Predict(t.Context(), head, rows...)); !sameBits(floats(got), floats(want)) {
				t.Errorf("log-probabilities %v, want %v: the order of names must not change them", floats(got), floats(want))
			}
			if _, err := m.Predict(t.Context(), "mnli", rows...); !errors.Is(err, ErrUnknownHead) || !strings.Contains(err.Error(), head) {
				t.Errorf("another head's name: %v, want ErrUnknownHead that names %s", err, head)
			}
			// This file has no language-model head: that is an error, not an answer.
			if _, err := m.FillMask(t.Context(), "<mask>", 1); !errors.Is(err, ErrNoLMHead) {
				t.Errorf("FillMask: %v, want ErrNoLMHead", err)
			}
		})
	}
}

// TestRegression: a head of one class is read from its logits, which nothing
// clamps; the logarithm of its softmax is 0.
func TestRegression(t *testing.T) {
	m := openGolden(t, golden(t, "tiny", "model.pt"))
	rows := batchOf(12, m.Config().VocabSize, slices.Repeat([]int{3, 11}, 32)...)
	logp := must[*tensor.Dense](t)(m.Predict(t.Context(), "score", rows...))
	logits := must[*tensor.Dense](t)(m.PredictLogits(t.Context(), "score", rows...))
	if want := (tensor.Shape{64, 1}); !slices.Equal(logp.Shape(), want) || !slices.Equal(logits.Shape(), want) {
		t.Fatalf("shapes %v and %v, want %v", logp.Shape(), logits.Shape(), want)
	}
	if slices.ContainsFunc(floats(logp), nonZero) {
		t.Errorf("log-probabilities of one class are %v, want zeros", floats(logp))
	}
	if lo, hi := slices.Min(floats(logits)), slices.Max(floats(logits)); !(lo < 0 && hi-lo > 0.1) {
		t.Errorf("scores run from %v to %v", lo, hi)
	}
}

// TestErrorsNameTheInput: one bad input among many is named by its index.
func TestErrorsNameTheInput(t *testing.T) {
	ctx := t.Context()
	m := openGolden(t, golden(t, "tiny", "model.pt"))
	ok := []int{0, 5, 2}
	for _, c := range []struct {
		name string
		err  func() error
		want error
		says string
	}{
		{"empty", func() error { _, err := m.ExtractFeatures(ctx, ok, ok, []int{}); return err }, ErrEmpty, "sequence 2"},
		{"pads alone", func() error { _, err := m.Predict(ctx, "mnli", ok, []int{1, 1}); return err }, ErrEmpty, "sequence 1"},
		{"a token", func() error { _, err := m.LMLogits(ctx, ok, ok, ok, []int{0, 1005}); return err }, ErrToken, "sequence 3: token 1005 at position 1"},
		{"a mask", func() error { _, err := m.FillMasks(ctx, []string{"<mask>", "<mask><mask>"}, 1); return err }, ErrMask, "text 1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if err := c.err(); !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("error %v, want %v that names %s", err, c.want, c.says)
			}
		})
	}
}

// TestRegisterSizes: sizes that would exhaust memory are an error.
func TestRegisterSizes(t *testing.T) {
	m := openGolden(t, golden(t, "tiny", "model.pt"))
	for _, c := range []struct{ classes, inner int }{
		{1 << 20, 1 << 20}, {math.MaxInt, 1}, {2, math.MaxInt}, {math.MinInt, 4},
	} {
		if err := m.RegisterClassificationHead("big", c.classes, WithInnerDim(c.inner)); !errors.Is(err, ErrHead) {
			t.Errorf("%d classes, inner dimension %d: %v, want ErrHead", c.classes, c.inner, err)
		}
	}
	if _, err := m.Head("big"); !errors.Is(err, ErrUnknownHead) {
		t.Errorf("a head that was refused is there: %v", err)
	}
}
