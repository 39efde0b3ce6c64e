package pipeline_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goroberta/goroberta/internal/synth"
	"github.com/goroberta/goroberta/pipeline"
	"github.com/goroberta/goroberta/roberta"
)

// BenchmarkPipelines compares pipelines with the encoder alone on the same tokens, for a
// model of a small embedder's size: 6 layers of 384. Encoding the texts is a part of a
// pipeline's time.
func BenchmarkPipelines(b *testing.B) {
	arch := synth.Model{Arch: "roberta_base", Layers: 6, Dim: 384, FFN: 1536, Heads: 12, MaxPositions: 512, Vocabulary: 50265, Classifiers: []synth.Classifier{{Name: "mnli", Classes: 3, Hidden: 384}}}
	path := filepath.Join(b.TempDir(), "model.safetensors")
	if err := arch.WriteFile(b.Context(), path, 1); err != nil {
		b.Fatal(err)
	}
	m, err := roberta.Open(path)
	if err != nil {
		b.Fatal(err)
	}
	defer m.Close()
	tagHead(b, m, "ner", "O", "B-PER", "I-PER")
	var texts []string
	var inputs []pipeline.Input
	var tokens [][]int
	n := 0
	for i := range 256 {
		text := strings.Repeat("The harbour was quiet when the ferry from Bergen came in. ", 1+i%4)
		texts, inputs, tokens = append(texts, text), append(inputs, pipeline.Text(text)), append(tokens, m.Encode(text))
		n += len(tokens[i])
	}
	c, err1 := pipeline.NewClassifier(m)
	tg, err2 := pipeline.NewTagger(m)
	e, err3 := pipeline.NewEmbedder(m)
	first, err4 := pipeline.NewEmbedder(m, pipeline.WithPooling(pipeline.CLS))
	sparse, err5 := pipeline.NewSparseEmbedder(m)
	for _, err := range []error{err1, err2, err3, err4, err5} {
		if err != nil {
			b.Fatal(err)
		}
	}
	// bare computes batches of as many tokens as a pipeline's.
	bare := func(q roberta.Request) error {
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
	for _, bench := range []struct {
		name string
		run  func() error
	}{
		{"task=classify/by=encoder", func() error { return bare(roberta.Request{Head: "mnli"}) }},
		{"task=classify/by=pipeline", func() error { _, err := c.ClassifyAll(b.Context(), inputs); return err }},
		{"task=tag/by=encoder", func() error { return bare(roberta.Request{Head: "ner"}) }},
		{"task=tag/by=pipeline", func() error { _, err := tg.TagAll(b.Context(), inputs); return err }},
		{"task=embed/by=encoder", func() error { return bare(roberta.Request{Want: roberta.WantFeatures}) }},
		{"task=embed/by=pipeline", func() error { _, err := e.Embed(b.Context(), texts); return err }},
		{"task=embed-cls/by=encoder", func() error { return bare(roberta.Request{Want: roberta.WantFirst}) }},
		{"task=embed-cls/by=pipeline", func() error { _, err := first.Embed(b.Context(), texts); return err }},
		{"task=embed-sparse/by=encoder", func() error {
			return bare(roberta.Request{Want: roberta.WantLogits, EachLogits: func(int, int, int, []float32) {}})
		}},
		{"task=embed-sparse/by=pipeline", func() error { _, err := sparse.Embed(b.Context(), texts); return err }},
		{"task=embed/by=sequence", func() error {
			for _, err := range e.EmbedSeq(b.Context(), pipeline.Texts(slices.Values(texts))) {
				if err != nil {
					return err
				}
			}
			return nil
		}},
	} {
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
