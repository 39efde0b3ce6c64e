package metrics_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/goroberta/goroberta/metrics"
)

// TestMultiLabel: the numbers are scikit-learn's (1.9.1, accuracy_score, f1_score and
// precision_recall_fscore_support with zero_division=0).
func TestMultiLabel(t *testing.T) {
	for _, tt := range []struct {
		truth, predicted       string // an example each, a digit for each label
		accuracy, micro, macro float64
		precision, recall, f1  []float64
		support                []int
	}{
		{"000 000 000 100 101 001 000", "101 101 100 000 101 001 110", 0.2857142857142857, 0.42857142857142855, 0.31746031746031744,
			[]float64{0.2, 0.0, 0.5}, []float64{0.5, 0.0, 1.0}, []float64{0.2857142857142857, 0.0, 0.6666666666666666}, []int{2, 0, 2}},
		{"00000 00010 10000 00000 10000 11010 00000 01000 00000 01000 01000 01100 00100 10010 01000 00010 00010 01110 00000 00110 00000 00010 00100 01000 00000 00000 01010 00000 00100 10000 10010 00000 00010 00000 00000 01000 00000 00100 00000 11000",
			"00000 00010 10000 00000 10000 11010 00000 01000 00000 01000 01000 01100 00100 10010 01000 00010 00010 01110 00000 00110 00000 10000 00000 10110 00000 00110 01000 00000 00000 00000 00000 00110 01100 00010 01000 00010 00000 10010 10000 00100", 0.6, 0.6052631578947368, 0.4757142857142857,
			[]float64{0.5, 0.8, 0.4444444444444444, 0.5384615384615384, 0.0}, []float64{0.5714285714285714, 0.7272727272727273, 0.5714285714285714, 0.6363636363636364, 0.0}, []float64{0.5333333333333333, 0.7619047619047619, 0.5, 0.5833333333333334, 0.0}, []int{7, 11, 7, 11, 0}},
		{"0000 0000 0000 0000 0000", "0000 0001 1010 0100 0001", 0.2, 0, 0, make([]float64, 4), make([]float64, 4), make([]float64, 4), make([]int, 4)},
		{"0101 1100 0000", "0000 0000 0000", 1. / 3, 0, 0, make([]float64, 4), make([]float64, 4), make([]float64, 4), []int{1, 2, 0, 1}},
		{"1", "1", 1, 1, 1, []float64{1}, []float64{1}, []float64{1}, []int{1}},
	} {
		truth, predicted := strings.Fields(tt.truth), strings.Fields(tt.predicted)
		m := metrics.NewMultiLabel(make([]string, len(truth[0])))
		has := func(digits string) (b []bool) {
			for _, d := range digits {
				b = append(b, d == '1')
			}
			return b
		}
		for i := range truth {
			m.Add(has(truth[i]), has(predicted[i]))
		}
		got, want := []float64{m.SubsetAccuracy(), m.MicroF1(), m.MacroF1()}, []float64{tt.accuracy, tt.micro, tt.macro}
		for k := range m.Labels {
			got, want = append(got, m.Precision(k), m.Recall(k), m.F1(k), float64(m.Support(k))), append(want, tt.precision[k], tt.recall[k], tt.f1[k], float64(tt.support[k]))
		}
		if !slices.EqualFunc(got, want, func(a, b float64) bool { return math.Abs(a-b) < 1e-15 }) {
			t.Errorf("%.20s…: %v, want %v", tt.truth, got, want)
		}
	}
	if m := metrics.NewMultiLabel(nil); m.SubsetAccuracy() != 0 || m.MicroF1() != 0 || m.MacroF1() != 0 {
		t.Error("no labels and no examples are no 0")
	}
}
