package roberta

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestLabelsFollowTheFile permutes and cuts the class names of a Hugging Face
// configuration: numbers stay in the head's order, names follow the file.
func TestLabelsFollowTheFile(t *testing.T) {
	dir := golden(t, "hf", "tiny-mnli")
	plain := openGolden(t, dir)
	head := plain.Heads()[0].Name
	rows := batchOf(5, plain.Config().VocabSize, 9, 4)
	want := must[*Matrix](t)(plain.Predict(t.Context(), head, rows...))
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
			if got := must[*Matrix](t)(m.Predict(t.Context(), head, rows...)); !sameBits(floats(got), floats(want)) {
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
	logp := must[*Matrix](t)(m.Predict(t.Context(), "score", rows...))
	logits := must[*Matrix](t)(m.PredictLogits(t.Context(), "score", rows...))
	if want := (Shape{64, 1}); !slices.Equal(logp.Shape(), want) || !slices.Equal(logits.Shape(), want) {
		t.Fatalf("shapes %v and %v, want %v", logp.Shape(), logits.Shape(), want)
	}
	if slices.ContainsFunc(floats(logp), nonZero) {
		t.Errorf("log-probabilities of one class are %v, want zeros", floats(logp))
	}
	if lo, hi := slices.Min(floats(logits)), slices.Max(floats(logits)); !(lo < 0 && hi-lo > 0.1) {
		t.Errorf("scores run from %v to %v", lo, hi)
	}
}

func TestRegisterClassificationHead(t *testing.T) {
	ctx := context.Background()
	var log bytes.Buffer
	m := openGolden(t, golden(t, "tiny", "model.pt"), WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
	tokens := m.Encode("The first time.")
	predict := func() []float32 {
		t.Helper()
		d, err := m.Predict(ctx, "new_task", tokens)
		if err != nil {
			t.Fatal(err)
		}
		return floats(d)
	}
	log.Reset()
	if err := m.RegisterClassificationHead("new_task", 3, WithSeed(1), WithLabels("a", "b", "c")); err != nil {
		t.Fatal(err)
	}
	if log.Len() > 0 {
		t.Errorf("a first registration logs %q", &log)
	}
	first := predict()
	sum := 0.0
	for _, p := range first {
		sum += math.Exp(float64(p))
	}
	if len(first) != 3 || math.Abs(sum-1) > 1e-6 {
		t.Errorf("probabilities of a new head add up to %v", sum)
	}
	if h, err := m.Head("new_task"); err != nil || h.InnerDim != 64 || !slices.Equal(h.Labels, []string{"a", "b", "c"}) {
		t.Errorf("Head = %+v, %v", h, err)
	}
	if err := m.RegisterClassificationHead("new_task", 3, WithSeed(1)); err != nil {
		t.Fatalf("registering again: %v, want a warning only", err)
	}
	if !strings.Contains(log.String(), "level=WARN") || !strings.Contains(log.String(), "new_task") {
		t.Errorf("registering again logs %q, want a warning that names the head", &log)
	}
	if got := predict(); !sameBits(got, first) {
		t.Errorf("equal seeds give %v and %v", got, first)
	}
	if err := m.RegisterClassificationHead("new_task", 3); err != nil {
		t.Fatal(err)
	}
	if got := predict(); sameBits(got, first) {
		t.Error("a head without a seed repeats the weights of one with")
	}
	if err := m.RegisterClassificationHead("new_task", 5, WithInnerDim(7)); err != nil {
		t.Fatal(err)
	}
	if got := predict(); len(got) != 5 {
		t.Errorf("%d classes after registering 5", len(got))
	}

	// torch's default: uniform in ±1/√inputs.
	h := (*m.heads.Load())["new_task"]
	lo, hi, n := 0.0, 0.0, 0
	for _, w := range h.net.Dense.W.F32 {
		lo, hi = min(lo, float64(w)), max(hi, float64(w))
		if w != 0 {
			n++
		}
	}
	if bound := 1.0 / 8; lo < -bound || hi > bound || lo > -0.9*bound || hi < 0.9*bound || n < 7*60 {
		t.Errorf("weights from %v to %v, want ±1/√64", lo, hi)
	}
}
