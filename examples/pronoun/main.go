// Command pronoun says which noun phrase a pronoun refers to: each candidate
// takes the pronoun's place, and the likeliest to stand there wins.
//
//	go run ./examples/pronoun
//	go run ./examples/pronoun -m roberta.large.wsc
//
// In Python: roberta.disambiguate_pronoun('The program … closes [it].'); there
// spaCy finds the candidates, here the caller does. The pocket model was not
// trained for this and manages easy sentences; fairseq's roberta.large.wsc was.
package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/goroberta/goroberta/examples/internal/model"
)

// A sentence marks its [pronoun]. One that marks a _query_ as well asks whether
// the pronoun refers to that.
var sentences = []struct {
	text       string
	candidates []string
}{
	{"The program reads the file and then closes [it].", []string{"The program", "the file"}},
	{"The ship left the harbour and [it] sailed to the island.", []string{"The ship", "the harbour"}},
	{"The program reads _the file_ and then closes [it].", []string{"The program", "the file"}},
}

func main() {
	if err := run(os.Stdout, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(w io.Writer, args []string) error {
	m, err := model.Open("pronoun", args)
	if err != nil {
		return err
	}
	defer m.Close()
	for _, s := range sentences {
		answer, err := m.DisambiguatePronoun(context.Background(), s.text, s.candidates)
		if err != nil {
			return err
		}
		fmt.Fprintln(w, s.text)
		if answer.Query {
			fmt.Fprintf(w, "  refers to the query: %v\n", answer.Refers)
		} else {
			fmt.Fprintf(w, "  refers to: %s\n", answer.Text)
		}
		for _, c := range answer.Scores {
			fmt.Fprintf(w, "  %7.2f  %s\n", c.Score, c.Text)
		}
	}
	return nil
}
