// Command mnli says whether a hypothesis follows from a premise, contradicts it,
// or neither.
//
//	go run ./examples/mnli
//
// In Python: roberta.predict('mnli', tokens).argmax()
package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"text/tabwriter"

	"github.com/goroberta/goroberta/examples/internal/model"
)

var pairs = [][2]string{
	{"A man is playing a guitar.", "A man is playing an instrument."},
	{"A man is playing a guitar.", "A man is sleeping."},
	{"A man is playing a guitar.", "A man is playing for his friends."},
	{"She bought a red apple at the market.", "She bought a fruit."},
}

func main() {
	if err := run(os.Stdout, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(w io.Writer, args []string) error {
	m, err := model.Open("mnli", args)
	if err != nil {
		return err
	}
	defer m.Close()
	head, err := m.Head("mnli")
	if err != nil {
		return err
	}

	// One batch: the pairs need no padding to be computed together.
	var batch [][]int
	for _, p := range pairs {
		batch = append(batch, m.Encode(p[0], p[1]))
	}
	logp, err := m.Predict(context.Background(), "mnli", batch...)
	if err != nil {
		return err
	}

	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "premise\thypothesis\tanswer\tprobability")
	for i := range pairs {
		x := logp.Row(i)
		top := slices.Index(x, slices.Max(x))
		label := fmt.Sprint("class ", top)
		if top < len(head.Labels) {
			label = head.Labels[top]
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%.2f\n", pairs[i][0], pairs[i][1], label, math.Exp(float64(x[top])))
	}
	return t.Flush()
}
