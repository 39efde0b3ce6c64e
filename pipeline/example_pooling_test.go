package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/goroberta/goroberta/pipeline"
	"github.com/goroberta/goroberta/roberta"
)

// Poolings make one vector of the hidden states of a text. Several are joined.
func ExampleWithPooling() {
	m := example()
	defer m.Close()
	for _, p := range [][]pipeline.Pooling{
		{pipeline.CLS}, {pipeline.Mean}, {pipeline.MaxTokens}, {pipeline.MeanSqrtLen}, {pipeline.WeightedMean}, {pipeline.LastToken},
		{pipeline.Mean, pipeline.MaxTokens},
	} {
		e, err := pipeline.NewEmbedder(m, pipeline.WithPooling(p...))
		if err != nil {
			log.Fatal(err)
		}
		vectors, err := e.Embed(context.Background(), []string{"He makes music."})
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%v %.2f\n", p, vectors[0][:2])
	}
	// Output:
	// [cls] [0.69 1.13]
	// [mean] [0.03 0.37]
	// [max] [0.69 1.13]
	// [mean_sqrt_len_tokens] [0.08 0.92]
	// [weightedmean] [-0.05 0.44]
	// [lasttoken] [0.31 0.98]
	// [mean max] [0.03 0.37]
}

// A prompt stands before each text. Vectors can be cut to fewer values.
func ExampleWithPrompt() {
	m := example()
	defer m.Close()
	e, err := pipeline.NewEmbedder(m, pipeline.WithPooling(pipeline.Mean), pipeline.WithPrompt("query: "), pipeline.WithTruncateDim(8))
	if err != nil {
		log.Fatal(err)
	}
	vectors, err := e.EmbedAll(context.Background(), []pipeline.Input{pipeline.Text("music")})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(e.Dim(), len(vectors[0]))

	// The prompts of a model's files have names. This one has none.
	_, err = pipeline.NewEmbedder(m, pipeline.WithPromptName("query"))
	fmt.Println(errors.Is(err, pipeline.ErrOption), err)
	// Output:
	// 8 8
	// true pipeline: invalid option: no prompt "query", the model has none
}

// Scores of windows can be averaged, or the largest counts.
func ExampleJoin() {
	m := example()
	defer m.Close()
	for _, j := range []pipeline.Join{pipeline.JoinMean, pipeline.JoinMax} {
		c, err := pipeline.NewClassifier(m, pipeline.WithWindows(4), pipeline.WithJoin(j))
		if err != nil {
			log.Fatal(err)
		}
		labels, err := c.Classify(context.Background(), "A short text has one window.")
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s %.3f\n", j, labels[0].Score)
	}
	// Output:
	// mean 0.418
	// max 0.418
}

// What is not said is an error where guessing would give wrong numbers.
func ExampleOption_errors() {
	m := example()
	defer m.Close()
	_, err := pipeline.NewTagger(m)
	fmt.Println(errors.Is(err, pipeline.ErrHead), err)

	several := exampleWith("other", roberta.ReadsFirst, 2)
	defer several.Close()
	_, err = pipeline.NewClassifier(several)
	fmt.Println(errors.Is(err, pipeline.ErrHeads), err)

	_, err = pipeline.NewClassifier(m, pipeline.WithTopK(-1))
	fmt.Println(errors.Is(err, pipeline.ErrOption))
	_, err = pipeline.NewIndex(pipeline.Cosine, [][]float32{{1, 2}, {3}})
	fmt.Println(errors.Is(err, pipeline.ErrVector), err)
	// Output:
	// true pipeline: no head to use: the model has none that classifies tokens
	// true pipeline: several heads to choose from: mnli, other
	// true
	// true input 1: pipeline: unsuitable vector: 1 values, want 2
}
