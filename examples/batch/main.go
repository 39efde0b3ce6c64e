// Command batch computes features for sentences of unequal lengths at once and
// compares their mean vectors. Then it reads the same batch from a padded tensor.
//
//	go run ./examples/batch
//
// In Python: collate_tokens([roberta.encode(…), …], pad_idx=1)
package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"os"
	"slices"

	"gorgonia.org/tensor"

	"github.com/goroberta/goroberta/examples/internal/model"
	"github.com/goroberta/goroberta/roberta/dense"
)

var sentences = []string{
	"The cat sat on the mat.",
	"A dog was lying on the old rug in front of the fire.",
	"The function returns an error if the file does not exist.",
}

func main() {
	if err := run(os.Stdout, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(w io.Writer, args []string) error {
	m, err := model.Open("batch", args)
	if err != nil {
		return err
	}
	defer m.Close()
	ctx := context.Background()
	var batch [][]int
	for _, s := range sentences {
		batch = append(batch, m.Encode(s))
	}
	features, err := m.ExtractFeatures(ctx, batch...)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "features  %v: a sentence has as many rows as tokens\n\n", features.Shape())

	means := make([][]float64, len(batch))
	for b, tokens := range batch {
		means[b] = make([]float64, m.Config().Dim)
		for t := range tokens {
			for c, v := range features.Row(b, t) {
				means[b][c] += float64(v) / float64(len(tokens))
			}
		}
	}
	fmt.Fprintln(w, "cosine of mean vectors")
	for b, s := range sentences {
		for _, other := range means {
			fmt.Fprintf(w, "%6.2f", cosine(means[b], other))
		}
		fmt.Fprintf(w, "   %2d tokens  %s\n", len(batch[b]), s)
	}

	padded := collate(batch)
	tokens, err := dense.Tokens(padded)
	if err != nil {
		return err
	}
	again, err := m.ExtractFeatures(ctx, tokens...)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "\na tensor of tokens %v, padded with 1, gives the same features: %v\n",
		padded.Shape(), slices.Equal(again.Float32s(), features.Float32s()))
	return nil
}

// collate puts token sequences into one tensor, padded with 1 to the longest, as
// fairseq's collate_tokens does. goroberta needs no padding; this is for tokens that
// come from elsewhere.
func collate(batch [][]int) *tensor.Dense {
	longest := 0
	for _, tokens := range batch {
		longest = max(longest, len(tokens))
	}
	values := make([]int, 0, len(batch)*longest)
	for _, tokens := range batch {
		values = append(values, tokens...)
		values = append(values, slices.Repeat([]int{1}, longest-len(tokens))...)
	}
	return tensor.New(tensor.WithShape(len(batch), longest), tensor.WithBacking(values))
}

func cosine(a, b []float64) float64 {
	var ab, aa, bb float64
	for i := range a {
		ab, aa, bb = ab+a[i]*b[i], aa+a[i]*a[i], bb+b[i]*b[i]
	}
	return ab / math.Sqrt(aa*bb)
}
