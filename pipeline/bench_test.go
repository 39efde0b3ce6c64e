package pipeline_test

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/goroberta/goroberta/pipeline"
	"github.com/goroberta/goroberta/roberta"
	"github.com/goroberta/goroberta/tokenizer"
)

// BenchmarkPipelines compares pipelines with the encoder alone on the same tokens, for a
// model of a small embedder's size: 6 layers of 384. Encoding the texts is a part of a
// pipeline's time.
func BenchmarkPipelines(b *testing.B) {
	m := synthModel(b, 6, 384, 12)
	var texts []string
	var inputs []pipeline.Input
	var tokens [][]int
	for i := range 256 {
		text := strings.Repeat("The harbour was quiet when the ferry from Bergen came in. ", 1+i%4)
		texts, inputs, tokens = append(texts, text), append(inputs, pipeline.Text(text)), append(tokens, m.Encode(text))
	}
	c, err1 := pipeline.NewClassifier(m, pipeline.WithHead("mnli"))
	tg, err2 := pipeline.NewTagger(m)
	e, err3 := pipeline.NewEmbedder(m)
	first, err4 := pipeline.NewEmbedder(m, pipeline.WithPooling(pipeline.CLS))
	many, err5 := pipeline.NewSparseEmbedder(m) // of weights at random, which leave half of the vocabulary
	trained, sparse := fewValues(b, texts[0])
	r, err6 := pipeline.NewReranker(m)
	ch, err7 := pipeline.NewChooser(m)
	z, err8 := pipeline.NewZeroShot(m)
	rd, err9 := pipeline.NewReader(m)
	if err := errors.Join(err1, err2, err3, err4, err5, err6, err7, err8, err9); err != nil {
		b.Fatal(err)
	}
	// Pairs of the texts: with labels, choices and a query, or a question and windows of
	// a context.
	labels := []string{"sport", "cooking", "travel", "politics"}
	const question = "When did the ferry come in?"
	var candidates []pipeline.Candidates
	var prompts []pipeline.Prompt
	var questions []pipeline.Question
	var sentences, windows [][]int
	for i, text := range texts[:128] {
		candidates, prompts = append(candidates, pipeline.Candidates{Text: text, Labels: labels}), append(prompts, pipeline.Prompt{Text: text, Choices: labels})
		for _, l := range labels {
			sentences = append(sentences, m.Encode(text, "This example is "+l+"."))
		}
		q := pipeline.Question{Text: question, Context: strings.Repeat(text, 1+i%8)}
		questions = append(questions, q)
		tok, err := m.Tokenizer()
		if err != nil {
			b.Fatal(err)
		}
		all, err := tok.Template().Windows(tok, tokenizer.Limit{Length: 384, Stride: 128, Truncation: tokenizer.OnlySecond}, q.Text, q.Context)
		if err != nil {
			b.Fatal(err)
		}
		for e := range all {
			windows = append(windows, e.IDs)
		}
	}
	var chosen, ranked [][]int
	for _, text := range texts {
		for _, l := range labels {
			if len(chosen) < 4*128 {
				chosen = append(chosen, m.Encode(text, l))
			}
		}
		ranked = append(ranked, m.Encode(question, text))
	}
	everyLogit := roberta.Request{Want: roberta.WantLogits, EachLogits: func(int, int, int, []float32) {}}
	bareTrained := func() error { return bare(b, trained, everyLogit, tokens) }
	bare := func(q roberta.Request, tokens [][]int) error { return bare(b, m, q, tokens) }
	measure(b, []bench{
		{"task=classify/by=encoder", tokens, func() error { return bare(roberta.Request{Head: "mnli"}, tokens) }},
		{"task=classify/by=pipeline", tokens, func() error { _, err := c.ClassifyAll(b.Context(), inputs); return err }},
		{"task=tag/by=encoder", tokens, func() error { return bare(roberta.Request{Head: "ner"}, tokens) }},
		{"task=tag/by=pipeline", tokens, func() error { _, err := tg.TagAll(b.Context(), inputs); return err }},
		{"task=embed/by=encoder", tokens, func() error { return bare(roberta.Request{Want: roberta.WantFeatures}, tokens) }},
		{"task=embed/by=pipeline", tokens, func() error { _, err := e.Embed(b.Context(), texts); return err }},
		{"task=rank/by=encoder", ranked, func() error { return bare(roberta.Request{Head: "rank"}, ranked) }},
		{"task=rank/by=pipeline", ranked, func() error { _, err := r.Rank(b.Context(), question, texts); return err }},
		{"task=choose/by=encoder", chosen, func() error { return bare(roberta.Request{Head: "choice"}, chosen) }},
		{"task=choose/by=pipeline", chosen, func() error { _, err := ch.ChooseAll(b.Context(), prompts); return err }},
		{"task=zero-shot/by=encoder", sentences, func() error { return bare(roberta.Request{Head: "mnli"}, sentences) }},
		{"task=zero-shot/by=pipeline", sentences, func() error { _, err := z.ClassifyAll(b.Context(), candidates); return err }},
		{"task=answer/by=encoder", windows, func() error { return bare(roberta.Request{Head: "qa"}, windows) }},
		{"task=answer/by=pipeline", windows, func() error { _, err := rd.AnswerAll(b.Context(), questions); return err }},
		{"task=embed-cls/by=encoder", tokens, func() error { return bare(roberta.Request{Want: roberta.WantFirst}, tokens) }},
		{"task=embed-cls/by=pipeline", tokens, func() error { _, err := first.Embed(b.Context(), texts); return err }},
		{"task=embed-sparse/by=encoder", tokens, bareTrained},
		{"task=embed-sparse/by=pipeline", tokens, func() error { _, err := sparse.Embed(b.Context(), texts); return err }},
		{"task=embed-half/by=encoder", tokens, func() error { return bare(everyLogit, tokens) }},
		{"task=embed-half/by=pipeline", tokens, func() error { _, err := many.Embed(b.Context(), texts); return err }},
		{"task=embed/by=sequence", tokens, func() error {
			for _, err := range e.EmbedSeq(b.Context(), pipeline.Texts(slices.Values(texts))) {
				if err != nil {
					return err
				}
			}
			return nil
		}},
	})
}

// fewValues is a model of the same size whose vector of a text has some hundred values, as
// those of trained SPLADE models do: the bias of its language-model head is lower.
func fewValues(b *testing.B, text string) (*roberta.Model, *pipeline.SparseEmbedder) {
	b.Helper()
	path := synthFile(b, 6, 384, 12)
	data, err := os.ReadFile(path)
	if err != nil {
		b.Fatal(err)
	}
	n := binary.LittleEndian.Uint64(data)
	var header map[string]struct {
		Offsets [2]int `json:"data_offsets"`
	}
	if err := json.Unmarshal(data[8:8+n], &header); err != nil {
		b.Fatal(err)
	}
	at := header["encoder.lm_head.bias"].Offsets
	if at[1] == 0 {
		b.Fatal("the model has no bias")
	}
	bias := data[8+int(n):][at[0]:at[1]]
	for bound := float32(0); ; bound -= 0.25 {
		for i := 0; i < len(bias); i += 4 {
			binary.LittleEndian.PutUint32(bias[i:], math.Float32bits(bound))
		}
		if err := os.WriteFile(path, data, 0o666); err != nil {
			b.Fatal(err)
		}
		m, err := roberta.Open(path, roberta.WithoutMap())
		if err != nil {
			b.Fatal(err)
		}
		e, err := pipeline.NewSparseEmbedder(m)
		if err != nil {
			b.Fatal(err)
		}
		vectors, err := e.Embed(b.Context(), []string{text})
		if err != nil {
			b.Fatal(err)
		}
		if len(vectors[0].Indices) < 300 {
			b.Cleanup(func() { m.Close() })
			return m, e
		}
		m.Close()
	}
}

// bare computes batches of as many tokens as a pipeline's.
func bare(b *testing.B, m *roberta.Model, q roberta.Request, tokens [][]int) error {
	for lo, hi, sum := 0, 0, 0; lo < len(tokens); lo, sum = hi, 0 {
		for hi = lo; hi < len(tokens) && sum+len(tokens[hi]) <= 4096; hi++ {
			sum += len(tokens[hi])
		}
		q.Inputs = roberta.Inputs(tokens[lo:hi]...)
		if _, err := m.Compute(b.Context(), q); err != nil {
			return err
		}
	}
	return nil
}

// A bench is a way to compute tokens.
type bench struct {
	name   string
	tokens [][]int
	run    func() error
}

// measure reports how many tokens a second each has.
func measure(b *testing.B, all []bench) {
	for _, bench := range all {
		n := 0
		for _, ids := range bench.tokens {
			n += len(ids)
		}
		b.Run(bench.name, func(b *testing.B) {
			for b.Loop() {
				if err := bench.run(); err != nil {
					b.Fatal(fmt.Errorf("%s: %w", bench.name, err))
				}
			}
			b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "tokens/s")
		})
	}
}
