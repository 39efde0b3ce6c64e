package pipeline_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/goroberta/goroberta/pipeline"
	"github.com/goroberta/goroberta/roberta"
)

// BenchmarkMasks compares a Filler and a Scorer with the encoder alone on the same tokens,
// which computes all hidden states and no logits. A pipeline computes the last layer's for
// the masked tokens alone, and their logits.
func BenchmarkMasks(b *testing.B) {
	m := synthModel(b, 6, 384, 12)
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
		return bare(b, m, roberta.Request{Want: roberta.WantFeatures}, tokens)
	}
	measure(b, []bench{
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
	})
}
