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

// Inputs are texts, pairs of them, or tokens.
func ExampleInput() {
	m := example()
	defer m.Close()
	c, err := pipeline.NewClassifier(m, pipeline.WithTopK(1), pipeline.WithBatch(1024))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("head", c.Head().Name)
	inputs := []pipeline.Input{
		pipeline.Text("He makes music."),
		pipeline.Text("A man plays the guitar.", "He makes music."),
		pipeline.Tokens(m.Encode("He makes music.")...),
	}
	all, err := c.ClassifyAll(context.Background(), inputs)
	if err != nil {
		log.Fatal(err)
	}
	for _, labels := range all {
		fmt.Printf("%s %.3f\n", labels[0].Name, labels[0].Score)
	}

	_, err = c.ClassifyAll(context.Background(), []pipeline.Input{{}})
	fmt.Println(errors.Is(err, pipeline.ErrInput))
	// Output:
	// head mnli
	// LABEL_2 0.403
	// LABEL_1 0.377
	// LABEL_2 0.403
	// true
}

// tagger is a Tagger of a head that means nothing.
func tagger(m *roberta.Model, opts ...pipeline.Option) *pipeline.Tagger {
	t, err := pipeline.NewTagger(m, opts...)
	if err != nil {
		log.Fatal(err)
	}
	return t
}

// The caller's own words, each with a label.
func ExampleTagger_TagAll() {
	m := exampleWith("entities", roberta.ReadsTokens, 3)
	defer m.Close()
	t := tagger(m, pipeline.WithIgnore()) // no label is left out
	tags, err := t.TagAll(context.Background(), []pipeline.Input{pipeline.Words("Zoë", "Holm", "left", "Skagen", ".")})
	if err != nil {
		log.Fatal(err)
	}
	var tagging pipeline.Tagging = tags[0]
	fmt.Println(t.Head().Classes, tagging.Text)
	fmt.Println(tagging.Words)
	// Output:
	// 3 Zoë Holm left Skagen .
	// [LABEL_1 LABEL_0 LABEL_0 LABEL_0 LABEL_1]
}

// The aggregations make entities of tokens in their own ways.
func ExampleAggregation() {
	m := exampleWith("entities", roberta.ReadsTokens, 3)
	defer m.Close()
	texts := []string{"Zoë Holm left Skagen."}
	for _, a := range []pipeline.Aggregation{
		pipeline.NoAggregation, pipeline.Simple, pipeline.First, pipeline.Average, pipeline.Max,
	} {
		t := tagger(m, pipeline.WithAggregation(a), pipeline.WithIgnore(), pipeline.WithCharacters())
		for tagging, err := range t.TagSeq(context.Background(), pipeline.Texts(slices.Values(texts))) {
			if err != nil {
				log.Fatal(err)
			}
			last := tagging.Entities[len(tagging.Entities)-1]
			fmt.Printf("%s: %d entities, the last is %q at %d\n", a, len(tagging.Entities), last.Text, last.Start)
		}
	}
	// Output:
	// none: 9 entities, the last is "." at 20
	// simple: 5 entities, the last is "agen." at 16
	// first: 2 entities, the last is "Holm left Skagen." at 4
	// average: 3 entities, the last is "Skagen." at 14
	// max: 2 entities, the last is "Holm left Skagen." at 4
}

func ExampleReranker_ScoreSeq() {
	m := exampleWith("relevance", roberta.ReadsFirst, 1)
	defer m.Close()
	r, err := pipeline.NewReranker(m)
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	score, err := r.Score(ctx, "a query", "a document")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s %.3f\n", r.Head().Name, score)
	pairs := []pipeline.Pair{{Query: "a query", Document: "a document"}, {Query: "a query", Document: "another one"}}
	for score, err := range r.ScoreSeq(ctx, slices.Values(pairs)) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%.3f\n", score)
	}
	// Output:
	// relevance 0.013
	// 0.013
	// 0.014
}

func ExampleChooser_ChooseSeq() {
	m := exampleWith("choices", roberta.ReadsChoices, 1)
	defer m.Close()
	c, err := pipeline.NewChooser(m)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(c.Head().Name)
	prompts := []pipeline.Prompt{
		{Text: "The pump leaks.", Choices: []string{"Unscrew the valve.", "Add salt."}},
		{Text: "The soup is bland."},
	}
	for choice, err := range c.ChooseSeq(context.Background(), slices.Values(prompts)) {
		fmt.Println(len(choice.Probs), errors.Is(err, pipeline.ErrInput))
	}
	// Output:
	// choices
	// 2 false
	// 0 true
}

func ExampleReader_AnswerSeq() {
	m := exampleWith("answers", roberta.ReadsSpans, 2)
	defer m.Close()
	r, err := pipeline.NewReader(m, pipeline.WithTopK(1))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(r.Head().Name)
	questions := []pipeline.Question{{Text: "Who left?", Context: "Zoë Holm left in 1988."}}
	for answers, err := range r.AnswerSeq(context.Background(), slices.Values(questions)) {
		if err != nil {
			log.Fatal(err)
		}
		a := answers[0]
		fmt.Println(a.Text == questions[0].Context[a.Start:a.End])
	}
	// Output:
	// answers
	// true
}

func ExampleZeroShot_ClassifyAll() {
	m := example()
	defer m.Close()
	z, err := pipeline.NewZeroShot(m, pipeline.WithLabels("sport", "cooking"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(z.Head().Name)
	all, err := z.ClassifyAll(context.Background(), []pipeline.Candidates{
		{Text: "The striker missed two penalties."},
		{Text: "Add salt.", Labels: []string{"weather", "travel", "cooking"}},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(all[0]), len(all[1]))
	// Output:
	// mnli
	// 2 3
}

func ExampleScorer_ScoreAll() {
	m := example()
	defer m.Close()
	s, err := pipeline.NewScorer(m)
	if err != nil {
		log.Fatal(err)
	}
	scores, err := s.ScoreAll(context.Background(), []pipeline.Input{pipeline.Text("Go is fast."), pipeline.Text("Go!")})
	if err != nil {
		log.Fatal(err)
	}
	for _, score := range scores {
		fmt.Printf("%.2f of %d tokens\n", score.LogLikelihood, len(score.Tokens))
	}
	// Output:
	// -52.73 of 4 tokens
	// -25.26 of 2 tokens
}
