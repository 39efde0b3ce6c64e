package pipeline_test

import (
	"cmp"
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

// firstLogits are the logits of a head for pairs of a text and others, one by one.
func firstLogits(t testing.TB, m *roberta.Model, head, text string, others ...string) (all [][]float32) {
	t.Helper()
	for _, other := range others {
		r, err := m.Compute(t.Context(), roberta.Request{Inputs: roberta.Inputs(m.Encode(text, other)), Head: head})
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, r.HeadLogits.Row(0))
	}
	return all
}

func sigmoid(z float32) float32 { return float32(1 / (1 + math.Exp(-float64(z)))) }

var documents = []string{"Unscrew the valve and replace the washer.", "", "The ferry comes in at nine.", "Unscrew the valve and replace the washer.", "Zoë met 東京 🙂", strings.Repeat("A pump leaks at its seals. ", 20)}

func TestRerank(t *testing.T) {
	m := open(t, "fulldict")
	setHead(t, m, "rank", roberta.ReadsFirst, 1)
	const query = "how to repair a leaking pump"
	logits := firstLogits(t, m, "rank", query, documents...)
	for _, test := range []struct {
		opts  []pipeline.Option
		score func(z float32) float32
	}{
		{nil, sigmoid},
		{[]pipeline.Option{pipeline.WithHead("rank"), pipeline.WithBatch(1)}, sigmoid},
		{[]pipeline.Option{pipeline.WithFunction(roberta.Identity), pipeline.WithTopK(3)}, func(z float32) float32 { return z }},
		{[]pipeline.Option{pipeline.WithTopK(1)}, sigmoid},
	} {
		r, err := pipeline.NewReranker(m, test.opts...)
		if err != nil {
			t.Fatal(err)
		}
		var want []pipeline.Hit
		var pairs []pipeline.Pair
		for i, d := range documents {
			want = append(want, pipeline.Hit{Index: i, Score: test.score(logits[i][0])})
			pairs = append(pairs, pipeline.Pair{Query: query, Document: d})
		}
		scores, err := r.ScoreAll(t.Context(), pairs)
		if err != nil {
			t.Fatal(err)
		}
		for i, s := range scores {
			if s != want[i].Score {
				t.Errorf("score %d is %v, want %v", i, s, want[i].Score)
			}
		}
		slices.SortStableFunc(want, func(a, b pipeline.Hit) int { return cmp.Compare(b.Score, a.Score) })
		got, err := r.Rank(t.Context(), query, documents)
		if err != nil || len(got) == 0 || len(got) < len(documents) && len(got) > 3 || !slices.Equal(got, want[:len(got)]) {
			t.Errorf("ranking %v, %v, want %v", got, err, want)
		}
	}
}

// TestRankSeq checks that a document that cannot be scored costs no other, and that the
// context ends a ranking.
func TestRankSeq(t *testing.T) {
	m := open(t, "fulldict")
	setHead(t, m, "rank", roberta.ReadsFirst, 1)
	r, err := pipeline.NewReranker(m, pipeline.WithTopK(2), pipeline.WithBatch(100))
	if err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("too long ", 600)
	docs := []string{"a", long, "b", "c", long, "d"}
	var indices []int
	var hits []pipeline.Hit
	for d, err := range r.RankSeq(t.Context(), "query", slices.Values(docs)) {
		if e, ok := errors.AsType[*pipeline.InputError](err); ok && errors.Is(err, roberta.ErrTooLong) {
			indices = append(indices, e.Index)
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		hits = append(hits, d)
	}
	if !slices.Equal(indices, []int{1, 4}) || len(hits) != 2 {
		t.Fatalf("errors of %v, hits %v", indices, hits)
	}
	best, err := r.Rank(t.Context(), "query", []string{"a", "", "b", "c", "", "d"})
	if err != nil {
		t.Fatal(err)
	}
	for i, h := range hits {
		if docs[h.Index] != []string{"a", "", "b", "c", "", "d"}[best[i].Index] && best[i].Index%3 != 1 {
			t.Errorf("hits %v, without the long ones %v", hits, best)
		}
	}
	if _, err := r.Rank(t.Context(), "query", docs); fmt.Sprint(err) != "input 1: 1206 tokens exceed the maximum length of 512" {
		t.Errorf("error %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	n := 0
	for _, err := range r.RankSeq(ctx, "query", func(yield func(string) bool) {
		for n = 0; n < 1e6 && yield("another document"); n++ {
			if n == 1000 {
				cancel()
			}
		}
	}) {
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("error %v, want the context's", err)
		}
	}
	if n > 2000 {
		t.Errorf("%d documents were read after the context had ended", n-1000)
	}
}

// TestRerankerPrompt checks that a prompt stands before each query, whichever way it is given.
func TestRerankerPrompt(t *testing.T) {
	const one = `[{"path":"","type":"sentence_transformers.base.modules.transformer.Transformer"}]`
	saved := map[string]string{
		"modules.json": one, "sentence_bert_config.json": `{"do_lower_case":true}`,
		"config_sentence_transformers.json": `{"model_type":"CrossEncoder","activation_fn":"torch.nn.modules.linear.Identity","prompts":{"a":"Find ","b":"Look "},"default_prompt_name":"a"}`,
	}
	for _, test := range []struct {
		files  map[string]string
		opts   []pipeline.Option
		before string
		lower  bool
	}{
		{nil, []pipeline.Option{pipeline.WithFunction(roberta.Identity)}, "", false},
		{nil, []pipeline.Option{pipeline.WithFunction(roberta.Identity), pipeline.WithPrompt("Find ")}, "Find ", false},
		{saved, nil, "Find ", true},
		{saved, []pipeline.Option{pipeline.WithPromptName("b")}, "Look ", true},
		{saved, []pipeline.Option{pipeline.WithPrompt("")}, "", true},
	} {
		m := openWith(t, test.files)
		setHead(t, m, "rank", roberta.ReadsFirst, 1)
		r, err := pipeline.NewReranker(m, append(test.opts, pipeline.WithHead("rank"))...)
		if err != nil {
			t.Fatal(err)
		}
		query, document := test.before+"The A", "Of The B"
		if test.lower {
			query, document = strings.ToLower(query), strings.ToLower(document)
		}
		want := firstLogits(t, m, "rank", query, document)[0][0]
		got, err := r.Score(t.Context(), "The A", "Of The B")
		if err != nil || got != want {
			t.Errorf("%q: %v, error %v, want %v", test.before, got, err, want)
		}
		hits, err := r.Rank(t.Context(), "The A", []string{"Of The B"})
		if err != nil || hits[0].Score != want {
			t.Errorf("%q: ranked %v, error %v, want %v", test.before, hits, err, want)
		}
	}
}

func TestRerankerErrors(t *testing.T) {
	three := open(t, "fulldict")
	one := open(t, "fulldict")
	setHead(t, one, "rank", roberta.ReadsFirst, 1)
	if _, err := pipeline.NewReranker(one); err != nil {
		t.Errorf("one head of one class, one of several: %v", err)
	}
	for _, test := range []struct {
		m    *roberta.Model
		opts []pipeline.Option
		want error
		text string
	}{
		{three, nil, pipeline.ErrHead, `"mnli" has 3 classes`},
		{one, []pipeline.Option{pipeline.WithHead("mnli")}, pipeline.ErrHead, "3 classes"},
		{one, []pipeline.Option{pipeline.WithFunction(roberta.Softmax)}, pipeline.ErrOption, "always 1"},
		{one, []pipeline.Option{pipeline.WithWindows(2)}, pipeline.ErrOption, "a Reranker has no WithWindows"},
		{one, []pipeline.Option{pipeline.WithMaxAnswer(2)}, pipeline.ErrOption, "a Reranker has no WithMaxAnswer"},
	} {
		if _, err := pipeline.NewReranker(test.m, test.opts...); !errors.Is(err, test.want) || !strings.Contains(fmt.Sprint(err), test.text) {
			t.Errorf("error %v, want %v with %q", err, test.want, test.text)
		}
	}
}

func TestChoose(t *testing.T) {
	m := open(t, "fulldict")
	setHead(t, m, "choice", roberta.ReadsChoices, 1)
	c, err := pipeline.NewChooser(m)
	if err != nil {
		t.Fatal(err)
	}
	prompts := []pipeline.Prompt{{"The pump leaks.", documents}, {"", []string{"one"}}, {"Zoë", []string{"a", "a", "b"}}}
	for _, batch := range []int{1, 30, 4096} {
		c, err := pipeline.NewChooser(m, pipeline.WithBatch(batch))
		if err != nil {
			t.Fatal(err)
		}
		got, err := c.ChooseAll(t.Context(), prompts)
		if err != nil {
			t.Fatal(err)
		}
		for i, p := range prompts {
			sum, best := 0.0, 0
			logits := firstLogits(t, m, "choice", p.Text, p.Choices...)
			for k, z := range logits {
				sum += math.Exp(float64(z[0]))
				if z[0] > logits[best][0] {
					best = k
				}
			}
			if got[i].Best != best || len(got[i].Probs) != len(p.Choices) {
				t.Fatalf("prompt %d gives %v, want the best %d of %d", i, got[i], best, len(p.Choices))
			}
			for k, z := range logits {
				if !near(got[i].Probs[k], float32(math.Exp(float64(z[0]))/sum), 1e-6) {
					t.Errorf("prompt %d: choice %d has %v, logits %v", i, k, got[i].Probs[k], logits)
				}
			}
		}
	}
	if _, err := c.Choose(t.Context(), "text"); !errors.Is(err, pipeline.ErrInput) {
		t.Errorf("without choices: %v", err)
	}
	long := strings.Repeat("too long ", 600)
	_, err = c.Choose(t.Context(), "text", "a", long)
	if e, ok := errors.AsType[*roberta.LengthError](err); !ok || e.Sequence != 1 {
		t.Errorf("error %v, want a LengthError of choice 1", err)
	}
	cut, err := pipeline.NewChooser(m, pipeline.WithLimit(tokenizer.Limit{Length: 40, Truncation: tokenizer.OnlySecond}))
	if err != nil {
		t.Fatal(err)
	}
	whole, err := c.Choose(t.Context(), "text", "a", strings.Repeat("too long ", 17)+"too")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := cut.Choose(t.Context(), "text", "a", "too long"+strings.Repeat(" too long", 600)); err != nil || !slices.Equal(got.Probs, whole.Probs) {
		t.Errorf("cut, %v, %v, its part %v", got, err, whole)
	}
	if _, err := pipeline.NewChooser(open(t, "fulldict")); !errors.Is(err, pipeline.ErrHead) {
		t.Errorf("error %v, want ErrHead", err)
	}
}

func TestZeroShot(t *testing.T) {
	m := open(t, "fulldict") // its head mnli has no names: those of roberta.large.mnli
	const text = "The striker missed two penalties."
	labels := []string{"sport", "cooking", "naïve art", "sport"}
	for _, test := range []struct {
		opts     []pipeline.Option
		template string
		one      bool
	}{
		{nil, "This example is %s.", false},
		{[]pipeline.Option{pipeline.WithTemplate("{0}: it's {}"), pipeline.WithBatch(20)}, "%[1]s: it's %[1]s", false},
		{[]pipeline.Option{pipeline.WithMultiLabel(), pipeline.WithTopK(2)}, "This example is %s.", true},
		{[]pipeline.Option{pipeline.WithMultiLabel(), pipeline.WithEntailment("LABEL_2"), pipeline.WithContradiction("LABEL_0")}, "", true},
	} {
		if test.template == "" { // names of roberta.large.mnli
			if _, err := pipeline.NewZeroShot(m, test.opts...); !errors.Is(err, pipeline.ErrClasses) {
				t.Errorf("error %v, want ErrClasses", err)
			}
			continue
		}
		z, err := pipeline.NewZeroShot(m, append(test.opts, pipeline.WithLabels(labels...))...)
		if err != nil {
			t.Fatal(err)
		}
		var sentences []string
		for _, l := range labels {
			sentences = append(sentences, fmt.Sprintf(test.template, l))
		}
		logits := firstLogits(t, m, "mnli", text, sentences...)
		var want []pipeline.Label
		sum := 0.0
		for i, l := range labels {
			e := math.Exp(float64(logits[i][2]))
			sum += e
			if test.one {
				e /= e + math.Exp(float64(logits[i][0]))
			}
			want = append(want, pipeline.Label{Name: l, Score: float32(e)})
		}
		if !test.one {
			for i := range want {
				want[i].Score = float32(float64(want[i].Score) / sum)
			}
		}
		got, err := z.Classify(t.Context(), text)
		if err != nil || len(got) < 2 {
			t.Fatal(got, err)
		}
		slices.SortStableFunc(want, func(a, b pipeline.Label) int { return cmp.Compare(b.Score, a.Score) })
		for i, l := range got {
			if l.Name != want[i].Name || !near(l.Score, want[i].Score, 1e-6) {
				t.Errorf("%s: label %d is %v, want %v", test.template, i, l, want[i])
			}
		}
		// One label is by itself.
		one, err := z.Classify(t.Context(), text, "sport")
		if err != nil {
			t.Fatal(err)
		}
		if w := math.Exp(float64(logits[0][2])); len(one) != 1 || !near(one[0].Score, float32(w/(w+math.Exp(float64(logits[0][0])))), 1e-6) {
			t.Errorf("one label: %v, logits %v", one, logits[0])
		}
	}
}

func TestZeroShotErrors(t *testing.T) {
	m := open(t, "fulldict")
	setHead(t, m, "nli", roberta.ReadsFirst, 3, "no", "maybe", "Entailment")
	z, err := pipeline.NewZeroShot(m, pipeline.WithHead("nli"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := z.Classify(t.Context(), "a"); !errors.Is(err, pipeline.ErrInput) {
		t.Errorf("without labels: %v", err)
	}
	if _, err := z.Classify(t.Context(), "a", "one"); !errors.Is(err, pipeline.ErrClasses) {
		t.Errorf("one label and no contradiction: %v", err)
	}
	if _, err := z.Classify(t.Context(), "a", "one", "two"); err != nil {
		t.Error(err)
	}
	for _, test := range []struct {
		opts []pipeline.Option
		want error
		text string
	}{
		{nil, pipeline.ErrHeads, "mnli, nli"},
		{[]pipeline.Option{pipeline.WithHead("nli"), pipeline.WithMultiLabel()}, pipeline.ErrClasses, "WithContradiction"},
		{[]pipeline.Option{pipeline.WithMultiLabel(), pipeline.WithContradiction("no"), pipeline.WithTopK(1)}, nil, ""}, // only one head has such a class
		{[]pipeline.Option{pipeline.WithEntailment("yes")}, pipeline.ErrClasses, `no class "yes"`},
		{[]pipeline.Option{pipeline.WithTemplate("none")}, pipeline.ErrOption, "has no {}"},
		{[]pipeline.Option{pipeline.WithFunction(roberta.Sigmoid)}, pipeline.ErrOption, "a ZeroShot has no WithFunction"},
	} {
		_, err := pipeline.NewZeroShot(m, test.opts...)
		if !errors.Is(err, test.want) || err != nil && !strings.Contains(err.Error(), test.text) {
			t.Errorf("error %v, want %v with %q", err, test.want, test.text)
		}
	}
}
