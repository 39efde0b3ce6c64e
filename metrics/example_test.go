package metrics_test

import (
	"errors"
	"fmt"
	"strings"

	"github.com/goroberta/goroberta/metrics"
)

func Example() {
	c := metrics.NewConfusion([]string{"no", "yes"})
	for _, e := range [][2]int{{1, 1}, {1, 1}, {1, 0}, {0, 0}} { // true, predicted
		c.Add(e[0], e[1])
	}
	fmt.Println(c.Counts, "of", c.Total())
	fmt.Printf("accuracy %.2f, F1 of yes %.2f, macro F1 %.2f, Matthews %.2f\n", c.Accuracy(), c.F1(1), c.MacroF1(), c.Matthews())
	// Output:
	// [[1 0] [1 2]] of 4
	// accuracy 0.75, F1 of yes 0.80, macro F1 0.73, Matthews 0.58
}

func ExampleSpearman() {
	x, y := []float64{1, 2, 3, 4}, []float64{1, 10, 100, 1000}
	fmt.Printf("%.2f %.2f\n", metrics.Pearson(x, y), metrics.Spearman(x, y))
	// Output: 0.82 1.00
}

func ExampleEntities() {
	fmt.Println(metrics.Entities(strings.Fields("I-PER I-PER O B-LOC B-LOC")))
	strict, err := metrics.StrictEntities(strings.Fields("I-PER I-PER O B-LOC B-LOC"), metrics.IOB2)
	fmt.Println(strict, err)
	_, err = metrics.StrictEntities(strings.Fields("B-PER E-PER"), metrics.IOB2)
	fmt.Println(errors.Is(err, metrics.ErrLabel), err)
	// Output:
	// [{PER 0 1} {LOC 3 3} {LOC 4 4}]
	// [{LOC 3 3} {LOC 4 4}] <nil>
	// true metrics: label outside the scheme IOB2: "E-PER"
}

func ExampleScoreEntities() {
	truth := [][]string{strings.Fields("B-PER I-PER O B-LOC"), strings.Fields("O B-LOC")}
	said := [][]string{strings.Fields("B-PER I-PER O O"), strings.Fields("O I-LOC")}
	scores, err := metrics.ScoreEntities(truth, said)
	if err != nil {
		fmt.Println(err)
	}
	fmt.Printf("precision %.2f, recall %.2f, F1 %.2f of %d\n", scores.Micro.Precision, scores.Micro.Recall, scores.Micro.F1, scores.Micro.Support)
	if scores, err = metrics.ScoreEntitiesStrictly(truth, said, metrics.IOB2); err != nil {
		fmt.Println(err)
	}
	fmt.Printf("strictly: F1 %.2f, of LOC %.2f\n", scores.Micro.F1, scores.Types["LOC"].F1)
	// Output:
	// precision 1.00, recall 0.67, F1 0.80 of 3
	// strictly: F1 0.50, of LOC 0.00
}

func ExampleScoreSQuAD() {
	questions := []metrics.Answered{
		{Answers: []string{"in 1858", "1858"}, Given: "1858."},
		{Answers: []string{"the tower of Skagen"}, Given: "Skagen", NoAnswer: 0.2},
		{Given: "a guess", NoAnswer: 0.9}, // it has no answer
	}
	scores := metrics.ScoreSQuAD(questions, 0.5)
	fmt.Printf("exact %.1f, F1 %.1f; of %d with an answer %.1f\n", scores.Exact, scores.F1, scores.HasAns.Total, scores.HasAns.F1)
	fmt.Println(metrics.ExactMatch("The cat!", "cat"), metrics.AnswerF1("a black cat", "black dog"))
	// Output:
	// exact 66.7, F1 83.3; of 2 with an answer 75.0
	// 1 0.5
}

func ExampleMultiLabel() {
	m := metrics.NewMultiLabel([]string{"joy", "anger", "fear"})
	m.Add([]bool{true, false, false}, []bool{true, false, false})
	m.Add([]bool{true, true, false}, []bool{true, false, false})
	m.Add([]bool{false, true, false}, []bool{false, true, true})
	fmt.Printf("all right %.2f, micro F1 %.2f, macro F1 %.2f\n", m.SubsetAccuracy(), m.MicroF1(), m.MacroF1())
	for k, label := range m.Labels {
		fmt.Printf("%s: precision %.2f, recall %.2f, F1 %.2f of %d\n", label, m.Precision(k), m.Recall(k), m.F1(k), m.Support(k))
	}
	// Output:
	// all right 0.33, micro F1 0.75, macro F1 0.56
	// joy: precision 1.00, recall 1.00, F1 1.00 of 2
	// anger: precision 1.00, recall 0.50, F1 0.67 of 2
	// fear: precision 0.00, recall 0.00, F1 0.00 of 0
}
