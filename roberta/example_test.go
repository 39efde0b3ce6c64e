package roberta_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"math"
	"os"
	"path/filepath"
	"slices"

	"github.com/goroberta/goroberta/roberta"
	"github.com/goroberta/goroberta/tokenizer"
)

// Small checkpoints of fairseq's with random weights. The first has GPT-2's whole
// vocabulary; models/pocket has a model that gives sensible answers.
const (
	checkpoint     = "../testdata/goldens/fulldict/model.pt"
	tinyCheckpoint = "../testdata/goldens/tiny"
	wscCheckpoint  = "../testdata/goldens/wsc/model.pt"
	// One of a Hugging Face model with token types and a pooler.
	segmentsCheckpoint = "../testdata/families/segments"
)

func open(path string) *roberta.Model {
	m, err := roberta.Open(path)
	if err != nil {
		log.Fatal(err)
	}
	return m
}

func Example() {
	m, err := roberta.Open(checkpoint) // or "roberta.large.tar.gz"
	if err != nil {
		log.Fatal(err)
	}
	defer m.Close()
	ctx := context.Background()

	tokens := m.Encode("Hello world!")
	fmt.Println(tokens, m.Decode(tokens))

	features, err := m.ExtractFeatures(ctx, tokens)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(features.Shape()) // (1, 5, 1024) with roberta.large

	logp, err := m.Predict(ctx, "mnli", m.Encode("A man plays the guitar.", "He makes music."))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(logp.Shape())
	// Output:
	// [0 31414 232 328 2] Hello world!
	// (1, 5, 24)
	// (1, 3)
}

func ExampleOpen() {
	_, err := roberta.Open("no/such/checkpoint")
	fmt.Println(errors.Is(err, os.ErrNotExist))

	m, err := roberta.Open(tinyCheckpoint, roberta.WithThreads(1)) // a directory with model.pt and dict.txt
	if err != nil {
		log.Fatal(err)
	}
	defer m.Close()
	c := m.Config()
	fmt.Println(c.Layers, "layers of", c.Dim, "for up to", c.MaxPositions, "tokens")
	for _, h := range m.Heads() {
		fmt.Println(h.Name, h.Classes)
	}
	// Output:
	// true
	// 3 layers of 64 for up to 40 tokens
	// mnli 3
	// score 1
	// topics 7
}

func ExampleModel_Encode() {
	m := open(checkpoint)
	defer m.Close()
	fmt.Println(m.Encode("Hello world!"))
	fmt.Println(m.Encode("red", "blue")) // <s> red </s></s> blue </s>
	fmt.Println(m.EncodeNoSeparator("red", "blue"))
	fmt.Println(m.Encode("river"), m.Encode(" river")) // the space belongs to the word
	fmt.Println(m.Encode("<s>"))                       // plain text, not the token 0
	// Output:
	// [0 31414 232 328 2]
	// [0 2050 2 2 22128 2]
	// [0 2050 2 22128 2]
	// [0 28199 2] [0 4908 2]
	// [0 41552 29 15698 2]
}

func ExampleModel_DecodeDocuments() {
	m := open(checkpoint)
	defer m.Close()
	fmt.Printf("%q\n", m.DecodeDocuments(m.Encode("red", "blue")))
	// Output: ["red" "blue"]
}

func ExampleModel_ExtractFeatures() {
	m := open(tinyCheckpoint)
	defer m.Close()
	// Sentences of a batch need no padding.
	a, b := m.Encode("it was"), m.Encode("it was what it was")
	x, err := m.ExtractFeatures(context.Background(), a, b)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(x.Shape(), len(a), len(b))

	last := x.Row(1, len(b)-1) // of the second sentence's </s>
	fmt.Println(len(last), len(x.Float32s()) == 2*7*64)
	// Output:
	// (2, 7, 64) 4 7
	// 64 true
}

func ExampleModel_ExtractAllHiddens() {
	m := open(tinyCheckpoint)
	defer m.Close()
	tokens := m.Encode("it was")
	hidden, err := m.ExtractAllHiddens(context.Background(), tokens)
	if err != nil {
		log.Fatal(err)
	}
	features, err := m.ExtractFeatures(context.Background(), tokens)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(hidden)) // the embedding layer and three more
	fmt.Println(slices.Equal(hidden[3].Float32s(), features.Float32s()))
	// Output:
	// 4
	// true
}

// The largest logit of each token of the vocabulary, without 200 KB for each token of
// the text.
func ExampleRequest() {
	m := open(tinyCheckpoint)
	defer m.Close()
	most := make([]float32, m.Config().VocabSize)
	res, err := m.Compute(context.Background(), roberta.Request{
		Inputs: roberta.Inputs(m.Encode("it was what it was")),
		Want:   roberta.WantLogits | roberta.WantFirst,
		EachLogits: func(_, _, first int, logits []float32) {
			for i, z := range logits {
				most[first+i] = max(most[first+i], z)
			}
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(res.Logits == nil, slices.Max(most) > 0, res.First.Shape())
	// Output: true true (1, 64)
}

func ExampleModel_Compute() {
	m := open(tinyCheckpoint)
	defer m.Close()
	tokens := m.Encode("it was what it was")
	res, err := m.Compute(context.Background(), roberta.Request{
		Inputs: roberta.Inputs(tokens), // or []roberta.Input{{Tokens: tokens, Types: types}} for a model with token types
		Want:   roberta.WantFeatures | roberta.WantAttentions,
		Head:   "mnli",
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(res.Features.Shape(), res.HeadLogits.Shape())

	last := res.Attentions[len(res.Attentions)-1]
	fmt.Println(last.Shape(0)) // heads, tokens, tokens
	sum := 0.0
	for _, w := range last.Row(0, 1, 0) { // what <s> takes from each token in head 1 of the last layer
		sum += float64(w)
	}
	fmt.Printf("%.3f\n", sum)
	// Output:
	// (1, 7, 64) (1, 3)
	// (4, 7, 7)
	// 1.000
}

func ExampleModel_Predict() {
	m := open(tinyCheckpoint)
	defer m.Close()
	logp, err := m.Predict(context.Background(), "mnli", m.Encode("it was", "it was what"), m.Encode("he", "they"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(logp.Shape())
	for row := range 2 {
		sum := 0.0
		for _, v := range logp.Row(row) {
			sum += math.Exp(float64(v))
		}
		fmt.Printf("%.3f\n", sum)
	}

	var unknown *roberta.HeadError
	if _, err := m.Predict(context.Background(), "cola", m.Encode("it was")); errors.As(err, &unknown) {
		fmt.Println(unknown.Heads)
	}
	// Output:
	// (2, 3)
	// 1.000
	// 1.000
	// [mnli score topics]
}

func ExampleModel_PredictLogits() {
	m := open(tinyCheckpoint)
	defer m.Close()
	// The log-softmax of a regression head's one value is always 0; its answer is the logit.
	tokens := m.Encode("it was what it was")
	logp, err := m.Predict(context.Background(), "score", tokens)
	if err != nil {
		log.Fatal(err)
	}
	score, err := m.PredictLogits(context.Background(), "score", tokens)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(logp.Row(0), score.Shape(), score.Row(0)[0] != 0)
	// Output: [0] (1, 1) true
}

func ExampleModel_RegisterClassificationHead() {
	m := open(tinyCheckpoint)
	defer m.Close()
	err := m.RegisterClassificationHead("colour", 3, roberta.WithSeed(1), roberta.WithLabels("red", "green", "blue"))
	if err != nil {
		log.Fatal(err)
	}
	logp, err := m.Predict(context.Background(), "colour", m.Encode("it was"))
	if err != nil {
		log.Fatal(err)
	}
	head, err := m.Head("colour")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(logp.Shape(), head.InnerDim, head.Labels)
	// Output: (1, 3) 64 [red green blue]
}

func ExampleModel_FillMask() {
	m := open(checkpoint)
	defer m.Close()
	fills, err := m.FillMask(context.Background(), "Go is a <mask> language.", 2)
	if err != nil {
		log.Fatal(err)
	}
	for _, f := range fills { // strange ones: this model's weights are random
		fmt.Printf("%.5f %q %s\n", f.Score, f.Token, f.Text)
	}

	_, err = m.FillMask(context.Background(), "Go is a language.", 2)
	fmt.Println(errors.Is(err, roberta.ErrMask))
	// Output:
	// 0.00121 " Palestinians" Go is a Palestinians language.
	// 0.00111 "},\"" Go is a}," language.
	// true
}

func ExampleModel_FillEach() {
	m := open(checkpoint)
	defer m.Close()
	tok, err := m.Tokenizer()
	if err != nil {
		log.Fatal(err)
	}
	tokens := m.Encode("Go is a fast language.")
	tokens[3], tokens[5] = tok.Special().Mask, tok.Special().Mask
	masked, err := m.MaskTokens(roberta.Input{Tokens: tokens})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("masks at", masked.Masks)
	answers, err := m.FillEach(context.Background(), 1, nil, masked)
	if err != nil {
		log.Fatal(err)
	}
	for _, fills := range answers[0] { // a list for each mask; the others stay in the text
		fmt.Printf("%q %s\n", fills[0].Token, fills[0].Text)
	}

	targets, err := m.Targets(" safe", " small", " safe")
	if err != nil {
		log.Fatal(err)
	}
	answers, err = m.FillEach(context.Background(), 5, targets, masked)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%d answers, first %q\n", len(answers[0][0]), answers[0][0][0].Token)
	// Output:
	// masks at [3 5]
	// " incapac" Go is incapac fast<mask>.
	// " ruby" Go is<mask> fast ruby.
	// 2 answers, first " small"
}

func ExampleModel_FillJointly() {
	m := open(checkpoint)
	defer m.Close()
	masked, err := m.MaskText("Go is a <mask> <mask>.", tokenizer.Limit{})
	if err != nil {
		log.Fatal(err)
	}
	answers, err := m.FillJointly(context.Background(), 2, 3, nil, masked)
	if err != nil {
		log.Fatal(err)
	}
	for _, f := range answers[0] {
		fmt.Printf("%.3f %q %s\n", f.LogProb, f.Tokens, f.Text)
	}

	// A word of several tokens is scored as the product of their probabilities.
	_, err = m.Targets("")
	fmt.Println(errors.Is(err, roberta.ErrTarget))
	targets, err := m.Targets(" unbelievable", " unbelievableness")
	if err != nil {
		log.Fatal(err)
	}
	masked, err = m.MaskText("Go is <mask>.", tokenizer.Limit{})
	if err != nil {
		log.Fatal(err)
	}
	answers, err = m.FillJointly(context.Background(), 2, 3, targets, masked)
	if err != nil {
		log.Fatal(err)
	}
	for _, f := range answers[0] {
		fmt.Println(f.Tokens, len(f.IDs[0]), "tokens:", masked.Text(f.IDs...))
	}
	// Output:
	// -13.142 [" Palestinians" " ruby"] Go is a Palestinians ruby.
	// -13.258 ["},\"" " ruby"] Go is a}," ruby.
	// true
	// [ unbelievable] 1 tokens: Go is unbelievable.
	// [ unbelievableness] 3 tokens: Go is unbelievableness.
}

func ExampleModel_ClozeLogProbs() {
	m := open(checkpoint)
	defer m.Close()
	tokens := m.Encode("Go is unbelievable.")
	var clozes []roberta.Cloze
	for i := 1; i < len(tokens)-1; i++ { // all but <s> and </s>
		clozes = append(clozes, roberta.Cloze{At: i, End: i + 1})
	}
	logp, err := m.ClozeLogProbs(context.Background(), roberta.Inputs(tokens), [][]roberta.Cloze{clozes})
	if err != nil {
		log.Fatal(err)
	}
	for i, p := range logp[0] {
		fmt.Printf("%q %.2f\n", m.Decode(tokens[i+1:i+2]), p)
	}
	// Output:
	// "Go" -14.31
	// " is" -12.24
	// " unbelievable" -13.60
	// "." -11.68
}

// What the model takes a hidden token for, beside how likely the one is that stands there.
func ExampleModel_ClozePredictions() {
	m := open(checkpoint)
	defer m.Close()
	tokens := m.Encode("Go is unbelievable.")
	predictions, err := m.ClozePredictions(context.Background(), roberta.Inputs(tokens), [][]roberta.Cloze{{{At: 2, End: 3}}})
	if err != nil {
		log.Fatal(err)
	}
	for _, p := range predictions[0] {
		fmt.Printf("%q %.2f, likeliest %q\n", m.Decode(tokens[2:3]), p.LogProb, m.Decode([]int{p.Best}))
	}
	// Output:
	// " is" -12.24, likeliest "MAG"
}

func ExampleModel_ExtractFeaturesAlignedToWords() {
	m := open(checkpoint)
	defer m.Close()
	a, err := m.ExtractFeaturesAlignedToWords(context.Background(), "Don't be unbelievably naïve.",
		[]string{"Do", "n't", "be", "unbelievably", "naïve", "."})
	if err != nil {
		log.Fatal(err)
	}
	for i, word := range a.Words {
		fmt.Println(word, a.Tokens[i])
	}
	fmt.Println(a.Features.Shape()) // <s>, the words, </s>
	// Output:
	// Do [1]
	// n't [1 2]
	// be [3]
	// unbelievably [4]
	// naïve [5]
	// . [6]
	// (8, 24)
}

func ExampleModel_DisambiguatePronoun() {
	m := open(wscCheckpoint)
	defer m.Close()
	candidates := []string{"The trophy", "the brown suitcase"}

	answer, err := m.DisambiguatePronoun(context.Background(),
		"The trophy would not fit in the brown suitcase because [it] was too big.", candidates)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(answer.Text)

	answer, err = m.DisambiguatePronoun(context.Background(),
		"The _trophy_ would not fit in the brown suitcase because [it] was too big.", candidates)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(answer.Refers)
	// Output:
	// The trophy
	// true
}

func ExampleConvert() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	packed := filepath.Join(dir, "tiny.safetensors")
	if err := roberta.Convert(context.Background(), tinyCheckpoint, packed, roberta.Packed()); err != nil {
		log.Fatal(err)
	}
	m := open(packed) // settings, vocabulary and heads are in the file
	defer m.Close()
	fmt.Println(m.Encode("it was"), len(m.Heads()))
	// Output: [0 405 21 2] 3
}
