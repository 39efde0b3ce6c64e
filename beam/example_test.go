package robertabeam_test

import (
	"context"
	"fmt"
	"iter"
	"log"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/core/metrics"
	_ "github.com/apache/beam/sdks/v2/go/pkg/beam/io/filesystem/local"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/register"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/runners/prism"
	robertabeam "github.com/goroberta/goroberta/beam"
	"github.com/goroberta/goroberta/models/pocket"
	"github.com/goroberta/goroberta/pipeline"
	"github.com/goroberta/goroberta/roberta"
)

// Workers run this program too: what they need by name is registered here.
func init() {
	robertabeam.RegisterModel("pocket", pocket.Open)
	robertabeam.RegisterModel("answers", openAnswers)
	register.Function1x0(printVector)
	register.Function1x0(printLabels)
	register.Function1x0(printEntities)
	register.Function1x0(printAnswers)
	register.Function1x0(printFills)
	register.Function1x0(printScore)
	register.Function1x0(printTokens)
	register.Function1x0(printFailure)
	register.Function2x0(printKeyed)
	beam.RegisterType(reflect.TypeFor[pipeline.Question]())
}

func printVector(r robertabeam.Result[[]float32]) {
	fmt.Println(r.ModelID, r.Example.Texts[0], len(r.Inference))
}

func printLabels(r robertabeam.Result[[]pipeline.Label]) {
	fmt.Println(r.Example.Texts[0], r.Inference[0].Name)
}

func printEntities(r robertabeam.Result[pipeline.Tagging]) {
	for _, e := range r.Inference.Entities {
		fmt.Println(e.Label, e.Text)
	}
}

func printAnswers(r robertabeam.Result[[]pipeline.Answer]) { fmt.Println(r.Inference[0].Text) }

func printFills(r robertabeam.Result[pipeline.Fills]) { fmt.Println(r.Inference.Masks[0][0].Text) }

func printScore(r robertabeam.Result[pipeline.Score]) { fmt.Println(len(r.Inference.Tokens), "tokens") }

func printTokens(r robertabeam.Result[[]int]) { fmt.Println(r.Example.Texts[0], r.Inference) }

func printFailure(f robertabeam.Failure) { fmt.Println(f.Error) }

func printKeyed(key int, r robertabeam.Result[[]pipeline.Label]) {
	fmt.Println(key, r.Inference[0].Name)
}

// run runs a pipeline on Prism.
func run(p *beam.Pipeline) beam.PipelineResult {
	r, err := prism.Execute(context.Background(), p)
	if err != nil {
		log.Fatal(err)
	}
	return r
}

func Example() {
	p, s := beam.NewPipelineWithRoot()
	texts := beam.Create(s, "What a lovely day!", "I hate it.", strings.Repeat("very ", 300))
	labels, failures := robertabeam.Classify(s, robertabeam.Config{Model: "pocket", Head: "sentiment"}, texts)
	beam.ParDo0(s, printLabels, labels)
	beam.ParDo0(s, printFailure, failures)
	run(p)
	// Unordered output:
	// What a lovely day! positive
	// I hate it. negative
	// roberta: sequence 0: 303 tokens exceed the maximum length of 256
}

// One model makes labels for keys, vectors and more in one job.
func ExampleClassify_keyed() {
	p, s := beam.NewPipelineWithRoot()
	texts := beam.ParDo(s, &withKeys{}, beam.Create(s, "7 What a lovely day!", "8 I hate it."))
	labels, _ := robertabeam.Classify(s, robertabeam.Config{Model: "pocket", Head: "sentiment", TopK: 1}, texts)
	beam.ParDo0(s, printKeyed, labels)
	run(p)
	// Unordered output:
	// 7 positive
	// 8 negative
}

// withKeys makes KV<int, string> of lines.
type withKeys struct{}

func (*withKeys) ProcessElement(line string) (key int, text string) {
	_, text, _ = strings.Cut(line, " ")
	fmt.Sscan(line, &key)
	return key, text
}

func init() { register.DoFn1x2[string, int, string](&withKeys{}) }

func ExampleEmbed() {
	p, s := beam.NewPipelineWithRoot()
	c := robertabeam.Config{Model: "pocket", Pooling: []pipeline.Pooling{pipeline.CLS}, TruncateDim: 64}
	fmt.Println(len(c.Options()), "options")
	vectors, _ := robertabeam.Embed(s, c, beam.Create(s, "Who paints?"))
	beam.ParDo0(s, printVector, vectors)
	run(p)
	// Output:
	// 2 options
	// pocket Who paints? 64
}

func ExampleTag() {
	p, s := beam.NewPipelineWithRoot()
	entities, _ := robertabeam.Tag(s, robertabeam.Config{Model: "pocket"}, beam.Create(s, "Maria Keller flew from Oslo to Lisbon."))
	beam.ParDo0(s, printEntities, entities)
	run(p)
	// Output:
	// PER Keller
	// LOC Oslo
	// LOC Lisbon
}

// openAnswers opens the pocket model with a head for answers of made-up weights.
func openAnswers(opts ...roberta.Option) (*roberta.Model, error) {
	m, err := pocket.Open(opts...)
	if err != nil {
		return nil, err
	}
	out := roberta.LinearWeights{Out: 2, In: m.Config().Dim, W: make([]float32, 2*m.Config().Dim)}
	for i := range out.W {
		out.W[i] = float32(i%5) - 2
	}
	return m, m.SetHead("answers", roberta.HeadWeights{Reads: roberta.ReadsSpans, Out: out})
}

func ExampleAnswer() {
	p, s := beam.NewPipelineWithRoot()
	q := pipeline.Question{Text: "Who was the last keeper?", Context: "The lighthouse at Skagen was built in 1858. Zoë Holm, its last keeper, left in 1988."}
	answers, _ := robertabeam.Answer(s, robertabeam.Config{Model: "answers"}, beam.Create(s, q))
	beam.ParDo0(s, printAnswers, answers) // of made-up weights
	run(p)
	// Output: . Zoë Holm, its last keeper, left in 1988.
}

func ExampleFillMask() {
	p, s := beam.NewPipelineWithRoot()
	fills, _ := robertabeam.FillMask(s, robertabeam.Config{Model: "pocket"}, beam.Create(s, "She opened the <mask> and walked into the house."))
	beam.ParDo0(s, printFills, fills)
	run(p)
	// Output: She opened the door and walked into the house.
}

func ExampleScore() {
	p, s := beam.NewPipelineWithRoot()
	scores, _ := robertabeam.Score(s, robertabeam.Config{Model: "pocket"}, beam.Create(s, "She opened the door."))
	beam.ParDo0(s, printScore, scores)
	r := run(p)
	m := r.Metrics().Query(func(m beam.MetricResult) bool {
		return m.Namespace() == robertabeam.Metrics && m.Name() == "num_inferences"
	})
	var counters []metrics.CounterResult = m.Counters()
	fmt.Println(counters[0].Result(), "text")
	// Output:
	// 5 tokens
	// 1 text
}

// openTokens makes a task of the tokenizer.
func openTokens(m *roberta.Model, _ robertabeam.Config) (robertabeam.Func[[]int], error) {
	return func(_ context.Context, inputs iter.Seq[pipeline.Input]) iter.Seq2[[]int, error] {
		return func(yield func([]int, error) bool) {
			for in := range inputs {
				if !yield(m.Encode(in.Texts[0]), nil) {
					return
				}
			}
		}
	}, nil
}

// Beam wants tasks registered in functions init.
func init() { registerTokens() }

var once sync.Once

func registerTokens() {
	once.Do(func() { robertabeam.RegisterTask("tokens", openTokens) })
}

func ExampleRegisterTask() {
	registerTokens() // function init has done it
	p, s := beam.NewPipelineWithRoot()
	tokens, _ := robertabeam.Run[[]int](s, robertabeam.Config{Model: "pocket"}, "tokens", beam.Create(s, "Hello world!"))
	beam.ParDo0(s, printTokens, tokens)
	run(p)
	// Output: Hello world! [0 31414 232 328 2]
}

func ExampleRegisterModel() {
	robertabeam.RegisterModel("one thread", func(opts ...roberta.Option) (*roberta.Model, error) {
		return pocket.Open(append(opts, roberta.WithThreads(1))...)
	}) // in a program: in a function init
	p, s := beam.NewPipelineWithRoot()
	vectors, _ := robertabeam.Embed(s, robertabeam.Config{Model: "one thread"}, beam.Create(s, "Who paints?"))
	beam.ParDo0(s, printVector, vectors)
	run(p)
	// Output: one thread Who paints? 256
}

func printLine(l robertabeam.Line, in pipeline.Input) {
	fmt.Println(l.File, l.Offset, l.ID, in.Texts)
}

func init() { register.Function2x0(printLine) }

func ExampleReadLines() {
	folder, err := os.MkdirTemp("", "lines")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(folder)
	in := "{\"id\":1,\"text\":\"What a lovely day!\"}\n{\"id\":2}\n{\"id\":3,\"text\":\"I hate it.\"}\n"
	if err := os.WriteFile(filepath.Join(folder, "a.jsonl"), []byte(in), 0o666); err != nil {
		log.Fatal(err)
	}
	p, s := beam.NewPipelineWithRoot()
	lines, unread := robertabeam.ReadLines(s, filepath.ToSlash(folder)+"/*.jsonl", robertabeam.ShardSize)
	beam.ParDo0(s, printLine, lines)
	labels, failures := robertabeam.Classify(s, robertabeam.Config{Model: "pocket", Head: "sentiment", TopK: 1}, lines)
	robertabeam.WriteLines[[]pipeline.Label](s, filepath.ToSlash(folder)+"/labels-", robertabeam.NoCompression, labels)
	robertabeam.WriteFailures(s, filepath.ToSlash(folder)+"/labels-", robertabeam.NoCompression, unread, failures)
	run(p)
	for _, name := range []string{"labels-a.jsonl-00000.jsonl", "labels-a.jsonl-00000.errors.jsonl"} {
		out, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s:\n%s", name, out)
	}
	// Unordered output:
	// a.jsonl 0 1 [What a lovely day!]
	// a.jsonl 46 3 [I hate it.]
	// labels-a.jsonl-00000.jsonl:
	// {"id":1,"labels":[{"label":"positive","score":0.98492795}]}
	// {"id":3,"labels":[{"label":"negative","score":0.9992067}]}
	// labels-a.jsonl-00000.errors.jsonl:
	// {"id":2,"offset":37,"error":"robertabeam: 0 of \"text\", \"texts\", \"words\", \"tokens\" and \"question\" are given, want one"}
}

func ExampleCompression() {
	for _, z := range []robertabeam.Compression{robertabeam.NoCompression, robertabeam.Gzip, robertabeam.Zstd} {
		fmt.Println("labels-a.jsonl-00000.jsonl" + string(z))
	}
	// Output:
	// labels-a.jsonl-00000.jsonl
	// labels-a.jsonl-00000.jsonl.gz
	// labels-a.jsonl-00000.jsonl.zst
}
