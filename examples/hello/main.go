// Command hello shows the main things that RoBERTa does: it turns text into
// tokens and back, computes features, fills in a masked word, and says whether
// one sentence follows from another.
//
//	go run ./examples/hello
package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"os"
	"slices"

	"github.com/goroberta/goroberta/examples/internal/model"
)

func main() {
	if err := run(os.Stdout, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(w io.Writer, args []string) error {
	m, err := model.Open("hello", args)
	if err != nil {
		return err
	}
	defer m.Close()
	ctx := context.Background()

	tokens := m.Encode("Hello world!")
	fmt.Fprintf(w, "encode    %q\n          %v\n", "Hello world!", tokens)
	fmt.Fprintf(w, "decode    %q\n\n", m.Decode(tokens))

	features, err := m.ExtractFeatures(ctx, tokens)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "features  shape %v, the first of <s>: %.4f\n\n", features.Shape(), features.Row(0, 0)[:4])

	const masked = "She opened the <mask> and walked into the house."
	fills, err := m.FillMask(ctx, masked, 3)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "fill-mask %s\n", masked)
	for _, f := range fills {
		fmt.Fprintf(w, "  %5.1f %%  %s\n", 100*f.Score, f.Text)
	}

	const premise, hypothesis = "A man is playing a guitar.", "A man is playing an instrument."
	head, err := m.Head("mnli")
	if err != nil {
		fmt.Fprintln(w, "\nThis checkpoint has no mnli head to compare sentences with.")
		return nil
	}
	logp, err := m.Predict(ctx, "mnli", m.Encode(premise, hypothesis))
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "\nmnli      %s | %s\n", premise, hypothesis)
	for class, v := range logp.Row(0) {
		label := fmt.Sprint("class ", class)
		if class < len(head.Labels) {
			label = head.Labels[class]
		}
		mark := ""
		if v == slices.Max(logp.Row(0)) {
			mark = "  <-"
		}
		fmt.Fprintf(w, "  %5.1f %%  %s%s\n", 100*math.Exp(float64(v)), label, mark)
	}
	return nil
}
