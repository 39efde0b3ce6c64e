package metrics

// A Confusion counts what was predicted for examples of each class.
type Confusion struct {
	Labels []string `json:"labels"` // the classes' names, in order
	Counts [][]int  `json:"counts"` // [true][predicted]
}

// NewConfusion makes a Confusion without examples.
func NewConfusion(labels []string) *Confusion {
	c := &Confusion{Labels: labels, Counts: make([][]int, len(labels))}
	for i := range c.Counts {
		c.Counts[i] = make([]int, len(labels))
	}
	return c
}

// Add counts an example.
func (c *Confusion) Add(truth, predicted int) { c.Counts[truth][predicted]++ }

// Total is the number of examples.
func (c *Confusion) Total() int {
	n := 0
	for _, row := range c.Counts {
		for _, v := range row {
			n += v
		}
	}
	return n
}

// Accuracy is the share of examples whose class was predicted; 0 without examples.
func (c *Confusion) Accuracy() float64 {
	right := 0
	for k := range c.Counts {
		right += c.Counts[k][k]
	}
	return ratio(right, c.Total())
}

// F1 is the harmonic mean of precision and recall of a class: 2·TP/(2·TP+FP+FN), and 0
// where nothing is there to be found or wrong.
func (c *Confusion) F1(class int) float64 {
	both := 0 // 2·TP + FP + FN
	for k := range c.Counts {
		both += c.Counts[class][k] + c.Counts[k][class]
	}
	return ratio(2*c.Counts[class][class], both)
}

// MacroF1 is the mean of the F1 of all classes that an example has or was given.
// As scikit-learn's f1_score(average="macro").
func (c *Confusion) MacroF1() float64 {
	sum, n := 0.0, 0
	for k := range c.Counts {
		seen := 0
		for j := range c.Counts {
			seen += c.Counts[k][j] + c.Counts[j][k]
		}
		if seen > 0 {
			sum += c.F1(k)
			n++
		}
	}
	if n == 0 {
		return 0
	}
	return sum / float64(n)
}

// ratio is a/b, and 0 for 0/0.
func ratio(a, b int) float64 {
	if b == 0 {
		return 0
	}
	return float64(a) / float64(b)
}
