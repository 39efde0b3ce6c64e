package nn

import (
	"context"
	"math"

	"github.com/goroberta/goroberta/internal/simd"
)

// forward runs the encoder on a batch and returns the hidden states of the selected
// rows, in the team's memory. It copies the states and attention weights of every layer
// to rec and checks the context before each layer.
func (e *Encoder) forward(ctx context.Context, t team, b *Batch, s Selection, rec *record) (matrix, error) {
	x := e.embed(t, b)
	rec.keep(0, x)
	for i := range e.Layers {
		if err := ctx.Err(); err != nil {
			return matrix{}, err
		}
		rows := All()
		if i == len(e.Layers)-1 {
			rows = s
		}
		x = e.layer(t.fair(), &e.Layers[i], b, x, rows, rec.weightsOf(i))
		if i == len(e.Layers)-1 && e.HiddenNorm {
			e.lastNorm(t, x)
		}
		rec.keep(i+1, x)
	}
	if !e.HiddenNorm {
		e.lastNorm(t, x)
	}
	return x, ctx.Err()
}

// lastNorm sets x = LN(x), if a LayerNorm follows the last layer.
func (e *Encoder) lastNorm(t team, x matrix) {
	if e.LastNorm != nil {
		t.normInto(x, x, e.LastNorm, e.LayerNormEps)
	}
}

// embed is the sum of token, position and type embeddings, normalised: [M, C].
func (e *Encoder) embed(t team, b *Batch) matrix {
	x := t.matrix(useX, b.Len(), e.Dim)
	positions := e.Positions.upTo(b)
	scale := float32(math.Sqrt(float64(e.Dim)))
	t.rows(x.rows, func(lo, hi int) {
		for r := lo; r < hi; r++ {
			row := x.row(r)
			e.Tokens.copyRow(row, b.Tokens[r])
			if e.ScaleEmbedding {
				simd.Scale(row, scale)
			}
			if positions != nil {
				simd.Add(row, positions.row(e.Positions.first+b.Positions[r]))
			}
			if e.Types != nil {
				simd.Add(row, e.Types.row(b.typeOf(r)))
			}
			if e.EmbedNorm != nil {
				simd.LayerNorm(row, row, e.EmbedNorm.Gain, e.EmbedNorm.Bias, e.LayerNormEps)
			}
		}
	})
	return x
}

// layer runs one transformer layer on x [M, C] and returns the new hidden states of
// the selected rows. Their queries attend to the keys and values of all M rows; kept
// gets the attention weights.
//
//	post-norm, as in the paper:  x = LN(x + attention(x));  x = LN(x + ffn(x))
//	pre-norm:                    x = x + attention(LN(x));  x = x + ffn(LN(x))
func (e *Encoder) layer(t team, l *Layer, b *Batch, x matrix, s Selection, kept *attentionWeights) matrix {
	in := x
	if e.PreNorm {
		in = t.norm(useIn, x, &l.AttnNorm, e.LayerNormEps)
	}
	heads := e.attention(t, l, b, in, s, kept)
	x = t.selected(useRows, x, s)

	// From here on a row depends on no other.
	t.blocks(x.rows, func(t team, lo, hi int) {
		e.afterAttention(t, l, x.between(lo, hi), heads.between(lo, hi))
	})
	return x
}

// afterAttention sets x to the layer's result, given the outputs of its heads.
func (e *Encoder) afterAttention(t team, l *Layer, x, heads matrix) {
	attn := t.linear(useY, heads, &l.Out, nil)
	if e.PreNorm {
		t.add(x, attn)
		t.add(x, e.feedForward(t, l, t.norm(useY, x, &l.FFNNorm, e.LayerNormEps)))
		return
	}
	t.addNorm(x, attn, &l.AttnNorm, e.LayerNormEps)
	t.addNorm(x, e.feedForward(t, l, x), &l.FFNNorm, e.LayerNormEps)
}

// feedForward is fc2(act(fc1(x))). It overwrites x if x is a matrix of useY.
func (e *Encoder) feedForward(t team, l *Layer, x matrix) matrix {
	h := t.linear(useH, x, &l.FC1, e.Activation)
	return t.linear(useY, h, &l.FC2, nil)
}

func (e *Encoder) headDim() int { return e.Dim / e.Heads }
