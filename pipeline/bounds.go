package pipeline

import (
	"fmt"
	"math"

	"github.com/goroberta/goroberta/roberta"
)

// Bounds say how far a model in a lower precision may be from float32 before a user should
// know. 0 is no bound.
type Bounds struct {
	Agreement       float64 // the smallest share of equal decisions of a head
	FlipMargin      float64 // the largest margin of a decision that flips, as a share of LogitSpread
	LogitMean       float64 // the largest mean difference of logits, as a share of LogitSpread
	Top1            float64 // the smallest share of masks with the same likeliest token
	PerplexityRatio float64 // the largest ratio of pseudo-perplexities
	CosineMean      float64 // the smallest mean of vectors' cosines
	CosineMin       float64 // the smallest of these
	TokenCosineMin  float64 // the smallest cosine of a token's hidden states
	Spearman        float64 // the smallest rank correlation, if there are 500 pairs
}

// fewestPairs is how many similarities a rank correlation needs to be held to its bound:
// of 30, two neighbours that change places cost 0.0004.
const fewestPairs = 500

// fewestValues is how many decisions, or inputs of a regression, a head needs to be held to
// a share of the spread of its logits: of few, the spread says little.
const fewestValues = 30

// BoundsOf are the bounds for a precision: about twice the largest error that was measured
// in trained models, or more. What is past them is no accident of rounding. docs/precision.md has
// the measurements behind them. Float32 has none.
func BoundsOf(p roberta.Precision) Bounds {
	switch p {
	case roberta.Int8:
		return Bounds{
			Agreement: 0.975, FlipMargin: 0.2, LogitMean: 0.03, Top1: 0.965, PerplexityRatio: 1.01,
			CosineMean: 0.999, CosineMin: 0.996, TokenCosineMin: 0.98, Spearman: 0.998,
		}
	case roberta.BFloat16:
		return Bounds{
			Agreement: 0.995, FlipMargin: 0.05, LogitMean: 0.01, Top1: 0.98, PerplexityRatio: 1.005,
			CosineMean: 0.9999, CosineMin: 0.9998, TokenCosineMin: 0.997, Spearman: 0.9999,
		}
	}
	return Bounds{}
}

// Past says which figures are past their bounds, a line each; nil if none is. A figure
// that is NaN is past its bound. Few inputs are given the benefit of the doubt: of
// decisions and masks as many may differ as the bound allows of so many, rounded up, and
// the ratio of pseudo-perplexities may be above its bound by two standard errors.
func (c *Comparison) Past(b Bounds) []string {
	var past []string
	add := func(format string, args ...any) { past = append(past, fmt.Sprintf(format, args...)) }
	for i := range c.Heads {
		h := &c.Heads[i]
		name := fmt.Sprintf("head %.100s: ", h.Head.Name)
		if b.Agreement > 0 && h.Flips > allowed(b.Agreement, h.Decisions) {
			add(name+"%.4g %% of %d decisions are equal, want %.4g %%", 100*h.Agreement(), h.Decisions, 100*b.Agreement)
		}
		if bound := b.FlipMargin * h.LogitSpread; b.FlipMargin > 0 && h.Flips > 0 && !(h.FlipMargin <= bound) {
			add(name+"a decision flips whose logits are %.3g apart, want %.3g at most", h.FlipMargin, bound)
		}
		few := max(h.Decisions, c.Texts) < fewestValues
		over := !(h.LogitMean <= b.LogitMean*h.LogitSpread)
		if few {
			over = c.Texts > 0 && math.IsNaN(h.LogitMean)
		}
		if b.LogitMean > 0 && over {
			add(name+"logits differ by %.3g in the mean, want %.3g at most", h.LogitMean, b.LogitMean*h.LogitSpread)
		}
	}
	if m := c.Masked; m != nil && m.Masks > 0 {
		if b.Top1 > 0 && m.Masks-m.Agreed > allowed(b.Top1, m.Masks) {
			add("the likeliest token is the same for %.4g %% of %d masks, want %.4g %%", 100*m.Top1(), m.Masks, 100*b.Top1)
		}
		doubt := 2 * m.ErrorOfRatio
		if m.Masks < 2 {
			doubt = math.Inf(1)
		}
		if b.PerplexityRatio > 0 && !(math.Log(m.Ratio)-doubt <= math.Log(b.PerplexityRatio)) {
			add("the pseudo-perplexity is %.5g × that of the reference, want %.5g at most", m.Ratio, b.PerplexityRatio)
		}
	}
	atLeast := func(what string, v, bound float64) {
		if bound > 0 && !(v >= bound) {
			add("%s %.6g, want %.6g at least", what, v, bound)
		}
	}
	if c.Vectors > 0 {
		atLeast("the vectors' mean cosine is", c.CosineMean, b.CosineMean)
		atLeast("the vectors' smallest cosine is", c.CosineMin, b.CosineMin)
		atLeast("the smallest cosine of a token's hidden states is", c.TokenCosineMin, b.TokenCosineMin)
	}
	if c.Pairs >= fewestPairs {
		atLeast("the rank correlation of similarities is", c.Spearman, b.Spearman)
	}
	return past
}

// allowed is how many of n decisions may differ.
func allowed(agreement float64, n int) int {
	return int(math.Ceil((1-agreement)*float64(n) - 1e-9)) // 0.025 of 40 is 1, whatever float64 makes of it
}
