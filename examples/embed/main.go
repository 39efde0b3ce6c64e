// Command embed finds the sentence of a list that is most like another one.
//
//	go run ./examples/embed
//
// In Python: SentenceTransformer(…).encode(sentences)
package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/goroberta/goroberta/examples/internal/model"
	"github.com/goroberta/goroberta/pipeline"
)

var sentences = []string{
	"The ship left the harbour before the storm.",
	"The compiler reports an error for an unused variable.",
	"She cooked a dinner of fish and rice.",
	"The king gave his daughter a horse.",
}

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
	m, err := model.Open("embed", args)
	if err != nil {
		return err
	}
	defer m.Close()
	// A folder of sentence-transformers says itself how vectors are made. The pocket model
	// is none: the mean of the hidden states is what sentence-transformers would take.
	// Vectors of length 1 have the cosine as their dot product.
	e, err := pipeline.NewEmbedder(m, pipeline.WithNormalize(true))
	if err != nil {
		return err
	}
	ctx := context.Background()
	corpus, err := e.Documents().Embed(ctx, sentences)
	if err != nil {
		return err
	}
	wanted, err := e.Queries().Embed(ctx, queries)
	if err != nil {
		return err
	}
	for i, q := range wanted {
		best, most := 0, float32(-1)
		for j, v := range corpus {
			if s := dot(q, v); s > most {
				best, most = j, s
			}
		}
		fmt.Fprintf(w, "%s\n\t%.2f %s\n", queries[i], most, sentences[best])
	}
	return nil
}

func dot(a, b []float32) (sum float32) {
	for i := range a {
		sum += float32(a[i] * b[i]) // rounded, so that every platform has the same sum
	}
	return sum
}
