package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/goroberta/goroberta/pipeline"
	"github.com/goroberta/goroberta/roberta"
	"github.com/goroberta/goroberta/tokenizer"
)

func TestClassify(t *testing.T) {
	m := open(t, "fulldict")
	logits, err := m.PredictLogits(t.Context(), "mnli", m.Encode("A man plays.", "He sleeps."))
	if err != nil {
		t.Fatal(err)
	}
	z := logits.Row(0)
	sum := 0.0
	for _, v := range z {
		sum += math.Exp(float64(v))
	}
	for _, test := range []struct {
		opts  []pipeline.Option
		score func(z float64) float64
	}{
		{nil, func(z float64) float64 { return math.Exp(z) / sum }},
		{[]pipeline.Option{pipeline.WithFunction(roberta.Softmax), pipeline.WithHead("mnli")}, func(z float64) float64 { return math.Exp(z) / sum }},
		{[]pipeline.Option{pipeline.WithFunction(roberta.Sigmoid), pipeline.WithTopK(2)}, func(z float64) float64 { return 1 / (1 + math.Exp(-z)) }},
		{[]pipeline.Option{pipeline.WithFunction(roberta.Identity), pipeline.WithTopK(9)}, func(z float64) float64 { return z }},
	} {
		c, err := pipeline.NewClassifier(m, test.opts...)
		if err != nil {
			t.Fatal(err)
		}
		got, err := c.Classify(t.Context(), "A man plays.", "He sleeps.")
		if err != nil {
			t.Fatal(err)
		}
		var want []pipeline.Label
		for i, v := range z {
			want = append(want, pipeline.Label{Name: fmt.Sprintf("LABEL_%d", i), Score: float32(test.score(float64(v)))})
		}
		slices.SortStableFunc(want, func(a, b pipeline.Label) int { return int(math.Copysign(1, float64(b.Score-a.Score))) })
		if len(got) < 2 || len(got) > len(want) {
			t.Fatalf("%d labels: %v", len(got), got)
		}
		for i := range got {
			if got[i].Name != want[i].Name || !near(got[i].Score, want[i].Score, 1e-6) {
				t.Errorf("label %d is %v, want %v", i, got[i], want[i])
			}
		}
	}
}

// TestClassifyNames checks names, and that labels of equal scores keep their order.
func TestClassifyNames(t *testing.T) {
	m := open(t, "finetuned")
	head := m.Heads()[0]
	C := m.Config().Dim
	out := roberta.LinearWeights{Out: 4, In: C, W: make([]float32, 4*C), Bias: []float32{1, 2, 1, 2}}
	if err := m.SetHead(head.Name, roberta.HeadWeights{Out: out, Labels: []string{"a", "b", "c", "d"}}); err != nil {
		t.Fatal(err)
	}
	c, err := pipeline.NewClassifier(m)
	if err != nil {
		t.Fatal(err)
	}
	got, err := c.Classify(t.Context(), "text")
	if err != nil {
		t.Fatal(err)
	}
	if names := fmt.Sprint(got[0].Name, got[1].Name, got[2].Name, got[3].Name); names != "bdac" {
		t.Errorf("labels %v, want b, d, a, c", got)
	}
	// A head of another size in its place must not be read with these names.
	if err := m.SetHead(head.Name, roberta.HeadWeights{Out: roberta.LinearWeights{Out: 2, In: C, W: make([]float32, 2*C)}}); err != nil {
		t.Fatal(err)
	}
	if got, err := c.Classify(t.Context(), "text"); !errors.Is(err, pipeline.ErrHead) {
		t.Errorf("after the head was replaced: %v, %v, want ErrHead", got, err)
	}
}

// TestClassifyBatches checks that an answer has equal bits whatever it is computed with.
func TestClassifyBatches(t *testing.T) {
	var want [][]pipeline.Label
	inputs := []pipeline.Input{pipeline.Text("one"), pipeline.Text("Two words", "and a pair"), pipeline.Tokens(0, 31414, 232, 2), pipeline.Text(""), pipeline.Text(strings.Repeat("a longer text ", 20))}
	for _, threads := range []int{1, 2, 3} {
		m := open(t, "fulldict", roberta.WithThreads(threads))
		for _, budget := range []int{1, 10, 4096} {
			c, err := pipeline.NewClassifier(m, pipeline.WithBatch(budget))
			if err != nil {
				t.Fatal(err)
			}
			got, err := c.ClassifyAll(t.Context(), inputs)
			if err != nil {
				t.Fatal(err)
			}
			if want == nil {
				want = got
			}
			for i := range inputs {
				if !slices.Equal(got[i], want[i]) {
					t.Errorf("%d threads, batches of %d tokens: input %d gives %v, elsewhere %v", threads, budget, i, got[i], want[i])
				}
			}
			n := 0
			for labels, err := range c.ClassifySeq(t.Context(), slices.Values(inputs)) {
				if err != nil || !slices.Equal(labels, want[n]) {
					t.Errorf("sequence: input %d gives %v, %v, want %v", n, labels, err, want[n])
				}
				n++
			}
			if n != len(inputs) {
				t.Errorf("%d answers for %d inputs", n, len(inputs))
			}
		}
	}
}

func TestLimits(t *testing.T) {
	m := open(t, "fulldict")
	most := m.Config().MaxPositions
	long := strings.Repeat(" word", most) // most + 2 tokens
	classify := func(opts ...pipeline.Option) error {
		t.Helper()
		c, err := pipeline.NewClassifier(m, opts...)
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.Classify(t.Context(), long)
		if err == nil { // it was cut, and the answer is that of the part
			got, _ := c.Classify(t.Context(), long)
			n := min(most, 40) - 2
			part := strings.Repeat(" word", n)
			want, err := c.Classify(t.Context(), part)
			if err != nil || len(opts) == 1 && !slices.Equal(got, want) {
				t.Errorf("cut, it gives %v, its part %v, %v", got, want, err)
			}
		}
		return err
	}
	err := classify()
	e, ok := errors.AsType[*roberta.LengthError](err)
	if !ok || e.Tokens != most+2 || e.Max != most {
		t.Errorf("error %v, want a LengthError of %d and %d tokens", err, most+2, most)
	}
	if e, ok := errors.AsType[*roberta.LengthError](classify(pipeline.WithLimit(tokenizer.Limit{Length: 9}))); !ok || e.Max != 9 {
		t.Errorf("error %v, want a LengthError of 9 tokens", e)
	}
	if err := classify(pipeline.WithLimit(tokenizer.Limit{Length: 40, Truncation: tokenizer.LongestFirst})); err != nil {
		t.Error(err)
	}
	if err := classify(pipeline.WithLimit(tokenizer.Limit{Truncation: tokenizer.OnlySecond})); !errors.Is(err, tokenizer.ErrTooLong) {
		t.Errorf("error %v, want a LimitError", err)
	}
}

func TestClassifierErrors(t *testing.T) {
	m := open(t, "fulldict")
	none := open(t, "wsc/model.pt")
	two := open(t, "fulldict")
	tagHead(t, two, "ner", "A", "B")
	if _, err := pipeline.NewClassifier(two); err != nil {
		t.Errorf("one head of texts and one of tokens: %v", err)
	}
	if err := two.RegisterClassificationHead("other", 2); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		m    *roberta.Model
		opts []pipeline.Option
		want error
		text string
	}{
		{none, nil, pipeline.ErrHead, "none that classifies texts"},
		{two, nil, pipeline.ErrHeads, "mnli, other"},
		{two, []pipeline.Option{pipeline.WithHead("ner")}, pipeline.ErrHead, `"ner" is not one that classifies texts`},
		{two, []pipeline.Option{pipeline.WithHead("nli")}, roberta.ErrUnknownHead, `"nli"`},
		{m, []pipeline.Option{pipeline.WithTopK(0)}, pipeline.ErrOption, "best 0"},
		{m, []pipeline.Option{pipeline.WithFunction("tanh")}, pipeline.ErrOption, `"tanh"`},
		{m, []pipeline.Option{pipeline.WithPooling(pipeline.Mean)}, pipeline.ErrOption, "a Classifier has no WithPooling"},
		{m, []pipeline.Option{pipeline.WithWindows(-1)}, pipeline.ErrOption, "-1 tokens"},
		{m, []pipeline.Option{pipeline.WithJoin("sum")}, pipeline.ErrOption, `join "sum"`},
		{m, []pipeline.Option{pipeline.WithBatch(0)}, pipeline.ErrOption, "0 tokens"},
		{m, []pipeline.Option{pipeline.WithLimit(tokenizer.Limit{Length: -1})}, pipeline.ErrOption, "-1"},
	} {
		_, err := pipeline.NewClassifier(test.m, test.opts...)
		if !errors.Is(err, test.want) || !strings.Contains(fmt.Sprint(err), test.text) {
			t.Errorf("error %v, want %v with %q", err, test.want, test.text)
		}
	}
	c, err := pipeline.NewClassifier(m)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		in   pipeline.Input
		want error
	}{
		{pipeline.Input{}, pipeline.ErrInput},
		{pipeline.Input{Texts: []string{}}, pipeline.ErrInput},
		{pipeline.Words("a"), pipeline.ErrInput},
		{pipeline.Input{Texts: []string{"a"}, Tokens: []int{1}}, pipeline.ErrInput},
		{pipeline.Tokens(0, -1), roberta.ErrToken},
		{pipeline.Input{Tokens: []int{}}, roberta.ErrEmpty},
	} {
		n := 0
		for labels, err := range c.ClassifySeq(t.Context(), slices.Values([]pipeline.Input{pipeline.Text("a"), test.in, pipeline.Text("b")})) {
			if n == 1 && (labels != nil || !errors.Is(err, test.want)) || n != 1 && err != nil {
				t.Errorf("%+v: answer %d is %v, %v, want %v", test.in, n, labels, err, test.want)
			}
			n++
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Classify(ctx, "a"); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want the context's", err)
	}
	m.Close()
	if _, err := c.Classify(t.Context(), "a"); !errors.Is(err, roberta.ErrClosed) {
		t.Errorf("error %v, want ErrClosed", err)
	}
}
