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

// exampleWith is example with one more head, which a model of that kind comes with. This
// one means nothing.
func exampleWith(name string, reads roberta.Reads, classes int) *roberta.Model {
	m := example()
	C := m.Config().Dim
	out := roberta.LinearWeights{Out: classes, In: C, W: make([]float32, classes*C)}
	for i := range out.W {
		out.W[i] = float32(i%5) - 2
	}
	if err := m.SetHead(name, roberta.HeadWeights{Reads: reads, Out: out}); err != nil {
		log.Fatal(err)
	}
	return m
}

func ExampleReranker_Rank() {
	m := exampleWith("relevance", roberta.ReadsFirst, 1) // as of cross-encoder/stsb-distilroberta-base
	defer m.Close()
	r, err := pipeline.NewReranker(m, pipeline.WithTopK(2))
	if err != nil {
		log.Fatal(err)
	}
	documents := []string{"The ferry comes in at nine.", "Unscrew the valve and replace the washer.", "A pump leaks at its seals."}
	ranking, err := r.Rank(context.Background(), "how to repair a leaking pump", documents)
	if err != nil {
		log.Fatal(err)
	}
	for _, d := range ranking {
		fmt.Printf("%.2f %s\n", d.Score, documents[d.Index])
	}
	// Output:
	// 0.01 Unscrew the valve and replace the washer.
	// 0.01 The ferry comes in at nine.
}

func ExampleReranker_RankSeq() {
	m := exampleWith("relevance", roberta.ReadsFirst, 1)
	defer m.Close()
	r, err := pipeline.NewReranker(m, pipeline.WithTopK(1))
	if err != nil {
		log.Fatal(err)
	}
	documents := strings.Lines("The ferry comes in at nine.\n" + strings.Repeat("too long ", 300) + "\nA pump leaks at its seals.\n")
	for d, err := range r.RankSeq(context.Background(), "how to repair a leaking pump", documents) {
		if e, ok := errors.AsType[*pipeline.InputError](err); ok {
			fmt.Println("document", e.Index, "is left out:", errors.Is(err, roberta.ErrTooLong))
			continue
		}
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println("document", d.Index, "is the best")
	}
	// Output:
	// document 1 is left out: true
	// document 0 is the best
}

func ExampleReranker_ScoreAll() {
	m := exampleWith("relevance", roberta.ReadsFirst, 1)
	defer m.Close()
	// The default is the sigmoid, or what config.json says.
	r, err := pipeline.NewReranker(m, pipeline.WithFunction(roberta.Identity))
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	pairs := []pipeline.Pair{{Query: "a query", Document: "a document"}, {Query: "another query", Document: "a document"}}
	scores, err := r.ScoreAll(ctx, pairs)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%.2f\n", scores)

	one, err := r.Score(ctx, "a query", "a document")
	fmt.Println(one == scores[0], err)
	for score, err := range r.ScoreSeq(ctx, slices.Values(pairs)) { // in bounded memory
		fmt.Println(slices.Contains(scores, score), err)
	}
	fmt.Println(r.Head().Name)
	// Output:
	// [-4.32 -4.15]
	// true <nil>
	// true <nil>
	// true <nil>
	// relevance
}

func ExampleChooser_Choose() {
	m := exampleWith("choices", roberta.ReadsChoices, 1) // as of RobertaForMultipleChoice
	defer m.Close()
	c, err := pipeline.NewChooser(m)
	if err != nil {
		log.Fatal(err)
	}
	answers := []string{"Unscrew the valve.", "Buy a ticket.", "Add salt."}
	choice, err := c.Choose(context.Background(), "The pump leaks. What do you do?", answers...)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s %.2f\n", answers[choice.Best], choice.Probs)
	// Output:
	// Unscrew the valve. [0.46 0.22 0.32]
}

func ExampleChooser_ChooseAll() {
	m := exampleWith("choices", roberta.ReadsChoices, 1)
	defer m.Close()
	c, err := pipeline.NewChooser(m)
	if err != nil {
		log.Fatal(err)
	}
	prompts := []pipeline.Prompt{
		{Text: "The pump leaks.", Choices: []string{"Unscrew the valve.", "Add salt."}},
		{Text: "The soup is bland.", Choices: []string{"Unscrew the valve.", "Add salt.", "Add water."}},
	}
	choices, err := c.ChooseAll(context.Background(), prompts)
	if err != nil {
		log.Fatal(err)
	}
	for _, c := range choices {
		fmt.Println(c.Best, "of", len(c.Probs))
	}
	for choice, err := range c.ChooseSeq(context.Background(), slices.Values(prompts)) { // in bounded memory
		fmt.Println(choice.Best, err)
	}
	fmt.Println(c.Head().Name)
	// Output:
	// 1 of 2
	// 2 of 3
	// 1 <nil>
	// 2 <nil>
	// choices
}

func ExampleZeroShot_Classify() {
	m := example() // its head mnli has the classes of roberta.large.mnli
	defer m.Close()
	z, err := pipeline.NewZeroShot(m, pipeline.WithTemplate("This text is about {}."))
	if err != nil {
		log.Fatal(err)
	}
	labels, err := z.Classify(context.Background(), "The striker missed two penalties.", "sport", "cooking", "travel")
	if err != nil {
		log.Fatal(err)
	}
	for _, l := range labels {
		fmt.Printf("%s %.2f\n", l.Name, l.Score)
	}
	// Output:
	// travel 0.34
	// sport 0.33
	// cooking 0.33
}

func ExampleZeroShot_ClassifySeq() {
	m := example()
	defer m.Close()
	// Names of classes are found; where there are none these options say which is which.
	z, err := pipeline.NewZeroShot(m, pipeline.WithLabels("sport", "cooking"), pipeline.WithMultiLabel(), pipeline.WithTopK(1),
		pipeline.WithEntailment("entailment"), pipeline.WithContradiction("contradiction"))
	if err != nil {
		log.Fatal(err)
	}
	texts := []pipeline.Candidates{{Text: "The striker missed two penalties."}, {Text: "Add salt.", Labels: []string{}}, {Text: "Add salt.", Labels: []string{"weather", "travel"}}}
	for labels, err := range z.ClassifySeq(context.Background(), slices.Values(texts)) {
		if errors.Is(err, pipeline.ErrInput) {
			fmt.Println(err)
			continue
		}
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(labels[0].Name)
	}

	all, err := z.ClassifyAll(context.Background(), texts[:1])
	fmt.Println(len(all), err, z.Head().Name)

	topics := exampleWith("topics", roberta.ReadsFirst, 2)
	defer topics.Close()
	_, err = pipeline.NewZeroShot(topics, pipeline.WithHead("topics"))
	fmt.Println(errors.Is(err, pipeline.ErrClasses))
	// Output:
	// cooking
	// pipeline: unsuitable input: no labels
	// travel
	// 1 <nil> mnli
	// true
}

func ExampleReader_Answer() {
	m := exampleWith("answers", roberta.ReadsSpans, 2) // as of deepset/roberta-base-squad2
	defer m.Close()
	r, err := pipeline.NewReader(m, pipeline.WithTopK(3), pipeline.WithMaxAnswer(4), pipeline.WithImpossible())
	if err != nil {
		log.Fatal(err)
	}
	passage := "The lighthouse at Skagen was built in 1858. Zoë Holm, its last keeper, left in 1988."
	answers, err := r.Answer(context.Background(), "Who was the last keeper?", passage)
	if err != nil {
		log.Fatal(err)
	}
	for _, a := range answers {
		if a.Text == "" {
			fmt.Printf("%.3f no answer\n", a.Score)
			continue
		}
		fmt.Printf("%.3f %q %v\n", a.Score, a.Text, a.Text == passage[a.Start:a.End])
	}
	// Output:
	// 0.070 "was built in 1858" true
	// 0.004 "1858. Zoë" true
	// 0.001 "was built in" true
}

func ExampleReader_AnswerAll() {
	m := exampleWith("answers", roberta.ReadsSpans, 2)
	defer m.Close()
	// Long contexts are read through windows; these share 20 tokens.
	r, err := pipeline.NewReader(m, pipeline.WithWindows(20), pipeline.WithoutAlignment())
	if err != nil {
		log.Fatal(err)
	}
	long := strings.Repeat("Nothing to see here. ", 400) + "The last keeper was Zoë Holm."
	questions := []pipeline.Question{{Text: "Who was the last keeper?", Context: long}, {Text: "Who?", Context: "Zoë."}}
	answers, err := r.AnswerAll(context.Background(), questions)
	if err != nil {
		log.Fatal(err)
	}
	for _, a := range answers {
		fmt.Println(len(a), "answer")
	}
	for a, err := range r.AnswerSeq(context.Background(), slices.Values(questions)) { // in bounded memory
		fmt.Println(len(a), err)
	}
	fmt.Println(r.Head().Name)
	// Output:
	// 1 answer
	// 1 answer
	// 1 <nil>
	// 1 <nil>
	// answers
}
