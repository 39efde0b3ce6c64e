// Command aligned computes features for words rather than for tokens.
//
//	go run ./examples/aligned
//
// In Python: roberta.extract_features_aligned_to_words(…); there spaCy finds the
// words, here the caller does.
package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/goroberta/goroberta/examples/internal/model"
)

const text = "He said unbelievably good things, naïve as he was."

var words = []string{"He", "said", "unbelievably", "good", "things", ",", "naïve", "as", "he", "was", "."}

func main() {
	if err := run(os.Stdout, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(w io.Writer, args []string) error {
	m, err := model.Open("aligned", args)
	if err != nil {
		return err
	}
	defer m.Close()
	a, err := m.ExtractFeaturesAlignedToWords(context.Background(), text, words)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "%s\nfeatures  %v: <s>, %d words, </s>\n\n", text, a.Features.Shape(), len(words))
	fmt.Fprintln(w, "word           tokens     first features")
	for i, word := range a.Words {
		fmt.Fprintf(w, "%-13s  %-9s %7.3f\n", word, fmt.Sprint(a.Tokens[i]), a.Features.Row(1 + i)[:4])
	}
	return nil
}
