package synth_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"github.com/goroberta/goroberta/internal/synth"
	"github.com/goroberta/goroberta/roberta"
	"github.com/goroberta/goroberta/weights"
)

// small is a model with every kind of parameter.
var small = synth.Model{
	Arch: "roberta_base", Layers: 2, Dim: 12, FFN: 20, Heads: 3, MaxPositions: 9, Vocabulary: 50,
	Classifiers: []synth.Classifier{{Name: "mnli", Classes: 3, Hidden: 12}, {Name: "topics", Classes: 7, Hidden: 5}},
}

// TestGolden compares every parameter with the one that a program in another
// language made. Hashes of the largest are left to runs with GOROBERTA_GOLDENS.
func TestGolden(t *testing.T) {
	dir, hashUpTo := os.Getenv("GOROBERTA_GOLDENS"), math.MaxInt
	if dir == "" {
		dir, hashUpTo = filepath.Join("..", "..", "testdata", "goldens"), 600_000
	}
	for _, arch := range []string{"roberta.base", "roberta.large"} {
		t.Run(arch, func(t *testing.T) {
			data, err := os.ReadFile(filepath.Join(dir, "synthetic", arch+".json"))
			if err != nil {
				t.Fatal(err)
			}
			var golden struct {
				Seed    uint64
				Config  map[string]any
				Tensors []struct {
					Name   string
					Shape  []int
					SHA256 string
					First  []float32
				}
			}
			if err := json.Unmarshal(data, &golden); err != nil {
				t.Fatal(err)
			}
			m, err := synth.Arch(arch)
			if err != nil {
				t.Fatal(err)
			}
			if got, want := asJSON(t, m.Settings()), asJSON(t, golden.Config); !bytes.Equal(got, want) {
				t.Errorf("settings %s, want %s", got, want)
			}
			got := map[string]synth.Tensor{}
			for _, x := range m.Tensors(golden.Seed) {
				got[x.Name] = x
			}
			if len(got) != len(golden.Tensors) {
				t.Errorf("%d tensors, want %d", len(got), len(golden.Tensors))
			}
			hashed := 0
			for _, want := range golden.Tensors {
				x, ok := got[want.Name]
				if !ok || !slices.Equal(x.Shape, want.Shape) {
					t.Errorf("%s: shape %v, want %v", want.Name, x.Shape, want.Shape)
					continue
				}
				first := make([]float32, len(want.First))
				x.Fill(first, 0)
				if !slices.Equal(first, want.First) {
					t.Errorf("%s: begins with %v, want %v", want.Name, first, want.First)
				}
				if x.Len() > hashUpTo {
					continue
				}
				hashed++
				values := make([]float32, x.Len())
				x.Fill(values, 0)
				h := sha256.New()
				binary.Write(h, binary.LittleEndian, values)
				if sum := hex.EncodeToString(h.Sum(nil)); sum != want.SHA256 {
					t.Errorf("%s: sha256 %s, want %s", want.Name, sum, want.SHA256)
				}
			}
			t.Logf("%d of %d tensors hashed", hashed, len(golden.Tensors))
		})
	}
}

func asJSON(t *testing.T, v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestFill: the parts of a tensor are those of the whole.
func TestFill(t *testing.T) {
	for _, x := range small.Tensors(3) {
		whole := make([]float32, x.Len())
		x.Fill(whole, 0)
		for first := 0; first < len(whole); first += 7 {
			part := make([]float32, min(7, len(whole)-first))
			x.Fill(part, first)
			if !slices.Equal(part, whole[first:][:len(part)]) {
				t.Fatalf("%s: elements from %d on are %v, want %v", x.Name, first, part, whole[first:][:len(part)])
			}
		}
	}
}

// TestSeeds: another seed gives another value for every parameter.
func TestSeeds(t *testing.T) {
	a, b := small.Tensors(1), small.Tensors(2)
	for i := range a {
		var x, y [3]float32
		a[i].Fill(x[:], 0)
		b[i].Fill(y[:], 0)
		if x == y {
			t.Errorf("%s begins with %v for seeds 1 and 2", a[i].Name, x)
		}
	}
}

func TestArch(t *testing.T) {
	if _, err := synth.Arch("roberta.huge"); err == nil {
		t.Error("Arch(roberta.huge) succeeds")
	}
}

// TestWriteFile: the file holds the tensors and opens by itself as the model.
func TestWriteFile(t *testing.T) {
	big := small
	big.Dim, big.Vocabulary = 120, 3000 // more than one block
	for name, m := range map[string]synth.Model{"small": small, "blocks": big} {
		t.Run(name, func(t *testing.T) {
			m.Classifiers = []synth.Classifier{{Name: "mnli", Classes: 3, Hidden: m.Dim}}
			path := filepath.Join(t.TempDir(), "model.safetensors")
			if err := m.WriteFile(t.Context(), path, 5); err != nil {
				t.Fatal(err)
			}
			ckpt, err := weights.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			defer ckpt.Close()
			for _, x := range m.Tensors(5) {
				f, ok := ckpt.Tensor(x.Name)
				if !ok {
					t.Fatalf("no tensor %s in the file", x.Name)
				}
				got, want := make([]float32, f.Len()), make([]float32, x.Len())
				if err := f.Float32s(got); err != nil {
					t.Fatal(err)
				}
				x.Fill(want, 0)
				if !slices.Equal(got, want) {
					t.Errorf("%s differs in the file", x.Name)
				}
			}
			r, err := roberta.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			got := r.Config()
			want := [...]int{m.Layers, m.Dim, m.FFN, m.Heads, m.MaxPositions, m.Vocabulary}
			if sizes := [...]int{got.Layers, got.Dim, got.FFNDim, got.Heads, got.MaxPositions, got.VocabSize}; sizes != want {
				t.Errorf("sizes %v, want %v", sizes, want)
			}
			heads := []roberta.Head{{Name: "mnli", Classes: 3, InnerDim: m.Dim}}
			if !reflect.DeepEqual(r.Heads(), heads) {
				t.Errorf("heads %v, want %v", r.Heads(), heads)
			}
		})
	}
}

// TestCancel: a context that is done leaves nothing behind.
func TestCancel(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	dir := t.TempDir()
	if err := small.WriteFile(ctx, filepath.Join(dir, "model.safetensors"), 1); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want context.Canceled", err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v (%v)", left, err)
	}
}
