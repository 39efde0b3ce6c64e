package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"slices"

	"github.com/goroberta/goroberta/pipeline"
	"github.com/goroberta/goroberta/roberta"
)

func ExampleFiller_Fill() {
	m := example()
	defer m.Close()
	f, err := pipeline.NewFiller(m, pipeline.WithTopK(2))
	if err != nil {
		log.Fatal(err)
	}
	fills, err := f.Fill(context.Background(), "Go is a <mask> language.")
	if err != nil {
		log.Fatal(err)
	}
	for _, fill := range fills.Masks[0] {
		fmt.Printf("%.5f %s\n", fill.Score, fill.Text)
	}

	// Only these words are answers.
	if f, err = pipeline.NewFiller(m, pipeline.WithTargets(" fast", " slow")); err != nil {
		log.Fatal(err)
	}
	if fills, err = f.Fill(context.Background(), "Go is a <mask> language."); err != nil {
		log.Fatal(err)
	}
	for _, fill := range fills.Masks[0] {
		fmt.Printf("%.7f %s\n", fill.Score, fill.Text)
	}
	// Output:
	// 0.00121 Go is a Palestinians language.
	// 0.00111 Go is a}," language.
	// 0.0000086 Go is a fast language.
	// 0.0000036 Go is a slow language.
}

func ExampleWithJoint() {
	m := example()
	defer m.Close()
	ctx := context.Background()
	f, err := pipeline.NewFiller(m, pipeline.WithJoint(3), pipeline.WithTopK(1))
	if err != nil {
		log.Fatal(err)
	}
	for fills, err := range f.FillSeq(ctx, pipeline.Texts(slices.Values([]string{"Go is a <mask> <mask>.", "No mask.", "<mask>!"}))) {
		if errors.Is(err, roberta.ErrMask) {
			fmt.Println("no mask")
			continue
		}
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%.2f %q\n", fills.Joint[0].LogProb, fills.Joint[0].Text)
	}

	// A word of several tokens is scored as the product of their probabilities.
	words := []string{" fast", " unbelievableness"}
	_, err = pipeline.NewFiller(m, pipeline.WithTargets(words...))
	fmt.Println(errors.Is(err, roberta.ErrTarget))
	if f, err = pipeline.NewFiller(m, pipeline.WithTargets(words...), pipeline.WithJoint(1)); err != nil {
		log.Fatal(err)
	}
	all, err := f.FillAll(ctx, []pipeline.Input{pipeline.Text("Go is <mask>.")})
	if err != nil {
		log.Fatal(err)
	}
	for _, fill := range all[0].Joint {
		fmt.Printf("%.2f %d %q\n", fill.LogProb, len(fill.IDs[0]), fill.Tokens)
	}
	// Output:
	// -13.14 "Go is a Palestinians ruby."
	// no mask
	// -5.79 " Omaha!"
	// true
	// -14.04 1 [" fast"]
	// -35.99 3 [" unbelievableness"]
}

func ExampleScorer_Score() {
	m := example()
	defer m.Close()
	ctx := context.Background()
	s, err := pipeline.NewScorer(m)
	if err != nil {
		log.Fatal(err)
	}
	score, err := s.Score(ctx, "An unbelievableness.")
	if err != nil {
		log.Fatal(err)
	}
	for _, t := range score.Tokens {
		fmt.Printf("%.2f %q\n", t.LogProb, t.Token)
	}
	fmt.Printf("%.2f in all, pseudo-perplexity %.0f\n", score.LogLikelihood, score.PseudoPerplexity)

	// A token and those after it in its word are hidden together.
	if s, err = pipeline.NewScorer(m, pipeline.WithWordL2R()); err != nil {
		log.Fatal(err)
	}
	for score, err := range s.ScoreSeq(ctx, pipeline.Texts(slices.Values([]string{"An unbelievableness."}))) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%.2f in all\n", score.LogLikelihood)
	}
	pair, err := s.ScoreAll(ctx, []pipeline.Input{pipeline.Text("Is it?", "It is.")})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(pair[0].Tokens), "tokens of a pair")
	// Output:
	// -13.08 "An"
	// -12.11 " unbeliev"
	// -11.61 "abl"
	// -11.77 "eness"
	// -11.57 "."
	// -60.14 in all, pseudo-perplexity 167364
	// -59.60 in all
	// 6 tokens of a pair
}
