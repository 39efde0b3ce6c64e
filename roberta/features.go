package roberta

import (
	"context"

	"gorgonia.org/tensor"
)

// ExtractFeatures computes the last layer's hidden states of a batch of token
// sequences, as Encode gives them. The result has shape (B, T, C): B sequences,
// T the longest one's length. Rows past a sequence's end and rows of pads are
// zero. It is contiguous, row-major float32 and the caller's own.
//
// Sequences need no padding; pads (token 1) are skipped wherever they stand, as
// in fairseq: they take no position and no token attends to them. Only what
// remains counts for ErrTooLong. Other errors are ErrEmpty, ErrToken,
// ErrClosed and the context's, which is looked at between layers.
// As fairseq's RobertaHubInterface.extract_features.
func (m *Model) ExtractFeatures(ctx context.Context, tokens ...[]int) (*tensor.Dense, error) {
	if err := m.enter(); err != nil {
		return nil, err
	}
	defer m.leave()
	var out *tensor.Dense
	err := m.compute(ctx, tokens, computation{use: func(b *batch, _ *arena, x matrix) error { out = b.dense(x); return nil }})
	return out, err
}

// ExtractAllHiddens is ExtractFeatures for every layer: Layers + 1 tensors of
// shape (B, T, C), the embedding layer's first. The last equals the features,
// bit for bit, unless the model is pre-norm: its features have one LayerNorm
// more, as in fairseq (return_all_hiddens=True).
func (m *Model) ExtractAllHiddens(ctx context.Context, tokens ...[]int) ([]*tensor.Dense, error) {
	if err := m.enter(); err != nil {
		return nil, err
	}
	defer m.leave()
	hidden := make([]*tensor.Dense, m.cfg.Layers+1)
	err := m.compute(ctx, tokens, computation{hidden: func(b *batch, layer int, x matrix) { hidden[layer] = b.dense(x) }})
	if err != nil {
		return nil, err
	}
	return hidden, nil
}

// LMLogits computes the language-model head's logits, of shape (B, T, V) with V
// the vocabulary's size: 200 KB a token for GPT-2's vocabulary. Errors are those
// of ExtractFeatures and ErrNoLMHead.
func (m *Model) LMLogits(ctx context.Context, tokens ...[]int) (*tensor.Dense, error) {
	if err := m.enter(); err != nil {
		return nil, err
	}
	defer m.leave()
	if m.lm == nil {
		return nil, ErrNoLMHead
	}
	var out *tensor.Dense
	err := m.compute(ctx, tokens, computation{use: func(b *batch, a *arena, x matrix) error {
		V := m.cfg.VocabSize
		logits := make([]float32, b.sequences()*b.width*V)
		if err := m.lm.logits(ctx, m.pool, a, b.rowsOf(logits, V), x, m.enc.act, m.cfg.LayerNormEps); err != nil {
			return err
		}
		out = newDense(logits, b.sequences(), b.width, V)
		return nil
	}})
	return out, err
}

// Predict computes a classification head's log-probabilities for each sequence,
// of shape (B, classes). Heads read the hidden state of a sequence's first token
// that is no pad, <s> in what Encode gives. (fairseq reads position 0, where a
// batch padded on the left has a pad.) Errors are those of ExtractFeatures and
// ErrUnknownHead. As fairseq's RobertaHubInterface.predict.
func (m *Model) Predict(ctx context.Context, head string, tokens ...[]int) (*tensor.Dense, error) {
	logits, classes, err := m.predict(ctx, head, tokens)
	if err != nil {
		return nil, err
	}
	for r := 0; r < len(logits); r += classes {
		logSoftmax(logits[r:][:classes])
	}
	return newDense(logits, len(tokens), classes), nil
}

// PredictLogits is Predict without the log-softmax: what regression heads (one
// class) are read from. As predict(…, return_logits=True).
func (m *Model) PredictLogits(ctx context.Context, head string, tokens ...[]int) (*tensor.Dense, error) {
	logits, classes, err := m.predict(ctx, head, tokens)
	if err != nil {
		return nil, err
	}
	return newDense(logits, len(tokens), classes), nil
}

// A computation is what a method wants of a forward pass.
type computation struct {
	rows   func(b *batch) []int                // of the last layer, all if nil
	hidden func(b *batch, layer int, x matrix) // called after each layer, may be nil
	// use is called with the last hidden states; may be nil.
	use func(b *batch, a *arena, x matrix) error
}

// compute runs the encoder on token sequences. The matrices that c's functions
// are given are valid during the call only.
func (m *Model) compute(ctx context.Context, tokens [][]int, c computation) error {
	b, err := m.batch(tokens)
	if err != nil {
		return err
	}
	a := newArena(m.pool)
	defer a.release()
	var rows []int
	if c.rows != nil {
		rows = c.rows(b)
	}
	var hidden func(int, matrix)
	if c.hidden != nil {
		hidden = func(layer int, x matrix) { c.hidden(b, layer, x) }
	}
	x, err := m.enc.forward(ctx, m.pool, a, b, rows, hidden)
	if err != nil {
		return err
	}
	if c.use != nil {
		return c.use(b, a, x)
	}
	return nil
}
