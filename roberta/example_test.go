package roberta_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/goroberta/goroberta/roberta"
)

// The examples run on small models of random weights, which the repository
// carries; their answers mean nothing, their shapes do.
const (
	tiny     = "../testdata/goldens/tiny/model.pt"
	fulldict = "../testdata/goldens/fulldict/model.pt"
)

func open(path string) *roberta.Model {
	m, err := roberta.Open(path)
	if err != nil {
		log.Fatal(err)
	}
	return m
}

func Example() {
	m, err := roberta.Open("../testdata/goldens/fulldict/model.pt")
	if err != nil {
		log.Fatal(err)
	}
	defer m.Close()
	tokens := m.Encode("Hello world!")
	fmt.Println(tokens)
	fmt.Println(m.Decode(tokens))

	x, err := m.ExtractFeatures(context.Background(), tokens)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(x.Shape())
	// Output:
	// [0 31414 232 328 2]
	// Hello world!
	// (1, 5, 24)
}

func ExampleModel_Encode() {
	m := open(fulldict)
	defer m.Close()
	fmt.Println(m.Encode("Hello world!"))
	fmt.Println(m.Encode("Hello", "world!"))
	// Output:
	// [0 31414 232 328 2]
	// [0 31414 2 2 8331 328 2]
}

func ExampleModel_DecodeDocuments() {
	m := open(fulldict)
	defer m.Close()
	fmt.Printf("%q\n", m.DecodeDocuments(m.Encode("One text.", "And another.")))
	// Output: ["One text." "And another."]
}

func ExampleModel_ExtractAllHiddens() {
	m := open(tiny)
	defer m.Close()
	hidden, err := m.ExtractAllHiddens(context.Background(), m.Encode("The people of the world."), m.Encode("It was not."))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(hidden), "hidden states, each", hidden[0].Shape())
	// Output: 4 hidden states, each (2, 8, 64)
}

func ExampleModel_Predict() {
	m := open(tiny)
	defer m.Close()
	logp, err := m.Predict(context.Background(), "mnli", m.Encode("He said it.", "She said it was not."))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(logp.Shape())
	// Output: (1, 3)
}

func ExampleModel_RegisterClassificationHead() {
	m := open(tiny)
	defer m.Close()
	if err := m.RegisterClassificationHead("new_task", 3, roberta.WithSeed(1)); err != nil {
		log.Fatal(err)
	}
	logp, err := m.Predict(context.Background(), "new_task", m.Encode("It was the first time."))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(logp.Shape())
	// Output: (1, 3)
}

func ExampleModel_FillMask() {
	m := open(tiny)
	defer m.Close()
	fills, err := m.FillMask(context.Background(), "The first time I <mask> it was last year.", 1)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%q\n", fills[0].Text)

	_, err = m.FillMask(context.Background(), "No mask here.", 1)
	fmt.Println(errors.Is(err, roberta.ErrMask))
	// Output:
	// "The first time I high it was last year."
	// true
}

func ExampleModel_ExtractFeaturesAlignedToWords() {
	m := open(fulldict)
	defer m.Close()
	a, err := m.ExtractFeaturesAlignedToWords(context.Background(), "unbelievably-good things", []string{"un", "believably", "-", "good", "things"})
	if err != nil {
		log.Fatal(err)
	}
	for i, word := range a.Words {
		fmt.Println(word, a.Tokens[i])
	}
	fmt.Println(a.Features.Shape())
	// Output:
	// un [1]
	// believably [2 3 4]
	// - [5]
	// good [6]
	// things [7]
	// (7, 24)
}

func ExampleModel_DisambiguatePronoun() {
	m := open("../testdata/goldens/wsc/model.pt")
	defer m.Close()
	answer, err := m.DisambiguatePronoun(context.Background(),
		"The trophy would not fit in the brown suitcase because [it] was too big.", []string{"The trophy", "the brown suitcase"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(answer.Text)
	// Output: The trophy
}
