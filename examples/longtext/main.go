// Command longtext reads a text that is longer than the model can read at a time: its
// topic, its vector, and where to cut it.
//
//	go run ./examples/longtext
//
// Nothing is cut unasked: without the options below a long text is an error.
package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/goroberta/goroberta/examples/internal/model"
	"github.com/goroberta/goroberta/pipeline"
	"github.com/goroberta/goroberta/roberta"
	"github.com/goroberta/goroberta/tokenizer"
)

//go:embed manual.txt
var manual string

func main() {
	if err := run(os.Stdout, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(w io.Writer, args []string) error {
	m, err := model.Open("longtext", args)
	if err != nil {
		return err
	}
	defer m.Close()
	ctx := context.Background()
	head := pipeline.WithHead("topic")

	c, err := pipeline.NewClassifier(m, head)
	if err != nil {
		return err
	}
	var tooLong *roberta.LengthError
	if _, err := c.Classify(ctx, manual); !errors.As(err, &tooLong) {
		return fmt.Errorf("the text is not too long: %v", err)
	}
	fmt.Fprintf(w, "the text has %d tokens, the model takes %d\n\n", tooLong.Tokens, tooLong.Max)

	// One way is to read what fits.
	c, err = pipeline.NewClassifier(m, head, pipeline.WithTopK(1), pipeline.WithLimit(tokenizer.Limit{Truncation: tokenizer.LongestFirst}))
	if err != nil {
		return err
	}
	labels, err := c.Classify(ctx, manual)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "topic of the beginning  %s %.2f\n", labels[0].Name, labels[0].Score)

	// Another is to read all of it through windows, which share 32 tokens with their
	// neighbours. The scores of a label are the mean over the windows.
	c, err = pipeline.NewClassifier(m, head, pipeline.WithTopK(1), pipeline.WithWindows(32))
	if err != nil {
		return err
	}
	if labels, err = c.Classify(ctx, manual); err != nil {
		return err
	}
	fmt.Fprintf(w, "topic of the whole      %s %.2f\n", labels[0].Name, labels[0].Score)

	// A vector of the whole text is the mean of all its hidden states, each counted once.
	e, err := pipeline.NewEmbedder(m, pipeline.WithWindows(32))
	if err != nil {
		return err
	}
	vectors, err := e.Embed(ctx, []string{manual})
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "vector of the whole     %.3f …\n", vectors[0][:3])

	// A text can also be cut before anything reads it, between characters.
	tok, err := m.Tokenizer()
	if err != nil {
		return err
	}
	begin, err := tokenizer.Cut(tok, manual, 12)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "its first 12 tokens     %q\n", begin)
	return nil
}
