package pipeline

import (
	"cmp"
	"math"
	"slices"

	"github.com/goroberta/goroberta/roberta"
)

// scores makes scores of logits. They are computed in float64.
func scores(f roberta.Function, logits []float32) []float32 {
	out := make([]float32, len(logits))
	switch f {
	case roberta.Identity:
		copy(out, logits)
	case roberta.Sigmoid:
		for i, z := range logits {
			out[i] = float32(1 / (1 + math.Exp(-float64(z))))
		}
	default:
		softmax(out, logits)
	}
	return out
}

// softmax sets dst[i] = exp(z[i]) / Σ exp(z). dst may be z.
func softmax(dst, z []float32) {
	if len(z) == 0 {
		return
	}
	most := math.Inf(-1)
	for _, v := range z {
		most = math.Max(most, float64(v)) // NaN if there is one
	}
	sum := 0.0
	for _, v := range z {
		sum += math.Exp(float64(v) - most)
	}
	for i, v := range z {
		dst[i] = float32(math.Exp(float64(v)-most) / sum)
	}
}

// rank puts labels in the order of their scores, the best first, and leaves out all but
// the best k; 0: none.
func rank(names []string, scores []float32, k int) []Label {
	all := make([]Label, len(scores))
	for i, s := range scores {
		all[i] = Label{names[i], s}
	}
	slices.SortStableFunc(all, func(a, b Label) int { return cmp.Compare(b.Score, a.Score) })
	if k > 0 && k < len(all) {
		all = slices.Clone(all[:k])
	}
	return all
}

// argmax is the index of the largest value, the first of equal ones.
func argmax(values []float32) int {
	best := 0
	for i, v := range values {
		if v > values[best] {
			best = i
		}
	}
	return best
}
