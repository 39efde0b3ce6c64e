package roberta

import (
	"context"
	"math"
	"path/filepath"
	"slices"
	"testing"

	"github.com/goroberta/goroberta/internal/synth"
)

// A synthetic is what fairseq computes with weights made from a seed.
type synthetic struct {
	Seed   uint64 `json:"seed"`
	Inputs []struct {
		Name   string `json:"name"`
		Tokens []int  `json:"tokens"`
		Hidden []struct {
			MaxErr    float64   `json:"max_abs_err_fp32"` // PyTorch's own, over all values
			Samples64 []float64 `json:"samples_fp64"`
			FP64      moments   `json:"fp64"`
		} `json:"hidden"`
		MNLI struct {
			LogProbs []float64 `json:"log_probs_fp64"`
		} `json:"predict_mnli"`
		Logits struct {
			Samples64 []float64 `json:"samples_fp64"`
			MaxErr    float64   `json:"max_abs_err_fp32"`
			Argmax    int       `json:"argmax"`
		} `json:"lm_logits_position_0"`
	} `json:"inputs"`
	FillMask []struct {
		Input string  `json:"input"`
		TopK  int     `json:"topk"`
		FP64  [][]any `json:"fp64"`
	} `json:"fill_mask"`
}

type moments struct {
	Mean float64 `json:"mean"`
	Std  float64 `json:"std"`
	L2   float64 `json:"l2"`
}

// errorRatio is how much larger than PyTorch's own float32 error, against
// float64, the error at the samples may be. The samples are 64 of up to half a
// million values, whose largest error PyTorch's figure is.
const errorRatio = 1.5

// TestSynthetic runs models of roberta.base's and roberta.large's size and holds
// every layer to float64, with an error no larger than PyTorch's own.
func TestSynthetic(t *testing.T) {
	ctx := context.Background()
	for _, arch := range []string{"roberta.base", "roberta.large"} {
		t.Run(arch, func(t *testing.T) {
			if testing.Short() {
				t.Skip("writes up to 1.4 GB and computes for seconds, in portable Go for minutes; not with -short")
			}
			if raceDetector {
				t.Skip("make test runs it without the race detector")
			}
			want := readJSON[synthetic](t, golden(t, "synthetic", arch+".json"))
			path := filepath.Join(t.TempDir(), arch+".safetensors")
			model, err := synth.Arch(arch)
			if err != nil {
				t.Fatal(err)
			}
			if err := model.WriteFile(ctx, path, want.Seed); err != nil {
				t.Fatal(err)
			}
			m := openGolden(t, path)
			for _, in := range want.Inputs {
				hidden, err := m.ExtractAllHiddens(ctx, in.Tokens)
				if err != nil {
					t.Fatal(err)
				}
				if len(hidden) != len(in.Hidden) {
					t.Fatalf("%d hidden states, want %d", len(hidden), len(in.Hidden))
				}
				worst, worstLayer, pytorch := 0.0, 0, 0.0
				for l, h := range hidden {
					w := in.Hidden[l]
					err := sampleError(floats(h), w.Samples64)
					if r := err / w.MaxErr; r > worst {
						worst, worstLayer, pytorch = r, l, w.MaxErr
					}
					if !(err <= errorRatio*w.MaxErr) {
						t.Errorf("%s, layer %d: error %.3g, PyTorch's %.3g", in.Name, l, err, w.MaxErr)
					}
					if got := momentsOf(floats(h)); math.Abs(got.Mean-w.FP64.Mean) > 1e-5 || math.Abs(got.Std-w.FP64.Std) > 1e-5 || math.Abs(got.L2/w.FP64.L2-1) > 1e-6 {
						t.Errorf("%s, layer %d: %+v, want %+v", in.Name, l, got, w.FP64)
					}
				}
				t.Logf("%s, %d tokens: error against float64 at most %.2f × PyTorch's own float32 error, in layer %d: %.2g, PyTorch's %.2g",
					in.Name, len(in.Tokens), worst, worstLayer, worst*pytorch, pytorch)

				features, err := m.ExtractFeatures(ctx, in.Tokens)
				if err != nil {
					t.Fatal(err)
				}
				if shape := features.Shape(); !slices.Equal([]int(shape), []int{1, len(in.Tokens), m.Config().Dim}) {
					t.Errorf("%s: features have shape %v", in.Name, shape)
				}
				if !sameBits(floats(features), floats(hidden[len(hidden)-1])) {
					t.Errorf("%s: the features are not the last hidden state, bit for bit", in.Name)
				}
				logp, err := m.Predict(ctx, "mnli", in.Tokens)
				if err != nil {
					t.Fatal(err)
				}
				for i, p := range floats(logp) {
					if math.Abs(float64(p)-in.MNLI.LogProbs[i]) > 2e-4 {
						t.Errorf("%s: mnli %v, want %v", in.Name, floats(logp), in.MNLI.LogProbs)
						break
					}
				}
				logits, err := maskLogits(ctx, m, [][]int{in.Tokens}, [][]int{{0}})
				if err != nil {
					t.Fatal(err)
				}
				if err := sampleError(logits, in.Logits.Samples64); !(err <= 2*in.Logits.MaxErr) {
					t.Errorf("%s: LM logits are off by %.3g, PyTorch's by %.3g", in.Name, err, in.Logits.MaxErr)
				}
				if got := best(logits, 1, func(int) bool { return true })[0]; got != in.Logits.Argmax {
					t.Errorf("%s: likeliest token %d, want %d", in.Name, got, in.Logits.Argmax)
				}
			}
			for _, f := range want.FillMask {
				fills, err := m.FillMask(ctx, f.Input, f.TopK)
				if err != nil {
					t.Fatal(err)
				}
				for i, w := range f.FP64 {
					if score := w[1].(float64); fills[i].Token != w[2] || fills[i].Text != w[0] || math.Abs(float64(fills[i].Score)/score-1) > 1e-3 {
						t.Errorf("FillMask(%q)[%d] = %v, want %v", f.Input, i, fills[i], w)
					}
				}
			}
		})
	}
}

// TestSyntheticPrecisions prints the error of lower precisions against float64, of models
// of the published sizes. Made-up weights let every error grow from layer to layer, those
// of roberta.large's size twenty times as much as base's, in float32 too. So the bound is
// a multiple of PyTorch's own float32 error: 2¹⁶ times that is what 16 bits fewer would be.
func TestSyntheticPrecisions(t *testing.T) {
	for _, arch := range []string{"roberta.base", "roberta.large"} {
		for p, bound := range map[Precision]float64{Int8: 1 << 14} {
			t.Run(arch+"/"+p.String(), func(t *testing.T) {
				if testing.Short() || raceDetector {
					t.Skip("see TestSynthetic")
				}
				want := readJSON[synthetic](t, golden(t, "synthetic", arch+".json"))
				path := filepath.Join(t.TempDir(), arch+".safetensors")
				model, err := synth.Arch(arch)
				if err != nil {
					t.Fatal(err)
				}
				if err := model.WriteFile(t.Context(), path, want.Seed); err != nil {
					t.Fatal(err)
				}
				m := openGolden(t, path, WithPrecision(p))
				for _, in := range want.Inputs {
					features, err := m.ExtractFeatures(t.Context(), in.Tokens)
					if err != nil {
						t.Fatal(err)
					}
					x, samples := floats(features), in.Hidden[len(in.Hidden)-1].Samples64
					var lost, of float64
					for i, w := range samples {
						d := float64(x[samplePlace(i, len(x))]) - w
						lost, of = lost+d*d, of+w*w
					}
					e, pytorch := math.Sqrt(lost/of), in.Hidden[len(in.Hidden)-1].MaxErr
					if !(e <= bound*pytorch) {
						t.Errorf("%s: relative error %.3g, want at most %.3g", in.Name, e, bound*pytorch)
					}
					t.Logf("%s, %d tokens: relative error of the features against float64 %.3g; PyTorch's largest in float32 %.2g", in.Name, len(in.Tokens), e, pytorch)
				}
			})
		}
	}
}

// sampleError is the largest error at the 64 places that the golden values know.
func sampleError(got []float32, want []float64) float64 {
	worst := 0.0
	for k, w := range want {
		if d := math.Abs(float64(got[samplePlace(k, len(got))]) - w); !(d <= worst) {
			worst = d
		}
	}
	return worst
}

// samplePlace is the place of sample k among n values.
func samplePlace(k, n int) uint64 { return (uint64(k)*2654435761 + 12345) % uint64(n) }

func momentsOf(x []float32) moments {
	var sum, squares float64
	for _, v := range x {
		sum += float64(v)
		squares += float64(v) * float64(v)
	}
	mean := sum / float64(len(x))
	return moments{mean, math.Sqrt(squares/float64(len(x)) - mean*mean), math.Sqrt(squares)}
}
