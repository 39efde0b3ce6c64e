package pipeline

import (
	"cmp"
	"math"
	"slices"

	"github.com/goroberta/goroberta/metrics"
	"github.com/goroberta/goroberta/roberta"
)

// A Comparison says how far another model's results are from a reference's.
//
// Figures that do not exist are NaN, such as those of no texts. So are those in which
// either model gave a NaN or values that cancel to one; a NaN is never taken for
// agreement.
type Comparison struct {
	Precision roberta.Precision // the other model's
	Texts     int               // inputs that were compared
	Tokens    int               // in these

	Heads []HeadComparison // in the order of their names

	// Masked says how tokens are predicted that are masked one at a time. nil: the model
	// has no language-model head, or no vocabulary with a mask.
	Masked *MaskedComparison

	// Vectors are those of single texts: those of a pair are made of each of its texts.
	Vectors                         int
	CosineMean, CosineMin           float64 // of the two vectors of a text
	TokenCosineMean, TokenCosineMin float64 // of the two last hidden states of a token

	// Spearman is the rank correlation of the cosine similarities of Pairs pairs of texts,
	// as the reference and as the other model have them: the first two texts of an input
	// of several, else a text and the one before it. NaN for fewer than two.
	Spearman float64
	Pairs    int

	// LayerErrors are the relative errors ‖other − reference‖ / ‖reference‖ of hidden
	// states over all tokens: element 0 after the embedding, element l after layer l.
	LayerErrors []float64

	// Speedup is how many times as fast the other model computed the vectors of a batch,
	// in the median of Timings batches that the models took one after the other.
	Speedup float64
	Timings int

	Notes []string // remarks that a user should know, such as what was assumed
}

// A HeadComparison compares the logits of a classification head, and the decisions that
// follow from them.
type HeadComparison struct {
	Head roberta.Head

	// Decisions are the class of each input; for a head of several labels (Sigmoid) yes or
	// no for each class, of which the former is a logit above 0; for ReadsTokens the class
	// of each token of the texts; for ReadsSpans the start and the end. A regression, a
	// head of one class and ReadsChoices decide nothing: 0.
	Decisions int
	Flips     int // of these the other model's are not the reference's

	// FlipMargin is the largest margin of a decision that flipped: how much the logit of
	// the reference's class is above the next, or for Sigmoid how far it is from 0. 0
	// without flips.
	FlipMargin float64

	LogitMax, LogitMean float64 // absolute differences of logits

	// LogitSpread is the standard deviation of all logits of the reference, which says
	// whether a difference is large.
	LogitSpread float64
}

// Agreement is the share of decisions that are equal; NaN for none.
func (h *HeadComparison) Agreement() float64 { return share(h.Decisions-h.Flips, h.Decisions) }

// A MaskedComparison compares predictions of masked tokens.
type MaskedComparison struct {
	Masks  int // tokens that were masked, each while the rest of its input was seen
	Agreed int // of these the likeliest token is the same

	// Perplexity is the reference's pseudo-perplexity of the masked tokens, exp(−mean
	// log-probability), and Ratio the other model's divided by it. ErrorOfRatio is the
	// standard error of Ratio's logarithm: another choice of tokens would move it so far.
	Perplexity, Ratio, ErrorOfRatio float64
}

// Top1 is the share of masks for which the likeliest token is the same; NaN for none.
func (m *MaskedComparison) Top1() float64 { return share(m.Agreed, m.Masks) }

// WorstLayers are the numbers of the n layers, from 1, that add most to the error of the
// hidden states: what LayerErrors[l] is above LayerErrors[l−1]. The worst is first; a layer
// that adds nothing is none. One whose error is NaN counts as infinite.
func (c *Comparison) WorstLayers(n int) []int {
	var layers []int
	added := func(l int) float64 {
		d := c.LayerErrors[l] - c.LayerErrors[l-1]
		if math.IsNaN(d) {
			return math.Inf(1)
		}
		return d
	}
	for l := 1; l < len(c.LayerErrors); l++ {
		if added(l) > 0 {
			layers = append(layers, l)
		}
	}
	slices.SortStableFunc(layers, func(a, b int) int { return cmp.Compare(added(b), added(a)) })
	return layers[:min(max(n, 0), len(layers))]
}

func share(n, of int) float64 { return float64(n) / float64(of) }

// sums are what the figures of a Comparison are made of.
type sums struct {
	texts, tokens int
	heads         []headSums
	masked        maskedSums
	layers        []errorSums
	cosines       spread // of tokens
	vectors       spread
	previous      [2][]float32 // the vectors of the last single text
	similarities  [2]pairCosines
	speedups      []float64
}

func newSums(layers int, heads []roberta.Head) sums {
	s := sums{layers: make([]errorSums, layers+1), heads: make([]headSums, len(heads))}
	for i, h := range heads {
		s.heads[i].head = h
	}
	return s
}

// clone copies s. What is appended to the copy's lists does not show in s.
func (s *sums) clone() sums {
	c := *s
	c.layers, c.heads = slices.Clone(s.layers), slices.Clone(s.heads)
	for i := range c.similarities {
		c.similarities[i].values = slices.Clone(s.similarities[i].values)
	}
	return c
}

// A spread is the mean and the extremes of values. NaN among them makes all NaN.
type spread struct {
	n              int
	sum, low, high float64
}

func (s *spread) add(v float64) {
	if s.n == 0 {
		s.low, s.high = v, v
	}
	s.n++
	s.sum += v
	if v < s.low || math.IsNaN(v) {
		s.low = v
	}
	if v > s.high || math.IsNaN(v) {
		s.high = v
	}
}

func (s *spread) mean() float64 { return s.sum / float64(s.n) }

func (s *spread) least() float64 { return s.known(s.low) }
func (s *spread) most() float64  { return s.known(s.high) }

// known is v, or NaN of no values.
func (s *spread) known(v float64) float64 {
	if s.n == 0 {
		return math.NaN()
	}
	return v
}

// errorSums are the sums of squares of a layer's relative error.
type errorSums struct{ difference, reference float64 }

func (e *errorSums) add(reference, other []float32) {
	for i, x := range reference {
		d := float64(other[i]) - float64(x)
		e.difference += float64(d * d) // rounded, as not every machine would do by itself
		e.reference += float64(x) * float64(x)
	}
}

func (e *errorSums) relative() float64 {
	if e.difference == 0 {
		return 0
	}
	return math.Sqrt(e.difference / e.reference)
}

// cosine is the cosine of two vectors, 1 exactly if they are equal, also if they are
// zeros, and NaN if there is no number for it.
func cosine(a, b []float32) float64 {
	ab, aa, bb := dot(a, b), squares(a), squares(b)
	switch {
	case aa == 0 && bb == 0:
		return 1
	case ab == 0:
		return 0
	}
	return max(-1, min(1, ab/math.Sqrt(aa*bb)))
}

// addStates adds the hidden states of a batch.
func (s *sums) addStates(sequences []sequence, reference, other *roberta.Result) {
	for i := range sequences {
		for t := range reference.Features.Len(i) {
			a, b := reference.Features.Row(i, t), other.Features.Row(i, t)
			if a == nil { // a pad
				continue
			}
			s.tokens++
			s.cosines.add(cosine(a, b))
			for l := range s.layers {
				s.layers[l].add(reference.Hidden[l].Row(i, t), other.Hidden[l].Row(i, t))
			}
		}
	}
}

// addVectors adds the vectors of an input's texts, each by the reference and by the other
// model.
func (s *sums) addVectors(texts [][2][]float32) {
	for _, v := range texts {
		s.vectors.add(cosine(v[0], v[1]))
	}
	switch {
	case len(texts) > 1:
		for n := range s.similarities {
			s.similarities[n].add(cosine(texts[0][n], texts[1][n]))
		}
	default:
		for n := range s.similarities {
			if s.previous[n] != nil {
				s.similarities[n].add(cosine(s.previous[n], texts[0][n]))
			}
		}
		s.previous = texts[0]
	}
}

// mostSimilarities bounds the similarities that are kept, of which a rank correlation
// needs all.
const mostSimilarities = 1 << 16

// pairCosines are the similarities of pairs of texts: all of them, or of very many every second,
// every fourth …
type pairCosines struct {
	values []float64
	seen   int
	step   int // a power of two; 0 is 1
}

func (s *pairCosines) add(v float64) {
	s.step = max(s.step, 1)
	if s.seen++; (s.seen-1)%s.step != 0 {
		return
	}
	if len(s.values) == mostSimilarities {
		for i := range len(s.values) / 2 {
			s.values[i] = s.values[2*i]
		}
		s.values = s.values[:len(s.values)/2]
		s.step *= 2
	}
	s.values = append(s.values, v)
}

// headSums are the sums of a head.
type headSums struct {
	head             roberta.Head
	decisions, flips int
	margins          spread // of decisions that flipped
	differences      spread
	sum, squares     float64 // of the reference's logits
}

// add adds the logits of a batch. The error is ErrHead for a head that was replaced.
func (s *headSums) add(sequences []sequence, reference, other *roberta.Result) error {
	h := &s.head
	if h.Reads == roberta.ReadsFirst || h.Reads == roberta.ReadsChoices {
		a, b := reference.HeadLogits, other.HeadLogits
		if a == nil || b == nil || a.Shape()[1] != h.Classes || b.Shape()[1] != h.Classes {
			return changed(h)
		}
		for i := range sequences {
			s.addRow(a.Row(i), b.Row(i))
		}
		return nil
	}
	a, b := reference.HeadTokenLogits, other.HeadTokenLogits
	if a == nil || b == nil || a.Shape()[2] != h.Classes || b.Shape()[2] != h.Classes {
		return changed(h)
	}
	for i := range sequences {
		var spans [2][2][]float32 // starts and ends, by each model
		for t := range a.Len(i) {
			x, y := a.Row(i, t), b.Row(i, t)
			switch {
			case x == nil: // a pad
			case h.Reads == roberta.ReadsSpans:
				s.difference(x, y)
				for k := range spans {
					spans[k][0], spans[k][1] = append(spans[k][0], x[k]), append(spans[k][1], y[k])
				}
			case !sequences[i].text || sequences[i].Sequence[t] >= 0:
				s.addRow(x, y)
			}
		}
		if h.Reads == roberta.ReadsSpans {
			for _, v := range spans {
				s.decide(v[0], v[1])
			}
		}
	}
	return nil
}

// addRow adds the logits of an input or a token.
func (s *headSums) addRow(reference, other []float32) {
	s.difference(reference, other)
	switch {
	case s.head.Reads == roberta.ReadsChoices || s.head.Function == roberta.Identity:
	case s.head.Function == roberta.Sigmoid:
		for k, z := range reference {
			equal := z > 0 == (other[k] > 0) && !math.IsNaN(float64(z)) && !math.IsNaN(float64(other[k]))
			s.decision(equal, math.Abs(float64(z)))
		}
	default:
		if len(reference) > 1 {
			s.decide(reference, other)
		}
	}
}

func (s *headSums) difference(reference, other []float32) {
	for k, z := range reference {
		s.differences.add(math.Abs(float64(other[k]) - float64(z)))
		s.sum += float64(z)
		s.squares += float64(z) * float64(z)
	}
}

// spread is the standard deviation of the reference's logits; NaN of none.
func (s *headSums) spread() float64 {
	n := float64(s.differences.n)
	mean := s.sum / n
	return math.Sqrt(max(0, s.squares/n-mean*mean))
}

// decide adds a decision between logits.
func (s *headSums) decide(reference, other []float32) {
	class, margin := decided(reference)
	same, _ := decided(other)
	s.decision(class >= 0 && class == same, margin)
}

func (s *headSums) decision(equal bool, margin float64) {
	s.decisions++
	if !equal {
		s.flips++
		s.margins.add(margin)
	}
}

// decided is the index of the largest logit, the first of equal ones, and what it is above
// the next. −1 and NaN if a logit is NaN.
func decided(logits []float32) (class int, margin float64) {
	class, margin = argmax(logits), math.Inf(1)
	for k, z := range logits {
		if math.IsNaN(float64(z)) {
			return -1, math.NaN()
		}
		if k != class {
			margin = min(margin, float64(logits[class])-float64(z))
		}
	}
	return class, margin
}

// maskedSums are the sums of masked tokens.
type maskedSums struct {
	masks, agreed int
	logProbs      float64 // the reference's
	lost, squares float64 // the reference's above the other's
}

func (s *maskedSums) add(reference, other roberta.ClozePrediction) {
	s.masks++
	if reference.Best >= 0 && reference.Best == other.Best {
		s.agreed++
	}
	d := float64(reference.LogProb) - float64(other.LogProb)
	s.logProbs += float64(reference.LogProb)
	s.lost += d
	s.squares += float64(d * d)
}

func (s *maskedSums) comparison() *MaskedComparison {
	n := float64(s.masks)
	mean := s.lost / n
	return &MaskedComparison{
		Masks: s.masks, Agreed: s.agreed,
		Perplexity: math.Exp(-s.logProbs / n), Ratio: math.Exp(mean), ErrorOfRatio: math.Sqrt(max(0, s.squares/n-mean*mean) / (n - 1)),
	}
}

// comparison makes the figures.
func (s *sums) comparison(masked bool) *Comparison {
	c := &Comparison{
		Texts: s.texts, Tokens: s.tokens,
		Vectors: s.vectors.n, CosineMean: s.vectors.mean(), CosineMin: s.vectors.least(),
		TokenCosineMean: s.cosines.mean(), TokenCosineMin: s.cosines.least(),
		Pairs: len(s.similarities[0].values), Spearman: metrics.Spearman(s.similarities[0].values, s.similarities[1].values),
		Speedup: median(s.speedups), Timings: len(s.speedups),
	}
	for _, l := range s.layers {
		e := l.relative()
		if s.tokens == 0 {
			e = math.NaN()
		}
		c.LayerErrors = append(c.LayerErrors, e)
	}
	for i := range s.heads {
		h := &s.heads[i]
		margin := 0.0
		if h.flips > 0 {
			margin = h.margins.most()
		}
		c.Heads = append(c.Heads, HeadComparison{
			Head: h.head, Decisions: h.decisions, Flips: h.flips, FlipMargin: margin, LogitMax: h.differences.most(), LogitMean: h.differences.mean(), LogitSpread: h.spread(),
		})
	}
	if masked {
		c.Masked = s.masked.comparison()
	}
	return c
}

// median is the middle one, or the mean of the middle two; NaN of none.
func median(values []float64) float64 {
	n := len(values)
	if n == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(values))
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}
