package roberta

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goroberta/goroberta/internal/simd"
	"github.com/goroberta/goroberta/weights"
)

// withOutliers writes the model in again with a few features of every hidden state a
// hundred times as large, as trained models have them, and weights that take that back.
func withOutliers(t *testing.T, in, out string) {
	t.Helper()
	plain := filepath.Join(t.TempDir(), "plain.safetensors")
	if err := Convert(t.Context(), in, plain); err != nil {
		t.Fatal(err)
	}
	file, err := weights.Open(plain)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	const factor = 100
	features := []int{3, 7, 11}
	var entries []weights.Entry
	for _, tensor := range file.Tensors() {
		e := tensor.Entry(tensor.Name)
		norm := strings.Contains(tensor.Name, "layer_norm.") || strings.Contains(tensor.Name, "layernorm_embedding.")
		reads := strings.Contains(tensor.Name, "fc1.weight") || strings.Contains(tensor.Name, "_proj.weight") && !strings.Contains(tensor.Name, "out_proj")
		if (norm || reads) && strings.Contains(tensor.Name, "sentence_encoder.") {
			x := make([]float32, tensor.Len())
			if err := tensor.Float32s(x); err != nil {
				t.Fatal(err)
			}
			dim := tensor.Shape[len(tensor.Shape)-1]
			for i := range x {
				for _, k := range features {
					switch {
					case i%dim == k && norm:
						x[i] *= factor
					case i%dim == k:
						x[i] /= factor
					}
				}
			}
			e.DType = weights.F32
			e.Write = func(w io.Writer) error { return writeValues(w, x) }
		}
		entries = append(entries, e)
	}
	if err := weights.WriteFile(out, file.Metadata(), entries); err != nil {
		t.Fatal(err)
	}
}

// distanceOf is the relative error of features, over all tokens but with each feature in
// its own measure: the large ones would hide the others.
func distanceOf(got, want *States) float64 {
	var sum float64
	dim := got.cols
	for k := range dim {
		var d, all float64
		for i := k; i < len(want.values); i += dim {
			d += math.Pow(float64(got.values[i]-want.values[i]), 2)
			all += math.Pow(float64(want.values[i]), 2)
		}
		sum += d / all
	}
	return math.Sqrt(sum / float64(dim))
}

// TestCalibrateOutliers: where a few features are much larger than the others in every
// token, calibration takes most of the error away, as it says.
func TestCalibrateOutliers(t *testing.T) {
	ctx, dir := t.Context(), t.TempDir()
	in := filepath.Join(dir, "outliers.safetensors")
	withOutliers(t, golden(t, "tiny", "model.pt"), in)
	full := openGolden(t, in)
	V := full.Config().VocabSize
	var said Calibration
	out := filepath.Join(dir, "calibrated.safetensors")
	if err := Convert(ctx, in, out, ConvertPrecision(Int8), Calibrate(Inputs(batchOf(3, V, 20, 9, 31, 17, 25)...), func(c Calibration) { said = c })); err != nil {
		t.Fatal(err)
	}
	if said.Texts != 5 || said.Tokens != 102 || said.Sampled != 102 || said.Matrices != 4*full.Config().Layers || said.Changed == 0 || !(said.Error < said.Without/2) {
		t.Errorf("%+v", said)
	}
	rows := batchOf(4, V, 30, 12, 22) // others than those of the calibration
	want := must[*States](t)(full.ExtractFeatures(ctx, rows...))
	without := distanceOf(must[*States](t)(openGolden(t, in, WithPrecision(Int8)).ExtractFeatures(ctx, rows...)), want)
	with := distanceOf(must[*States](t)(openGolden(t, out).ExtractFeatures(ctx, rows...)), want)
	t.Logf("error %.4f with calibration, %.4f without; it says %.4f and %.4f", with, without, said.Error, said.Without)
	if !(with < without/2) {
		t.Errorf("the error is %v with calibration, %v without", with, without)
	}
}

// TestCalibrateOneResult: the file has the same bytes whatever the threads and the level,
// from the model and from its file.
func TestCalibrateOneResult(t *testing.T) {
	ctx, dir := t.Context(), t.TempDir()
	in := golden(t, "variants", "prenorm", "model.pt")
	out := filepath.Join(dir, "out.safetensors")
	var want []byte
	check := func(name string, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		if want == nil {
			want = got
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s: another file", name)
		}
	}
	var said *Calibration
	V := openGolden(t, in).Config().VocabSize
	inputs := Inputs(batchOf(8, V, 20, 3, 31, 17, 8, 40, 22, 39, 33, 38, 27, 11, 40, 36)...)
	options := []ConvertOption{ConvertPrecision(Int8), Calibrate(inputs, func(c Calibration) {
		if said == nil {
			said = &c
		}
		if c != *said || c.Sampled != sampleRows {
			t.Errorf("%+v, and before %+v", c, *said)
		}
	})}
	check("Convert", Convert(ctx, in, out, options...))
	if !bytes.Contains(want, []byte(inSuffix)) {
		t.Fatal("no matrix has factors")
	}
	packed := filepath.Join(dir, "packed.safetensors")
	if err := Convert(ctx, in, packed, Packed()); err != nil {
		t.Fatal(err)
	}
	check("packed", Convert(ctx, packed, out, options...))
	for _, threads := range []int{1, 3} {
		check("Save", openGolden(t, in, WithThreads(threads)).Save(ctx, out, options...))
	}
	check("Save of a rounded model", openGolden(t, in, WithPrecision(Int8)).Save(ctx, out, options...))
	for _, level := range simd.Supported() {
		restore, err := simd.Use(level)
		if err != nil {
			t.Fatal(err)
		}
		check(level.String(), Convert(ctx, in, out, options...))
		restore()
	}
}

func TestCalibrateErrors(t *testing.T) {
	ctx, dir := t.Context(), t.TempDir()
	in, out := golden(t, "tiny", "model.pt"), filepath.Join(dir, "out.safetensors")
	rounded := filepath.Join(dir, "rounded.safetensors")
	if err := Convert(ctx, in, rounded, ConvertPrecision(Int8)); err != nil {
		t.Fatal(err)
	}
	good := Inputs([]int{0, 5, 2})
	called := func(Calibration) { t.Error("a calibration that failed is reported") }
	for _, opts := range [][]ConvertOption{{Calibrate(good, called)}, {Calibrate(good, called), Packed()}, {Calibrate(good, called), ConvertPrecision(BFloat16)}} {
		if err := Convert(ctx, in, out, opts...); err == nil || !strings.Contains(err.Error(), "Int8") {
			t.Errorf("another precision: error %v", err)
		}
	}
	convert := func(ctx context.Context, in string, inputs []Input) error {
		return Convert(ctx, in, out, ConvertPrecision(Int8), Calibrate(inputs, called))
	}
	if err := convert(ctx, rounded, good); !errors.Is(err, ErrPrecision) || !strings.Contains(err.Error(), rounded) {
		t.Errorf("a file in Int8: error %v", err)
	}
	if err := convert(ctx, in, nil); !errors.Is(err, ErrEmpty) {
		t.Errorf("no inputs: error %v", err)
	}
	var token *TokenError
	if err := convert(ctx, in, Inputs([]int{0, 2}, []int{0, 1 << 20, 2})); !errors.As(err, &token) || token.Sequence != 1 || token.Position != 1 {
		t.Errorf("a token outside the vocabulary: error %v", err)
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	if err := convert(ended, in, good); !errors.Is(err, context.Canceled) {
		t.Errorf("an ended context: error %v", err)
	}
	if _, err := os.Stat(out); err == nil {
		t.Error("failed conversions leave a file")
	}
}

// TestCalibrateNaN: a model with weights that are no numbers says so.
func TestCalibrateNaN(t *testing.T) {
	dir := t.TempDir()
	plain, bad := filepath.Join(dir, "plain.safetensors"), filepath.Join(dir, "bad.safetensors")
	if err := Convert(t.Context(), golden(t, "tiny", "model.pt"), plain); err != nil {
		t.Fatal(err)
	}
	file, err := weights.Open(plain)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var entries []weights.Entry
	for _, tensor := range file.Tensors() {
		e := tensor.Entry(tensor.Name)
		if tensor.Name == stack+"layers.1.fc1.weight" {
			x := make([]float32, tensor.Len())
			x[5] = float32(math.NaN())
			e.DType = weights.F32
			e.Write = func(w io.Writer) error { return writeValues(w, x) }
		}
		entries = append(entries, e)
	}
	if err := weights.WriteFile(bad, file.Metadata(), entries); err != nil {
		t.Fatal(err)
	}
	var said Calibration
	if err := Convert(t.Context(), bad, filepath.Join(dir, "out.safetensors"), ConvertPrecision(Int8), Calibrate(Inputs([]int{0, 5, 6, 2}), func(c Calibration) { said = c })); err != nil {
		t.Fatal(err)
	}
	if said.Error == said.Error || said.Without == said.Without {
		t.Errorf("%+v, want NaN", said)
	}
}
