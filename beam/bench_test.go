//go:build unix

package robertabeam

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/register"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/testing/ptest"
	"github.com/goroberta/goroberta/pipeline"
)

// benchTexts makes n texts of about as many tokens.
func benchTexts(n, tokens int) (texts []string) {
	words := strings.Fields("the quick brown fox jumps over a lazy dog and then she opened door of old house near river to see what made that strange noise last night in town")
	r := rand.New(rand.NewPCG(1, 2))
	for range n {
		var b strings.Builder
		for range tokens/2 + r.IntN(tokens) - 2 {
			b.WriteString(words[r.IntN(len(words))])
			b.WriteByte(' ')
		}
		texts = append(texts, b.String())
	}
	return texts
}

// makeFn makes the texts on the worker: Create would send them in the job's description.
type makeFn struct{ N, Tokens int }

func (f *makeFn) ProcessElement(_ []byte, emit func(string)) {
	for _, t := range benchTexts(f.N, f.Tokens) {
		emit(t)
	}
}

func countVector(r Result[[]float32]) int { return len(r.Inference) }

func init() {
	register.DoFn2x0[[]byte, func(string)](&makeFn{})
	register.Function1x1(countVector)
}

// cpu is the processor time that the process has used, in seconds.
func cpu(b *testing.B) float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}

// BenchmarkPrism compares a job on Prism with the library called directly, in turns: by
// the time that passes, and by processor time, which other programs on the machine hardly
// disturb.
// GOROBERTA_BENCH_MODEL is the path of another model than the pocket model.
func BenchmarkPrism(b *testing.B) {
	c := Config{Model: "pocket"}
	scale := 1
	if m := os.Getenv("GOROBERTA_BENCH_MODEL"); m != "" {
		c.Model, scale = m, 20
	}
	for _, size := range []struct{ n, tokens int }{{2000 / scale, 32}, {500 / scale, 128}} {
		b.Run(fmt.Sprintf("tokens=%d", size.tokens), func(b *testing.B) {
			model, _, err := acquire(c) // the job finds it open
			if err != nil {
				b.Fatal(err)
			}
			defer release(c)
			e, err := pipeline.NewEmbedder(model.model, c.Options()...)
			if err != nil {
				b.Fatal(err)
			}
			texts := benchTexts(size.n, size.tokens)
			var bare, prism, bareCPU, prismCPU []float64
			for b.Loop() {
				start, used := time.Now(), cpu(b)
				for _, err := range e.EmbedSeq(b.Context(), pipeline.Texts(slices.Values(texts))) {
					if err != nil {
						b.Fatal(err)
					}
				}
				bare, bareCPU = append(bare, time.Since(start).Seconds()), append(bareCPU, cpu(b)-used)
				p, s := beam.NewPipelineWithRoot()
				col := beam.Reshuffle(s, beam.ParDo(s, &makeFn{size.n, size.tokens}, beam.Impulse(s)))
				vectors, _ := Embed(s, c, col)
				beam.ParDo(s, countVector, beam.Reshuffle(s, vectors))
				start, used = time.Now(), cpu(b)
				if err := ptest.Run(p); err != nil {
					b.Fatal(err)
				}
				prism, prismCPU = append(prism, time.Since(start).Seconds()), append(prismCPU, cpu(b)-used)
			}
			median := func(x []float64) float64 { slices.Sort(x); return x[len(x)/2] }
			x, y := median(bare), median(prism)
			b.ReportMetric(float64(size.n)/x, "bare-texts/s")
			b.ReportMetric(float64(size.n)/y, "prism-texts/s")
			b.ReportMetric(x/y, "prism/bare")
			b.ReportMetric(median(bareCPU)/median(prismCPU), "prism/bare-cpu")
			b.ReportMetric(float64(size.n)/median(bareCPU), "bare-texts/cpu-s")
		})
	}
}
