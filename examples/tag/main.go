// Command tag finds the people, places and organisations that a text names.
//
//	go run ./examples/tag
//
// The pocket model's head knows names badly: it finds about half of them in texts that it
// has not seen, places best (models/pocket/README.md). A model that was trained for it,
// such as xlm-roberta-large-finetuned-conll03-english, finds nearly all: -m PATH.
//
// In Python: pipeline("token-classification", model=…, aggregation_strategy="first")(text)
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"text/tabwriter"

	"github.com/goroberta/goroberta/examples/internal/model"
	"github.com/goroberta/goroberta/pipeline"
)

const text = `Maria Keller moved from Oslo to Lisbon last year. She works for Nokia now, and her brother Thomas lives in Rome.`

func main() {
	if err := run(os.Stdout, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(w io.Writer, args []string) error {
	m, err := model.Open("tag", args)
	if err != nil {
		return err
	}
	defer m.Close()
	// First: a word gets the label of its first token, so that no word is cut in two.
	t, err := pipeline.NewTagger(m, pipeline.WithAggregation(pipeline.First))
	if err != nil {
		return err
	}
	entities, err := t.Tag(context.Background(), text)
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, e := range entities {
		fmt.Fprintf(table, "%d–%d\t%s\t%.2f\t%s\n", e.Start, e.End, e.Label, e.Score, text[e.Start:e.End])
	}
	return table.Flush()
}
