package pipeline

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"slices"

	"github.com/goroberta/goroberta/roberta"
)

// An Embedder turns texts into vectors. It is immutable; any number of goroutines may
// use it at once, until its model is closed.
type Embedder struct {
	prompted
	task      task[Input, *pool, []float32]
	dim       int  // of the vectors
	normalize bool // at the end
}

// NewEmbedder makes an Embedder as the files of a sentence-transformers folder say:
// modules.json with its modules Transformer, Pooling, Dense, LayerNorm and Normalize,
// sentence_bert_config.json (max_seq_length, do_lower_case) and
// config_sentence_transformers.json (prompts, similarity_fn_name, truncate_dim). They may lie beside the
// model or in a converted file. A model without modules.json gets the mean of its hidden states, as
// sentence-transformers does for it; Notes say so. WithPooling makes an Embedder of any
// model, whatever its files say.
//
// Errors are ErrOption, those of roberta.Model.File, and a *weights.FileError, which
// names the file, for a module that is not computed or contradicts the model.
func NewEmbedder(m *roberta.Model, opts ...Option) (*Embedder, error) {
	o, err := newOptions(embedder, opts)
	if err != nil {
		return nil, err
	}
	e := &Embedder{}
	wanted := denseVectors
	if o.pooling != nil {
		wanted = noVectors
	}
	if e.modules, err = readModules(folder{m}, m.Config().Dim, wanted); err != nil {
		return nil, err
	}
	switch {
	case e.modules == nil:
		e.modules = &modules{pooling: o.pooling, includePrompt: true}
		if o.pooling == nil {
			e.modules.pooling = []Pooling{Mean}
			e.notes = append(e.notes, fmt.Sprintf("the model has no %s: its vectors are the mean of the hidden states, as sentence-transformers makes them", m.FileName(modulesFile)))
		}
	case o.pooling != nil:
		e.modules.pooling = o.pooling
	}
	if o.normalize != nil {
		e.normalize = *o.normalize
		if !e.normalize {
			e.modules.layers = slices.DeleteFunc(e.modules.layers, func(l layer) bool { return l == layer(unitLength{}) })
		}
	}
	e.dim = e.modules.dim(m.Config().Dim)
	if n := o.truncateDim; n > e.dim {
		return nil, fmt.Errorf("%w: vectors cut to %d values, and they have %d", ErrOption, n, e.dim)
	} else if n = cmp.Or(n, e.modules.truncateDim); n > 0 {
		e.dim = min(n, e.dim)
	}
	if err := e.prompted.set(m, o, cmp.Or(e.modules.maxLength, maxLength(m))); err != nil {
		return nil, err
	}
	e.bind()
	return e, nil
}

// bind makes the task of an Embedder that nobody uses yet.
func (e *Embedder) bind() {
	e.task = task[Input, *pool, []float32]{budget: e.budget, prepare: e.prepare, compute: e.pooled, finish: e.finish}
}

// Dim is the number of values that a vector has.
func (e *Embedder) Dim() int { return e.dim }

// Similarity is how the vectors are compared, as the model's files say
// (similarity_fn_name): Cosine where they do not.
func (e *Embedder) Similarity() Similarity { return cmp.Or(e.modules.similarity, Cosine) }

// Queries returns an Embedder for what is searched with: like e, with the prompt "query"
// of the model's files before each text if they have one. A prompt that was chosen by an
// option stays. As sentence-transformers' encode_query.
func (e *Embedder) Queries() *Embedder { return as(e, queryPrompts) }

// Documents is Queries for what is searched in, with the prompt "document", "passage" or
// "corpus". As sentence-transformers' encode_document.
func (e *Embedder) Documents() *Embedder { return as(e, documentPrompts) }

// Embed makes a vector of Dim values of each text. The vectors belong to the caller.
// Equal texts give equal bits, alone or among others.
//
// Errors are an *InputError, which names the text, around a *roberta.LengthError for one
// that is too long (see WithLimit), a *tokenizer.LimitError for one that cannot be cut
// as it should be, those of roberta.Model.Tokenizer and ExtractFeatures; and the
// context's.
func (e *Embedder) Embed(ctx context.Context, texts []string) ([][]float32, error) {
	return e.task.all(ctx, inputsOf(texts))
}

// EmbedAll is Embed for inputs of any kind but words. The prompt is not put before
// tokens.
func (e *Embedder) EmbedAll(ctx context.Context, inputs []Input) ([][]float32, error) {
	return e.task.all(ctx, inputs)
}

// EmbedSeq is EmbedAll for any number of inputs, in bounded memory: it reads as many as
// make a batch (WithBatch), and yields their vectors in order. An input that cannot be
// answered gives its error in its place, and costs no other. The error of a context
// that has ended, and roberta.ErrClosed, end the sequence.
func (e *Embedder) EmbedSeq(ctx context.Context, inputs iter.Seq[Input]) iter.Seq2[[]float32, error] {
	return e.task.each(ctx, inputs)
}

func (e *Embedder) prepare(in Input) (*job, error) {
	j, err := e.prompted.prepare(in)
	if err == nil && e.firstOnly() {
		j.sequences = j.sequences[:1]
	}
	return j, err
}

// firstOnly says that vectors are made of the hidden states of the first token alone.
func (e *Embedder) firstOnly() bool {
	return e.skip == 0 && !slices.ContainsFunc(e.modules.pooling, func(p Pooling) bool { return p != CLS })
}

// want is what the model computes for vectors.
func (e *Embedder) want() roberta.Want {
	if e.firstOnly() {
		return roberta.WantFirst
	}
	return roberta.WantFeatures
}

// pooled computes hidden states and pools those of each sequence.
func (e *Embedder) pooled(ctx context.Context, batch []sequence) ([]*pool, error) {
	res, err := e.sequencer.compute(ctx, batch, roberta.Request{Want: e.want()})
	if err != nil {
		return nil, err
	}
	return e.pools(batch, res), nil
}

// pools pools the hidden states of each sequence.
func (e *Embedder) pools(batch []sequence, res *roberta.Result) []*pool {
	pools := make([]*pool, len(batch))
	for s := range batch {
		p := &pool{poolings: e.modules.pooling}
		pools[s] = p
		if e.firstOnly() {
			p.add(res.First.Row(s), 0)
			continue // the rows of all are few
		}
		places, next := batch[s].places, 0
		for i := range res.Features.Len(s) {
			row, at := res.Features.Row(s, i), next
			if row == nil { // a pad
				continue
			}
			if next++; places != nil {
				at = places[i]
			}
			if at >= batch[s].skip { // and not −1
				p.add(row, at)
			}
		}
		p.own()
	}
	return pools
}

func (e *Embedder) finish(_ *job, given []*pool) ([]float32, error) {
	p := given[0]
	for _, next := range given[1:] {
		p.join(next)
	}
	v := p.vector()
	for _, l := range e.modules.layers {
		v = l.apply(v)
	}
	v = v[:e.dim:e.dim]
	if e.normalize {
		normalize(v)
	}
	return v, nil
}

// dim is the number of values that the modules make of hidden states of C values.
func (o *modules) dim(C int) int {
	n := C * len(o.pooling)
	for _, l := range o.layers {
		if d, ok := l.(*dense); ok {
			n = len(d.w) / n
		}
	}
	return n
}
