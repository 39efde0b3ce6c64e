package pipeline

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/goroberta/goroberta/roberta"
)

// TestPairCosines: of very many similarities those are kept that are equally far apart.
func TestPairCosines(t *testing.T) {
	var s pairCosines
	for i := range 5*mostSimilarities + 3 {
		s.add(float64(i))
		if len(s.values) > mostSimilarities {
			t.Fatalf("%d similarities are kept, want %d at most", len(s.values), mostSimilarities)
		}
	}
	for i, v := range s.values {
		if v != float64(8*i) {
			t.Fatalf("similarity %d is that of pair %v, want %d", i, v, 8*i)
		}
	}
	if want := (5*mostSimilarities+3)/8 + 1; len(s.values) != want {
		t.Errorf("%d similarities are kept, want %d", len(s.values), want)
	}
}

func TestSpread(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for _, test := range []struct {
		values            []float64
		mean, least, most float64
	}{
		{nil, nan, nan, nan},
		{[]float64{2, 4, -3}, 1, -3, 4},
		{[]float64{nan, 1}, nan, nan, nan},
		{[]float64{1, nan, inf}, nan, nan, nan},
		{[]float64{inf, nan}, nan, nan, nan},
		{[]float64{inf, 1}, inf, 1, inf},
	} {
		var s spread
		for _, v := range test.values {
			s.add(v)
		}
		same := func(x, y float64) bool { return x == y || math.IsNaN(x) && math.IsNaN(y) }
		if !same(s.mean(), test.mean) || !same(s.least(), test.least) || !same(s.most(), test.most) {
			t.Errorf("%v: %v, %v, %v, want %v, %v, %v", test.values, s.mean(), s.least(), s.most(), test.mean, test.least, test.most)
		}
	}
}

func TestCosine(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	big, small := float32(math.MaxFloat32), float32(math.SmallestNonzeroFloat32)
	for _, test := range []struct {
		a, b []float32
		want float64
	}{
		{[]float32{1, 2, 3}, []float32{1, 2, 3}, 1},
		{[]float32{0.1, 0.7, 0.3}, []float32{-0.1, -0.7, -0.3}, -1},
		{[]float32{1, 0}, []float32{0, 1}, 0},
		{[]float32{0, 0}, []float32{0, 0}, 1},
		{[]float32{0, 0}, []float32{0, 1}, 0},
		{[]float32{big, big}, []float32{big, big}, 1},
		{[]float32{small, small}, []float32{small, small}, 1},
		{[]float32{nan, 1}, []float32{nan, 1}, math.NaN()},
		{[]float32{0, 0}, []float32{nan, 1}, math.NaN()},
		{[]float32{inf, 1}, []float32{inf, 1}, math.NaN()},
	} {
		if got := cosine(test.a, test.b); got != test.want && !(math.IsNaN(got) && math.IsNaN(test.want)) {
			t.Errorf("cosine(%v, %v) = %v, want %v", test.a, test.b, got, test.want)
		}
	}
}

func TestWorstLayers(t *testing.T) {
	c := &Comparison{LayerErrors: []float64{0.1, 0.1, 0.4, 0.3, 0.5, 0.6}}
	if got, want := c.WorstLayers(10), []int{2, 4, 5}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if got := c.WorstLayers(1); !slices.Equal(got, []int{2}) {
		t.Errorf("%v, want 2", got)
	}
	if got := c.WorstLayers(-1); len(got) != 0 {
		t.Errorf("%v, want none", got)
	}
	c.LayerErrors = []float64{0, 0.3, math.NaN(), math.NaN()}
	if got, want := c.WorstLayers(10), []int{2, 3, 1}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if got := (&Comparison{}).WorstLayers(3); len(got) != 0 {
		t.Errorf("%v, want none", got)
	}
}

// TestPast: figures on either side of their bounds.
func TestPast(t *testing.T) {
	good := func() *Comparison {
		return &Comparison{
			Texts: 1000, Vectors: 1000, CosineMean: 0.9999, CosineMin: 0.999, TokenCosineMin: 0.99, Spearman: 0.9999, Pairs: 999,
			Heads:  []HeadComparison{{Head: roberta.Head{Name: "mnli"}, Decisions: 1000, Flips: 25, FlipMargin: 0.3, LogitMean: 0.04, LogitSpread: 2}},
			Masked: &MaskedComparison{Masks: 1000, Agreed: 965, Ratio: 1.01, ErrorOfRatio: 0.001},
		}
	}
	nan := math.NaN()
	for i, test := range []struct {
		change func(c *Comparison)
		want   string // begins the only line; "": none
	}{
		{func(c *Comparison) {}, ""},
		{func(c *Comparison) { c.Heads[0].Flips = 26 }, "head mnli: 97.4 % of 1000 decisions"},
		{func(c *Comparison) { c.Heads[0].FlipMargin = 0.41 }, "head mnli: a decision flips"},
		{func(c *Comparison) { c.Heads[0].FlipMargin = nan }, "head mnli: a decision flips"},
		{func(c *Comparison) { c.Heads[0].Flips, c.Heads[0].FlipMargin = 0, 0 }, ""},
		{func(c *Comparison) { c.Heads[0].LogitMean = 0.07 }, "head mnli: logits differ by 0.07 in the mean, want 0.06 at most"},
		{func(c *Comparison) { c.Heads[0] = HeadComparison{LogitMean: 0.1, LogitSpread: 1} }, "head : logits differ"}, // a regression
		{func(c *Comparison) { c.Texts, c.Heads[0] = 29, HeadComparison{LogitMean: 0.1, LogitSpread: 1} }, ""},
		{func(c *Comparison) { c.Heads[0].LogitMean = nan }, "head mnli: logits differ"},
		{func(c *Comparison) {
			c.Texts, c.Heads[0].Decisions, c.Heads[0].Flips, c.Heads[0].LogitMean = 2, 2, 0, 0.1
		}, ""},
		{func(c *Comparison) {
			c.Texts, c.Heads[0].Decisions, c.Heads[0].Flips, c.Heads[0].LogitMean = 2, 2, 0, nan
		}, "head mnli: logits differ"},
		{func(c *Comparison) { c.Heads[0].Decisions, c.Heads[0].Flips, c.Heads[0].FlipMargin = 32, 1, 0.1 }, ""}, // of few one may differ
		{func(c *Comparison) { c.Heads[0].Decisions, c.Heads[0].Flips, c.Heads[0].FlipMargin = 32, 2, 0.1 }, "head mnli: 93.75 %"},
		{func(c *Comparison) { c.Masked.Agreed = 964 }, "the likeliest token is the same for 96.4 % of 1000 masks"},
		{func(c *Comparison) { c.Masked.Ratio = 1.0115 }, ""}, // in doubt
		{func(c *Comparison) { c.Masked.Ratio = 1.0125 }, "the pseudo-perplexity is 1.0125 ×"},
		{func(c *Comparison) { c.Masked.Ratio = nan }, "the pseudo-perplexity is NaN ×"},
		{func(c *Comparison) { c.Masked = nil }, ""},
		{func(c *Comparison) { c.Masked = &MaskedComparison{Masks: 1, Agreed: 0, Ratio: 3, ErrorOfRatio: nan} }, ""},
		{func(c *Comparison) { c.CosineMean = 0.9989 }, "the vectors' mean cosine is 0.9989, want 0.999 at least"},
		{func(c *Comparison) { c.CosineMin = 0.995 }, "the vectors' smallest cosine"},
		{func(c *Comparison) { c.CosineMin = nan }, "the vectors' smallest cosine is NaN"},
		{func(c *Comparison) { c.TokenCosineMin = 0.97 }, "the smallest cosine of a token's hidden states"},
		{func(c *Comparison) { c.Spearman = 0.99 }, "the rank correlation of similarities"},
		{func(c *Comparison) { c.Spearman, c.Pairs = 0.99, 499 }, ""},
	} {
		c := good()
		test.change(c)
		past := c.Past(BoundsOf(roberta.Int8))
		if test.want == "" && past != nil || test.want != "" && (len(past) != 1 || !strings.HasPrefix(past[0], test.want)) {
			t.Errorf("%d: %q, want %q", i, past, test.want)
		}
		if past := c.Past(BoundsOf(roberta.Float32)); past != nil {
			t.Errorf("%d: %q without bounds", i, past)
		}
	}
	if n := allowed(0.975, 40); n != 1 {
		t.Errorf("%d of 40 may differ, want 1", n)
	}
}
