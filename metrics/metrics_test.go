package metrics_test

import (
	"compress/gzip"
	"encoding/json"
	"errors"
	"math"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/goroberta/goroberta/metrics"
)

func read(t testing.TB, name string, to any) {
	t.Helper()
	file, err := os.Open("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	z, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.NewDecoder(z).Decode(to); err != nil {
		t.Fatal(err)
	}
}

func near(a, b float64) bool { return math.Abs(a-b) <= 1e-12 }

func TestEntitiesAsSeqeval(t *testing.T) {
	var cases []struct {
		Name            string
		True, Pred      [][]string
		Default, Strict metrics.EntityScores
		EntitiesTrue    [][]any `json:"entities_true"`
		EntitiesPred    [][]any `json:"entities_pred"`
		Scheme          metrics.Scheme
	}
	read(t, "seqeval.json.gz", &cases)
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			for i, sentences := range [][][]string{c.True, c.Pred} {
				var got [][]any // seqeval counts on over sentences, one position between two
				at := 0
				for _, labels := range sentences {
					for _, e := range metrics.Entities(labels) {
						got = append(got, []any{e.Type, float64(e.First + at), float64(e.Last + at)})
					}
					at += len(labels) + 1
				}
				if want := [][][]any{c.EntitiesTrue, c.EntitiesPred}[i]; len(got)+len(want) > 0 && !reflect.DeepEqual(got, want) {
					t.Errorf("entities %v, want %v", got, want)
				}
			}
			got, err := metrics.ScoreEntities(c.True, c.Pred)
			if err != nil {
				t.Fatal(err)
			}
			compare(t, "default", got, &c.Default)
			if got, err = metrics.ScoreEntitiesStrictly(c.True, c.Pred, c.Scheme); err != nil {
				t.Fatal(err)
			}
			compare(t, "strict", got, &c.Strict)
		})
	}
}

func compare(t *testing.T, what string, got, want *metrics.EntityScores) {
	t.Helper()
	same := func(name string, a, b metrics.Score, support bool) {
		if !near(a.Precision, b.Precision) || !near(a.Recall, b.Recall) || !near(a.F1, b.F1) || support && a.Support != b.Support {
			t.Errorf("%s, %s: %+v, want %+v", what, name, a, b)
		}
	}
	same("micro", got.Micro, want.Micro, false)
	same("macro", got.Macro, want.Macro, false)
	same("weighted", got.Weighted, want.Weighted, false)
	if len(got.Types) != len(want.Types) || !near(got.Accuracy, want.Accuracy) {
		t.Errorf("%s: %+v, want %+v", what, got, want)
	}
	for name, s := range want.Types {
		same(name, got.Types[name], s, true)
	}
}

// TestPlainLabels holds what seqeval reads by accident: labels without a prefix.
func TestPlainLabels(t *testing.T) {
	got := metrics.Entities(strings.Fields("PER PER O ORG LOC LOC"))
	want := []metrics.Entity{{Type: "PER", First: 0, Last: 1}, {Type: "ORG", First: 3, Last: 3}, {Type: "LOC", First: 4, Last: 5}}
	if !slices.Equal(got, want) {
		t.Errorf("entities %v, want %v", got, want)
	}
}

func TestEntityErrors(t *testing.T) {
	for _, label := range []string{"PER", "E-PER", "X-PER", "S"} {
		if _, err := metrics.StrictEntities([]string{"O", label}, metrics.IOB2); !errors.Is(err, metrics.ErrLabel) || !strings.Contains(err.Error(), label) {
			t.Errorf("label %s: error %v, want ErrLabel", label, err)
		}
	}
	if _, err := metrics.StrictEntities(nil, "BIO"); !errors.Is(err, metrics.ErrLabel) {
		t.Errorf("scheme BIO: error %v, want ErrLabel", err)
	}
	if _, err := metrics.ScoreEntities([][]string{{"O"}}, [][]string{{"O", "O"}}); err == nil {
		t.Error("no error for sentences of other lengths")
	}
	if _, err := metrics.ScoreEntities([][]string{{"O"}}, nil); err == nil {
		t.Error("no error for missing predictions")
	}
}

func TestSQuAD(t *testing.T) {
	type scores struct {
		Exact, F1     float64
		Total         int
		HasExact      float64 `json:"HasAns_exact"`
		HasF1         float64 `json:"HasAns_f1"`
		HasTotal      int     `json:"HasAns_total"`
		NoExact       float64 `json:"NoAns_exact"`
		NoF1          float64 `json:"NoAns_f1"`
		NoTotal       int     `json:"NoAns_total"`
		BestExact     float64 `json:"best_exact"`
		BestThreshold float64 `json:"best_exact_thresh"`
		BestF1        float64 `json:"best_f1"`
		BestF1At      float64 `json:"best_f1_thresh"`
	}
	var golden struct {
		Gold []struct {
			ID      string
			Answers []string
		}
		Sets []struct {
			Name        string
			Predictions map[string]string
			NA          map[string]float64 `json:"na_probs"`
			Plain       scores
			Threshold   scores `json:"threshold_0.5"`
		}
		Pairs []struct {
			Prediction, Gold string
			Normalized       []string
			Exact, F1        float64
		}
	}
	read(t, "squad.json.gz", &golden)
	for _, p := range golden.Pairs {
		if got := metrics.ExactMatch(p.Gold, p.Prediction); got != p.Exact {
			t.Errorf("ExactMatch(%q, %q) = %v, want %v", p.Gold, p.Prediction, got, p.Exact)
		}
		if got := metrics.AnswerF1(p.Gold, p.Prediction); !near(got, p.F1) {
			t.Errorf("AnswerF1(%q, %q) = %v, want %v", p.Gold, p.Prediction, got, p.F1)
		}
		for i, s := range []string{p.Prediction, p.Gold} {
			if got := strings.Join(metrics.NormalAnswer(s), " "); got != p.Normalized[i] {
				t.Errorf("normal form of %q is %q, want %q", s, got, p.Normalized[i])
			}
		}
	}
	for _, set := range golden.Sets {
		for _, threshold := range []float64{1, 0.5} {
			var questions []metrics.Answered
			for _, g := range golden.Gold {
				q := metrics.Answered{Answers: g.Answers, Given: set.Predictions[g.ID]}
				if threshold < 1 { // the reference has zeros where none are given
					q.NoAnswer = set.NA[g.ID]
				}
				questions = append(questions, q)
			}
			r, want := metrics.ScoreSQuAD(questions, threshold), set.Plain
			if threshold < 1 {
				want = set.Threshold
			}
			got := scores{r.Exact, r.F1, r.Total, r.HasAns.Exact, r.HasAns.F1, r.HasAns.Total, r.NoAns.Exact, r.NoAns.F1, r.NoAns.Total, r.BestExact, r.BestExactThreshold, r.BestF1, r.BestF1Threshold}
			a, b := reflect.ValueOf(got), reflect.ValueOf(want)
			for i := range a.NumField() {
				name := a.Type().Field(i).Name
				if a.Field(i).CanFloat() && math.Abs(a.Field(i).Float()-b.Field(i).Float()) > 1e-9 || a.Field(i).CanInt() && a.Field(i).Int() != b.Field(i).Int() {
					t.Errorf("%s, threshold %v: %s is %v, want %v", set.Name, threshold, name, a.Field(i), b.Field(i))
				}
			}
		}
	}
}

func TestGLUE(t *testing.T) {
	var golden struct {
		Tasks []struct {
			Task        string
			Labels      []any
			Predictions []struct {
				Name        string
				Predictions []any
				Metrics     map[string]*float64
			}
		}
		Metrics []struct {
			True, Pred   []int
			MCC, F1, Acc float64
			TrueScores   []float64 `json:"true_scores"`
			PredScores   []float64 `json:"pred_scores"`
			Pearson      float64
			Spearman     float64
			True3        []int   `json:"true_3"`
			Pred3        []int   `json:"pred_3"`
			Acc3         float64 `json:"acc_3"`
			MCC3         float64 `json:"mcc_3"`
			MacroF13     float64 `json:"macro_f1_3"`
		}
	}
	read(t, "glue.json.gz", &golden)
	confusion := func(truth, predicted []int, n int) *metrics.Confusion {
		c := metrics.NewConfusion(make([]string, n))
		for i, k := range truth {
			c.Add(k, predicted[i])
		}
		return c
	}
	check := func(name string, got, want float64) {
		t.Helper()
		if !near(got, want) && !(math.IsNaN(got) && math.IsNaN(want)) {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
	for _, g := range golden.Metrics {
		c := confusion(g.True, g.Pred, 2)
		check("mcc", c.Matthews(), g.MCC)
		check("f1", c.F1(1), g.F1)
		check("acc", c.Accuracy(), g.Acc)
		check("pearson", metrics.Pearson(g.TrueScores, g.PredScores), g.Pearson)
		check("spearman", metrics.Spearman(g.TrueScores, g.PredScores), g.Spearman)
		c = confusion(g.True3, g.Pred3, 3)
		check("mcc_3", c.Matthews(), g.MCC3)
		check("acc_3", c.Accuracy(), g.Acc3)
		check("macro_f1_3", c.MacroF1(), g.MacroF13)
	}
	for _, g := range golden.Tasks {
		for _, p := range g.Predictions {
			name := g.Task + " " + p.Name + " "
			got := map[string]float64{}
			if g.Task == "STS-B" {
				x, y := numbers(g.Labels), numbers(p.Predictions)
				got["pearson"], got["spearman"] = metrics.Pearson(x, y), metrics.Spearman(x, y)
				got["corr"] = (got["pearson"] + got["spearman"]) / 2
			} else {
				var names []any
				index := func(v any) int {
					if k := slices.Index(names, v); k >= 0 {
						return k
					}
					names = append(names, v)
					return len(names) - 1
				}
				if _, ok := g.Labels[0].(float64); ok {
					names = []any{0.0, 1.0}
				}
				var x, y []int
				for i := range g.Labels {
					x, y = append(x, index(g.Labels[i])), append(y, index(p.Predictions[i]))
				}
				c := confusion(x, y, len(names))
				got["acc"], got["mcc"] = c.Accuracy(), c.Matthews()
				if len(names) == 2 {
					got["f1"] = c.F1(1)
					got["acc_and_f1"] = (got["acc"] + got["f1"]) / 2
				}
			}
			for metric, want := range p.Metrics {
				if want == nil {
					check(name+metric, got[metric], math.NaN())
				} else {
					check(name+metric, got[metric], *want)
				}
			}
		}
	}
}

func numbers(values []any) []float64 {
	x := make([]float64, len(values))
	for i, v := range values {
		x[i] = v.(float64)
	}
	return x
}

// TestSpearmanNaN: what has no rank has no rank correlation.
func TestSpearmanNaN(t *testing.T) {
	nan, x := math.NaN(), []float64{1, 2, 3}
	for _, test := range [][2][]float64{{{nan, 2, 3}, x}, {x, {1, nan, 3}}, {{nan, nan, nan}, {nan, nan, nan}}} {
		if r := metrics.Spearman(test[0], test[1]); !math.IsNaN(r) {
			t.Errorf("Spearman(%v, %v) = %v, want NaN", test[0], test[1], r)
		}
	}
	if r := metrics.Spearman(x, []float64{1, math.Inf(1), 2}); math.Abs(r-0.5) > 1e-15 {
		t.Errorf("an infinity has a rank: %v, want 0.5", r)
	}
}
