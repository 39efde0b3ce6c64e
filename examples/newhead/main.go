// Command newhead registers a classification head with random weights, which is
// where fine-tuning for a task of one's own begins. Then it reads the weights, sets
// changed ones, and saves the model with the head.
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
	"path/filepath"

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
	ctx := context.Background()
	tokens := m.Encode("The sky is clear today.")
	logp, err := m.Predict(ctx, "new_task", tokens)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "log-probabilities of new_task, shape %v: %.4f\n", logp.Shape(), logp.Row(0))

	// A training program would compute better weights. This one adds 2 to a bias.
	head, err := m.HeadWeights("new_task")
	if err != nil {
		return err
	}
	head.Out.Bias[2] += 2
	if err := m.SetHead("new_task", head); err != nil {
		return err
	}
	if logp, err = m.Predict(ctx, "new_task", tokens); err != nil {
		return err
	}
	fmt.Fprintf(w, "with 2 added to the bias of blue:                   %.4f\n\n", logp.Row(0))

	dir, err := os.MkdirTemp("", "newhead")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "model.safetensors")
	if err := m.Save(ctx, file); err != nil {
		return err
	}
	saved, err := roberta.Open(file)
	if err != nil {
		return err
	}
	defer saved.Close()
	fmt.Fprintln(w, "heads of the saved model:")
	for _, h := range saved.Heads() {
		fmt.Fprintf(w, "  %-10s %d classes %q\n", h.Name, h.Classes, h.Labels)
	}
	return nil
}
