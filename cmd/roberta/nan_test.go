package main

import (
	"encoding/json"
	"io"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goroberta/goroberta/internal/synth"
	"github.com/goroberta/goroberta/weights"
)

// TestNaN: a checkpoint with a NaN in it has no results that JSON can hold.
// The errors say which value it was, and inspect names the tensor.
func TestNaN(t *testing.T) {
	m := synth.Model{
		Arch: "roberta_base", Layers: 1, Dim: 8, FFN: 16, Heads: 2, MaxPositions: 8, Vocabulary: 20,
		Classifiers: []synth.Classifier{{Name: "score", Classes: 2, Hidden: 8}},
	}
	const poisoned = "classification_heads.score.out_proj.bias"
	metadata, entries, err := m.Entries(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	for i, e := range entries {
		if e.Name == poisoned {
			entries[i].Write = func(w io.Writer) error {
				_, err := w.Write(appendFloat32s(nil, []float32{0, float32(math.NaN())}))
				return err
			}
		}
	}
	path := filepath.Join(t.TempDir(), "nan.safetensors")
	if err := weights.WriteFile(path, metadata, entries); err != nil {
		t.Fatal(err)
	}

	exec := func(stdin string, args ...string) (code int, stdout, stderr string) {
		var out, errs strings.Builder
		code = run(t.Context(), args, strings.NewReader(stdin), &out, &errs)
		return code, out.String(), errs.String()
	}
	const request = `{"tokens":[0,5,2]}`
	code, stdout, stderr := exec(request, "predict", "-m", path, "--logits", "--input", "-")
	if want := "roberta: line 1: logits[1] is NaN"; code != exitFailure || stdout != "" || !strings.HasPrefix(stderr, want) {
		t.Errorf("predict: exit code %d, %q, %q, want %d and %q", code, stdout, stderr, exitFailure, want)
	}
	code, stdout, stderr = exec(request, "predict", "-m", path, "--logits", "--input", "-", "--keep-going")
	if want := `{"error":"line 1: logits[1] is NaN`; code != exitFailure || !strings.HasPrefix(stdout, want) || stderr != "roberta: 1 of 1 requests failed\n" {
		t.Errorf("predict --keep-going: exit code %d, %q, %q, want %d and %s", code, stdout, stderr, exitFailure, want)
	}
	code, stdout, stderr = exec("", "inspect", path)
	var got inspectLine
	if err := json.Unmarshal([]byte(stdout), &got); err != nil || code != exitOK {
		t.Fatalf("inspect: exit code %d, %v, %q", code, err, stderr)
	}
	if want := []string{poisoned}; !slices.Equal(got.NaN, want) {
		t.Errorf("inspect: nan is %v, want %v", got.NaN, want)
	}
	if len(got.Notes) == 0 || got.Vocabulary != 0 {
		t.Errorf("inspect: notes %v, vocabulary %d, want a note that there is none", got.Notes, got.Vocabulary)
	}
}
