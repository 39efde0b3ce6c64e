package pipeline

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"slices"

	"github.com/goroberta/goroberta/roberta"
)

// A Pair is a query and a document that may answer it.
type Pair struct{ Query, Document string }

// A Reranker says how well documents answer a query, by a cross-encoder: a model that
// reads both as one input. It is immutable; any number of goroutines may use it at once,
// until its model is closed.
type Reranker struct {
	prompted
	task     task[Pair, float32, float32]
	head     roberta.Head
	function func(float64) float64
	topK     int
}

// NewReranker makes a Reranker of a model with a classification head of one class. Errors
// are ErrHead, also for a head of several classes, whose scores are no order; ErrHeads,
// roberta.ErrUnknownHead, ErrOption, and a *weights.FileError, which names the file, for a
// function that is not known and for modules and settings that are not computed.
//
// As in sentence-transformers' CrossEncoder a score is the function of the logit that
// the files name, and without one the sigmoid: activation_fn in
// config_sentence_transformers.json, formerly sentence_transformers.activation_fn or
// sbert_ce_default_activation_function in config.json. (A problem_type, which a Classifier
// follows, does not count there.) A folder that CrossEncoder has saved with modules.json
// is obeyed too in its default prompt, which stands before the query, max_seq_length and
// do_lower_case.
func NewReranker(m *roberta.Model, opts ...Option) (*Reranker, error) {
	o, err := newOptions(reranker, opts)
	if err != nil {
		return nil, err
	}
	r := &Reranker{topK: o.topK}
	if r.head, err = findHead(m, o.head, roberta.ReadsFirst, severalClasses); err != nil {
		return nil, err
	}
	switch {
	case o.function == nil:
	case *o.function == roberta.Softmax:
		return nil, fmt.Errorf("%w: the softmax of a Reranker's one logit is always 1", ErrOption)
	case *o.function == roberta.Sigmoid:
		r.function = activations["Sigmoid"]
	default:
		r.function = activations["Identity"]
	}
	if r.modules, r.function, err = readCrossEncoder(folder{m}, r.function); err != nil {
		return nil, err
	}
	if err := r.set(m, o, r.modules.maxLength); err != nil {
		return nil, err
	}
	r.task = task[Pair, float32, float32]{
		budget: o.budget,
		prepare: func(p Pair) (*job, error) {
			q := r.sequencer
			if q.tok == nil {
				return nil, q.noTok
			}
			s, err := q.read(q.tok, r.texts([]string{p.Query, p.Document}))
			return &job{sequences: s}, err
		},
		compute: r.scores,
		finish:  func(_ *job, given []float32) (float32, error) { return given[0], nil },
	}
	return r, nil
}

// severalClasses is the fault of a head that does not rank.
func severalClasses(h *roberta.Head) error {
	if h.Classes == 1 {
		return nil
	}
	return fmt.Errorf("%w: %.100q has %d classes, and a Reranker reads a head with one; a Classifier reads this one", ErrHead, h.Name, h.Classes)
}

// Head describes the head that the Reranker reads.
func (r *Reranker) Head() roberta.Head {
	h := r.head
	h.Labels = slices.Clone(h.Labels)
	return h
}

// Score says how well a document answers a query.
//
// Errors are *roberta.LengthError for a pair that is too long (see WithLimit; the
// CrossEncoder cuts unasked, as tokenizer.LongestFirst does), *tokenizer.LimitError for one
// that cannot be cut as it should be, those of roberta.Model.Tokenizer and Compute, and the
// context's.
func (r *Reranker) Score(ctx context.Context, query, document string) (float32, error) {
	return r.task.one(ctx, Pair{query, document})
}

// ScoreAll is Score for many pairs, computed together. The error is an *InputError that
// names the first pair that cannot be scored.
func (r *Reranker) ScoreAll(ctx context.Context, pairs []Pair) ([]float32, error) {
	return r.task.all(ctx, pairs)
}

// ScoreSeq is Score for any number of pairs, in bounded memory: it reads as many as make
// a batch (WithBatch), and yields their scores in order. A pair that cannot be scored
// gives its error in its place, and costs no other. The error of a context that has
// ended, and roberta.ErrClosed, end the sequence.
func (r *Reranker) ScoreSeq(ctx context.Context, pairs iter.Seq[Pair]) iter.Seq2[float32, error] {
	return r.task.each(ctx, pairs)
}

// Rank puts documents in the order of how well they answer a query, the best first; those
// of equal scores stay in their order. WithTopK leaves out all but the best. The error is an
// *InputError that names the first document that cannot be scored.
func (r *Reranker) Rank(ctx context.Context, query string, documents []string) ([]Hit, error) {
	ranked := make([]Hit, 0, len(documents))
	for d, err := range r.RankSeq(ctx, query, slices.Values(documents)) {
		if err != nil {
			return nil, err
		}
		ranked = append(ranked, d)
	}
	return ranked, nil
}

// RankSeq is Rank for any number of documents. When all are read it yields the best, the
// best first. In memory are a batch of them, and 16 bytes for each document or with WithTopK
// for a few times as many as are wanted. A document that cannot be scored costs no other:
// its error, an *InputError, is yielded before the documents. The error of a context that
// has ended, and roberta.ErrClosed, end the sequence.
func (r *Reranker) RankSeq(ctx context.Context, query string, documents iter.Seq[string]) iter.Seq2[Hit, error] {
	return func(yield func(Hit, error) bool) {
		t := task[string, float32, float32]{budget: r.task.budget, compute: r.task.compute, finish: r.task.finish}
		q := r.sequencer
		once := &onceReader{Tokenizer: q.tok, text: r.texts([]string{query})[0]}
		t.prepare = func(document string) (*job, error) {
			if q.tok == nil {
				return nil, q.noTok
			}
			s, err := q.read(once, r.texts([]string{query, document}))
			return &job{sequences: s}, err
		}
		best := top[Hit]{k: r.topK, order: func(a, b Hit) int {
			return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.Index, b.Index))
		}}
		index := 0
		for score, err := range t.each(ctx, documents) {
			switch {
			case err == nil:
				best.add(Hit{index, score})
			case final(ctx, err):
				yield(Hit{}, err)
				return
			default:
				if !yield(Hit{}, &InputError{index, err}) {
					return
				}
			}
			index++
		}
		for _, d := range best.best() {
			if !yield(d, nil) {
				return
			}
		}
	}
}

func (r *Reranker) scores(ctx context.Context, batch []sequence) ([]float32, error) {
	rows, err := r.sequencer.firstLogits(ctx, batch, &r.head)
	if err != nil {
		return nil, err
	}
	scores := make([]float32, len(rows))
	for i, z := range rows {
		scores[i] = float32(r.function(float64(z[0])))
	}
	return scores, nil
}
