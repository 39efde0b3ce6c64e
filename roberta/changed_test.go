//go:build linux && !purego

package roberta

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/goroberta/goroberta/weights"
)

// TestFileCutShort cuts a packed file, from which a model computes, while the model is
// open: calls return an error that names the file, on any number of threads.
func TestFileCutShort(t *testing.T) {
	for threads, p := range map[int]Precision{1: Float32, 2: Float32, 3: Float32, 4: Int8, 5: BFloat16} {
		path := filepath.Join(t.TempDir(), "packed.safetensors")
		if err := Convert(t.Context(), golden(t, "tiny", "model.pt"), path, Packed(), ConvertPrecision(p)); err != nil {
			t.Fatal(err)
		}
		m := openGolden(t, path, WithThreads(threads))
		whole := openGolden(t, path, WithThreads(threads), WithoutMap())
		rows := batchOf(4, m.Config().VocabSize, 40, 40, 40, 40, 40, 40, 40, 40)
		want := must[*States](t)(m.ExtractFeatures(t.Context(), rows...))
		if err := os.Truncate(path, 4096); err != nil {
			t.Fatal(err)
		}
		_, features := m.ExtractFeatures(t.Context(), rows...)
		_, logits := m.LMLogits(t.Context(), rows[0])
		_, logp := m.Predict(t.Context(), "mnli", rows...)
		_, head := m.HeadWeights("mnli")
		_, fills := m.FillMask(t.Context(), "The first <mask>.", 3)
		for name, err := range map[string]error{"features": features, "logits": logits, "predictions": logp, "head": head, "fill-mask": fills} {
			var file *weights.FileError
			if !errors.Is(err, weights.ErrChanged) || !errors.As(err, &file) || file.Path != path {
				t.Errorf("%d threads, %s: %v, want weights.ErrChanged about %s", threads, name, err, path)
			}
		}
		if got := must[*States](t)(whole.ExtractFeatures(t.Context(), rows...)); !sameBits(floats(got), floats(want)) {
			t.Errorf("%d threads: a model without a map computes other bits after the file was cut", threads)
		}
	}
}

// TestDroppedModel opens models and forgets them: their workers end, and their maps go.
func TestDroppedModel(t *testing.T) {
	path := filepath.Join(t.TempDir(), "packed.safetensors")
	if err := Convert(t.Context(), golden(t, "tiny", "model.pt"), path, Packed()); err != nil {
		t.Fatal(err)
	}
	mapped := func() int {
		maps := must[[]byte](t)(os.ReadFile("/proc/self/maps"))
		return strings.Count(string(maps), path)
	}
	before := runtime.NumGoroutine()
	for range 10 {
		m := must[*Model](t)(Open(path, WithThreads(4)))
		_ = must[*States](t)(m.ExtractFeatures(t.Context(), []int{0, 5, 2}))
	}
	if mapped() == 0 {
		t.Fatal("the file is not mapped: nothing to see")
	}
	for mapped() > 0 {
		runtime.GC()
		time.Sleep(time.Millisecond)
	}
	awaitGoroutines(before)
}
