package pipeline

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"math"
	"slices"

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
	e.bind(o.budget)
	return e, nil
}

// bind makes the task of a SparseEmbedder that nobody uses yet.
func (e *SparseEmbedder) bind(budget int) {
	e.task = task[Input, SparseVector, SparseVector]{
		budget: budget, prepare: e.prepare, compute: e.vectors,
		finish: func(_ *job, given []SparseVector) (SparseVector, error) { return given[0], nil },
	}
}

// Dim is the number of tokens in the vocabulary.
func (e *SparseEmbedder) Dim() int { return e.vocabulary }

// Queries and Documents are those of Embedder. As sentence-transformers' SparseEncoder.
func (e *SparseEmbedder) Queries() *SparseEmbedder { return e.as(queryPrompts) }

// Documents returns a SparseEmbedder for what is searched in. See Queries.
func (e *SparseEmbedder) Documents() *SparseEmbedder { return e.as(documentPrompts) }

func (e *SparseEmbedder) as(names []string) *SparseEmbedder {
	p, ok := e.prompted.as(names)
	if !ok {
		return e
	}
	other := *e
	other.prompted = p
	other.bind(e.task.budget)
	return &other
}

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
	var all []SparseVector
	for some := range slices.Chunk(batch, max(1, sparseBytes/(8*e.vocabulary))) {
		vectors, err := e.reduce(ctx, some)
		if err != nil {
			return nil, err
		}
		all = append(all, vectors...)
	}
	return all, nil
}

// reduce is vectors for all sequences at once. Logits come in pieces and are not kept.
func (e *SparseEmbedder) reduce(ctx context.Context, batch []sequence) ([]SparseVector, error) {
	sums, most := make([][]float64, len(batch)), make([][]int32, len(batch))
	for s := range batch {
		if e.sum {
			sums[s] = make([]float64, e.vocabulary)
		} else {
			most[s] = make([]int32, e.vocabulary)
		}
	}
	_, err := e.sequencer.compute(ctx, batch, roberta.Request{Want: roberta.WantLogits, EachLogits: func(s, _, first int, logits []float32) {
		if !e.sum {
			largest(most[s][first:][:len(logits)], logits)
			return
		}
		for i, z := range logits {
			if !(z <= 0) { // NaN stays NaN
				sums[s][first+i] += e.activation(float64(z))
			}
		}
	}})
	if err != nil {
		return nil, err
	}
	vectors := make([]SparseVector, len(batch))
	for s := range batch {
		if e.sum {
			vectors[s] = sparse(sums[s], func(v float64) float64 { return v })
		} else {
			vectors[s] = sparse(most[s], func(b int32) float64 { return e.activation(float64(math.Float32frombits(uint32(b)))) })
		}
	}
	return vectors, nil
}

// largest sets each value to the larger of it and relu(logit). Values are the bits of
// floats that are not negative, which are in the order of whole numbers, and NaN is the
// largest. So one comparison of whole numbers does it, which no processor mispredicts.
func largest(into []int32, logits []float32) {
	into = into[:len(logits)]
	above := uint32(0)
	for i, z := range logits {
		b := math.Float32bits(z)
		into[i] = max(into[i], int32(b)) // a negative logit is a negative number
		above = max(above, b)
	}
	if above <= math.Float32bits(float32(math.Inf(-1))) {
		return
	}
	for i, z := range logits { // NaN with a sign
		if z != z {
			into[i] = math.MaxInt32
		}
	}
}

// sparse leaves out what is 0. The value of 0 is 0.
func sparse[E int32 | float64](values []E, value func(E) float64) SparseVector {
	n := 0
	for _, v := range values {
		if v != 0 {
			n++
		}
	}
	out := SparseVector{make([]int, 0, n), make([]float32, 0, n)}
	for i, v := range values {
		if v == 0 {
			continue
		}
		if x := float32(value(v)); x != 0 {
			out.Indices, out.Values = append(out.Indices, i), append(out.Values, x)
		}
	}
	return out
}
