package roberta

import (
	"context"

	"github.com/goroberta/goroberta/internal/nn"
)

// ExtractFeatures computes the last layer's hidden states of a batch of token
// sequences, as Encode gives them: a row of C values for each token. See States.
//
// Sequences need no padding. Pads (token 1) are skipped wherever they stand, as in
// fairseq: they take no position, and no token attends to them. A sequence may have
// Config.MaxPositions tokens, and with its pads four times as many; more is
// ErrTooLong. Other errors are ErrEmpty, ErrToken, ErrClosed, weights.ErrChanged if
// the model's file has shrunk, and the context's, which is checked before each layer.
// As fairseq's RobertaHubInterface.extract_features.
func (m *Model) ExtractFeatures(ctx context.Context, tokens ...[]int) (*States, error) {
	e, err := m.Extract(ctx, WantFeatures, tokens...)
	if err != nil {
		return nil, err
	}
	return e.Features, nil
}

// ExtractAllHiddens is ExtractFeatures for every layer: Layers + 1 States, first those
// after the embedding, then those after each layer. The last equal the features, bit
// for bit, unless the model is pre-norm: its features have one LayerNorm more, as in
// fairseq (return_all_hiddens=True).
func (m *Model) ExtractAllHiddens(ctx context.Context, tokens ...[]int) ([]*States, error) {
	e, err := m.Extract(ctx, WantHiddens, tokens...)
	if err != nil {
		return nil, err
	}
	return e.Hidden, nil
}

// LMLogits computes the language-model head's logits, a row of V values for each
// token, V the vocabulary's size: 200 KB a token for GPT-2's vocabulary. Errors are
// those of ExtractFeatures and ErrNoLMHead.
func (m *Model) LMLogits(ctx context.Context, tokens ...[]int) (*States, error) {
	e, err := m.Extract(ctx, WantLogits, tokens...)
	if err != nil {
		return nil, err
	}
	return e.Logits, nil
}

// Want says what Extract computes: one of its constants, or several joined by |.
type Want uint8

// What Extract can compute.
const (
	WantFeatures Want = 1 << iota // Extraction.Features
	WantHiddens                   // Extraction.Hidden
	WantLogits                    // Extraction.Logits
)

// An Extraction is what one pass through the model gives. What was not asked for is
// nil.
type Extraction struct {
	Features *States   // as ExtractFeatures
	Hidden   []*States // as ExtractAllHiddens
	Logits   *States   // as LMLogits
}

// Extract computes features, all hidden states and LM logits, or some of these, in
// one pass. Errors are those of ExtractFeatures and, with WantLogits, ErrNoLMHead.
func (m *Model) Extract(ctx context.Context, want Want, tokens ...[]int) (*Extraction, error) {
	if err := m.enter(); err != nil {
		return nil, err
	}
	defer m.leave()
	q := nn.Request{Features: want&WantFeatures != 0, Hidden: want&WantHiddens != 0}
	if want&WantLogits != 0 {
		if q.LM = m.lm; q.LM == nil {
			return nil, ErrNoLMHead
		}
	}
	r, l, err := m.compute(ctx, tokens, q)
	if err != nil {
		return nil, err
	}
	e := &Extraction{}
	if q.Features {
		e.Features = &States{l, m.cfg.Dim, r.Features}
	}
	for _, h := range r.Hidden {
		e.Hidden = append(e.Hidden, &States{l, m.cfg.Dim, h})
	}
	if q.LM != nil {
		e.Logits = &States{l, m.cfg.VocabSize, r.Logits}
	}
	return e, nil
}
