package metrics

// A MultiLabel counts what was predicted where any number of labels hold of an example.
type MultiLabel struct {
	Labels   []string // the labels, in order
	Examples int
	Exact    int   // examples whose labels were all predicted, and no others
	Right    []int // of each label: examples that have it and for which it was predicted
	Wrong    []int // for which it was predicted alone
	Missed   []int // that have it alone
}

// NewMultiLabel makes a MultiLabel without examples.
func NewMultiLabel(labels []string) *MultiLabel {
	n := len(labels)
	return &MultiLabel{Labels: labels, Right: make([]int, n), Wrong: make([]int, n), Missed: make([]int, n)}
}

// Add counts an example: whether it has each label, and whether that was predicted.
func (m *MultiLabel) Add(truth, predicted []bool) {
	m.Examples++
	exact := 1
	for k := range m.Labels {
		switch {
		case truth[k] && predicted[k]:
			m.Right[k]++
		case predicted[k]:
			m.Wrong[k]++
			exact = 0
		case truth[k]:
			m.Missed[k]++
			exact = 0
		}
	}
	m.Exact += exact
}

// SubsetAccuracy is the share of examples whose labels were all predicted, and no others.
// As scikit-learn's accuracy_score of indicators.
func (m *MultiLabel) SubsetAccuracy() float64 { return ratio(m.Exact, m.Examples) }

// Precision is the share of a label's predictions that are right; 0 if there are none.
func (m *MultiLabel) Precision(label int) float64 {
	return ratio(m.Right[label], m.Right[label]+m.Wrong[label])
}

// Recall is the share of a label's examples for which it was predicted; 0 if there are
// none.
func (m *MultiLabel) Recall(label int) float64 { return ratio(m.Right[label], m.Support(label)) }

// F1 is the harmonic mean of a label's precision and recall: 2·TP/(2·TP+FP+FN), and 0
// where nothing is there to be found or wrong.
func (m *MultiLabel) F1(label int) float64 {
	return ratio(2*m.Right[label], 2*m.Right[label]+m.Wrong[label]+m.Missed[label])
}

// Support is how many examples have a label.
func (m *MultiLabel) Support(label int) int { return m.Right[label] + m.Missed[label] }

// MicroF1 is the F1 of all labels' counts together.
// As scikit-learn's f1_score(average="micro").
func (m *MultiLabel) MicroF1() float64 {
	right, all := 0, 0 // TP; 2·TP + FP + FN
	for k := range m.Labels {
		right += m.Right[k]
		all += 2*m.Right[k] + m.Wrong[k] + m.Missed[k]
	}
	return ratio(2*right, all)
}

// MacroF1 is the mean of all labels' F1. As scikit-learn's f1_score(average="macro"): a
// label that no example has and that was never predicted counts 0.
func (m *MultiLabel) MacroF1() float64 {
	if len(m.Labels) == 0 {
		return 0
	}
	sum := 0.0
	for k := range m.Labels {
		sum += m.F1(k)
	}
	return sum / float64(len(m.Labels))
}
