package robertabeam

import (
	"context"
	"fmt"
	"iter"
	"reflect"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/goroberta/goroberta/pipeline"
	"github.com/goroberta/goroberta/roberta"
)

// A Func answers inputs in their order, one answer or error for each, as
// pipeline.Classifier.ClassifySeq does. An error that would come for all that follow is the
// last that it yields.
type Func[R any] func(ctx context.Context, inputs iter.Seq[pipeline.Input]) iter.Seq2[R, error]

// tasks are the functions that workers find by name: func(*roberta.Model, Config) (Func[R], error).
var tasks = map[string]any{}

// RegisterTask gives a name to what Run makes of inputs. Open is called once for each
// instance of the transform on a worker. Call RegisterTask in a function init of the
// program that is also the workers'. R must be a type that Beam can encode: a struct of
// exported fields, a slice, a number, a string. It panics for a name that is taken.
func RegisterTask[R any](name string, open func(m *roberta.Model, c Config) (Func[R], error)) {
	if tasks[name] != nil {
		panic(fmt.Sprintf("robertabeam: task %q is registered twice", name))
	}
	tasks[name] = open
	beam.RegisterType(reflect.TypeFor[Result[R]]())
	beam.RegisterType(reflect.TypeFor[keyedFn[R]]())
	beam.RegisterType(reflect.TypeFor[plainFn[R]]())
	beam.RegisterType(reflect.TypeFor[resultFn[R]]())
	registerEmitters[Result[R]]()
}

// The names of the tasks that come with the package.
const (
	taskEmbed    = "embed"
	taskClassify = "classify"
	taskTag      = "tag"
	taskAnswer   = "answer"
	taskFillMask = "fill-mask"
	taskScore    = "score"
)

func init() {
	RegisterTask(taskEmbed, func(m *roberta.Model, c Config) (Func[[]float32], error) {
		e, err := pipeline.NewEmbedder(m, c.Options()...)
		if err != nil {
			return nil, err
		}
		return e.EmbedSeq, nil
	})
	RegisterTask(taskClassify, func(m *roberta.Model, c Config) (Func[[]pipeline.Label], error) {
		p, err := pipeline.NewClassifier(m, c.Options()...)
		if err != nil {
			return nil, err
		}
		return p.ClassifySeq, nil
	})
	RegisterTask(taskTag, func(m *roberta.Model, c Config) (Func[pipeline.Tagging], error) {
		p, err := pipeline.NewTagger(m, c.Options()...)
		if err != nil {
			return nil, err
		}
		return p.TagSeq, nil
	})
	RegisterTask(taskAnswer, func(m *roberta.Model, c Config) (Func[[]pipeline.Answer], error) {
		p, err := pipeline.NewReader(m, c.Options()...)
		if err != nil {
			return nil, err
		}
		return func(ctx context.Context, inputs iter.Seq[pipeline.Input]) iter.Seq2[[]pipeline.Answer, error] {
			return p.AnswerSeq(ctx, questions(inputs))
		}, nil
	})
	RegisterTask(taskFillMask, func(m *roberta.Model, c Config) (Func[pipeline.Fills], error) {
		p, err := pipeline.NewFiller(m, c.Options()...)
		if err != nil {
			return nil, err
		}
		return values(p.FillSeq), nil
	})
	RegisterTask(taskScore, func(m *roberta.Model, c Config) (Func[pipeline.Score], error) {
		p, err := pipeline.NewScorer(m, c.Options()...)
		if err != nil {
			return nil, err
		}
		return values(p.ScoreSeq), nil
	})
}

// questions yields the questions that inputs of two texts are. One with another number of
// texts becomes a question that a Reader refuses.
func questions(inputs iter.Seq[pipeline.Input]) iter.Seq[pipeline.Question] {
	return func(yield func(pipeline.Question) bool) {
		for in := range inputs {
			var q pipeline.Question
			if len(in.Texts) == 2 {
				q = pipeline.Question{Text: in.Texts[0], Context: in.Texts[1]}
			}
			if !yield(q) {
				return
			}
		}
	}
}

// values makes a Func that yields what another one's answers point to.
func values[R any](seq func(context.Context, iter.Seq[pipeline.Input]) iter.Seq2[*R, error]) Func[R] {
	return func(ctx context.Context, inputs iter.Seq[pipeline.Input]) iter.Seq2[R, error] {
		return func(yield func(R, error) bool) {
			for p, err := range seq(ctx, inputs) {
				var r R
				if p != nil {
					r = *p
				}
				if !yield(r, err) {
					return
				}
			}
		}
	}
}
