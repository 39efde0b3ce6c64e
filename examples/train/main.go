// Command train fits a classification head on labelled texts in a second, and says how
// good it is at texts that it has not seen.
//
//	go run ./examples/train
//
// The model stays as it is: its features are computed once, and a linear head is fitted
// on them. In Python: LogisticRegression().fit(features, labels)
package main

import (
	"bufio"
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/goroberta/goroberta/examples/internal/model"
	"github.com/goroberta/goroberta/pipeline"
	"github.com/goroberta/goroberta/train"
)

//go:embed texts.jsonl
var file string

func main() {
	if err := run(os.Stdout, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(w io.Writer, args []string) error {
	m, err := model.Open("train", args)
	if err != nil {
		return err
	}
	defer m.Close()
	var examples []train.Example
	for lines := bufio.NewScanner(strings.NewReader(file)); lines.Scan(); {
		var line struct{ Text, Label string }
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			return err
		}
		examples = append(examples, train.Example{Texts: []string{line.Text}, Label: line.Label})
	}
	ctx := context.Background()
	fit, err := train.Classifier(ctx, m, "subject", examples, train.WithHeldOut(0.25), train.WithSeed(1))
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "%d texts, %.0f %% right; %d held out, %.0f %% right\n\n",
		fit.Train.Examples, 100*fit.Train.Accuracy, fit.HeldOut.Examples, 100*fit.HeldOut.Accuracy)

	// The head is in the model now. Model.Save writes it to a file.
	c, err := pipeline.NewClassifier(m, pipeline.WithHead("subject"))
	if err != nil {
		return err
	}
	for _, text := range []string{"Fry the garlic in a little oil.", "There was ice on the road this morning.", "They beat us by a single point."} {
		labels, err := c.Classify(ctx, text)
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "%-42s %s %.2f\n", text, labels[0].Name, labels[0].Score)
	}
	return nil
}
