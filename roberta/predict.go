package roberta

import (
	"context"
	"fmt"

	"github.com/goroberta/goroberta/internal/nn"
	"github.com/goroberta/goroberta/internal/simd"
)

// Predict computes the log-probabilities of a classification head: shape (B, classes),
// a row for each sequence. The head reads the hidden state of the sequence's first
// token that is no pad, which is <s> in what Encode gives. (fairseq reads position 0,
// where a batch padded on the left has a pad.) Errors are those of ExtractFeatures,
// ErrUnknownHead, and ErrHeadReads for a head that reads other tokens. As fairseq's
// RobertaHubInterface.predict.
func (m *Model) Predict(ctx context.Context, head string, tokens ...[]int) (*Matrix, error) {
	logits, err := m.PredictLogits(ctx, head, tokens...)
	if err != nil {
		return nil, err
	}
	for r := range logits.rows {
		simd.LogSoftmax(logits.Row(r), logits.Row(r))
	}
	return logits, nil
}

// PredictLogits is Predict without the log-softmax. The logit of a head with one class
// is the value of a regression. As predict(…, return_logits=True).
func (m *Model) PredictLogits(ctx context.Context, head string, tokens ...[]int) (*Matrix, error) {
	if err := m.enter(); err != nil {
		return nil, err
	}
	defer m.leave()
	h, err := m.head(head)
	if err != nil {
		return nil, err
	}
	if h.Reads != ReadsFirst {
		return nil, fmt.Errorf("%w: %q reads %s: use PredictTokens", ErrHeadReads, head, h.Reads)
	}
	b, _, err := m.batch(tokens)
	if err != nil {
		return nil, err
	}
	r, err := m.run(ctx, nn.Request{Batch: b, Rows: nn.Only(b.Offsets[:b.Sequences()]...), Head: &h.net})
	if err != nil {
		return nil, err
	}
	return newMatrix(r.Outputs, h.Classes), nil
}

// PredictTokens computes the logits of a head that reads each token or spans: a row
// for each token. For ReadsTokens a row has a logit for each class, for ReadsSpans two:
// that a span starts at the token, and that one ends there. Errors are those of
// Predict.
func (m *Model) PredictTokens(ctx context.Context, head string, tokens ...[]int) (*States, error) {
	if err := m.enter(); err != nil {
		return nil, err
	}
	defer m.leave()
	h, err := m.head(head)
	if err != nil {
		return nil, err
	}
	if h.Reads == ReadsFirst {
		return nil, fmt.Errorf("%w: %q reads the first token: use Predict", ErrHeadReads, head)
	}
	r, l, err := m.compute(ctx, tokens, nn.Request{Head: &h.net})
	if err != nil {
		return nil, err
	}
	return &States{l, h.Classes, r.Outputs}, nil
}
