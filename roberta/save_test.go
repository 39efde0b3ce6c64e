package roberta

import (
	"encoding/json"
	"errors"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/goroberta/goroberta/weights"
)

// TestSave sets heads of every kind, saves, and opens what was saved: everything gives
// the same bits, whatever the form of the file.
func TestSave(t *testing.T) {
	for name, opts := range map[string][]ConvertOption{"plain": nil, "packed": {Packed()}, "zstd": {Zstd()}} {
		for _, in := range [][]string{{"tiny", "model.pt"}, {"tiny", "fp16.pt"}, {"hf", "tiny-mnli"}} {
			t.Run(name+"/"+filepath.Join(in...), func(t *testing.T) {
				m := openGolden(t, golden(t, in...))
				C, rng := m.Config().Dim, rand.New(rand.NewPCG(3, 4))
				own := m.Heads()
				dense := randomWeights(rng, 20, C)
				for head, w := range map[string]HeadWeights{
					own[0].Name: {Out: randomWeights(rng, 4, C), Labels: []string{"a", "b", "c", "d"}}, // in place of the file's
					"int8":      {Dense: &dense, Out: randomWeights(rng, 2, 20)},                       // a name that ends in no suffix of a matrix
					"relu":      {Dense: &dense, Activation: "relu", Out: randomWeights(rng, 2, 20)},
					"words":     {Reads: ReadsTokens, Out: randomWeights(rng, 9, C)},
					"spans":     {Reads: ReadsSpans, Dense: &dense, Out: randomWeights(rng, 2, 20)},
					"choices":   {Reads: ReadsChoices, Out: randomWeights(rng, 1, C)},
					"several":   {Function: Sigmoid, Out: randomWeights(rng, 3, C)},
					"value":     {Function: Identity, Out: randomWeights(rng, 1, C)},
				} {
					if err := m.SetHead(head, w); err != nil {
						t.Fatal(err)
					}
				}
				if err := m.RegisterClassificationHead("registered", 3); err != nil {
					t.Fatal(err)
				}
				path := filepath.Join(t.TempDir(), "saved.safetensors")
				if err := m.Save(t.Context(), path, opts...); err != nil {
					t.Fatal(err)
				}
				saved := openGolden(t, path)
				if got, want := saved.Heads(), m.Heads(); !equalJSON(t, got, want) {
					t.Fatalf("heads %v, want %v", got, want)
				}
				rows := batchOf(8, m.Config().VocabSize, 7, 1, 20)
				x, y := must[*States](t)(m.ExtractFeatures(t.Context(), rows...)), must[*States](t)(saved.ExtractFeatures(t.Context(), rows...))
				if !sameBits(floats(x), floats(y)) {
					t.Error("features differ")
				}
				for _, h := range m.Heads() {
					predict := func(m *Model) (result, error) {
						if !h.Reads.eachToken() {
							return m.PredictLogits(t.Context(), h.Name, rows...)
						}
						return m.PredictTokens(t.Context(), h.Name, rows...)
					}
					a, b := must[result](t)(predict(m)), must[result](t)(predict(saved))
					if !sameBits(floats(a), floats(b)) {
						t.Errorf("head %q gives other bits", h.Name)
					}
				}
				// A model that was saved may be saved again, but not over its own file.
				if err := saved.Save(t.Context(), filepath.Join(t.TempDir(), "again.safetensors"), opts...); err != nil {
					t.Error(err)
				}
				if err := saved.Save(t.Context(), path, opts...); !errors.Is(err, weights.ErrSameFile) {
					t.Errorf("Save over the model's own file: %v, want weights.ErrSameFile", err)
				}
			})
		}
	}
	m := openGolden(t, golden(t, "tiny", "model.pt"))
	m.Close()
	if err := m.Save(t.Context(), filepath.Join(t.TempDir(), "x.safetensors")); !errors.Is(err, ErrClosed) {
		t.Errorf("Save after Close: %v, want ErrClosed", err)
	}
}

// equalJSON compares two values by their JSON.
func equalJSON(t *testing.T, a, b any) bool {
	t.Helper()
	return string(must[[]byte](t)(json.Marshal(a))) == string(must[[]byte](t)(json.Marshal(b)))
}
