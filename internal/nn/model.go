package nn

import "github.com/goroberta/goroberta/internal/simd"

// A Config holds the numbers that decide what an Encoder computes.
type Config struct {
	Dim    int // C, width of the hidden states
	FFNDim int // inner width of the feed-forward block
	Heads  int // attention heads; Dim is a multiple of it

	Activation     Activation // of the feed-forward block and the LM head
	LayerNormEps   float32
	PreNorm        bool // LayerNorm before each block instead of after it
	ScaleEmbedding bool // token embeddings × √C
}

// An Activation is a function applied to each element, in place. nil is the
// identity.
type Activation func(x []float32)

// An Encoder is RoBERTa's stack of transformer layers. It is immutable.
type Encoder struct {
	Config
	Tokens    *Table     // V × C
	Types     *Table     // token types × C; nil without
	Positions *Positions // nil without
	EmbedNorm *Norm      // after the embeddings; nil without
	Layers    []Layer
	LastNorm  *Norm // after the last layer of a pre-norm stack; nil without
}

// A Layer is one transformer layer. Its query, key and value projections are one
// matrix, whose three parts each begin at a whole panel.
type Layer struct {
	QKV, Out, FC1, FC2 Linear
	AttnNorm, FFNNorm  Norm
}

// A Linear layer is y = x·Wᵀ + b.
type Linear struct {
	W    simd.Matrix
	Bias []float32 // padded with zeros to whole panels
}

// A Norm is a LayerNorm's gain and bias.
type Norm struct{ Gain, Bias []float32 }

// A Table is an embedding matrix, row-major as in the file: in float32, or in
// float16 where the checkpoint has that. It may be the mapped file itself.
type Table struct {
	Rows, Cols int
	F32        []float32
	F16        []uint16
}

// Positions gives the position embedding of each place in a sequence.
type Positions struct {
	table *Table
	first int // row of a sequence's first token
}

// LearnedPositions takes position p of a sequence, from 0, from row first+p of t.
func LearnedPositions(t *Table, first int) *Positions { return &Positions{table: t, first: first} }

// SinusoidalPositions computes position p, from 0, as fairseq does for index
// first+p (fairseq/modules/sinusoidal_positional_embedding.py). Memory grows with
// the longest sequence seen.
func SinusoidalPositions(dim, first int) *Positions { return &Positions{first: first} }

// An LMHead maps hidden states to logits over the vocabulary:
// LN(act(dense(x)))·Wᵀ + b (fairseq/models/roberta/model.py, RobertaLMHead).
type LMHead struct {
	Dense Linear
	Norm  Norm
	W     *Table    // V × C; the token embedding itself if it is tied
	Bias  []float32 // padded with zeros to whole panels
}

// A Head is out(act(dense(x))), or out(x) without Dense.
type Head struct {
	Dense      *Linear // nil: one linear layer
	Activation Activation
	Out        Linear
}

// A Slab hands out memory for packed weights, one piece after another from large
// blocks, so that nearly all of it lies in whole huge pages. Want is how many
// elements will be taken in all; more may be.
type Slab[E float32 | uint16] struct{ Want int }

// Take returns n elements from the start of a cache line. It may be called by
// several goroutines at once.
func (s *Slab[E]) Take(n int) []E { return make([]E, n) }
