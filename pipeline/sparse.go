package pipeline

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"math"
	"slices"

	"github.com/goroberta/goroberta/internal/simd"
	"github.com/goroberta/goroberta/roberta"
)

// A SparseVector is a vector of as many values as the vocabulary has tokens, of which
// those that are not 0 are held.
type SparseVector struct {
	Indices []int     `json:"indices"` // token ids, in ascending order
	Values  []float32 `json:"values"`  // of each index
}

// Dot is the dot product of two vectors, by which sparse vectors are compared. The sum
// runs in float64 in the order of the indices.
func (v SparseVector) Dot(w SparseVector) float32 {
	sum, j := 0.0, 0
	for i, id := range v.Indices {
		for j < len(w.Indices) && w.Indices[j] < id {
			j++
		}
		if j < len(w.Indices) && w.Indices[j] == id {
			sum += float64(v.Values[i]) * float64(w.Values[j])
		}
	}
	return float32(sum)
}

// A SparseEmbedder turns texts into sparse embeddings as SPLADE models do: a weight for
// each token of the vocabulary, most of them 0, from the language-model head. It is
// immutable; any number of goroutines may use it at once, until its model is closed.
type SparseEmbedder struct {
	prompted
	task       task[Input, SparseVector, SparseVector]
	activation func(z float64) float64
	sum        bool // over the tokens; else the largest
	vocabulary int
}

// NewSparseEmbedder makes a SparseEmbedder as the files of a sentence-transformers folder
// say: modules.json with MLMTransformer (or Transformer) and SpladePooling, whose
// pooling_strategy is max or sum and activation_function relu or log1p_relu; and the other
// files as for NewEmbedder. The value of a token is
//
//	max (or Σ) over the text's tokens, <s> and </s> included, of log(1 + relu(logit))
//
// and with log1p_relu the logarithm of 1 + that logarithm. A model without modules.json
// gets max and relu, as sentence-transformers does for it; Notes say so.
//
// Errors are ErrOption, roberta.ErrNoLMHead, those of roberta.Model.File, and a
// *weights.FileError, which names the file, for modules that make no sparse vectors.
func NewSparseEmbedder(m *roberta.Model, opts ...Option) (*SparseEmbedder, error) {
	o, err := newOptions(sparseEmbedder, opts)
	if err != nil {
		return nil, err
	}
	if !m.HasLMHead() {
		return nil, roberta.ErrNoLMHead
	}
	e := &SparseEmbedder{vocabulary: m.Config().VocabSize}
	if e.modules, err = readModules(folder{m}, e.vocabulary, sparseVectors); err != nil {
		return nil, err
	}
	if e.modules == nil {
		e.modules = &modules{splade: splade{"max", "relu"}, includePrompt: true}
		e.notes = append(e.notes, fmt.Sprintf("the model has no %s: its sparse vectors are the largest log(1 + relu(logit)) of each token, as sentence-transformers makes them", m.FileName(modulesFile)))
	}
	if err := e.prompted.set(m, o, cmp.Or(e.modules.maxLength, maxLength(m))); err != nil {
		return nil, err
	}
	e.sum, e.activation = e.modules.splade.pooling == "sum", spladeActivations[e.modules.splade.activation]
	e.bind()
	return e, nil
}

// bind makes the task of a SparseEmbedder that nobody uses yet.
func (e *SparseEmbedder) bind() {
	e.task = task[Input, SparseVector, SparseVector]{
		budget: e.budget, prepare: e.prepare, compute: e.vectors,
		finish: func(_ *job, given []SparseVector) (SparseVector, error) { return given[0], nil },
	}
}

// Dim is the number of tokens in the vocabulary.
func (e *SparseEmbedder) Dim() int { return e.vocabulary }

// Queries and Documents are those of Embedder. As sentence-transformers' SparseEncoder.
func (e *SparseEmbedder) Queries() *SparseEmbedder { return as(e, queryPrompts) }

// Documents returns a SparseEmbedder for what is searched in. See Queries.
func (e *SparseEmbedder) Documents() *SparseEmbedder { return as(e, documentPrompts) }

// Embed makes a sparse vector of each text. The vectors belong to the caller. Equal texts
// give equal bits, alone or among others. Errors are those of Embedder.Embed.
func (e *SparseEmbedder) Embed(ctx context.Context, texts []string) ([]SparseVector, error) {
	return e.task.all(ctx, inputsOf(texts))
}

// EmbedAll is Embed for inputs of any kind but words. The prompt is not put before
// tokens.
func (e *SparseEmbedder) EmbedAll(ctx context.Context, inputs []Input) ([]SparseVector, error) {
	return e.task.all(ctx, inputs)
}

// EmbedSeq is EmbedAll for any number of inputs, in bounded memory, as
// Embedder.EmbedSeq.
func (e *SparseEmbedder) EmbedSeq(ctx context.Context, inputs iter.Seq[Input]) iter.Seq2[SparseVector, error] {
	return e.task.each(ctx, inputs)
}

// sparseBytes is how much memory the values of a batch may take before zeros are left out.
const sparseBytes = 64 << 20

// vectors makes the vectors of some sequences, so few at a time that their values of all
// tokens of the vocabulary have sparseBytes.
func (e *SparseEmbedder) vectors(ctx context.Context, batch []sequence) ([]SparseVector, error) {
	all := make([]SparseVector, 0, len(batch))
	for some := range slices.Chunk(batch, max(1, sparseBytes/(4*e.vocabulary))) {
		vectors, err := e.reduce(ctx, some)
		if err != nil {
			return nil, err
		}
		all = append(all, vectors...)
	}
	return all, nil
}

// reduce is vectors for all sequences at once. Logits come in pieces, are pooled while
// they are in the cache, and are not kept.
func (e *SparseEmbedder) reduce(ctx context.Context, batch []sequence) ([]SparseVector, error) {
	values, last := make([][]float32, len(batch)), make([]int, len(batch))
	for s := range batch {
		values[s] = make([]float32, e.vocabulary)
		last[s] = e.sequencer.lastToken(&batch[s])
	}
	var sums []logSum // of one sequence at a time
	if e.sum {
		sums = make([]logSum, e.vocabulary)
	}
	_, err := e.sequencer.compute(ctx, batch, roberta.Request{Want: roberta.WantLogits, EachLogits: func(s, token, first int, logits []float32) {
		v := values[s][first:][:len(logits)]
		if e.sum {
			e.add(sums[first:], logits)
		} else {
			simd.Larger(v, logits) // v begins as 0, so this is max relu(logit)
		}
		if token < last[s] {
			return
		}
		for i := range v {
			if e.sum {
				v[i] = sums[first+i].take()
			} else if v[i] != 0 {
				v[i] = float32(e.activation(float64(v[i]))) // which rises, so it is the largest activation
			}
		}
	}})
	if err != nil {
		return nil, err
	}
	vectors := make([]SparseVector, len(batch))
	for s := range batch {
		vectors[s] = sparse(values[s])
	}
	return vectors, nil
}

// add adds the activations of logits.
func (e *SparseEmbedder) add(sums []logSum, logits []float32) {
	sums = sums[:len(logits)]
	if e.modules.splade.activation == "relu" {
		for i, z := range logits {
			sums[i].addLog1p(float64(max(z, 0)))
		}
		return
	}
	for i, z := range logits {
		if !(z <= 0) { // NaN stays NaN
			sums[i].sum += e.activation(float64(z))
		}
	}
}

// A logSum is a sum of logarithms. Those of several numbers are taken at once, of their
// product.
type logSum struct {
	sum  float64
	more float64 // ln(1 + more) is to be added
}

// addLog1p adds ln(1+z), for z ≥ 0. It keeps the product minus 1, whose relative error is
// small also for a small z: (1+m)(1+z) = 1 + (m + z·(1+m)).
func (s *logSum) addLog1p(z float64) {
	const large = 1e200 // times a float32 it is finite
	s.more += float64(z * (1 + s.more))
	if s.more > large {
		s.sum, s.more = s.sum+math.Log1p(s.more), 0
	}
}

// take returns the sum and sets it to 0.
func (s *logSum) take() float32 {
	v := float32(s.sum + math.Log1p(s.more))
	*s = logSum{}
	return v
}

// sparse leaves out what is 0, of values that are not negative. Bits are compared, and
// every value is written, the next over one that is 0: no processor mispredicts that.
func sparse(values []float32) SparseVector {
	n := 0
	for _, v := range values {
		n += isSet(v)
	}
	indices, kept := make([]int, n+1), make([]float32, n+1)
	n = 0
	for i, v := range values {
		indices[n], kept[n] = i, v
		n += isSet(v)
	}
	return SparseVector{indices[:n:n], kept[:n:n]}
}

// isSet is 1 for bits that are not all 0.
func isSet(v float32) (one int) {
	if math.Float32bits(v) != 0 {
		one = 1
	}
	return one
}
