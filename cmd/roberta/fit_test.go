package main

import (
	"fmt"
	"testing"

	"github.com/goroberta/goroberta/models/pocket"
	"github.com/goroberta/goroberta/train"
)

// BenchmarkFit measures a head for short texts on the pocket model, features included.
func BenchmarkFit(b *testing.B) {
	words := []string{"rain", "snow", "bread", "soup", "a goal", "the team", "we saw", "yesterday", "in the north", "with friends", "and then", "it was good"}
	for _, n := range []int{200, 10_000} {
		for _, inner := range []int{0, 256} {
			b.Run(fmt.Sprintf("texts=%d/inner=%d", n, inner), func(b *testing.B) {
				m, err := pocket.Open()
				if err != nil {
					b.Fatal(err)
				}
				defer m.Close()
				examples := make([]train.Example, n)
				for i := range examples {
					text := words[i%6]
					for k := range 3 {
						text += " " + words[6+(i*(k+3)+i/(7*k+5))%6]
					}
					examples[i] = train.Example{Texts: []string{text}, Label: []string{"weather", "food", "sport"}[i%6/2]}
				}
				for b.Loop() {
					fit, err := train.Classifier(b.Context(), m, "topic", examples, train.WithInner(inner))
					if err != nil {
						b.Fatal(err)
					}
					b.ReportMetric(fit.Train.Accuracy, "accuracy")
				}
				b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "texts/s")
			})
		}
	}
}
