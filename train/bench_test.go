package train_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/goroberta/goroberta/train"
)

// noisy are features of some classes whose centres are apart by less than their noise.
// Like hidden states they have columns of scales far apart that depend on one another.
func noisy(n, dim, classes int) *train.Set {
	rng := rand.New(rand.NewPCG(1, 2))
	s := &train.Set{Features: train.Features{Dim: dim, Values: make([]float32, 0, n*dim)}}
	centres := make([]float64, classes*dim)
	for i := range centres {
		centres[i] = rng.NormFloat64() / 4
	}
	for k := range classes {
		s.Labels = append(s.Labels, fmt.Sprint(k))
	}
	for i := range n {
		k, last := i%classes, 0.0
		for j := range dim {
			scale := 1.0
			if j%50 == 7 {
				scale = 10
			}
			last = 0.5*last + rng.NormFloat64()
			s.Values = append(s.Values, float32(scale*(centres[k*dim+j]+last)))
		}
		s.Class = append(s.Class, k)
	}
	return s
}

// BenchmarkHead measures fits alone, without the features.
func BenchmarkHead(b *testing.B) {
	for _, size := range []struct{ n, dim, classes, inner int }{{200, 256, 3, 0}, {10_000, 256, 3, 0}, {10_000, 256, 20, 0}, {10_000, 768, 3, 0}, {200, 256, 3, 256}, {10_000, 256, 3, 256}} {
		b.Run(fmt.Sprintf("n=%d/c=%d/classes=%d/inner=%d", size.n, size.dim, size.classes, size.inner), func(b *testing.B) {
			s := noisy(size.n, size.dim, size.classes)
			for b.Loop() {
				fit, err := train.Head(b.Context(), s, train.WithInner(size.inner), train.WithEpochs(20))
				if err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(float64(fit.Steps), "steps")
				b.ReportMetric(fit.Train.Accuracy, "accuracy")
			}
		})
	}
}
