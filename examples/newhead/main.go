// Command newhead registers a classification head with random weights, which is
// where fine-tuning for a task of one's own begins.
//
//	go run ./examples/newhead
//
// In Python: roberta.register_classification_head('new_task', num_classes=3)
package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/goroberta/goroberta/examples/internal/model"
	"github.com/goroberta/goroberta/roberta"
)

func main() {
	if err := run(os.Stdout, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(w io.Writer, args []string) error {
	m, err := model.Open("newhead", args)
	if err != nil {
		return err
	}
	defer m.Close()

	// The seed makes the weights the same in every run.
	err = m.RegisterClassificationHead("new_task", 3, roberta.WithSeed(1), roberta.WithLabels("red", "green", "blue"))
	if err != nil {
		return err
	}
	logp, err := m.Predict(context.Background(), "new_task", m.Encode("The sky is clear today."))
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "log-probabilities of new_task, shape %v: %.4f\n\n", logp.Shape(), logp.Row(0))

	fmt.Fprintln(w, "heads of the model:")
	for _, h := range m.Heads() {
		fmt.Fprintf(w, "  %-10s %d classes %q\n", h.Name, h.Classes, h.Labels)
	}
	return nil
}
