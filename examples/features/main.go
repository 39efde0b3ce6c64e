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
	C := m.Config().Dim
	for l, h := range layers {
		fmt.Fprintf(w, "%5d ", l)
		for x := h.Data().([]float32); len(x) > 0; x = x[C:] {
			sum := 0.0
			for _, v := range x[:C] {
				sum += float64(v) * float64(v)
			}
			fmt.Fprintf(w, " %7.3f", math.Sqrt(sum))
		}
		fmt.Fprintln(w)
	}
	same := slices.Equal(layers[len(layers)-1].Data().([]float32), last.Data().([]float32))
	fmt.Fprintf(w, "\nthe last of all layers equals the features: %v\n", same)
	return nil
}
