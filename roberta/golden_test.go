package roberta

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/goroberta/goroberta/weights"
)

// Bounds on the difference to fairseq's float32 values, whose own rounding
// error against float64 is up to a quarter of that; see testdata/README.md.
const (
	hiddenBound = 2e-5
	logitsBound = 1e-4
)

// golden returns the path of a golden file: in the folder that
// GOROBERTA_GOLDENS names, else in the part of it that the repository carries.
// A file that the repository does not carry skips the test.
func golden(t testing.TB, path ...string) string {
	t.Helper()
	rel := filepath.Join(path...)
	if dir := os.Getenv("GOROBERTA_GOLDENS"); dir != "" {
		p := filepath.Join(dir, rel)
		if _, err := os.Stat(p); err != nil {
			t.Fatal(err)
		}
		return p
	}
	p := filepath.Join("..", "testdata", "goldens", rel)
	if _, err := os.Stat(p); err != nil {
		t.Skipf("%s is not in the repository; GOROBERTA_GOLDENS names the whole set", rel)
	}
	return p
}

func readJSON[T any](t testing.TB, path string) (v T) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return v
}

// expected reads the tensors of an expected.safetensors.
type expected struct {
	t    testing.TB
	ckpt *weights.Checkpoint
}

func readExpected(t testing.TB, path string) expected {
	t.Helper()
	c, err := weights.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return expected{t, c}
}

func (e expected) has(name string) bool {
	_, ok := e.ckpt.Tensor(name)
	return ok
}

func (e expected) floats(name string) ([]float32, []int) {
	e.t.Helper()
	x, ok := e.ckpt.Tensor(name)
	if !ok {
		e.t.Fatalf("no tensor %s among the golden values", name)
	}
	v := make([]float32, x.Len())
	if err := x.Float32s(v); err != nil {
		e.t.Fatal(err)
	}
	return v, x.Shape
}

func (e expected) tokens(name string) [][]int {
	e.t.Helper()
	x, ok := e.ckpt.Tensor(name)
	if !ok {
		e.t.Fatalf("no tensor %s among the golden values", name)
	}
	b, err := x.Bytes()
	if err != nil {
		e.t.Fatal(err)
	}
	rows := make([][]int, x.Shape[0])
	for r := range rows {
		for i := range x.Shape[1] {
			at := 4 * (r*x.Shape[1] + i)
			rows[r] = append(rows[r], int(int32(uint32(b[at])|uint32(b[at+1])<<8|uint32(b[at+2])<<16|uint32(b[at+3])<<24)))
		}
	}
	return rows
}

// maxDiff is the largest difference of two equally long slices, or NaN.
func maxDiff(got, want []float32) float64 {
	if len(got) != len(want) {
		return math.Inf(1)
	}
	worst := 0.0
	for i := range got {
		d := math.Abs(float64(got[i]) - float64(want[i]))
		if !(d <= worst) {
			worst = d
		}
	}
	return worst
}

func near(t *testing.T, what string, got, want []float32, bound float64) {
	t.Helper()
	if d := maxDiff(got, want); !(d <= bound) {
		t.Errorf("%s: off by %.3g from fairseq's, bound %g", what, d, bound)
	}
}

// A result is what a method of Model computes.
type result interface {
	Shape() Shape
	Float32s() []float32
}

func floats(x result) []float32 { return x.Float32s() }

func openGolden(t testing.TB, path string, opts ...Option) *Model {
	t.Helper()
	m, err := Open(path, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	return m
}

type goldenInput struct {
	Texts    []string  `json:"texts"`
	Tokens   []int     `json:"tokens"`
	LogProbs []float32 `json:"log_probs"`
	Label    string    `json:"label"`
}

type goldenFill struct {
	Input  string          `json:"input"`
	TopK   int             `json:"topk"`
	Result json.RawMessage `json:"result"`
}

type goldenModel struct {
	Inputs  []goldenInput `json:"inputs"`
	Predict map[string]struct {
		Classes int   `json:"num_classes"`
		Inner   int   `json:"inner_dim"`
		Argmax  []int `json:"argmax"`
	} `json:"predict"`
	FillMask []goldenFill `json:"fill_mask"`
}

// A goldenAnswer is [text, score, token] of fairseq's fill_mask.
type goldenAnswer struct {
	text  string
	score float64
	token string
}

func (a *goldenAnswer) UnmarshalJSON(b []byte) error {
	return json.Unmarshal(b, &[]any{&a.text, &a.score, &a.token})
}
