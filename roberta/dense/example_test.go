package dense_test

import (
	"context"
	"fmt"
	"log"

	"gorgonia.org/tensor"

	"github.com/goroberta/goroberta/roberta"
	"github.com/goroberta/goroberta/roberta/dense"
)

const checkpoint = "../../testdata/goldens/fulldict/model.pt"

func ExampleOf() {
	m, err := roberta.Open(checkpoint)
	if err != nil {
		log.Fatal(err)
	}
	defer m.Close()
	x, err := m.ExtractFeatures(context.Background(), m.Encode("Hello world!"))
	if err != nil {
		log.Fatal(err)
	}
	t := dense.Of(x)
	fmt.Println(t.Shape(), t.Dtype(), len(t.Float32s()))
	// Output: (1, 5, 24) float32 120
}

func ExampleTokens() {
	// A batch as fairseq's collate_tokens builds it: padded with 1 at the right.
	t := tensor.New(tensor.WithShape(2, 5), tensor.WithBacking([]int{
		0, 31414, 232, 328, 2,
		0, 31414, 2, 1, 1,
	}))
	tokens, err := dense.Tokens(t)
	if err != nil {
		log.Fatal(err)
	}
	m, err := roberta.Open(checkpoint)
	if err != nil {
		log.Fatal(err)
	}
	defer m.Close()
	x, err := m.ExtractFeatures(context.Background(), tokens...)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(x.Shape(), m.Decode(tokens[1]))
	// Output: (2, 5, 24) Hello
}
