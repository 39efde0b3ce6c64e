package train_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"math"
	"os"
	"reflect"
	"slices"
	"testing"

	"github.com/goroberta/goroberta/train"
)

// A golden is testdata/head.json.gz.
type golden struct {
	Classes  []string
	Dim      int
	Features floats
	Label    []int
	Train    int
	Results  []struct {
		Name          string
		C             *float64
		FitIntercept  bool `json:"fit_intercept"`
		Classes       int
		Objective     float64
		TrainAccuracy float64 `json:"train_accuracy"`
		Standardized  bool
		Probabilities floats
	}
}

type floats []float32

// UnmarshalJSON reads base64.
func (f *floats) UnmarshalJSON(b []byte) error {
	var raw []byte
	if err := json.Unmarshal(b, &raw); err != nil {
		return err
	}
	*f = make(floats, len(raw)/4)
	return binary.Read(bytes.NewReader(raw), binary.LittleEndian, *f)
}

func readGolden(t testing.TB) *golden {
	t.Helper()
	file, err := os.Open("testdata/head.json.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	z, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	g := new(golden)
	if err := json.NewDecoder(z).Decode(g); err != nil {
		t.Fatal(err)
	}
	return g
}

// set is the training examples with the first dim features. With two classes all but
// the first are one.
func (g *golden) set(classes, dim int) *train.Set {
	s := &train.Set{Features: g.features(dim, g.Train), Labels: g.Classes[:classes]}
	for _, k := range g.Label[:g.Train] {
		s.Class = append(s.Class, min(k, classes-1))
	}
	return s
}

func (g *golden) features(dim, rows int) train.Features {
	f := train.Features{Dim: dim}
	for i := range rows {
		f.Values = append(f.Values, g.Features[i*g.Dim:][:dim]...)
	}
	return f
}

// TestLinearAsScikitLearn holds heads to the objectives and probabilities of
// scikit-learn's LogisticRegression.
func TestLinearAsScikitLearn(t *testing.T) {
	g := readGolden(t)
	for _, want := range g.Results {
		t.Run(want.Name, func(t *testing.T) {
			dim, c := g.Dim, math.Inf(1)
			if want.C != nil {
				c = *want.C
			} else {
				dim = 12
			}
			opts := []train.Option{train.WithC(c)}
			if !want.FitIntercept {
				opts = append(opts, train.WithoutIntercept())
			}
			if want.Standardized {
				opts = append(opts, train.WithStandardize())
			}
			fit, err := train.Head(context.Background(), g.set(want.Classes, dim), opts...)
			if err != nil {
				t.Fatal(err)
			}
			// scikit-learn stops a little above the minimum.
			if d := (fit.Loss - want.Objective) / want.Objective; d > 1e-9 || d < -1e-6 {
				t.Errorf("loss %.12g, scikit-learn's is %.12g (relative difference %.2g)", fit.Loss, want.Objective, d)
			}
			if math.Abs(fit.Train.Accuracy-want.TrainAccuracy) > 1e-9 {
				t.Errorf("accuracy %v, want %v", fit.Train.Accuracy, want.TrainAccuracy)
			}
			worst := 0.0
			for i, row := range probabilities(fit, g.features(dim, len(g.Label))) {
				for k, p := range row {
					worst = max(worst, math.Abs(p-float64(want.Probabilities[i*want.Classes+k])))
				}
			}
			if worst > 2e-4 {
				t.Errorf("probabilities differ by up to %.2g", worst)
			}
			t.Logf("loss %.12g, %.2g below scikit-learn's; %d steps; probabilities within %.2g", fit.Loss, want.Objective-fit.Loss, fit.Steps, worst)
		})
	}
}

// probabilities are what a linear head makes of features, in plain loops.
func probabilities(fit *train.Fit, f train.Features) [][]float64 {
	out := &fit.Weights.Out
	all := make([][]float64, f.Len())
	for i := range all {
		p, sum := make([]float64, out.Out), 0.0
		for k := range p {
			z := float64(out.Bias[k])
			for j, x := range f.Row(i) {
				z += float64(x) * float64(out.W[k*out.In+j])
			}
			p[k] = math.Exp(z)
			sum += p[k]
		}
		for k := range p {
			p[k] /= sum
		}
		all[i] = p
	}
	return all
}

// TestLinearThreads holds that heads have equal bits whatever the threads.
func TestLinearThreads(t *testing.T) {
	g := readGolden(t)
	var first *train.Fit
	for _, threads := range []int{1, 2, 3, 7, 64} {
		fit, err := train.Head(context.Background(), g.set(3, g.Dim), train.WithThreads(threads), train.WithStandardize())
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = fit
		} else if !reflect.DeepEqual(fit, first) {
			t.Errorf("%d threads give another head than one", threads)
		}
	}
}

// TestLinearSaysWhatIsWrong holds that examples that no head can be fitted on are errors.
func TestLinearSaysWhatIsWrong(t *testing.T) {
	g := readGolden(t)
	some := func(change func(s *train.Set)) *train.Set {
		s := g.set(3, g.Dim)
		change(s)
		return s
	}
	nan := float32(math.NaN())
	for _, test := range []struct {
		name string
		set  *train.Set
		opts []train.Option
		want error
		says string
	}{
		{"none", &train.Set{Features: train.Features{Dim: 4}}, nil, train.ErrExamples, "train: unsuitable examples: there are none"},
		{"one class", some(func(s *train.Set) { s.Labels, s.Class = s.Labels[:1], make([]int, s.Len()) }), nil, train.ErrExamples, `train: unsuitable examples: all are of class "weather", want two classes or more`},
		{"an empty class", some(func(s *train.Set) { s.Labels = append(slices.Clone(s.Labels), "spare") }), nil, train.ErrExamples, `train: unsuitable examples: none of class "spare"`},
		{"class out of range", some(func(s *train.Set) { s.Class[7] = 3 }), nil, train.ErrExamples, "train: example 7: unsuitable examples: class 3 of 3"},
		{"NaN", some(func(s *train.Set) { s.Values[5*64+3] = nan }), nil, train.ErrFeatures, "train: example 5: unsuitable features: value 3 is NaN"},
		{"rows", some(func(s *train.Set) { s.Values = s.Values[64:] }), nil, train.ErrExamples, "train: unsuitable examples: 149 rows of features and 150 classes"},
		{"dim", &train.Set{Features: train.Features{Values: make([]float32, 3)}}, nil, train.ErrFeatures, "train: unsuitable features: 3 values in rows of 0"},
		{"no minimum", some(func(s *train.Set) {
			for i := range s.Len() {
				s.Values[i*64] = float32(s.Class[i])
				s.Values[i*64+1] = float32(s.Class[i] * s.Class[i])
			}
		}), []train.Option{train.WithC(math.Inf(1))}, train.ErrNoMinimum, "train: the objective has no single minimum: without a penalty, and with classes that weights tell apart"},
		{"no minimum for some", &train.Set{Features: train.Features{Dim: 1, Values: []float32{-1, -2, 0, 0, 0, 1, 2}}, Labels: []string{"a", "b"}, Class: []int{0, 0, 0, 1, 1, 1, 1}}, []train.Option{train.WithC(math.Inf(1))}, train.ErrNoMinimum, "train: the objective has no single minimum: without a penalty, and with classes that weights tell apart"},
		{"not unique", some(func(s *train.Set) {
			for i := range s.Len() {
				s.Values[i*64] = 2 * s.Values[i*64+1]
			}
		}), []train.Option{train.WithC(math.Inf(1))}, train.ErrNoMinimum, "train: the objective has no single minimum: without a penalty, and 150 examples whose features depend on one another"},
		{"C", g.set(3, 64), []train.Option{train.WithC(0)}, train.ErrOption, "train: invalid option: C is 0, want more than 0"},
		{"weight", g.set(3, 64), []train.Option{train.WithClassWeights(map[string]float64{"x": 1})}, train.ErrOption, `train: invalid option: a weight for class "x", which no example has`},
		{"weights", g.set(3, 64), []train.Option{train.WithClassWeights(map[string]float64{"x": -1})}, train.ErrOption, `train: invalid option: class "x" weighs -1, want more than 0`},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := train.Head(context.Background(), test.set, test.opts...)
			if !errors.Is(err, test.want) || err.Error() != test.says {
				t.Errorf("error %v, want %q", err, test.says)
			}
		})
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := train.Head(ctx, g.set(3, 64)); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want context.Canceled", err)
	}
}

// TestClassWeights holds that a class's weight is that of its examples twice over.
func TestClassWeights(t *testing.T) {
	g := readGolden(t)
	s := g.set(3, g.Dim)
	twice := g.set(3, g.Dim)
	for i, k := range s.Class {
		if k == 1 {
			twice.Values, twice.Class = append(twice.Values, s.Row(i)...), append(twice.Class, k)
		}
	}
	a, err := train.Head(context.Background(), s, train.WithClassWeights(map[string]float64{s.Labels[1]: 2}))
	if err != nil {
		t.Fatal(err)
	}
	b, err := train.Head(context.Background(), twice)
	if err != nil {
		t.Fatal(err)
	}
	if math.Abs(a.Loss-b.Loss) > 1e-8*b.Loss {
		t.Errorf("loss %.12g with a weight of 2, %.12g with the examples twice", a.Loss, b.Loss)
	}
	// Balanced classes of 50, 54 and 46, say, weigh 150/(3·n).
	weights := map[string]float64{}
	for k, label := range s.Labels {
		n := 0
		for _, c := range s.Class {
			if c == k {
				n++
			}
		}
		weights[label] = float64(len(s.Class)) / float64(3*n)
	}
	if a, err = train.Head(context.Background(), s, train.WithClassWeights(weights)); err != nil {
		t.Fatal(err)
	}
	if b, err = train.Head(context.Background(), s, train.WithBalancedClasses()); err != nil {
		t.Fatal(err)
	}
	if math.Abs(a.Loss-b.Loss) > 1e-12*b.Loss {
		t.Errorf("balanced: loss %.12g, want %.12g", b.Loss, a.Loss)
	}
}
