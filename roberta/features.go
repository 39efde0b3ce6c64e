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
	e, err := m.Extract(ctx, LastHidden, tokens...)
	if err != nil {
		return nil, err
	}
	return e.Features, nil
}

// ExtractAllHiddens is ExtractFeatures for every layer: Layers + 1 tensors of
// shape (B, T, C), the embedding layer's first. The last equals the features,
// bit for bit, unless the model is pre-norm: its features have one LayerNorm
// more, as in fairseq (return_all_hiddens=True).
func (m *Model) ExtractAllHiddens(ctx context.Context, tokens ...[]int) ([]*tensor.Dense, error) {
	e, err := m.Extract(ctx, AllHiddens, tokens...)
	if err != nil {
		return nil, err
	}
	return e.Hidden, nil
}

// LMLogits computes the language-model head's logits, of shape (B, T, V) with V
// the vocabulary's size: 200 KB a token for GPT-2's vocabulary. Errors are those
// of ExtractFeatures and ErrNoLMHead.
func (m *Model) LMLogits(ctx context.Context, tokens ...[]int) (*tensor.Dense, error) {
	e, err := m.Extract(ctx, Logits, tokens...)
	if err != nil {
		return nil, err
	}
	return e.Logits, nil
}

// Parts says what Extract computes: one of its constants, or several with | between.
type Parts uint8

// The parts of an Extraction.
const (
	LastHidden Parts = 1 << iota // Features
	AllHiddens                   // Hidden
	Logits                       // Logits
)

// An Extraction is what one pass through the model gives; what was not asked
// for is nil.
type Extraction struct {
	Features *tensor.Dense   // as ExtractFeatures
	Hidden   []*tensor.Dense // as ExtractAllHiddens
	Logits   *tensor.Dense   // as LMLogits
}

// Extract computes features, all hidden states and LM logits, or some of these,
// in one pass. Errors are those of ExtractFeatures and, with Logits, ErrNoLMHead.
func (m *Model) Extract(ctx context.Context, parts Parts, tokens ...[]int) (*Extraction, error) {
	if err := m.enter(); err != nil {
		return nil, err
	}
	defer m.leave()
	if parts&Logits != 0 && m.lm == nil {
		return nil, ErrNoLMHead
	}
	e := &Extraction{}
	var c computation
	if parts&AllHiddens != 0 {
		c.begin = func(b *batch) {
			for range m.cfg.Layers + 1 {
				e.Hidden = append(e.Hidden, b.zeros(m.cfg.Dim))
			}
		}
		c.hidden = func(layer int, places []int, x matrix) { fill(e.Hidden[layer], places, x) }
	}
	c.use = func(b *batch, a *arena, x matrix) error {
		if parts&LastHidden != 0 {
			e.Features = b.zeros(x.cols)
			fill(e.Features, b.places, x)
		}
		if parts&Logits == 0 {
			return nil
		}
		V := m.cfg.VocabSize
		logits := make([]float32, b.sequences()*b.width*V)
		e.Logits = newDense(logits, b.sequences(), b.width, V)
		return m.lm.logits(ctx, m.pool, a, func(r int) []float32 { return logits[b.places[r]*V:][:V] }, x, m.enc.act, m.cfg.LayerNormEps)
	}
	if err := m.compute(ctx, tokens, c); err != nil {
		return nil, err
	}
	return e, nil
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
	begin  func(b *batch)                           // called first, may be nil
	rows   func(b *batch) []int                     // of the last layer, in rising order; all if nil
	hidden func(layer int, places []int, x matrix)  // as run wants it, may be nil
	use    func(b *batch, a *arena, x matrix) error // called with the last hidden states
}

// compute runs the encoder on token sequences. The matrices that c's functions
// are given are valid during the call only.
func (m *Model) compute(ctx context.Context, tokens [][]int, c computation) error {
	b, err := m.batch(tokens)
	if err != nil {
		return err
	}
	if err := m.pool.Join(ctx); err != nil {
		return err
	}
	defer m.pool.Leave()
	a := newArena(m.pool)
	defer a.release()
	var rows []int
	if c.rows != nil {
		rows = c.rows(b)
	}
	if c.begin != nil {
		c.begin(b)
	}
	x, err := m.enc.run(ctx, m.pool, a, b, rows, c.hidden)
	if err != nil {
		return err
	}
	return c.use(b, a, x)
}
