// Command fillmask predicts a masked word.
//
//	go run ./examples/fillmask
//
// In Python: roberta.fill_mask('…<mask>…', topk=3)
package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/goroberta/goroberta/examples/internal/model"
)

var texts = []string{
	"The first Star Wars <mask> came out in 1977.",
	"She opened the <mask> and walked into the house.",
	"The function returns <mask> if the file does not exist.",
}

func main() {
	if err := run(os.Stdout, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(w io.Writer, args []string) error {
	m, err := model.Open("fillmask", args)
	if err != nil {
		return err
	}
	defer m.Close()
	answers, err := m.FillMasks(context.Background(), texts, 3)
	if err != nil {
		return err
	}
	for i, fills := range answers {
		fmt.Fprintln(w, texts[i])
		for _, f := range fills {
			fmt.Fprintf(w, "  %5.1f %%  %-10q %s\n", 100*f.Score, f.Token, f.Text)
		}
	}
	return nil
}
