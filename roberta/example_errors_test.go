package roberta_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"slices"

	"github.com/goroberta/goroberta/roberta"
	"github.com/goroberta/goroberta/tokenizer"
)

// An input that a model cannot take is an error that names the sequence.
func ExampleLengthError() {
	m := open(tinyCheckpoint)
	defer m.Close()
	ctx := context.Background()
	long := make([]int, 50)
	_, err := m.ExtractFeatures(ctx, m.Encode("it was"), long)
	if e, ok := errors.AsType[*roberta.LengthError](err); ok {
		fmt.Println("sequence", e.Sequence, e.Reason())
	}
	fmt.Println(errors.Is(err, roberta.ErrTooLong))

	_, err = m.ExtractFeatures(ctx, []int{0, 99999, 2})
	if e, ok := errors.AsType[*roberta.TokenError](err); ok {
		fmt.Println("no token", e.ID, "at", e.Position, errors.Is(err, roberta.ErrToken))
	}
	_, err = m.ExtractFeatures(ctx, []int{})
	fmt.Println(errors.Is(err, roberta.ErrEmpty))
	// Output:
	// sequence 1 50 tokens exceed the maximum length of 40
	// true
	// no token 99999 at 1 true
	// true
}

func ExampleTypeError() {
	m := open(tinyCheckpoint) // has one type of tokens
	defer m.Close()
	_, err := m.Compute(context.Background(), roberta.Request{
		Inputs: []roberta.Input{{Tokens: []int{0, 5, 2}, Types: []int{0, 1, 1}}},
		Want:   roberta.WantFeatures,
	})
	if e, ok := errors.AsType[*roberta.TypeError](err); ok {
		fmt.Println(e.Reason(), errors.Is(err, roberta.ErrTokenType))
	}
	// Output: token type 1 at position 1, but the model has no types other than 0 true
}

// What a checkpoint does not have is an error, never a guess.
func ExampleHeadError() {
	m := open(tinyCheckpoint)
	defer m.Close()
	ctx := context.Background()
	tokens := m.Encode("it was")
	_, err := m.Predict(ctx, "cola", tokens)
	fmt.Println(errors.Is(err, roberta.ErrUnknownHead), err)
	_, err = m.Extract(ctx, roberta.WantPooler, tokens)
	fmt.Println(errors.Is(err, roberta.ErrNoPooler))

	bare := open(segmentsCheckpoint)
	defer bare.Close()
	_, err = bare.LMLogits(ctx, []int{0, 5, 2})
	fmt.Println(errors.Is(err, roberta.ErrNoLMHead))
	// Output:
	// true roberta: unknown classification head "cola": the model has mnli, score, topics
	// true
	// true
}

func ExampleModel_Close() {
	m := open(tinyCheckpoint)
	if err := m.Close(); err != nil {
		log.Fatal(err)
	}
	_, err := m.ExtractFeatures(context.Background(), []int{0, 2})
	fmt.Println(errors.Is(err, roberta.ErrClosed))
	// Output: true
}

// Questions about masks that have no answer.
func ExampleMaskError() {
	m := open(checkpoint)
	defer m.Close()
	ctx := context.Background()
	_, err := m.FillMask(ctx, "Go is <mask> and <mask>.", 1)
	if e, ok := errors.AsType[*roberta.MaskError](err); ok {
		fmt.Println(e.Found, "masks", errors.Is(err, roberta.ErrMask))
	}
	_, err = m.FillMask(ctx, "Go is <mask>.", 0)
	if e, ok := errors.AsType[*roberta.TopKError](err); ok {
		fmt.Println(e.K, "answers, at most", e.Max, errors.Is(err, roberta.ErrTopK))
	}
	_, err = m.Targets("")
	if e, ok := errors.AsType[*roberta.TargetError](err); ok {
		fmt.Printf("target %q has %d tokens\n", e.Text, e.Tokens)
	}
	masked, err := m.MaskText("Go is <mask>.", tokenizer.Limit{})
	if err != nil {
		log.Fatal(err)
	}
	_, err = m.FillJointly(ctx, 1, 0, nil, masked)
	fmt.Println(errors.Is(err, roberta.ErrBeam))
	tokens := m.Encode("Go is fast.")
	outside := []roberta.Cloze{{At: 3, End: len(tokens) + 1}}
	_, err = m.ClozeLogProbs(ctx, roberta.Inputs(tokens), [][]roberta.Cloze{outside})
	fmt.Println(errors.Is(err, roberta.ErrCloze))
	// Output:
	// 2 masks true
	// 0 answers, at most 50265 true
	// target "" has 0 tokens
	// true
	// true
}

func ExampleAlignError() {
	m := open(checkpoint)
	defer m.Close()
	_, err := m.ExtractFeaturesAlignedToWords(context.Background(), "It was new.", []string{"It", "is", "new", "."})
	if e, ok := errors.AsType[*roberta.AlignError](err); ok {
		fmt.Println("word", e.Word, e.Text, errors.Is(err, roberta.ErrAlign))
	}
	// Output: word 1 is true
}

// Each way to ask a wrong question about a pronoun has its error. All wrap ErrPronoun.
func ExampleModel_DisambiguatePronoun_errors() {
	m := open(wscCheckpoint)
	defer m.Close()
	for _, c := range []struct {
		text       string
		candidates []string
		want       error
	}{
		{"The cup broke because it fell.", []string{"The cup"}, roberta.ErrPronounMark},
		{"[It] fell and the cup broke.", []string{"the cup"}, roberta.ErrPronounFirst},
		{"The cup broke because of b[it]s.", []string{"The cup"}, roberta.ErrPronounMisaligned},
		{"The cup broke because [it] fell.", nil, roberta.ErrNoCandidate},
	} {
		_, err := m.DisambiguatePronoun(context.Background(), c.text, c.candidates)
		fmt.Println(errors.Is(err, c.want), errors.Is(err, roberta.ErrPronoun))
	}
	// Output:
	// true true
	// true true
	// true true
	// true true
}

// Attention weights grow with the square of a sequence's length: ask for few at a time.
func ExampleModel_Compute_errors() {
	m := open(checkpoint)
	defer m.Close()
	longest := make([]int, m.Config().MaxPositions)
	many := slices.Repeat([][]int{longest}, 1<<14+1)
	_, err := m.Extract(context.Background(), roberta.WantAttentions, many...)
	fmt.Println(errors.Is(err, roberta.ErrAttentions))
	// Output: true
}

// Tensors that are no RoBERTa, and a model that came without a vocabulary.
func ExampleOpen_errors() {
	_, err := roberta.Open(tinyCheckpoint + "/expected.safetensors")
	fmt.Println(errors.Is(err, roberta.ErrModel))

	m := open(segmentsCheckpoint)
	defer m.Close()
	_, err = m.Tokenizer()
	fmt.Println(errors.Is(err, roberta.ErrNoVocabulary), m.Encode("it was") == nil)
	// Output:
	// true
	// true true
}
