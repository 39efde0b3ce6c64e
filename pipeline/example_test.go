package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"slices"
	"strings"

	"github.com/goroberta/goroberta/pipeline"
	"github.com/goroberta/goroberta/roberta"
	"github.com/goroberta/goroberta/tokenizer"
)

// The examples run small models of random weights, so that they show how answers look
// and not what a model knows.
func example() *roberta.Model {
	m, err := roberta.Open("../testdata/goldens/fulldict")
	if err != nil {
		log.Fatal(err)
	}
	return m
}

func Example() {
	m := example() // or roberta.Open("a folder from Hugging Face")
	defer m.Close()
	ctx := context.Background()

	classifier, err := pipeline.NewClassifier(m)
	if err != nil {
		log.Fatal(err)
	}
	labels, err := classifier.Classify(ctx, "A man plays the guitar.", "He makes music.")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(labels), "labels, the best is", labels[0].Name)

	embedder, err := pipeline.NewEmbedder(m, pipeline.WithPooling(pipeline.Mean), pipeline.WithNormalize(true))
	if err != nil {
		log.Fatal(err)
	}
	vectors, err := embedder.Embed(ctx, []string{"A man plays the guitar.", "He makes music."})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(vectors), "vectors of", len(vectors[0]), "values")
	// Output:
	// 3 labels, the best is LABEL_1
	// 2 vectors of 24 values
}

func ExampleClassifier_Classify() {
	m := example()
	defer m.Close()
	c, err := pipeline.NewClassifier(m, pipeline.WithTopK(2))
	if err != nil {
		log.Fatal(err)
	}
	labels, err := c.Classify(context.Background(), "A man plays the guitar.", "He makes music.")
	if err != nil {
		log.Fatal(err)
	}
	for _, l := range labels {
		fmt.Printf("%s %.2f\n", l.Name, l.Score)
	}
	// Output:
	// LABEL_1 0.38
	// LABEL_2 0.36
}

func ExampleClassifier_ClassifySeq() {
	m := example()
	defer m.Close()
	c, err := pipeline.NewClassifier(m, pipeline.WithTopK(1))
	if err != nil {
		log.Fatal(err)
	}
	lines := strings.Lines("one text\n" + strings.Repeat("a text that is too long ", 100) + "\nanother text\n")
	n := 0
	for labels, err := range c.ClassifySeq(context.Background(), pipeline.Texts(lines)) {
		n++
		if errors.Is(err, roberta.ErrTooLong) {
			fmt.Println(n, err)
			continue
		}
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(n, labels[0].Name)
	}
	// Output:
	// 1 LABEL_2
	// 2 roberta: sequence 0: 604 tokens exceed the maximum length of 512
	// 3 LABEL_2
}

func ExampleTagger_Tag() {
	m := example()
	defer m.Close()
	// A model for entities comes with such a head. This one means nothing.
	head := roberta.HeadWeights{Reads: roberta.ReadsTokens, Labels: []string{"O", "B-PER"}}
	head.Out = roberta.LinearWeights{Out: 2, In: m.Config().Dim, W: make([]float32, 2*m.Config().Dim)}
	for i := range m.Config().Dim {
		head.Out.W[i+m.Config().Dim*(i%2)] = 1
	}
	if err := m.SetHead("ner", head); err != nil {
		log.Fatal(err)
	}
	t, err := pipeline.NewTagger(m, pipeline.WithAggregation(pipeline.First))
	if err != nil {
		log.Fatal(err)
	}
	const text = "Zoë Müller met José in Łódź."
	entities, err := t.Tag(context.Background(), text)
	if err != nil {
		log.Fatal(err)
	}
	for _, e := range entities {
		fmt.Printf("%s %.2f %q %v\n", e.Label, e.Score, e.Text, e.Text == text[e.Start:e.End])
	}
	// Output:
	// PER 0.99 "José" true
}

func ExampleWithLimit() {
	m := example()
	defer m.Close()
	limit := tokenizer.Limit{Length: 12, Truncation: tokenizer.LongestFirst}
	long := strings.Repeat("a long text ", 10)
	ctx := context.Background()

	e, err := pipeline.NewEmbedder(m, pipeline.WithLimit(limit), pipeline.WithPooling(pipeline.CLS))
	if err != nil {
		log.Fatal(err)
	}
	vectors, err := e.Embed(ctx, []string{long, strings.Repeat("a long text ", 3) + "a"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(slices.Equal(vectors[0], vectors[1]))

	limit.Truncation = tokenizer.NoTruncation // the default: nothing is cut
	if e, err = pipeline.NewEmbedder(m, pipeline.WithLimit(limit), pipeline.WithPooling(pipeline.CLS)); err != nil {
		log.Fatal(err)
	}
	_, err = e.Embed(ctx, []string{"short", long})
	fmt.Println(err)
	// Output:
	// true
	// input 1: 33 tokens exceed the maximum length of 12
}

func ExampleEmbedder_Embed() {
	// A folder of sentence-transformers: a transformer, the vector of <s>, four layers.
	m, err := roberta.Open("testdata/dense-chain")
	if err != nil {
		log.Fatal(err)
	}
	defer m.Close()
	e, err := pipeline.NewEmbedder(m)
	if err != nil {
		log.Fatal(err)
	}
	vectors, err := e.Embed(context.Background(), []string{"The harbour was quiet when the ferry from Bergen came in."})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("texts of up to", e.MaxLength(), "tokens, vectors of", e.Dim(), "values")
	fmt.Printf("%.4f\n", vectors[0][:4])
	// Output:
	// texts of up to 60 tokens, vectors of 16 values
	// [0.0000 0.0000 2.3898 0.0000]
}
