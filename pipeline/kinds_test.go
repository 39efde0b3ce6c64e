package pipeline_test

import (
	"context"
	"errors"
	"iter"
	"path/filepath"
	"testing"

	"github.com/goroberta/goroberta/internal/synth"
	"github.com/goroberta/goroberta/pipeline"
	"github.com/goroberta/goroberta/roberta"
	"github.com/goroberta/goroberta/tokenizer"
)

// A kind is a pipeline as a function from texts to answers, for tests of what holds for
// all of them.
type kind struct {
	name string
	each func(ctx context.Context, texts iter.Seq[string]) iter.Seq2[any, error]
}

// kindOf makes a kind of a pipeline's method for sequences. input makes its input of a
// text.
func kindOf[I, R any](name string, seq func(context.Context, iter.Seq[I]) iter.Seq2[R, error], input func(text string) I) kind {
	return kind{name, func(ctx context.Context, texts iter.Seq[string]) iter.Seq2[any, error] {
		inputs := func(yield func(I) bool) {
			for text := range texts {
				if !yield(input(text)) {
					return
				}
			}
		}
		return func(yield func(any, error) bool) {
			for answer, err := range seq(ctx, inputs) {
				if !yield(answer, err) {
					return
				}
			}
		}
	}}
}

// kinds makes a pipeline of each kind, and has more than one of what computes in several
// ways. The model has a language-model head and the head mnli.
func kinds(t testing.TB, m *roberta.Model, opts ...pipeline.Option) []kind {
	t.Helper()
	setHeads(t, m)
	with := func(more ...pipeline.Option) []pipeline.Option { return append(more, opts...) }
	c, err1 := pipeline.NewClassifier(m, with(pipeline.WithHead("mnli"))...)
	tg, err2 := pipeline.NewTagger(m, with(pipeline.WithIgnore())...)
	e, err3 := pipeline.NewEmbedder(m, opts...)
	windows, err4 := pipeline.NewEmbedder(m, with(pipeline.WithPooling(pipeline.Mean, pipeline.CLS), pipeline.WithLimit(tokenizer.Limit{Length: 6}), pipeline.WithWindows(1))...)
	sparse, err5 := pipeline.NewSparseEmbedder(m, opts...)
	r, err6 := pipeline.NewReranker(m, with(pipeline.WithHead("rank"))...)
	ch, err7 := pipeline.NewChooser(m, opts...)
	z, err8 := pipeline.NewZeroShot(m, with(pipeline.WithMultiLabel())...)
	rd, err9 := pipeline.NewReader(m, with(pipeline.WithTopK(3), pipeline.WithLimit(tokenizer.Limit{Length: 30}))...)
	fl, err10 := pipeline.NewFiller(m, opts...)
	joint, err11 := pipeline.NewFiller(m, with(pipeline.WithJoint(2), pipeline.WithTopK(2))...)
	sc, err12 := pipeline.NewScorer(m, opts...)
	if err := errors.Join(err1, err2, err3, err4, err5, err6, err7, err8, err9, err10, err11, err12); err != nil {
		t.Fatal(err)
	}
	text := func(text string) pipeline.Input { return pipeline.Text(text) }
	return []kind{
		kindOf("Classifier", c.ClassifySeq, text),
		kindOf("Tagger", tg.TagSeq, text),
		kindOf("Embedder", e.Queries().EmbedSeq, text),
		kindOf("Embedder of windows", windows.EmbedSeq, text),
		kindOf("SparseEmbedder", sparse.EmbedSeq, text),
		kindOf("Reranker", r.ScoreSeq, func(text string) pipeline.Pair { return pipeline.Pair{Query: "a", Document: text} }),
		kindOf("Chooser", ch.ChooseSeq, func(text string) pipeline.Prompt { return pipeline.Prompt{Text: text, Choices: []string{"a", "b"}} }),
		kindOf("ZeroShot", z.ClassifySeq, func(text string) pipeline.Candidates {
			return pipeline.Candidates{Text: text, Labels: []string{"a", "b"}}
		}),
		kindOf("Reader", rd.AnswerSeq, func(text string) pipeline.Question { return pipeline.Question{Text: "who?", Context: text} }),
		kindOf("Filler", fl.FillSeq, func(text string) pipeline.Input { return pipeline.Text(text + " <mask>") }),
		kindOf("Filler, jointly", joint.FillSeq, func(text string) pipeline.Input { return pipeline.Text(text + " <mask> of <mask>") }),
		kindOf("Scorer", sc.ScoreSeq, text),
	}
}

// setHeads gives a model a head for each kind of pipeline that reads one of its own.
func setHeads(t testing.TB, m *roberta.Model) {
	t.Helper()
	tagHead(t, m, "ner", "O", "B-PER", "I-PER")
	setHead(t, m, "rank", roberta.ReadsFirst, 1)
	setHead(t, m, "choice", roberta.ReadsChoices, 1)
	setHead(t, m, "qa", roberta.ReadsSpans, 2)
}

// synthModel opens a model of random weights with GPT-2's vocabulary, the head mnli and
// those of setHeads.
func synthModel(t testing.TB, layers, dim, heads int, opts ...roberta.Option) *roberta.Model {
	t.Helper()
	m, err := roberta.Open(synthFile(t, layers, dim, heads), opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	setHeads(t, m)
	return m
}

// synthFile is the path of such a model.
func synthFile(t testing.TB, layers, dim, heads int) string {
	t.Helper()
	arch := synth.Model{Arch: "roberta_base", Layers: layers, Dim: dim, FFN: 4 * dim, Heads: heads, MaxPositions: 512, Vocabulary: 50265, Classifiers: []synth.Classifier{{Name: "mnli", Classes: 3, Hidden: dim}}}
	path := filepath.Join(t.TempDir(), "model.safetensors")
	if err := arch.WriteFile(t.Context(), path, 1); err != nil {
		t.Fatal(err)
	}
	return path
}
