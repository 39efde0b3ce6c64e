package robertabeam

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/core/graph/mtime"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/core/graph/window"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/core/metrics"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/register"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/testing/passert"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/testing/ptest"
	"github.com/goroberta/goroberta/models/pocket"
	"github.com/goroberta/goroberta/pipeline"
	"github.com/goroberta/goroberta/roberta"

	"time"
)

func TestMain(m *testing.M) { ptest.Main(m) }

func init() {
	register.Function1x1(failureText)
	register.Function2x1(keyedFailureText)
	register.Function2x2(swap)
	register.Function3x1(placeText)
	register.Function3x1(placeVector)
	register.Function1x2(stamp)
	register.Emitter1[string]()
	for _, t := range []reflect.Type{
		reflect.TypeFor[textFn[[]float32]](), reflect.TypeFor[textFn[[]pipeline.Label]](), reflect.TypeFor[textFn[pipeline.Tagging]](),
		reflect.TypeFor[textFn[[]pipeline.Answer]](), reflect.TypeFor[textFn[pipeline.Fills]](), reflect.TypeFor[textFn[pipeline.Score]](),
		reflect.TypeFor[keyedTextFn[[]float32]](), reflect.TypeFor[keyedTextFn[[]pipeline.Label]](), reflect.TypeFor[keyedTextFn[pipeline.Tagging]](),
		reflect.TypeFor[keyedTextFn[[]pipeline.Answer]](), reflect.TypeFor[keyedTextFn[pipeline.Fills]](), reflect.TypeFor[keyedTextFn[pipeline.Score]](),
	} {
		beam.RegisterType(t)
	}
	RegisterTask("lengths", func(*roberta.Model, Config) (Func[int], error) { return lengths, nil })
}

// text is a result, to be compared.
func text(example pipeline.Input, v any) string {
	b, err := json.Marshal(members(v))
	if err != nil {
		panic(err)
	}
	return fmt.Sprintf("%q %s", example.Texts, b)
}

type textFn[R any] struct{}

func (textFn[R]) ProcessElement(r Result[R], emit func(string)) {
	emit(r.ModelID + " " + text(r.Example, r.Inference))
}

type keyedTextFn[R any] struct{}

func (keyedTextFn[R]) ProcessElement(key int, r Result[R], emit func(string)) {
	emit(fmt.Sprint(key, " ", r.ModelID, " ", text(r.Example, r.Inference)))
}

func failureText(f Failure) string {
	return fmt.Sprintf("%q %s %s", f.Example.Texts, f.ModelID, f.Error)
}

func keyedFailureText(key int, f Failure) string { return fmt.Sprint(key, " ", failureText(f)) }

func swap(text string, key int) (int, string) { return key, text }

var long = strings.Repeat("word ", 300)

// inputs are texts of several kinds, and some that cannot be answered.
func inputs() (texts []pipeline.Input) {
	for i := range 40 {
		s := fmt.Sprintf("Maria Keller met number %d in Oslo%s and they went <mask> again.", i, strings.Repeat(" on a very long day", i%5))
		if i%13 == 5 {
			s = long
		}
		texts = append(texts, pipeline.Text(s))
	}
	return texts
}

// checkTransform compares a transform with the pipeline called directly.
func checkTransform[R any](t *testing.T, c Config, transform func(beam.Scope, Config, beam.PCollection) (beam.PCollection, beam.PCollection), inputs []pipeline.Input, direct Func[R]) {
	t.Helper()
	var want, wantKeyed, failed, failedKeyed []string
	i := 0
	for r, err := range direct(t.Context(), func(yield func(pipeline.Input) bool) {
		for _, in := range inputs {
			if !yield(in) {
				return
			}
		}
	}) {
		if err != nil {
			failed = append(failed, fmt.Sprintf("%q %s %s", inputs[i].Texts, c.Model, err))
			failedKeyed = append(failedKeyed, fmt.Sprintf("%d %q %s %s", i, inputs[i].Texts, c.Model, err))
		} else {
			want = append(want, c.Model+" "+text(inputs[i], r))
			wantKeyed = append(wantKeyed, fmt.Sprint(i, " ", c.Model, " ", text(inputs[i], r)))
		}
		i++
	}
	if len(failed) == 0 || len(want) < 5 {
		t.Fatalf("%d inputs fail and %d do not", len(failed), len(want))
	}
	var keys []int
	for i := range inputs {
		keys = append(keys, i)
	}
	p, s, col := ptest.CreateList(inputs)
	results, failures := transform(s, c, col)
	passert.EqualsList(s.Scope("results"), beam.ParDo(s, textFn[R]{}, results), want)
	passert.EqualsList(s.Scope("failures"), beam.ParDo(s, failureText, failures), failed)
	keyed := beam.ParDo(s, &indexFn{Inputs: inputs}, beam.CreateList(s, keys))
	results, failures = transform(s, c, keyed)
	passert.EqualsList(s.Scope("keyed results"), beam.ParDo(s, keyedTextFn[R]{}, results), wantKeyed)
	passert.EqualsList(s.Scope("keyed failures"), beam.ParDo(s, keyedFailureText, failures), failedKeyed)
	ptest.RunAndValidate(t, p)
}

// indexFn makes KV<int, Input>.
type indexFn struct{ Inputs []pipeline.Input }

func (f *indexFn) ProcessElement(i int) (int, pipeline.Input) { return i, f.Inputs[i] }

func init() { register.DoFn1x2[int, int, pipeline.Input](&indexFn{}) }

func TestTransforms(t *testing.T) {
	m, err := pocket.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, hold := range []int{0, 1, 900} {
		t.Run(fmt.Sprintf("hold=%d", hold), func(t *testing.T) {
			c := Config{Model: "pocket", Hold: hold}
			e, err := pipeline.NewEmbedder(m)
			must(err)
			checkTransform(t, c, Embed, inputs(), e.EmbedSeq)
			c.Head, c.TopK = "topic", 3
			cl, err := pipeline.NewClassifier(m, pipeline.WithHead("topic"), pipeline.WithTopK(3))
			must(err)
			checkTransform(t, c, Classify, inputs(), cl.ClassifySeq)
			c = Config{Model: "pocket", Hold: hold, Batch: 100}
			tg, err := pipeline.NewTagger(m)
			must(err)
			checkTransform(t, c, Tag, inputs(), tg.TagSeq)
			c = Config{Model: "pocket", Hold: hold, TopK: 2}
			fl, err := pipeline.NewFiller(m, pipeline.WithTopK(2))
			must(err)
			checkTransform(t, c, FillMask, inputs(), values(fl.FillSeq))
			with, err := openers["answers"]()
			must(err)
			defer with.Close()
			rd, err := pipeline.NewReader(with)
			must(err)
			questions := inputs()[:12]
			for i, q := range questions {
				if i%4 != 1 { // those are no questions
					questions[i] = pipeline.Text(fmt.Sprintf("Who is number %d?", i), q.Texts[0])
				}
			}
			checkTransform(t, Config{Model: "answers", Hold: hold}, Answer, questions, asQuestions(rd))
			c.TopK = 0
			sc, err := pipeline.NewScorer(m)
			must(err)
			checkTransform(t, c, Score, inputs()[:10], values(sc.ScoreSeq))
		})
	}
}

// asQuestions has a Reader answer inputs of a question and its context.
func asQuestions(r *pipeline.Reader) Func[[]pipeline.Answer] {
	return func(ctx context.Context, inputs iter.Seq[pipeline.Input]) iter.Seq2[[]pipeline.Answer, error] {
		return r.AnswerSeq(ctx, questions(inputs))
	}
}

// lengths is a task of the test: the length of each text, and no answer to "bad".
func lengths(_ context.Context, inputs iter.Seq[pipeline.Input]) iter.Seq2[int, error] {
	return func(yield func(int, error) bool) {
		for in := range inputs {
			var err error
			if in.Texts[0] == "bad" {
				err = fmt.Errorf("a bad text")
			}
			if !yield(len(in.Texts[0]), err) {
				return
			}
		}
	}
}

// stamp gives text number i a time.
func stamp(i int) (beam.EventTime, string) {
	return mtime.FromMilliseconds(int64(i) * 700), strings.Repeat("x", i%7+1)
}

func placeText(w beam.Window, at beam.EventTime, text string) string {
	return fmt.Sprint(w, at, len(text))
}

func placeVector(w beam.Window, at beam.EventTime, r Result[int]) string {
	return fmt.Sprint(w, at, r.Inference)
}

// TestWindows checks that results are where their texts were.
func TestWindows(t *testing.T) {
	var numbers []int
	for i := range 60 {
		numbers = append(numbers, i)
	}
	for name, fn := range map[string]*window.Fn{
		"global":  window.NewGlobalWindows(),
		"fixed":   window.NewFixedWindows(5 * time.Second),
		"sliding": window.NewSlidingWindows(2*time.Second, 6*time.Second),
	} {
		for _, hold := range []int{1, 20, 0} {
			t.Run(fmt.Sprintf("%s/%d", name, hold), func(t *testing.T) {
				p, s, col := ptest.CreateList(numbers)
				col = beam.WindowInto(s, fn, beam.ParDo(s, stamp, col))
				results, _ := Run[int](s, Config{Model: "pocket", Hold: hold}, "lengths", col)
				global := window.NewGlobalWindows()
				got := beam.WindowInto(s, global, beam.ParDo(s, placeVector, results))
				want := beam.WindowInto(s, global, beam.ParDo(s, placeText, col))
				passert.Equals(s, got, want)
				ptest.RunAndValidate(t, p)
			})
		}
	}
}

func TestMissingModel(t *testing.T) {
	path := filepath.Join(t.TempDir(), "no-model.safetensors")
	p, s, col := ptest.CreateList([]string{"a text"})
	Embed(s, Config{Model: path}, col)
	if err := ptest.Run(p); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("error %v, want one that names %s", err, path)
	}
	p, s, col = ptest.CreateList([]string{"a text"})
	Embed(s, Config{Model: "pocket", TopK: 3}, col)
	if err := ptest.Run(p); err == nil || !strings.Contains(err.Error(), "WithTopK") {
		t.Errorf("error %v, want one that names WithTopK", err)
	}
}

func TestMetrics(t *testing.T) {
	p, s, col := ptest.CreateList([]string{"a", "bad", "ccc", "dd", "bad"})
	Run[int](s, Config{Model: "pocket"}, "lengths", col)
	r := ptest.RunAndValidate(t, p)
	all := r.Metrics().Query(func(r beam.MetricResult) bool { return r.Namespace() == "RunInference" })
	counters := map[string]int64{}
	for _, c := range all.Counters() {
		counters[c.Name()] += c.Result()
	}
	if counters["num_inferences"] != 3 || counters["failed_inferences"] != 2 {
		t.Errorf("counters %v", counters)
	}
	distributions := map[string]metrics.DistributionValue{}
	for _, d := range all.Distributions() {
		distributions[d.Name()] = d.Result()
	}
	if d := distributions["inference_request_batch_size"]; d.Sum != 5 {
		t.Errorf("batch sizes %v", d)
	}
	if d := distributions["inference_request_batch_byte_size"]; d.Sum != 12 {
		t.Errorf("batch bytes %v", d)
	}
	if d := distributions["inference_batch_latency_micro_secs"]; d.Count == 0 {
		t.Errorf("latencies %v", d)
	}
}

// TestHeld checks what a bundle of any size holds.
func TestHeld(t *testing.T) {
	w := work[int]{Config: Config{Model: "pocket"}, Task: "lengths"}
	if err := w.Setup(); err != nil {
		t.Fatal(err)
	}
	defer w.Teardown()
	most, bytes, n, want := 0, 0, 0, 0
	emit := func(beam.T, Result[int]) { n++ }
	for i := range 300000 {
		text := strings.Repeat("x", i%200)
		if i%1000 == 0 {
			text = strings.Repeat("x", 100000)
		}
		want++
		full := w.add(element{nil, pipeline.Text(text), nil})
		most, bytes = max(most, len(w.held)), max(bytes, w.bytes)
		if full {
			if err := w.flush(t.Context(), emit, nil); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.flush(t.Context(), emit, nil); err != nil || n != want {
		t.Errorf("%d answers, %v, want %d", n, err, want)
	}
	if most > maxHeld || bytes > hold+100000 {
		t.Errorf("held %d elements of %d bytes", most, bytes)
	}
}

func TestShared(t *testing.T) {
	c := Config{Model: "pocket", Threads: 5} // jobs of other tests, which may not have ended yet, have other numbers
	a, first, err := acquire(c)
	if err != nil || !first {
		t.Fatal(first, err)
	}
	b, second, err := acquire(c)
	if err != nil || second || a.model != b.model {
		t.Fatal(second, err)
	}
	if err := release(c); err != nil {
		t.Error(err)
	}
	if _, err := a.model.FillMask(t.Context(), "A <mask>.", 1); err != nil {
		t.Error("closed with a user left:", err)
	}
	if err := release(c); err != nil {
		t.Error(err)
	}
	if _, _, err := acquire(Config{Model: "nowhere"}); err == nil {
		t.Error("no error")
	}
	p := roberta.Int8
	c.Precision = &p
	rounded, first, err := acquire(c)
	if err != nil || !first || rounded.model.Precision() != roberta.Int8 {
		t.Fatal(first, err)
	}
	if err := release(c); err != nil {
		t.Error(err)
	}
}

// TestLastError checks that the error which ended a task is in that of the bundle.
func TestLastError(t *testing.T) {
	w := work[int]{Config: Config{Model: "pocket"}, Task: "lengths"}
	if err := w.Setup(); err != nil {
		t.Fatal(err)
	}
	defer w.Teardown()
	end := errors.New("the disk is gone")
	w.run = func(context.Context, iter.Seq[pipeline.Input]) iter.Seq2[int, error] {
		return func(yield func(int, error) bool) { yield(0, end) }
	}
	w.add(element{in: pipeline.Text("a")})
	w.add(element{in: pipeline.Text("b")})
	if err := w.flush(t.Context(), nil, func(beam.T, Failure) {}); !errors.Is(err, end) {
		t.Errorf("error %v, want %v", err, end)
	}
	w.Config.Hold = -1
	if err := w.Setup(); err == nil || !strings.Contains(err.Error(), "Hold") {
		t.Errorf("Hold of -1: %v", err)
	}
}

// TestConfigJSON checks that empty lists reach the workers: WithIgnore of none is not the
// default.
func TestConfigJSON(t *testing.T) {
	p := roberta.Int8
	want := Config{Ignore: []string{}, Targets: []string{}, Precision: &p}
	b, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var got Config
	if err := json.Unmarshal(b, &got); err != nil || len(got.Options()) != 2 || !reflect.DeepEqual(got, want) {
		t.Errorf("%s became %+v, %v", b, got, err)
	}
}

func init() {
	RegisterModel("panics", func(...roberta.Option) (*roberta.Model, error) { panic("no such luck") })
}

// TestOpenPanics checks that a model whose opening panics does not make others wait for it.
func TestOpenPanics(t *testing.T) {
	for range 2 {
		done := make(chan any, 1)
		go func() {
			defer func() { done <- recover() }()
			acquire(Config{Model: "panics"})
		}()
		select {
		case r := <-done:
			if r != "no such luck" {
				t.Errorf("panic %v", r)
			}
		case <-time.After(30 * time.Second):
			t.Fatal("waits for ever")
		}
	}
}

// TestWordsHeld checks that words without letters count as memory.
func TestWordsHeld(t *testing.T) {
	in := pipeline.Words(make([]string, hold/16+2)...)
	if n := size(&in); n < hold {
		t.Errorf("%d words have %d bytes", len(in.Words), n)
	}
}
