package roberta_test

import (
	"context"
	"fmt"
	"log"

	"github.com/goroberta/goroberta/roberta"
	"github.com/goroberta/goroberta/tokenizer"
)

// One pass gives several results.
func ExampleModel_Extract() {
	m := open(tinyCheckpoint)
	defer m.Close()
	res, err := m.Extract(context.Background(), roberta.WantFeatures|roberta.WantHiddens, m.Encode("it was"), m.Encode("what it was"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(res.Features.Shape(), len(res.Hidden))
	fmt.Println(res.Features.Len(0), res.Features.Len(1)) // tokens of each sequence
	// Output:
	// (2, 5, 64) 4
	// 4 5
}

// The logits of every token of the vocabulary, for each token of a text.
func ExampleModel_LMLogits() {
	m := open(tinyCheckpoint)
	defer m.Close()
	if !m.HasLMHead() {
		log.Fatal("no language-model head")
	}
	logits, err := m.LMLogits(context.Background(), m.Encode("it was"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(logits.Shape())
	// Output: (1, 4, 1005)
}

// Float32s has the weights of all heads in one slice, Row those of one token.
func ExampleAttention() {
	m := open(tinyCheckpoint)
	defer m.Close()
	res, err := m.Extract(context.Background(), roberta.WantAttentions, m.Encode("it was"))
	if err != nil {
		log.Fatal(err)
	}
	a := res.Attentions[0]
	shape := a.Shape(0)
	w := a.Float32s(0)
	const h, q, k = 1, 2, 3 // in head 1, what token 2 takes of token 3
	fmt.Println(shape, w[(h*shape[1]+q)*shape[2]+k] == a.Row(0, h, q)[k])
	// Output: (4, 4, 4) true
}

// A Matrix is a row for each sequence.
func ExampleMatrix() {
	m := open(tinyCheckpoint)
	defer m.Close()
	logits, err := m.PredictLogits(context.Background(), "mnli", m.Encode("it was"), m.Encode("he"))
	if err != nil {
		log.Fatal(err)
	}
	all := logits.Float32s()
	fmt.Println(logits.Shape(), all[3] == logits.Row(1)[0])
	// Output: (2, 3) true
}

// Few checkpoints have a pooler.
func ExampleModel_HasPooler() {
	m := open(segmentsCheckpoint)
	defer m.Close()
	fmt.Println(m.HasPooler())
	res, err := m.Extract(context.Background(), roberta.WantPooler, []int{0, 5, 2})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(res.Pooler.Shape())
	// Output:
	// true
	// (1, 16)
}

// A tokenizer's encoding becomes an input, types and all.
func ExampleModel_Input() {
	m := open(checkpoint)
	defer m.Close()
	tok, err := m.Tokenizer()
	if err != nil {
		log.Fatal(err)
	}
	limit := tokenizer.Limit{Length: m.Config().MaxPositions, Truncation: tokenizer.LongestFirst}
	e, err := tok.Template().Encode(tok, limit, "A man plays.", "He makes music.")
	if err != nil {
		log.Fatal(err)
	}
	res, err := m.Compute(context.Background(), roberta.Request{
		Inputs: []roberta.Input{m.Input(e)},
		Want:   roberta.WantFirst,
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(e.IDs), res.First.Shape())
	// Output: 12 (1, 24)
}

func ExampleModel_FillMasks() {
	m := open(checkpoint)
	defer m.Close()
	fills, err := m.FillMasks(context.Background(), []string{"Go is <mask>.", "A <mask> river."}, 2)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(fills), "texts,", len(fills[1]), "answers each")
	// Output: 2 texts, 2 answers each
}

// The scores behind an answer are there too.
func ExampleAnswer() {
	m := open(wscCheckpoint)
	defer m.Close()
	var answer roberta.Answer
	answer, err := m.DisambiguatePronoun(context.Background(),
		"The trophy would not fit in the brown suitcase because [it] was too big.", []string{"The trophy", "the brown suitcase"})
	if err != nil {
		log.Fatal(err)
	}
	var scores []roberta.PronounScore = answer.Scores
	for _, s := range scores {
		fmt.Printf("%s %.2f\n", s.Text, s.Score)
	}
	// Output:
	// The trophy -6.01
	// the brown suitcase -9.11
}
