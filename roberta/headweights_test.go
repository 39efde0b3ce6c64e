package roberta

import (
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

// randomWeights draws a layer with a bias.
func randomWeights(rng *rand.Rand, out, in int) LinearWeights {
	l := LinearWeights{Out: out, In: in, W: make([]float32, out*in), Bias: make([]float32, out)}
	for i := range l.W {
		l.W[i] = float32(rng.NormFloat64()) / 8
	}
	for i := range l.Bias {
		l.Bias[i] = float32(rng.NormFloat64())
	}
	return l
}

// apply is the layer in float64.
func (l *LinearWeights) apply(x []float64) []float64 {
	y := make([]float64, l.Out)
	for o := range y {
		y[o] = float64(l.Bias[o])
		for i, v := range x {
			y[o] += float64(l.W[o*l.In+i]) * v
		}
	}
	return y
}

// TestSetHead holds heads of every kind to their formula in float64.
func TestSetHead(t *testing.T) {
	m := openGolden(t, golden(t, "tiny", "model.pt"))
	C, rng := m.Config().Dim, rand.New(rand.NewPCG(3, 4))
	rows := batchOf(8, m.Config().VocabSize, 7, 1, 20)
	rows[2][5] = padID
	features := must[*States](t)(m.ExtractFeatures(t.Context(), rows...))
	dense := randomWeights(rng, 50, C)
	for name, w := range map[string]HeadWeights{
		"linear":      {Out: randomWeights(rng, 3, C)},
		"two layers":  {Dense: &dense, Out: randomWeights(rng, 17, 50), Labels: strings.Split("abcdefghijklmnopq", "")},
		"relu":        {Dense: &dense, Activation: "relu", Out: randomWeights(rng, 2, 50)},
		"tokens":      {Reads: ReadsTokens, Out: randomWeights(rng, 9, C)},
		"spans":       {Reads: ReadsSpans, Out: randomWeights(rng, 2, C)},
		"tokens, two": {Reads: ReadsTokens, Dense: &dense, Activation: "linear", Out: randomWeights(rng, 5, 50)},
	} {
		t.Run(name, func(t *testing.T) {
			if err := m.SetHead(name, w); err != nil {
				t.Fatal(err)
			}
			want := func(s, i int) []float64 {
				x := make([]float64, C)
				for c, v := range features.Row(s, i) {
					x[c] = float64(v)
				}
				if w.Dense != nil {
					x = w.Dense.apply(x)
					for c, v := range x {
						switch w.Activation {
						case "":
							x[c] = math.Tanh(v)
						case "relu":
							x[c] = max(v, 0)
						}
					}
				}
				return w.Out.apply(x)
			}
			near := func(got []float32, want []float64) {
				t.Helper()
				for i, v := range want {
					if !(math.Abs(float64(got[i])-v) < 1e-5) {
						t.Fatalf("%v, want %v", got, want)
					}
				}
			}
			if w.Reads == ReadsFirst {
				got := must[*Matrix](t)(m.PredictLogits(t.Context(), name, rows...))
				for s := range rows {
					near(got.Row(s), want(s, 0))
				}
				if _, err := m.PredictTokens(t.Context(), name, rows...); !errors.Is(err, ErrHeadReads) {
					t.Errorf("PredictTokens: %v, want ErrHeadReads", err)
				}
			} else {
				got := must[*States](t)(m.PredictTokens(t.Context(), name, rows...))
				for s, row := range rows {
					for i, id := range row {
						if id == padID {
							if got.Row(s, i) != nil {
								t.Errorf("a pad has outputs %v", got.Row(s, i))
							}
							continue
						}
						near(got.Row(s, i), want(s, i))
					}
				}
				if _, err := m.Predict(t.Context(), name, rows...); !errors.Is(err, ErrHeadReads) {
					t.Errorf("Predict: %v, want ErrHeadReads", err)
				}
			}

			// What was set comes back, and setting it again gives the same bits.
			back := must[HeadWeights](t)(m.HeadWeights(name))
			if !sameBits(back.Out.W, w.Out.W) || !sameBits(back.Out.Bias, w.Out.Bias) || back.Reads != w.Reads || (back.Dense == nil) != (w.Dense == nil) {
				t.Errorf("HeadWeights gives another head than was set")
			}
			if w.Dense != nil && (!sameBits(back.Dense.W, w.Dense.W) || !sameBits(back.Dense.Bias, w.Dense.Bias)) {
				t.Errorf("HeadWeights gives another first layer than was set")
			}
			back.Out.W[0]++ // the caller's own
			if again := must[HeadWeights](t)(m.HeadWeights(name)); !sameBits(again.Out.W, w.Out.W) {
				t.Error("HeadWeights shares memory with the model")
			}
		})
	}
}

// TestHeadWeightsOfCheckpoint sets a checkpoint's own head under another name.
func TestHeadWeightsOfCheckpoint(t *testing.T) {
	for _, path := range [][]string{{"tiny", "model.pt"}, {"tiny", "fp16.pt"}} {
		m := openGolden(t, golden(t, path...))
		rows := batchOf(8, m.Config().VocabSize, 7, 1, 20)
		w := must[HeadWeights](t)(m.HeadWeights("mnli"))
		if err := m.SetHead("copy", w); err != nil {
			t.Fatal(err)
		}
		got, want := must[*Matrix](t)(m.Predict(t.Context(), "copy", rows...)), must[*Matrix](t)(m.Predict(t.Context(), "mnli", rows...))
		if !sameBits(floats(got), floats(want)) {
			t.Errorf("%s: a copied head gives other bits", path)
		}
	}
}

func TestSetHeadErrors(t *testing.T) {
	m := openGolden(t, golden(t, "tiny", "model.pt"))
	C := m.Config().Dim
	layer := func(out, in int) LinearWeights { return LinearWeights{Out: out, In: in, W: make([]float32, out*in)} }
	wide, narrow := layer(4, C+1), layer(4, C)
	short := LinearWeights{Out: 3, In: C, W: make([]float32, 5)}
	biased := LinearWeights{Out: 3, In: C, W: make([]float32, 3*C), Bias: make([]float32, 2)}
	for name, c := range map[string]struct {
		head string
		w    HeadWeights
	}{
		"no name":              {"", HeadWeights{Out: layer(3, C)}},
		"a name with a dot":    {"a.b", HeadWeights{Out: layer(3, C)}},
		"another width":        {"h", HeadWeights{Out: layer(3, C-1)}},
		"another first layer":  {"h", HeadWeights{Dense: &wide, Out: layer(3, 4)}},
		"layers that differ":   {"h", HeadWeights{Dense: &narrow, Out: layer(3, 5)}},
		"too few weights":      {"h", HeadWeights{Out: short}},
		"too few biases":       {"h", HeadWeights{Out: biased}},
		"no classes":           {"h", HeadWeights{}},
		"far too many weights": {"h", HeadWeights{Out: LinearWeights{Out: math.MaxInt/2 + 1, In: math.MaxInt/2 + 1}}},
		"labels":               {"h", HeadWeights{Out: layer(3, C), Labels: []string{"a"}}},
		"an activation":        {"h", HeadWeights{Dense: &narrow, Out: layer(3, 4), Activation: "swish"}},
		"spans of three":       {"h", HeadWeights{Reads: ReadsSpans, Out: layer(3, C)}},
		"an unknown kind":      {"h", HeadWeights{Reads: "words", Out: layer(3, C)}},
		"choices of three":     {"h", HeadWeights{Reads: ReadsChoices, Out: layer(3, C)}},
		"an unknown function":  {"h", HeadWeights{Function: "tanh", Out: layer(3, C)}},
	} {
		if err := m.SetHead(c.head, c.w); !errors.Is(err, ErrHead) {
			t.Errorf("%s: %v, want ErrHead", name, err)
		}
	}
	if _, err := m.HeadWeights("h"); !errors.Is(err, ErrUnknownHead) {
		t.Errorf("HeadWeights of an unknown head: %v", err)
	}
	m.Close()
	if err := m.SetHead("h", HeadWeights{Out: layer(3, C)}); !errors.Is(err, ErrClosed) {
		t.Errorf("SetHead after Close: %v", err)
	}
	if _, err := m.HeadWeights("mnli"); !errors.Is(err, ErrClosed) {
		t.Errorf("HeadWeights after Close: %v", err)
	}
}
