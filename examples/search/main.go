// Command search finds the lines of a file that mean most nearly the same as a query:
// semantic search.
//
//	go run ./examples/search
//	go run ./examples/search -m all-distilroberta-v1
//
// In Python: SentenceTransformer(…).encode(lines), util.semantic_search(queries, corpus)
package main

import (
	"context"
	_ "embed"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/goroberta/goroberta/examples/internal/model"
	"github.com/goroberta/goroberta/pipeline"
)

//go:embed texts.txt
var file string

var queries = []string{
	"The boat sailed out to sea in bad weather.",
	"The program does not build because of a warning.",
	"He ate some bread and cheese.",
}

func main() {
	if err := run(os.Stdout, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(w io.Writer, args []string) error {
	m, err := model.Open("search", args)
	if err != nil {
		return err
	}
	defer m.Close()
	// A folder of sentence-transformers says itself how vectors are made. The pocket model
	// is none: the mean of the hidden states is what sentence-transformers would take.
	e, err := pipeline.NewEmbedder(m)
	if err != nil {
		return err
	}
	// The corpus is embedded once, and held as one matrix. Some models put a prompt before
	// documents and another one before queries.
	ctx := context.Background()
	lines := strings.Split(strings.TrimSpace(file), "\n")
	corpus, err := e.Documents().Embed(ctx, lines)
	if err != nil {
		return err
	}
	index, err := pipeline.NewIndex(pipeline.Cosine, corpus)
	if err != nil {
		return err
	}
	vectors, err := e.Queries().Embed(ctx, queries)
	if err != nil {
		return err
	}
	found, err := index.Search(ctx, vectors, 2)
	if err != nil {
		return err
	}
	for i, hits := range found {
		fmt.Fprintln(w, queries[i])
		for _, h := range hits {
			fmt.Fprintf(w, "\t%.2f %s\n", h.Score, lines[h.Index])
		}
	}
	return nil
}
