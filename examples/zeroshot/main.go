// Command zeroshot gives texts labels that the model was never trained on. A model for
// natural language inference is asked whether a text entails a sentence about the label.
//
//	go run ./examples/zeroshot
//
// The pocket model was trained on simple sentences and is never sure: its scores lie close
// together. A large model, such as xlm-roberta-large-xnli, tells labels well apart: -m PATH.
//
// In Python: pipeline("zero-shot-classification", model=…)(text, labels)
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/goroberta/goroberta/examples/internal/model"
	"github.com/goroberta/goroberta/pipeline"
)

var texts = []string{
	"She bought a red apple at the market.",
	"A man is playing a guitar on the stage.",
	"The dog ran after the cat.",
}

func main() {
	if err := run(os.Stdout, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(w io.Writer, args []string) error {
	m, err := model.Open("zeroshot", args)
	if err != nil {
		return err
	}
	defer m.Close()
	// The template turns a label into the sentence that the text may entail. A sentence
	// in the style of the model's training works best.
	z, err := pipeline.NewZeroShot(m, pipeline.WithLabels("fruit", "a musician", "an animal"), pipeline.WithTemplate("This text is about {}."))
	if err != nil {
		return err
	}
	for _, text := range texts {
		labels, err := z.Classify(context.Background(), text)
		if err != nil {
			return err
		}
		var all []string
		for _, l := range labels {
			all = append(all, fmt.Sprintf("%s %.2f", l.Name, l.Score))
		}
		fmt.Fprintf(w, "%s\n\t%s\n", text, strings.Join(all, ", "))
	}
	return nil
}
