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
)

// exampleInt8 is the model of the examples in int8.
func exampleInt8() *roberta.Model {
	m, err := roberta.Open("../testdata/goldens/fulldict", roberta.WithPrecision(roberta.Int8))
	if err != nil {
		log.Fatal(err)
	}
	return m
}

// What int8 costs on texts of one's own.
func ExampleCompare() {
	m, int8 := example(), exampleInt8()
	defer m.Close()
	defer int8.Close()
	texts := []string{"A ship in a storm.", "The boat is old.", "He makes music.", "She plays the guitar."}

	c, err := pipeline.Compare(context.Background(), m, int8, pipeline.Texts(slices.Values(texts)))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(c.Precision, "on", c.Texts, "texts of", c.Tokens, "tokens")
	for _, h := range c.Heads {
		fmt.Printf("%s: %.0f %% of labels agree, logits differ by %.3f in the mean and %.3f at most\n", h.Head.Name, 100*h.Agreement(), h.LogitMean, h.LogitMax)
	}
	fmt.Printf("masks: %.0f %% have the same best answer, perplexity × %.2f\n", 100*c.Masked.Top1(), c.Masked.Ratio)
	fmt.Printf("cosines of vectors: mean %.4f, smallest %.4f; of tokens %.4f\n", c.CosineMean, c.CosineMin, c.TokenCosineMin)
	fmt.Printf("errors of layers %.3f, most is added by %d\n", c.LayerErrors, c.WorstLayers(1))
	fmt.Println(c.Timings, "timings")
	// Output:
	// int8 on 4 texts of 28 tokens
	// mnli: 100 % of labels agree, logits differ by 0.002 in the mean and 0.004 at most
	// masks: 100 % have the same best answer, perplexity × 0.99
	// cosines of vectors: mean 1.0000, smallest 1.0000; of tokens 1.0000
	// errors of layers [0.002 0.004 0.006], most is added by [2]
	// 5 timings
}

// Inputs that come piece by piece, and figures on the way.
func ExampleComparer() {
	m, int8 := example(), exampleInt8()
	defer m.Close()
	defer int8.Close()
	comparer, err := pipeline.NewComparer(m, int8, pipeline.WithHead("mnli"), pipeline.WithMasks(3))
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	for _, in := range pipeline.SampleInputs()[16:19] { // pairs
		if err := comparer.Add(ctx, in); err != nil {
			log.Fatal(err)
		}
		c := comparer.Comparison()
		fmt.Printf("%d texts, %d masks: %d flips, smallest cosine of %d vectors %.4f\n", c.Texts, c.Masked.Masks, c.Heads[0].Flips, c.Vectors, c.CosineMin)
	}

	// An input that cannot be compared counts for nothing.
	err = comparer.Add(ctx, pipeline.Tokens(1<<30))
	fmt.Println(errors.Is(err, roberta.ErrToken), comparer.Comparison().Texts)

	tiny, err := roberta.Open("../testdata/goldens/tiny")
	if err != nil {
		log.Fatal(err)
	}
	defer tiny.Close()
	_, err = pipeline.NewComparer(m, tiny)
	fmt.Println(errors.Is(err, pipeline.ErrModels))
	// Output:
	// 1 texts, 3 masks: 0 flips, smallest cosine of 2 vectors 1.0000
	// 2 texts, 6 masks: 0 flips, smallest cosine of 4 vectors 1.0000
	// 3 texts, 9 masks: 0 flips, smallest cosine of 6 vectors 1.0000
	// true 3
	// true
}

// Bounds say when a user should know.
func ExampleComparison_Past() {
	m, int8 := example(), exampleInt8()
	defer m.Close()
	defer int8.Close()
	c, err := pipeline.Compare(context.Background(), m, int8, slices.Values(pipeline.SampleInputs()), pipeline.WithHead("mnli"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(c.Past(pipeline.BoundsOf(roberta.Int8)))
	for _, line := range c.Past(pipeline.Bounds{CosineMin: 1, TokenCosineMin: 0.99}) { // bounds of one's own
		fmt.Println(strings.Split(line, ", ")[1])
	}
	// Output:
	// []
	// want 1 at least
}
