// Command features computes the hidden states of a sentence: the last layer's,
// which most uses want, and those of all layers.
//
//	go run ./examples/features
//
// In Python: roberta.extract_features(tokens, return_all_hiddens=True)
package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"os"
	"slices"

	"github.com/goroberta/goroberta/examples/internal/model"
	"github.com/goroberta/goroberta/roberta/dense"
)

func main() {
	if err := run(os.Stdout, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(w io.Writer, args []string) error {
	m, err := model.Open("features", args)
	if err != nil {
		return err
	}
	defer m.Close()
	ctx := context.Background()
	tokens := m.Encode("Hello world!")

	last, err := m.ExtractFeatures(ctx, tokens)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "last layer  %v  (sequences, tokens, channels)\n", last.Shape())

	layers, err := m.ExtractAllHiddens(ctx, tokens)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "all layers  %d, the embedding layer first\n\n", len(layers))
	fmt.Fprintln(w, "layer  norm of each token's vector")
	for l, h := range layers {
		fmt.Fprintf(w, "%5d ", l)
		for i := range tokens {
			sum := 0.0
			for _, v := range h.Row(0, i) {
				sum += float64(v) * float64(v)
			}
			fmt.Fprintf(w, " %7.3f", math.Sqrt(sum))
		}
		fmt.Fprintln(w)
	}

	// The same numbers for users of gorgonia.org/tensor. Read a Dense by Float32s:
	// package dense says why.
	a, b := dense.Of(layers[len(layers)-1]), dense.Of(last)
	fmt.Fprintf(w, "\nthe last of all layers equals the features: %v\n", slices.Equal(a.Float32s(), b.Float32s()))
	return nil
}
