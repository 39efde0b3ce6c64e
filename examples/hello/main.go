// Command hello shows what people come for: a label, a vector, a filled mask. Then what
// stands behind them: tokens, features, and a head's log-probabilities.
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
	"github.com/goroberta/goroberta/pipeline"
	"github.com/goroberta/goroberta/roberta"
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

	const review = "I loved the music and the cake was delicious."
	if c, err := pipeline.NewClassifier(m, pipeline.WithHead("sentiment")); err != nil {
		fmt.Fprint(w, "This checkpoint has no head called sentiment.\n\n")
	} else {
		labels, err := c.Classify(ctx, review)
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "label     %s\n", review)
		for _, l := range labels {
			fmt.Fprintf(w, "  %5.1f %%  %s\n", 100*l.Score, l.Name)
		}
		fmt.Fprintln(w)
	}

	e, err := pipeline.NewEmbedder(m)
	if err != nil {
		return err
	}
	vectors, err := e.Embed(ctx, []string{"A boat on the sea.", "A ship in a storm.", "A bug in the program."})
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "vector    A boat on the sea.\n          %.3f … %d values\n", vectors[0][:4], len(vectors[0]))
	fmt.Fprintf(w, "          cosine %.2f with \"A ship in a storm.\", %.2f with \"A bug in the program.\"\n\n",
		pipeline.Cosine.Score(vectors[0], vectors[1]), pipeline.Cosine.Score(vectors[0], vectors[2]))

	const masked = "She opened the <mask> and walked into the house."
	fills, err := m.FillMask(ctx, masked, 3)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "fill-mask %s\n", masked)
	for _, f := range fills {
		fmt.Fprintf(w, "  %5.1f %%  %s\n", 100*f.Score, f.Text)
	}

	tokens := m.Encode("Hello world!")
	features, err := m.ExtractFeatures(ctx, tokens)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "\nencode    \"Hello world!\"\n          %v, and back: %q\n", tokens, m.Decode(tokens))
	fmt.Fprintf(w, "features  shape %v, the first of <s>: %.4f\n", features.Shape(), features.Row(0, 0)[:4])
	return mnli(ctx, w, m)
}

// mnli says whether a sentence follows from another, as RoBERTa's model card does.
func mnli(ctx context.Context, w io.Writer, m *roberta.Model) error {
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
