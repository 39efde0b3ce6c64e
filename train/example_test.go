package train_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"math"

	"github.com/goroberta/goroberta/pipeline"
	"github.com/goroberta/goroberta/roberta"
	"github.com/goroberta/goroberta/tokenizer"
	"github.com/goroberta/goroberta/train"
)

// The examples run a small model of random weights. It tells apart texts whose words it
// was fitted on; a trained model knows other words that mean the same.
func exampleModel() *roberta.Model {
	m, err := roberta.Open("../testdata/goldens/fulldict")
	if err != nil {
		log.Fatal(err)
	}
	return m
}

var texts = []train.Example{
	{Texts: []string{"It will rain in the north."}, Label: "weather"},
	{Texts: []string{"The sun is warm today."}, Label: "weather"},
	{Texts: []string{"Snow and wind all night."}, Label: "weather"},
	{Texts: []string{"The soup was cold."}, Label: "food"},
	{Texts: []string{"Fresh bread with butter!"}, Label: "food"},
	{Texts: []string{"I had rice and fish."}, Label: "food"},
}

func Example() {
	m := exampleModel()
	defer m.Close()
	ctx := context.Background()
	fit, err := train.Classifier(ctx, m, "topic", texts, train.WithC(10))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("accuracy %.2f, loss %.2f\n", fit.Train.Accuracy, fit.Loss)

	classifier, err := pipeline.NewClassifier(m, pipeline.WithHead("topic"))
	if err != nil {
		log.Fatal(err)
	}
	labels, err := classifier.Classify(ctx, "Snow in the north.")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(labels[0].Name)
	// m.Save writes the model with the head.

	// Output:
	// accuracy 1.00, loss 32.82
	// weather
}

func ExampleClassifier() {
	m := exampleModel()
	defer m.Close()
	fit, err := train.Classifier(context.Background(), m, "topic", texts, train.WithBalancedClasses(), train.WithWorst(2))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(fit.Train.Confusion.Labels, fit.Train.Confusion.Counts)
	for _, v := range fit.Train.Worst {
		fmt.Printf("%q is %s, taken for %s; its own label has %.2f\n", texts[v.Example].Texts[0], v.Label, v.Predicted, v.Probability)
	}
	// Output:
	// [food weather] [[2 1] [1 2]]
	// "Snow and wind all night." is weather, taken for food; its own label has 0.48
	// "I had rice and fish." is food, taken for weather; its own label has 0.49
}

func ExampleTestClassifier() {
	m := exampleModel()
	defer m.Close()
	ctx := context.Background()
	fit, err := train.Classifier(ctx, m, "topic", texts, train.WithHeldOut(0.34), train.WithSeed(1))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("fitted on", fit.Train.Examples, "held out", fit.HeldOut.Examples)
	report, err := train.TestClassifier(ctx, m, "topic", []train.Example{{Texts: []string{"Bread and soup."}, Label: "food"}, {Texts: []string{"Rain and wind."}, Label: "weather"}})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("tested on", report.Examples)
	// Output:
	// fitted on 4 held out 2
	// tested on 2
}

var tagged = []train.Sentence{
	{Words: []string{"Anna", "Schmidt", "lives", "in", "Oslo"}, Labels: []string{"B-PER", "I-PER", "O", "O", "B-LOC"}},
	{Words: []string{"Peter", "met", "Anna", "in", "Rome"}, Labels: []string{"B-PER", "O", "B-PER", "O", "B-LOC"}},
	{Words: []string{"Rome", "is", "warm"}, Labels: []string{"B-LOC", "O", "O"}},
}

func ExampleTagger() {
	m := exampleModel()
	defer m.Close()
	ctx := context.Background()
	fit, err := train.Tagger(ctx, m, "entities", tagged, train.WithC(10))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("F1 of %d entities: %.2f\n", fit.Train.Entities.Micro.Support, fit.Train.Entities.Micro.F1)
	tagger, err := pipeline.NewTagger(m, pipeline.WithHead("entities"))
	if err != nil {
		log.Fatal(err)
	}
	entities, err := tagger.Tag(ctx, "Anna Schmidt is in Rome")
	if err != nil {
		log.Fatal(err)
	}
	for _, e := range entities {
		fmt.Println(e.Label, e.Text)
	}
	// Output:
	// F1 of 6 entities: 1.00
	// PER Anna Schmidt
	// LOC Rome
}

func ExampleTestTagger() {
	m := exampleModel()
	defer m.Close()
	ctx := context.Background()
	if _, err := train.Tagger(ctx, m, "entities", tagged, train.WithFirstTokens(), train.WithC(10)); err != nil {
		log.Fatal(err)
	}
	report, err := train.TestTagger(ctx, m, "entities", []train.Sentence{{Words: []string{"Peter", "is", "warm"}, Labels: []string{"B-PER", "O", "O"}}})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(report.Examples, "words,", report.Entities.Micro.Support, "entity")
	// Output: 3 words, 1 entity
}

func ExampleHead() {
	// Features may come from anywhere. Here a class is a corner of the unit square.
	s := &train.Set{
		Features: train.Features{Dim: 2, Values: []float32{0, 0, 0, 1, 1, 0, 1, 1}},
		Labels:   []string{"one", "other"},
		Class:    []int{0, 1, 1, 0},
	}
	for _, opts := range [][]train.Option{
		{train.WithStandardize()}, // no line tells opposite corners apart
		{train.WithInner(8), train.WithLearningRate(0.1), train.WithEpochs(50), train.WithSeed(2)},
	} {
		fit, err := train.Head(context.Background(), s, opts...)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(fit.Train.Accuracy, s.Len(), s.Row(3))
	}
	// Output:
	// 0.5 4 [1 1]
	// 1 4 [1 1]
}

// Weights that tell the classes apart can be any times as large, and the loss falls
// forever. The penalty ½‖W‖² is what keeps them finite.
func ExampleWithC() {
	s := &train.Set{Features: train.Features{Dim: 1, Values: []float32{-2, -1, 1, 2}}, Labels: []string{"minus", "plus"}, Class: []int{0, 0, 1, 1}}
	for _, c := range []float64{0.1, 10, math.Inf(1)} {
		fit, err := train.Head(context.Background(), s, train.WithC(c), train.WithoutIntercept(), train.WithThreads(1))
		if errors.Is(err, train.ErrNoMinimum) {
			fmt.Println(err)
			continue
		}
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%v: weight %.3f\n", c, fit.Weights.Out.W[1])
	}
	// Output:
	// 0.1: weight 0.241
	// 10: weight 2.277
	// train: the objective has no single minimum: without a penalty, and with classes that weights tell apart
}

func ExampleWithLimit() {
	m := exampleModel()
	defer m.Close()
	limit := tokenizer.Limit{Length: 5}
	_, err := train.Classifier(context.Background(), m, "topic", texts, train.WithLimit(limit))
	if e, ok := errors.AsType[*train.ExampleError](err); ok {
		fmt.Println("example", e.Index, "is too long")
	}
	limit.Truncation = tokenizer.LongestFirst
	weights := map[string]float64{"food": 2}
	fit, err := train.Classifier(context.Background(), m, "topic", texts, train.WithLimit(limit), train.WithClassWeights(weights))
	fmt.Println(fit.Train.Examples, err)
	// Output:
	// example 0 is too long
	// 6 <nil>
}

func ExampleWithProgress() {
	m := exampleModel()
	defer m.Close()
	var last train.Progress
	fit, err := train.Classifier(context.Background(), m, "topic", texts, train.WithProgress(func(p train.Progress) { last = p }))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(last.Computed, "of", last.Examples, "examples;", last.Steps == fit.Steps)
	// Output: 6 of 6 examples; true
}
