package robertabeam

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"reflect"
	"time"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/core/typex"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/register"
	"github.com/goroberta/goroberta/pipeline"
	"github.com/goroberta/goroberta/roberta"
)

// A Result is what a model says of an input. Its fields have the names that Beam's
// RunInference gives them.
type Result[R any] struct {
	Example   pipeline.Input
	Inference R
	ModelID   string // Config.Model
	place     *place
}

func (r Result[R]) at() *place { return r.place }

func (r Result[R]) unplaced() Result[R] { r.place = nil; return r }

// A Failure is an input that has no answer, and why.
type Failure struct {
	Example pipeline.Input
	Error   string
	ModelID string // Config.Model
	place   *place
}

func (f Failure) at() *place { return f.place }

func (f Failure) unplaced() Failure { f.place = nil; return f }

func init() {
	beam.RegisterType(reflect.TypeFor[pipeline.Input]())
	beam.RegisterType(reflect.TypeFor[Failure]())
	registerEmitters[Failure]()
	register.Function1x1(textInput)
	register.Function1x1(questionInput)
	register.Function2x2(keyedTextInput)
	register.Function2x2(keyedQuestionInput)
}

func textInput(text string) pipeline.Input { return pipeline.Text(text) }

func questionInput(q pipeline.Question) pipeline.Input { return pipeline.Text(q.Text, q.Context) }

func keyedTextInput(key beam.T, text string) (beam.T, pipeline.Input) { return key, textInput(text) }

func keyedQuestionInput(key beam.T, q pipeline.Question) (beam.T, pipeline.Input) {
	return key, questionInput(q)
}

// Run has a task answer the elements of col.
func Run[R any](s beam.Scope, c Config, task string, col beam.PCollection) (results, failures beam.PCollection) {
	s = s.Scope("robertabeam." + task)
	if _, ok := tasks[task].(func(*roberta.Model, Config) (Func[R], error)); !ok {
		panic(fmt.Sprintf("robertabeam: no task %q with results of type %v is registered", task, reflect.TypeFor[R]()))
	}
	t := col.Type()
	if !typex.IsKV(t) {
		switch t.Type() {
		case reflect.TypeFor[string]():
			col = beam.ParDo(s, textInput, col)
		case reflect.TypeFor[pipeline.Question]():
			col = beam.ParDo(s, questionInput, col)
		}
		return beam.ParDo2(s, &plainFn[R]{work[R]{Config: c, Task: task}}, col)
	}
	switch t.Components()[1].Type() {
	case reflect.TypeFor[string]():
		col = beam.ParDo(s, keyedTextInput, col)
	case reflect.TypeFor[pipeline.Question]():
		col = beam.ParDo(s, keyedQuestionInput, col)
	}
	return beam.ParDo2(s, &keyedFn[R]{work[R]{Config: c, Task: task}}, col)
}

// work is what the DoFns share: the fields that travel, and what an instance holds.
type work[R any] struct {
	Config Config
	Task   string

	run      Func[R]
	acquired bool
	load     time.Duration // until it is reported
	held     []element
	bytes    int
}

// An element waits to be computed.
type element struct {
	key   beam.T
	in    pipeline.Input
	place *place
}

// Setup opens the model, or takes the one that the process has.
func (w *work[R]) Setup() error {
	open, ok := tasks[w.Task].(func(*roberta.Model, Config) (Func[R], error))
	if !ok {
		return fmt.Errorf("robertabeam: task %q is not registered", w.Task)
	}
	if w.Config.Hold < 0 {
		return fmt.Errorf("robertabeam: Config.Hold is %d bytes", w.Config.Hold)
	}
	m, first, err := acquire(w.Config)
	if err != nil {
		return err
	}
	w.acquired = true
	if first {
		w.load = m.load
	}
	if w.run, err = open(m.model, w.Config); err != nil {
		return errors.Join(fmt.Errorf("robertabeam: %s with model %q: %w", w.Task, w.Config.Model, err), w.Teardown())
	}
	return nil
}

// Teardown gives the model back.
func (w *work[R]) Teardown() error {
	if !w.acquired {
		return nil
	}
	w.acquired = false
	return release(w.Config)
}

// StartBundle forgets what an earlier bundle that failed may have left.
func (w *work[R]) start() {
	clear(w.held)
	w.held, w.bytes = w.held[:0], 0
}

// maxHeld bounds the elements that wait, however short they are.
const maxHeld = 4096

// add collects an element. It returns true when it is time to compute.
func (w *work[R]) add(e element) bool {
	// Beam's decoder makes slices without elements of those that were nil.
	in := &e.in
	if len(in.Texts) == 0 {
		in.Texts = nil
	}
	if len(in.Words) == 0 {
		in.Words = nil
	}
	if len(in.Tokens) == 0 {
		in.Tokens = nil
	}
	if len(in.Types) == 0 {
		in.Types = nil
	}
	w.held, w.bytes = append(w.held, e), w.bytes+size(in)
	most := w.Config.Hold
	if most == 0 {
		most = hold
	}
	return w.bytes >= most || len(w.held) >= maxHeld
}

// size is about how many bytes an input has in memory.
func size(in *pipeline.Input) int {
	n := 8 * (len(in.Tokens) + len(in.Types))
	for _, texts := range [][]string{in.Texts, in.Words} {
		for _, t := range texts {
			n += len(t)
		}
		n += 16 * max(0, len(texts)-2) // words may be empty, and still have their headers
	}
	return n
}

// flush computes what is held.
func (w *work[R]) flush(ctx context.Context, emit emitKeyed[Result[R]], fail emitKeyed[Failure]) error {
	if w.load != 0 {
		loadLatency.Update(ctx, w.load.Milliseconds())
		w.load = 0
	}
	if len(w.held) == 0 {
		return nil
	}
	inputs := func(yield func(pipeline.Input) bool) {
		for i := range w.held {
			if !yield(w.held[i].in) {
				return
			}
		}
	}
	start := time.Now()
	i, n := 0, 0
	var last error
	for r, err := range w.run(ctx, iter.Seq[pipeline.Input](inputs)) {
		if i == len(w.held) {
			return fmt.Errorf("robertabeam: task %q gave more answers than there are inputs", w.Task)
		}
		e := &w.held[i]
		last = err
		switch {
		case err == nil:
			emit(e.key, Result[R]{e.in, r, w.Config.Model, e.place})
		case ctx.Err() != nil || errors.Is(err, roberta.ErrClosed): // Beam tries the bundle again
			failedBatches.Inc(ctx, 1)
			return err
		default:
			fail(e.key, Failure{e.in, err.Error(), w.Config.Model, e.place})
			n++
		}
		i++
	}
	if i < len(w.held) {
		failedBatches.Inc(ctx, 1)
		err := fmt.Errorf("robertabeam: task %q answered %d of %d inputs", w.Task, i, len(w.held))
		if last != nil { // a reason for all that follow, as a Func may have
			err = fmt.Errorf("%w: %w", err, last)
		}
		return err
	}
	inferences.Inc(ctx, int64(len(w.held)-n))
	failed.Inc(ctx, int64(n))
	batchSize.Update(ctx, int64(len(w.held)))
	batchBytes.Update(ctx, int64(w.bytes))
	batchLatency.Update(ctx, time.Since(start).Microseconds())
	w.start()
	return nil
}

// keyedFn answers elements KV<T, Input>.
type keyedFn[R any] struct{ Work work[R] }

func (f *keyedFn[R]) Setup() error    { return f.Work.Setup() }
func (f *keyedFn[R]) Teardown() error { return f.Work.Teardown() }
func (f *keyedFn[R]) StartBundle(_ emitKeyed[Result[R]], _ emitKeyed[Failure]) {
	f.Work.start()
}

func (f *keyedFn[R]) ProcessElement(ctx context.Context, key beam.T, in pipeline.Input, emit emitKeyed[Result[R]], fail emitKeyed[Failure]) error {
	at := &place{}
	emit(key, Result[R]{place: at})
	if f.Work.add(element{key, in, at}) {
		return f.Work.flush(ctx, emit, fail)
	}
	return nil
}

func (f *keyedFn[R]) FinishBundle(ctx context.Context, emit emitKeyed[Result[R]], fail emitKeyed[Failure]) error {
	return f.Work.flush(ctx, emit, fail)
}

// plainFn answers elements Input.
type plainFn[R any] struct{ Work work[R] }

func (f *plainFn[R]) Setup() error    { return f.Work.Setup() }
func (f *plainFn[R]) Teardown() error { return f.Work.Teardown() }
func (f *plainFn[R]) StartBundle(_ emitPlain[Result[R]], _ emitPlain[Failure]) {
	f.Work.start()
}

func (f *plainFn[R]) ProcessElement(ctx context.Context, in pipeline.Input, emit emitPlain[Result[R]], fail emitPlain[Failure]) error {
	at := &place{}
	emit(Result[R]{place: at})
	if f.Work.add(element{nil, in, at}) {
		return f.flush(ctx, emit, fail)
	}
	return nil
}

func (f *plainFn[R]) FinishBundle(ctx context.Context, emit emitPlain[Result[R]], fail emitPlain[Failure]) error {
	return f.flush(ctx, emit, fail)
}

func (f *plainFn[R]) flush(ctx context.Context, emit emitPlain[Result[R]], fail emitPlain[Failure]) error {
	return f.Work.flush(ctx, func(_ beam.T, r Result[R]) { emit(r) }, func(_ beam.T, x Failure) { fail(x) })
}
