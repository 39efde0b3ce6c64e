package metrics

import (
	"cmp"
	"math"
	"slices"
)

// Matthews is the Matthews correlation coefficient of the true and the predicted
// classes, for any number of classes (Gorodkin, 2004); 0 if either is constant. GLUE's
// measure for CoLA; as scikit-learn's matthews_corrcoef.
func (c *Confusion) Matthews() float64 {
	var s, right, both, t2, p2 float64
	for k := range c.Counts {
		var t, p float64 // examples of the class, and predictions
		for j := range c.Counts {
			t += float64(c.Counts[k][j])
			p += float64(c.Counts[j][k])
		}
		right += float64(c.Counts[k][k])
		s, both, t2, p2 = s+t, both+t*p, t2+t*t, p2+p*p
	}
	d := (s*s - t2) * (s*s - p2)
	if d == 0 {
		return 0
	}
	return (right*s - both) / math.Sqrt(d)
}

// Pearson is the correlation of two lists of values, which it panics for if they have
// other lengths. It is NaN if either is constant, or there are fewer than two values.
// As scipy's pearsonr.
func Pearson(x, y []float64) float64 {
	if len(x) != len(y) {
		panic("metrics: lists of other lengths")
	}
	if len(x) < 2 || constant(x) || constant(y) {
		return math.NaN()
	}
	mx, my := mean(x), mean(y)
	var xx, yy, xy float64
	for i := range x {
		a, b := x[i]-mx, y[i]-my
		xx, yy, xy = xx+a*a, yy+b*b, xy+a*b
	}
	return math.Max(-1, math.Min(1, xy/(math.Sqrt(xx)*math.Sqrt(yy))))
}

// Spearman is the correlation of two lists' ranks. Equal values have the mean of their
// ranks. NaN and panics are Pearson's; a NaN has no rank, so the correlation is NaN then
// too. As scipy's spearmanr.
func Spearman(x, y []float64) float64 {
	r := Pearson(ranks(x), ranks(y))
	if slices.ContainsFunc(x, math.IsNaN) || slices.ContainsFunc(y, math.IsNaN) {
		return math.NaN()
	}
	return r
}

func constant(x []float64) bool {
	for _, v := range x {
		if v != x[0] {
			return false
		}
	}
	return true
}

func mean(x []float64) float64 {
	sum := 0.0
	for _, v := range x {
		sum += v
	}
	return sum / float64(len(x))
}

// ranks are the values' places in their order, from 0.
func ranks(x []float64) []float64 {
	order := make([]int, len(x))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(x[a], x[b]) })
	r := make([]float64, len(x))
	for i := 0; i < len(order); {
		j := i + 1
		for j < len(order) && x[order[j]] == x[order[i]] {
			j++
		}
		for _, k := range order[i:j] {
			r[k] = float64(i+j-1) / 2
		}
		i = j
	}
	return r
}
