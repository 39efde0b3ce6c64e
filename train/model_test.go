package train_test

import (
	"context"
	"errors"
	"math"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/goroberta/goroberta/metrics"
	"github.com/goroberta/goroberta/pipeline"
	"github.com/goroberta/goroberta/roberta"
	"github.com/goroberta/goroberta/tokenizer"
	"github.com/goroberta/goroberta/train"
)

// open opens the model of testdata/goldens/fulldict, of random weights.
func open(t testing.TB, opts ...roberta.Option) *roberta.Model {
	t.Helper()
	m, err := roberta.Open("../testdata/goldens/fulldict", opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	return m
}

// examples are short texts and pairs of two topics, and of a third one to be mistaken.
func examples() []train.Example {
	var all []train.Example
	for i, what := range strings.Fields("rain snow wind sun fog hail ice storm heat frost clouds thunder") {
		all = append(all,
			train.Example{Texts: []string{"There is much " + what + " today."}, Label: "weather"},
			train.Example{Texts: []string{"I ate " + what + " with bread", "and it was good."}, Label: "food"})
		if i%4 == 0 {
			all = append(all, train.Example{Texts: []string{"There is much " + what + " here."}, Label: "other"})
		}
	}
	return all
}

// TestClassifier holds that a head is what the report says, in the model, for pipelines
// and in a file.
func TestClassifier(t *testing.T) {
	for _, opts := range [][]train.Option{{train.WithC(10)}, {train.WithInner(8), train.WithStandardize(), train.WithHeldOut(0), train.WithLearningRate(0.01)}} {
		m := open(t)
		fit, err := train.Classifier(t.Context(), m, "topic", examples(), opts...)
		if err != nil {
			t.Fatal(err)
		}
		h, err := m.Head("topic")
		if err != nil || !slices.Equal(h.Labels, []string{"food", "other", "weather"}) {
			t.Fatalf("head %+v, %v", h, err)
		}
		if fit.Train.Examples != 27 || fit.Train.Accuracy < 0.8 || fit.HeldOut != nil {
			t.Errorf("report %+v", fit.Train)
		}
		file := filepath.Join(t.TempDir(), "model.safetensors")
		if err := m.Save(t.Context(), file); err != nil {
			t.Fatal(err)
		}
		saved, err := roberta.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		defer saved.Close()
		for _, m := range []*roberta.Model{m, saved} {
			c, err := pipeline.NewClassifier(m, pipeline.WithHead("topic"))
			if err != nil {
				t.Fatal(err)
			}
			confusion, loss := metrics.NewConfusion(h.Labels), 0.0
			for _, e := range examples() {
				labels, err := c.Classify(t.Context(), e.Texts[0], e.Texts[1:]...)
				if err != nil {
					t.Fatal(err)
				}
				confusion.Add(slices.Index(h.Labels, e.Label), slices.Index(h.Labels, labels[0].Name))
				at := slices.IndexFunc(labels, func(l pipeline.Label) bool { return l.Name == e.Label })
				loss -= math.Log(float64(labels[at].Score)) / 27
			}
			if !reflect.DeepEqual(confusion, fit.Train.Confusion) || math.Abs(loss-fit.Train.LogLoss) > 1e-6 {
				t.Errorf("the head's confusion is %v, loss %v, the report has %v, %v", confusion, loss, fit.Train.Confusion, fit.Train.LogLoss)
			}
			r, err := train.TestClassifier(t.Context(), m, "topic", examples())
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(r, fit.Train) { // also the probabilities: equal bits
				t.Errorf("report %+v, of the head alone %+v", fit.Train, r)
			}
		}
	}
}

// TestThreads holds that heads do not depend on the threads of the model or of the fit.
func TestThreads(t *testing.T) {
	var first *train.Fit
	for _, threads := range []int{1, 3} {
		m := open(t, roberta.WithThreads(threads))
		fit, err := train.Classifier(t.Context(), m, "topic", examples(), train.WithThreads(threads), train.WithHeldOut(0.3), train.WithSeed(5))
		if err != nil {
			t.Fatal(err)
		}
		if fit.HeldOut.Examples != 8 || fit.Train.Examples != 19 {
			t.Errorf("fitted on %d, %d are held out", fit.Train.Examples, fit.HeldOut.Examples)
		}
		if first == nil {
			first = fit
		} else if !reflect.DeepEqual(fit, first) {
			t.Error("another number of threads gives another head")
		}
	}
	m := open(t)
	fit, err := train.Classifier(t.Context(), m, "topic", examples(), train.WithHeldOut(0.3), train.WithSeed(6))
	if err != nil {
		t.Fatal(err)
	}
	if reflect.DeepEqual(fit.Weights, first.Weights) {
		t.Error("another seed holds out the same examples")
	}
	// What is held out is not fitted on.
	held := map[int]bool{}
	for _, v := range fit.HeldOut.Worst {
		held[v.Example] = true
	}
	for _, v := range fit.Train.Worst {
		if held[v.Example] {
			t.Errorf("example %d is in both reports", v.Example)
		}
	}
	// No class is held out as a whole.
	if fit, err = train.Classifier(t.Context(), m, "topic", examples(), train.WithHeldOut(0.99)); err != nil {
		t.Fatal(err)
	}
	if fit.Train.Examples != 3 || !slices.Equal(fit.Notes, []string{`class "food" has one example`, `class "other" has one example`, `class "weather" has one example`}) {
		t.Errorf("fitted on %d, notes %q", fit.Train.Examples, fit.Notes)
	}
}

func TestClassifierSaysWhatIsWrong(t *testing.T) {
	m := open(t)
	with := func(e train.Example) []train.Example { return append(examples(), e) }
	long := strings.Repeat("a long text ", 300)
	for _, test := range []struct {
		name     string
		examples []train.Example
		opts     []train.Option
		want     error
		says     string
	}{
		{"none", nil, nil, train.ErrExamples, "train: unsuitable examples: there are none"},
		{"no label", with(train.Example{Texts: []string{"a"}}), nil, train.ErrExamples, "train: example 27: unsuitable examples: it has no label"},
		{"no text", with(train.Example{Label: "food"}), nil, train.ErrExamples, "train: example 27: unsuitable examples: it has no text"},
		{"too long", with(train.Example{Texts: []string{long}, Label: "food"}), nil, roberta.ErrTooLong, "train: example 27: 903 tokens exceed the maximum length of 512"},
		{"too long by the limit", examples(), []train.Option{train.WithLimit(tokenizer.Limit{Length: 8})}, tokenizer.ErrTooLong, "train: example 1: tokenizer: input too long: 14 tokens (4 of them special), want at most 8: truncation is off"},
		{"one class", examples()[:1], nil, train.ErrExamples, `train: unsuitable examples: all are of class "weather", want two classes or more`},
		{"inner", examples(), []train.Option{train.WithInner(3), train.WithC(2)}, train.ErrOption, "train: invalid option: WithC and WithoutIntercept are for linear heads"},
		{"head's name", examples(), nil, roberta.ErrHead, ""},
	} {
		name := "topic"
		if test.says == "" {
			name = "a.b"
		}
		_, err := train.Classifier(t.Context(), m, name, test.examples, test.opts...)
		if !errors.Is(err, test.want) || test.says != "" && err.Error() != test.says {
			t.Errorf("%s: error %v, want %q", test.name, err, test.says)
		}
	}
	if _, err := train.Classifier(t.Context(), m, "topic", with(train.Example{Texts: []string{long}, Label: "food"}), train.WithLimit(tokenizer.Limit{Truncation: tokenizer.LongestFirst})); err != nil {
		t.Errorf("a text that may be cut: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := train.Classifier(ctx, m, "topic", examples()); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want context.Canceled", err)
	}
	if _, err := train.TestClassifier(t.Context(), m, "topic", with(train.Example{Texts: []string{"a"}, Label: "sport"})); !errors.Is(err, train.ErrExamples) || !strings.Contains(err.Error(), `train: example 27: unsuitable examples: the head has no class "sport"`) {
		t.Errorf("error %v", err)
	}
	h, err := m.HeadWeights("topic")
	if err != nil {
		t.Fatal(err)
	}
	h.Labels = []string{"food", "weather", "weather"}
	if err := m.SetHead("twice", h); err != nil {
		t.Fatal(err)
	}
	if _, err := train.TestClassifier(t.Context(), m, "twice", examples()[1:2]); !errors.Is(err, train.ErrExamples) || !strings.Contains(err.Error(), `two classes of the head are called "weather"`) {
		t.Errorf("error %v", err)
	}
	if _, err := train.TestTagger(t.Context(), m, "topic", sentences()); !errors.Is(err, roberta.ErrHeadReads) {
		t.Errorf("error %v, want ErrHeadReads", err)
	}
	if _, err := train.TestClassifier(t.Context(), m, "nothing", examples()); !errors.Is(err, roberta.ErrUnknownHead) {
		t.Errorf("error %v, want ErrUnknownHead", err)
	}
}

// sentences have words of several tokens, one without any, and neighbouring entities.
func sentences() []train.Sentence {
	var all []train.Sentence
	for i, name := range strings.Fields("Gwendolyn Zbigniew José Łukasz Mary Ürsül") {
		all = append(all,
			train.Sentence{Words: []string{name, "Xylophonist", "lives", "in", "", "Reykjavík", "."}, Labels: strings.Fields("B-PER I-PER O O O B-LOC O")},
			train.Sentence{Words: []string{"In", "Oslo", name, "sings", strings.Repeat("la", i)}, Labels: strings.Fields("O B-LOC B-PER O O")})
	}
	return all
}

// TestTagger holds that a head is what the report says, for pipelines and in a file.
func TestTagger(t *testing.T) {
	for _, opts := range [][]train.Option{nil, {train.WithFirstTokens()}} {
		m := open(t)
		fit, err := train.Tagger(t.Context(), m, "entities", sentences(), append(opts, train.WithC(100))...)
		if err != nil {
			t.Fatal(err)
		}
		h, err := m.Head("entities")
		want := []string{"B-LOC", "B-PER", "I-PER", "O"}
		if opts == nil {
			want = []string{"B-LOC", "B-PER", "I-LOC", "I-PER", "O"} // Reykjavík has several tokens
		}
		if err != nil || h.Reads != roberta.ReadsTokens || !slices.Equal(h.Labels, want) {
			t.Fatalf("head %+v, %v", h, err)
		}
		if !slices.Equal(fit.Notes, []string{"7 words have no token in the model's input and are left out"}) {
			t.Errorf("notes %q", fit.Notes)
		}
		file := filepath.Join(t.TempDir(), "model.safetensors")
		if err := m.Save(t.Context(), file); err != nil {
			t.Fatal(err)
		}
		saved, err := roberta.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		defer saved.Close()
		tagger, err := pipeline.NewTagger(saved, pipeline.WithHead("entities"))
		if err != nil {
			t.Fatal(err)
		}
		var truth, said [][]string
		right, words := 0, 0
		for _, s := range sentences() {
			tagging, err := tagger.TagAll(t.Context(), []pipeline.Input{pipeline.Words(s.Words...)})
			if err != nil {
				t.Fatal(err)
			}
			labels := tagging[0].Words
			for k, label := range labels {
				if label == "" {
					labels[k] = "O"
					continue
				}
				words++
				if label == s.Labels[k] {
					right++
				}
			}
			truth, said = append(truth, s.Labels), append(said, labels)
		}
		scores, err := metrics.ScoreEntities(truth, said)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(fit.Train.Entities, scores) || fit.Train.Examples != words || fit.Train.Accuracy != float64(right)/float64(words) {
			t.Errorf("the report has %+v of %+v, the tagger finds %+v", fit.Train, fit.Train.Entities, scores)
		}
		if fit.Train.Accuracy < 0.9 {
			t.Errorf("accuracy %v", fit.Train.Accuracy)
		}
		r, err := train.TestTagger(t.Context(), saved, "entities", sentences())
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(r, fit.Train) {
			t.Errorf("report %+v, of the head alone %+v", fit.Train, r)
		}
	}
}

// TestOptionsStay checks that nothing is written behind the caller's options.
func TestOptionsStay(t *testing.T) {
	opts := make([]train.Option, 1, 2)
	opts[0] = train.WithWorst(1)
	if _, err := train.TestTagger(t.Context(), open(t), "nothing", sentences(), opts...); !errors.Is(err, roberta.ErrUnknownHead) {
		t.Errorf("error %v, want ErrUnknownHead", err)
	}
	if opts[:2][1] != nil {
		t.Error("an option was written behind those that were given")
	}
}

func TestTaggerSaysWhatIsWrong(t *testing.T) {
	m := open(t)
	for _, test := range []struct {
		sentence train.Sentence
		opts     []train.Option
		says     string
	}{
		{train.Sentence{}, nil, "train: example 12: unsuitable examples: 0 words and 0 labels"},
		{train.Sentence{Words: []string{"a", "b"}, Labels: []string{"O"}}, nil, "train: example 12: unsuitable examples: 2 words and 1 labels"},
		{train.Sentence{Words: []string{"a", "b"}, Labels: []string{"O", ""}}, nil, "train: example 12: unsuitable examples: word 1 has no label"},
	} {
		_, err := train.Tagger(t.Context(), m, "entities", append(sentences(), test.sentence), test.opts...)
		if !errors.Is(err, train.ErrExamples) || err.Error() != test.says {
			t.Errorf("error %v, want %q", err, test.says)
		}
	}
	// Words that are cut off are left out, and said to be.
	fit, err := train.Tagger(t.Context(), m, "entities", sentences(), train.WithLimit(tokenizer.Limit{Length: 6, Truncation: tokenizer.LongestFirst}), train.WithHeldOut(0.25))
	if err != nil {
		t.Fatal(err)
	}
	if len(fit.Notes) != 1 || !strings.HasSuffix(fit.Notes[0], " words have no token in the model's input and are left out") || fit.Notes[0] == "7 words have no token in the model's input and are left out" {
		t.Errorf("notes %q", fit.Notes)
	}
	if n := fit.Train.Entities.Micro.Support + fit.HeldOut.Entities.Micro.Support; n != 24 { // also those that are cut off
		t.Errorf("%d entities, want 24", n)
	}
}
