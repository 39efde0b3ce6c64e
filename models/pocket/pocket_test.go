package pocket

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"slices"
	"testing"

	"github.com/goroberta/goroberta/weights"
)

// TestGolden holds the embedded model to what fairseq computes with it.
func TestGolden(t *testing.T) {
	ctx := context.Background()
	m, err := Open()
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if notes := m.Notes(); len(notes) > 0 {
		t.Errorf("notes on the embedded model: %q", notes)
	}
	data, err := os.ReadFile("testdata/expected.json")
	if err != nil {
		t.Fatal(err)
	}
	var want struct {
		Inputs []struct {
			Texts  []string
			Tokens []int
		}
		FillMask []struct {
			Input  string
			TopK   int
			Result [][]any
		} `json:"fill_mask"`
		Predict map[string][]struct {
			Texts    []string
			Tokens   []int
			LogProbs []float32 `json:"log_probs"`
			Label    string
		}
	}
	if err := json.Unmarshal(data, &want); err != nil {
		t.Fatal(err)
	}
	ts, err := weights.Open("testdata/expected.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	defer ts.Close()

	for i, in := range want.Inputs {
		if got := m.Encode(in.Texts[0], in.Texts[1:]...); !slices.Equal(got, in.Tokens) {
			t.Errorf("Encode(%q) = %v, want %v", in.Texts, got, in.Tokens)
		}
		x, err := m.ExtractFeatures(ctx, in.Tokens)
		if err != nil {
			t.Fatal(err)
		}
		w, ok := ts.Tensor(fmt.Sprintf("features.%d", i))
		if !ok {
			t.Fatalf("no features.%d", i)
		}
		values := make([]float32, w.Len())
		if err := w.Float32s(values); err != nil {
			t.Fatal(err)
		}
		near(t, fmt.Sprintf("features %d", i), x.Float32s(), values)
	}
	for name, cases := range want.Predict {
		h, err := m.Head(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range cases {
			p, err := m.Predict(ctx, name, m.Encode(c.Texts[0], c.Texts[1:]...))
			if err != nil {
				t.Fatal(err)
			}
			logp := p.Row(0)
			near(t, fmt.Sprintf("%s of %q", name, c.Texts), logp, c.LogProbs)
			if got := h.Labels[slices.Index(logp, slices.Max(logp))]; got != c.Label {
				t.Errorf("%s of %q is %q, want %q", name, c.Texts, got, c.Label)
			}
		}
	}
	for _, c := range want.FillMask {
		fills, err := m.FillMask(ctx, c.Input, c.TopK)
		if err != nil {
			t.Fatal(err)
		}
		for i, f := range fills {
			score := c.Result[i][1].(float64)
			if f.Text != c.Result[i][0] || f.Token != c.Result[i][2] || math.Abs(float64(f.Score)-score) > 1e-4*score {
				t.Errorf("FillMask(%q)[%d] = %v, want %v", c.Input, i, f, c.Result[i])
			}
		}
	}
}

func near(t *testing.T, what string, got, want []float32) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d values, want %d", what, len(got), len(want))
	}
	for i := range got {
		if d := math.Abs(float64(got[i]) - float64(want[i])); !(d <= 2e-5) {
			t.Errorf("%s: value %d is %v, want %v", what, i, got[i], want[i])
			return
		}
	}
}

func BenchmarkOpen(b *testing.B) {
	for b.Loop() {
		m, err := Open()
		if err != nil {
			b.Fatal(err)
		}
		m.Close()
	}
}
