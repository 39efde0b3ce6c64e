package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/goroberta/goroberta/pipeline"
	"github.com/goroberta/goroberta/roberta"
	"github.com/goroberta/goroberta/tokenizer"
	"github.com/goroberta/goroberta/weights"
)

// The examples run small models of random weights, so that they show how answers look
// and not what a model knows.
func example() *roberta.Model {
	m, err := roberta.Open("../testdata/goldens/fulldict")
	if err != nil {
		log.Fatal(err)
	}
	return m
}

func Example() {
	m := example() // or roberta.Open("a folder from Hugging Face")
	defer m.Close()
	ctx := context.Background()

	classifier, err := pipeline.NewClassifier(m)
	if err != nil {
		log.Fatal(err)
	}
	labels, err := classifier.Classify(ctx, "A man plays the guitar.", "He makes music.")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(labels), "labels, the best is", labels[0].Name)

	embedder, err := pipeline.NewEmbedder(m, pipeline.WithPooling(pipeline.Mean), pipeline.WithNormalize(true))
	if err != nil {
		log.Fatal(err)
	}
	vectors, err := embedder.Embed(ctx, []string{"A man plays the guitar.", "He makes music."})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(vectors), "vectors of", len(vectors[0]), "values")
	// Output:
	// 3 labels, the best is LABEL_1
	// 2 vectors of 24 values
}

func ExampleClassifier_Classify() {
	m := example()
	defer m.Close()
	c, err := pipeline.NewClassifier(m, pipeline.WithTopK(2))
	if err != nil {
		log.Fatal(err)
	}
	labels, err := c.Classify(context.Background(), "A man plays the guitar.", "He makes music.")
	if err != nil {
		log.Fatal(err)
	}
	for _, l := range labels {
		fmt.Printf("%s %.2f\n", l.Name, l.Score)
	}
	// Output:
	// LABEL_1 0.38
	// LABEL_2 0.36
}

func ExampleClassifier_ClassifySeq() {
	m := example()
	defer m.Close()
	c, err := pipeline.NewClassifier(m, pipeline.WithTopK(1))
	if err != nil {
		log.Fatal(err)
	}
	lines := strings.Lines("one text\n" + strings.Repeat("a text that is too long ", 100) + "\nanother text\n")
	n := 0
	for labels, err := range c.ClassifySeq(context.Background(), pipeline.Texts(lines)) {
		n++
		if errors.Is(err, roberta.ErrTooLong) {
			fmt.Println(n, err)
			continue
		}
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(n, labels[0].Name)
	}
	// Output:
	// 1 LABEL_2
	// 2 roberta: sequence 0: 604 tokens exceed the maximum length of 512
	// 3 LABEL_2
}

func ExampleTagger_Tag() {
	m := example()
	defer m.Close()
	// A model for entities comes with such a head. This one means nothing.
	head := roberta.HeadWeights{Reads: roberta.ReadsTokens, Labels: []string{"O", "B-PER"}}
	head.Out = roberta.LinearWeights{Out: 2, In: m.Config().Dim, W: make([]float32, 2*m.Config().Dim)}
	for i := range m.Config().Dim {
		head.Out.W[i+m.Config().Dim*(i%2)] = 1
	}
	if err := m.SetHead("ner", head); err != nil {
		log.Fatal(err)
	}
	t, err := pipeline.NewTagger(m, pipeline.WithAggregation(pipeline.First))
	if err != nil {
		log.Fatal(err)
	}
	const text = "Zoë Müller met José in Łódź."
	entities, err := t.Tag(context.Background(), text)
	if err != nil {
		log.Fatal(err)
	}
	for _, e := range entities {
		fmt.Printf("%s %.2f %q %v\n", e.Label, e.Score, e.Text, e.Text == text[e.Start:e.End])
	}
	// Output:
	// PER 0.99 "José" true
}

func ExampleWithLimit() {
	m := example()
	defer m.Close()
	limit := tokenizer.Limit{Length: 12, Truncation: tokenizer.LongestFirst}
	long := strings.Repeat("a long text ", 10)
	ctx := context.Background()

	e, err := pipeline.NewEmbedder(m, pipeline.WithLimit(limit), pipeline.WithPooling(pipeline.CLS))
	if err != nil {
		log.Fatal(err)
	}
	vectors, err := e.Embed(ctx, []string{long, strings.Repeat("a long text ", 3) + "a"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(slices.Equal(vectors[0], vectors[1]))

	limit.Truncation = tokenizer.NoTruncation // the default: nothing is cut
	if e, err = pipeline.NewEmbedder(m, pipeline.WithLimit(limit), pipeline.WithPooling(pipeline.CLS)); err != nil {
		log.Fatal(err)
	}
	_, err = e.Embed(ctx, []string{"short", long})
	fmt.Println(err)
	// Output:
	// true
	// input 1: 33 tokens exceed the maximum length of 12
}

func ExampleEmbedder_Embed() {
	// A folder of sentence-transformers: a transformer, the vector of <s>, four layers.
	m, err := roberta.Open("testdata/dense-chain")
	if err != nil {
		log.Fatal(err)
	}
	defer m.Close()
	e, err := pipeline.NewEmbedder(m)
	if err != nil {
		log.Fatal(err)
	}
	vectors, err := e.Embed(context.Background(), []string{"The harbour was quiet when the ferry from Bergen came in."})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("texts of up to", e.MaxLength(), "tokens, vectors of", e.Dim(), "values")
	fmt.Printf("%.4f\n", vectors[0][:4])
	// Output:
	// texts of up to 60 tokens, vectors of 16 values
	// [0.0000 0.0000 2.3898 0.0000]
}

// A search over texts: as many vectors as fit in memory, all of which are compared.
func ExampleIndex() {
	m := example()
	defer m.Close()
	ctx := context.Background()
	e, err := pipeline.NewEmbedder(m, pipeline.WithPooling(pipeline.Mean))
	if err != nil {
		log.Fatal(err)
	}
	corpus := []string{"A man plays the guitar.", "Rain is expected in the north.", "He plays a guitar."}
	ix, err := pipeline.NewIndexSeq(e.Similarity(), e.Documents().EmbedSeq(ctx, pipeline.Texts(slices.Values(corpus))), pipeline.WithThreads(2))
	if err != nil {
		log.Fatal(err)
	}
	queries, err := e.Queries().Embed(ctx, []string{"A man plays the guitar!"})
	if err != nil {
		log.Fatal(err)
	}
	hits, err := ix.Search(ctx, queries, 2)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(ix.Len(), "vectors of", ix.Dim(), "values, by", ix.Similarity())
	for _, h := range hits[0] {
		fmt.Printf("%.2f %s\n", h.Score, corpus[h.Index])
	}
	// Output:
	// 3 vectors of 24 values, by cosine
	// 0.95 A man plays the guitar.
	// 0.82 He plays a guitar.
}

// Vectors that are kept in a file.
func ExampleOpenIndex() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "corpus.safetensors")
	ix, err := pipeline.NewIndex(pipeline.Euclidean, [][]float32{{0, 1}, {3, 4}, {1, 1}})
	if err != nil {
		log.Fatal(err)
	}
	if err := weights.WriteFile(path, nil, []weights.Entry{ix.Entry()}); err != nil {
		log.Fatal(err)
	}
	if ix, err = pipeline.OpenIndex(path, pipeline.Euclidean); err != nil {
		log.Fatal(err)
	}
	hits, err := ix.Search(context.Background(), [][]float32{{0, 0}}, 3)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(hits[0], ix.Vector(2))
	// Output:
	// [{0 -1} {2 -1.4142135} {1 -5}] [1 1]
}

func ExampleSimilarity() {
	a, b := []float32{3, 4}, []float32{4, 3}
	for _, s := range []pipeline.Similarity{pipeline.Cosine, pipeline.DotProduct, pipeline.Euclidean, pipeline.Manhattan} {
		fmt.Printf("%s %.2f\n", s, s.Score(a, b))
	}
	// Output:
	// cosine 0.96
	// dot 24.00
	// euclidean -1.41
	// manhattan -2.00
}

func ExampleQuantizeInt8() {
	corpus := [][]float32{{-1, 0, 2}, {1, 5, 3}, {0, 4, 2.5}}
	ranges, err := pipeline.RangesOf(corpus)
	if err != nil {
		log.Fatal(err)
	}
	if err := ranges.Add([]float32{0, 0, 4}); err != nil { // one more
		log.Fatal(err)
	}
	query := []float32{0.5, 1, 9}
	signed, err1 := pipeline.QuantizeInt8(query, ranges)
	unsigned, err2 := pipeline.QuantizeUint8(query, ranges)
	if err := errors.Join(err1, err2); err != nil {
		log.Fatal(err)
	}
	fmt.Println(signed, unsigned)
	// Output:
	// [63 -77 127] [191 51 255]
}

func ExampleQuantizeUbinary() {
	v := []float32{0.1, -0.2, 0, 0.3, 1, -1, -1, 0.5, 2}
	unsigned, err1 := pipeline.QuantizeUbinary(v)
	signed, err2 := pipeline.QuantizeBinary(v)
	if err := errors.Join(err1, err2); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%08b %d\n", unsigned, signed)
	// Output:
	// [10011001 10000000] [25 0]
}

// Ranges go with quantised vectors: queries need those of the corpus.
func ExampleOpenRanges() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "ranges.safetensors")
	ranges := &pipeline.Ranges{Min: []float32{-1, 0}, Max: []float32{1, 2}}
	if err := weights.WriteFile(path, nil, []weights.Entry{ranges.Entry()}); err != nil {
		log.Fatal(err)
	}
	again, err := pipeline.OpenRanges(path)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(again.Min, again.Max)
	// Output:
	// [-1 0] [1 2]
}

func ExampleSparseEmbedder() {
	m, err := roberta.Open("testdata/splade-sum") // a SPLADE model of random weights
	if err != nil {
		log.Fatal(err)
	}
	defer m.Close()
	e, err := pipeline.NewSparseEmbedder(m)
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	documents, err1 := e.Documents().Embed(ctx, []string{"The river rose.", "An old tune."})
	queries, err2 := e.Queries().EmbedAll(ctx, []pipeline.Input{pipeline.Text("A river")})
	if err := errors.Join(err1, err2); err != nil {
		log.Fatal(err)
	}
	fmt.Println(e.Dim(), "tokens in the vocabulary, texts of up to", e.MaxLength(), "tokens;", len(documents[0].Indices), "values are not 0")
	for _, v := range documents {
		fmt.Printf("%.2f\n", queries[0].Dot(v))
	}
	// Output:
	// 568 tokens in the vocabulary, texts of up to 60 tokens; 44 values are not 0
	// 49.87
	// 28.68
}

func ExampleSparseEmbedder_EmbedSeq() {
	m, err := roberta.Open("testdata/splade-sum")
	if err != nil {
		log.Fatal(err)
	}
	defer m.Close()
	e, err := pipeline.NewSparseEmbedder(m)
	if err != nil {
		log.Fatal(err)
	}
	for v, err := range e.EmbedSeq(context.Background(), pipeline.Texts(strings.Lines("The river rose.\nAn old tune.\n"))) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("token %d has %.2f\n", v.Indices[0], v.Values[0])
	}
	// Output:
	// token 0 has 0.12
	// token 10 has 0.33
}

// A long text through windows that share 4 tokens.
func ExampleWithWindows() {
	m := example()
	defer m.Close()
	ctx := context.Background()
	long := strings.Repeat("A long text about very little. ", 200)

	e, err := pipeline.NewEmbedder(m, pipeline.WithPooling(pipeline.Mean), pipeline.WithWindows(4))
	if err != nil {
		log.Fatal(err)
	}
	vectors, err := e.Embed(ctx, []string{long})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("a vector of", len(vectors[0]), "values for", len(m.Encode(long)), "tokens")

	for _, join := range []pipeline.Join{pipeline.JoinMean, pipeline.JoinMax} {
		c, err := pipeline.NewClassifier(m, pipeline.WithWindows(4), pipeline.WithJoin(join))
		if err != nil {
			log.Fatal(err)
		}
		labels, err := c.Classify(ctx, long)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s: %s has %.3f\n", join, labels[0].Name, labels[0].Score)
	}
	// Output:
	// a vector of 24 values for 1403 tokens
	// mean: LABEL_2 has 0.433
	// max: LABEL_2 has 0.438
}

// What an Embedder took for granted, and which prompts there are.
func ExampleEmbedder_Notes() {
	m := example()
	defer m.Close()
	e, err := pipeline.NewEmbedder(m)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(e.Notes()), "note,", len(e.Prompts()), "prompts")
	// Output: 1 note, 0 prompts
}

// NaN is like nothing, and an error.
func ExampleIndex_Search() {
	ix, err := pipeline.NewIndex(pipeline.Cosine, [][]float32{{1, 0}, {1, 1}})
	if err != nil {
		log.Fatal(err)
	}
	for _, query := range [][]float32{{0, 2}, {0, float32(math.NaN())}} {
		hits, err := ix.Search(context.Background(), [][]float32{query}, 1)
		if errors.Is(err, pipeline.ErrVector) {
			fmt.Println(err)
			continue
		}
		best := hits[0][0] // a pipeline.Hit
		fmt.Printf("vector %d, %.2f\n", best.Index, best.Score)
	}
	// Output:
	// vector 1, 0.71
	// input 0: pipeline: unsuitable vector: value 1 is NaN
}
