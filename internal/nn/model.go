package nn

import "github.com/goroberta/goroberta/internal/simd"

// A Config holds the numbers that decide what an Encoder computes.
type Config struct {
	Dim    int // C, width of the hidden states
	FFNDim int // inner width of the feed-forward block
	Heads  int // attention heads; Dim is a multiple of it

	Activation     Activation // of the feed-forward block
	LayerNormEps   float32
	PreNorm        bool // LayerNorm before each block instead of after it
	HiddenNorm     bool // the last hidden states are after LastNorm
	ScaleEmbedding bool // token embeddings × √C
}

// An Activation is a function applied to each element, in place. nil is the
// identity.
type Activation func(x []float32)

// An Encoder is RoBERTa's stack of transformer layers. It does not change after Prepare.
type Encoder struct {
	Config
	Tokens    *Table     // V × C
	Types     *Table     // token types × C; nil without
	Positions *Positions // nil without
	EmbedNorm *Norm      // after the embeddings; nil without
	Layers    []Layer
	LastNorm  *Norm // after the last layer of a pre-norm stack; nil without
}

// Prepare links each layer to the one that is multiplied after it. It is called
// once, before Run.
func (e *Encoder) Prepare() {
	for i := range e.Layers {
		l := &e.Layers[i]
		l.QKV.next, l.Out.next, l.FC1.next = &l.Out, &l.FC1, &l.FC2
		if i+1 < len(e.Layers) {
			l.FC2.next = &e.Layers[i+1].QKV
		}
		l.QKV.heads = e.Heads
		if d := e.headDim(); d%simd.PanelWidth == 0 {
			l.QKV.headPanels = d / simd.PanelWidth
		}
	}
}

// A Layer is one transformer layer. Its query, key and value projections are one
// matrix, whose three parts each begin at a whole panel.
type Layer struct {
	QKV, Out, FC1, FC2 Linear
	AttnNorm, FFNNorm  Norm
}

// A Norm is a LayerNorm's gain and bias, C values each.
type Norm struct{ Gain, Bias []float32 }
