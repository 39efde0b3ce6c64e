package roberta_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"math"
	"os"
	"path/filepath"

	"github.com/goroberta/goroberta/roberta"
)

// A head of one's own weights: class 1 if the first value of <s> is positive.
func ExampleModel_SetHead() {
	m := open(tinyCheckpoint)
	defer m.Close()
	c := m.Config().Dim
	w := make([]float32, 2*c)
	w[c] = 1
	err := m.SetHead("sign", roberta.HeadWeights{
		Out:    roberta.LinearWeights{Out: 2, In: c, W: w},
		Labels: []string{"negative", "positive"},
	})
	if err != nil {
		log.Fatal(err)
	}
	tokens := m.Encode("it was")
	logits, err := m.PredictLogits(context.Background(), "sign", tokens)
	if err != nil {
		log.Fatal(err)
	}
	x, err := m.ExtractFeatures(context.Background(), tokens)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(logits.Row(0)[1] == x.Row(0, 0)[0])

	back, err := m.HeadWeights("sign")
	fmt.Println(back.Labels, back.Dense == nil, err)
	fmt.Println(errors.Is(m.SetHead("no.dots", back), roberta.ErrHead))
	// Output:
	// true
	// [negative positive] true <nil>
	// true
}

// Save writes a model with the heads that it has now.
func ExampleModel_Save() {
	m := open(tinyCheckpoint)
	defer m.Close()
	if err := m.RegisterClassificationHead("small", 2, roberta.WithSeed(1), roberta.WithInnerDim(8)); err != nil {
		log.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "tiny.safetensors")
	if err := m.Save(context.Background(), path, roberta.Zstd()); err != nil {
		log.Fatal(err)
	}
	saved := open(path)
	defer saved.Close()
	head, err := saved.Head("small")
	fmt.Println(head.Classes, head.InnerDim, err)
	// Output: 2 8 <nil>
}

// A head that reads each token, as for entities.
func ExampleModel_PredictTokens() {
	m := open(tinyCheckpoint)
	defer m.Close()
	c := m.Config().Dim
	err := m.SetHead("tags", roberta.HeadWeights{
		Reads: roberta.ReadsTokens,
		Out:   roberta.LinearWeights{Out: 5, In: c, W: make([]float32, 5*c)},
	})
	if err != nil {
		log.Fatal(err)
	}
	tokens := m.Encode("it was")
	logits, err := m.PredictTokens(context.Background(), "tags", tokens)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(logits.Shape())

	_, err = m.Predict(context.Background(), "tags", tokens)
	fmt.Println(errors.Is(err, roberta.ErrHeadReads))
	// Output:
	// (1, 4, 5)
	// true
}

// What a head's logits stand for.
func ExampleFunction() {
	logits := []float32{0, 0}
	p := make([]float32, 2)
	for _, f := range []roberta.Function{roberta.Softmax, roberta.Sigmoid} {
		if err := f.LogProbs(p, logits); err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%q %.2f %.2f\n", f, math.Exp(float64(p[0])), math.Exp(float64(p[1])))
	}
	err := roberta.Identity.LogProbs(p, logits) // the value of a regression
	fmt.Println(errors.Is(err, roberta.ErrRegression))
	// Output:
	// "" 0.50 0.50
	// "sigmoid" 0.50 0.50
	// true
}

func ExampleReads() {
	kinds := map[roberta.Reads]string{
		roberta.ReadsFirst:   "the first token",
		roberta.ReadsTokens:  "each token",
		roberta.ReadsSpans:   "where a span starts and ends",
		roberta.ReadsChoices: "the first token, one choice in each sequence",
	}
	m := open(tinyCheckpoint)
	defer m.Close()
	for _, h := range m.Heads() {
		fmt.Println(h.Name, "reads", kinds[h.Reads])
	}
	// Output:
	// mnli reads the first token
	// score reads the first token
	// topics reads the first token
}
