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

// BenchmarkMasks compares a Filler and a Scorer with the encoder alone on the same tokens,
// which computes all hidden states and no logits. A pipeline computes the last layer's for
// the masked tokens alone, and their logits.
func BenchmarkMasks(b *testing.B) {
	arch := synth.Model{Arch: "roberta_base", Layers: 6, Dim: 384, FFN: 1536, Heads: 12, MaxPositions: 512, Vocabulary: 50265}
	path := filepath.Join(b.TempDir(), "model.safetensors")
	if err := arch.WriteFile(b.Context(), path, 1); err != nil {
		b.Fatal(err)
	}
	m, err := roberta.Open(path)
	if err != nil {
		b.Fatal(err)
	}
	defer m.Close()
	var texts, masked []string
	for i := range 8 {
		text := strings.Repeat("The harbour was quiet when the ferry from Bergen came in. ", 1+i%4)
		texts, masked = append(texts, text), append(masked, strings.Replace(text, " quiet", " <mask>", 1))
	}
	fl, err1 := pipeline.NewFiller(m)
	sc, err2 := pipeline.NewScorer(m)
	if err1 != nil || err2 != nil {
		b.Fatal(err1, err2)
	}
	// What the encoder alone reads: the texts with a mask, and for scores a copy of each text
	// for each of its tokens.
	var fillTokens, scoreTokens [][]int
	for i, text := range texts {
		fillTokens = append(fillTokens, m.Encode(masked[i]))
		ids := m.Encode(text)
		for range len(ids) - 2 {
			scoreTokens = append(scoreTokens, ids)
		}
	}
	bare := func(tokens [][]int) error {
		for lo, hi, sum := 0, 0, 0; lo < len(tokens); lo, sum = hi, 0 {
			for hi = lo; hi < len(tokens) && sum+len(tokens[hi]) <= 4096; hi++ {
				sum += len(tokens[hi])
			}
			if _, err := m.Compute(b.Context(), roberta.Request{Inputs: roberta.Inputs(tokens[lo:hi]...), Want: roberta.WantFeatures}); err != nil {
				return err
			}
		}
		return nil
	}
	for _, bench := range []struct {
		name   string
		tokens [][]int
		run    func() error
	}{
		{"task=fill-mask/by=encoder", fillTokens, func() error { return bare(fillTokens) }},
		{"task=fill-mask/by=pipeline", fillTokens, func() error {
			for _, err := range fl.FillSeq(b.Context(), pipeline.Texts(slices.Values(masked))) {
				if err != nil {
					return err
				}
			}
			return nil
		}},
		{"task=score/by=encoder", scoreTokens, func() error { return bare(scoreTokens) }},
		{"task=score/by=pipeline", scoreTokens, func() error {
			for _, err := range sc.ScoreSeq(b.Context(), pipeline.Texts(slices.Values(texts))) {
				if err != nil {
					return err
				}
			}
			return nil
		}},
	} {
		n := 0
		for _, t := range bench.tokens {
			n += len(t)
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
