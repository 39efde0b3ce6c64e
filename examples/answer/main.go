// Command answer finds the answer to a question in a long text (extractive question
// answering).
//
//	go run ./examples/answer
//	go run ./examples/answer -m roberta-base-squad2
//
// The pocket model has no head for questions: it is too small to read. So that there is
// something to see, this example makes one of its head for entities. It finds places,
// whatever the question says, and answers where-questions as well as that goes. What
// is around it is the same for a real model: windows, scores, offsets.
//
// In Python: pipeline("question-answering", model=…)(question=…, context=…)
package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/goroberta/goroberta/examples/internal/model"
	"github.com/goroberta/goroberta/pipeline"
	"github.com/goroberta/goroberta/roberta"
)

// passage is longer than the pocket model reads at a time. A Reader reads it through
// windows.
//
//go:embed passage.txt
var passage string

const question = "Where was the treaty signed?"

func main() {
	if err := run(os.Stdout, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(w io.Writer, args []string) error {
	m, err := model.Open("answer", args)
	if err != nil {
		return err
	}
	defer m.Close()
	r, err := pipeline.NewReader(m, pipeline.WithTopK(2))
	if errors.Is(err, pipeline.ErrHead) { // the pocket model
		if err := placeHead(m); err != nil {
			return err
		}
		r, err = pipeline.NewReader(m, pipeline.WithTopK(2))
	}
	if err != nil {
		return err
	}
	answers, err := r.Answer(context.Background(), question, passage)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "%s (%d tokens of text, %d at a time)\n", question, len(m.Encode(passage)), m.Config().MaxPositions)
	for _, a := range answers {
		fmt.Fprintf(w, "\t%.2f  bytes %d–%d  %s\n", a.Score, a.Start, a.End, a.Text)
	}
	return nil
}

// placeHead makes a head whose answers start where a place starts, and end where one
// ends, by the weights of the head for entities.
func placeHead(m *roberta.Model) error {
	entities, err := m.HeadWeights("entities")
	if err != nil {
		return err
	}
	out := entities.Out
	begin, inside, other := slices.Index(entities.Labels, "B-LOC"), slices.Index(entities.Labels, "I-LOC"), slices.Index(entities.Labels, "O")
	spans := roberta.LinearWeights{Out: 2, In: out.In, W: make([]float32, 2*out.In), Bias: make([]float32, 2)}
	for i := range out.In {
		start := out.W[begin*out.In+i] - out.W[other*out.In+i]
		spans.W[i] = 3 * start // the factor sets the best places apart from the others
		spans.W[out.In+i] = 3 * max(start, out.W[inside*out.In+i]-out.W[other*out.In+i])
	}
	return m.SetHead("places", roberta.HeadWeights{Reads: roberta.ReadsSpans, Out: spans})
}
