package roberta

import (
	"context"
	"fmt"

	"github.com/goroberta/goroberta/internal/simd"
)

// Predict computes the log-probabilities of a classification head: shape (B, classes),
// a row for each sequence. They are the log-softmax of the logits, or for a head whose
// classes exclude nothing (Sigmoid) the log of each class's own probability.
//
// The head reads the hidden state of the sequence's first token that is no pad, which
// is <s> in what Encode gives. (fairseq reads position 0, where a batch padded on the
// left has a pad.) Errors are those of ExtractFeatures, ErrUnknownHead, ErrHeadReads for
// a head that reads other tokens, and ErrRegression for one without classes. As
// fairseq's RobertaHubInterface.predict.
func (m *Model) Predict(ctx context.Context, head string, tokens ...[]int) (*Matrix, error) {
	h, res, err := m.predict(ctx, head, tokens, hasProbabilities)
	if err != nil {
		return nil, err
	}
	for r := range res.HeadLogits.rows {
		row := res.HeadLogits.Row(r)
		if err := h.Function.LogProbs(row, row); err != nil {
			return nil, err
		}
	}
	return res.HeadLogits, nil
}

// PredictLogits is Predict without the function after the logits. The logits of a
// regression are its values. A head that reads choices gives one logit for each pair of
// a prompt and a choice; the softmax over a prompt's pairs is the choices'
// probabilities. As predict(…, return_logits=True).
func (m *Model) PredictLogits(ctx context.Context, head string, tokens ...[]int) (*Matrix, error) {
	_, res, err := m.predict(ctx, head, tokens, readsFirst)
	if err != nil {
		return nil, err
	}
	return res.HeadLogits, nil
}

// PredictTokens computes the logits of a head that reads each token or spans. See
// Result.HeadTokenLogits. Errors are those of Predict.
func (m *Model) PredictTokens(ctx context.Context, head string, tokens ...[]int) (*States, error) {
	_, res, err := m.predict(ctx, head, tokens, readsTokens)
	if err != nil {
		return nil, err
	}
	return res.HeadTokenLogits, nil
}

// hasProbabilities is an error for a head whose logits, for one sequence, stand for no
// probabilities of classes.
func hasProbabilities(h *head) error {
	switch {
	case h.Reads == ReadsChoices:
		return fmt.Errorf("%w: %q compares choices, each a pair with the prompt: use PredictLogits, which gives one logit a pair", ErrHeadReads, h.Name)
	case h.Reads == ReadsFirst && h.Function == Identity:
		return fmt.Errorf("%w: the logits of %q are the values: use PredictLogits", ErrRegression, h.Name)
	}
	return readsFirst(h)
}

// readsTokens is an error for a head that does not give a row for each token.
func readsTokens(h *head) error {
	if !h.Reads.eachToken() {
		return fmt.Errorf("%w: %q reads the first token of a sequence: use PredictLogits", ErrHeadReads, h.Name)
	}
	return nil
}

// readsFirst is an error for a head that does not read a sequence's first token.
func readsFirst(h *head) error {
	switch h.Reads {
	case ReadsTokens:
		return fmt.Errorf("%w: %q reads each token: use PredictTokens", ErrHeadReads, h.Name)
	case ReadsSpans:
		return fmt.Errorf("%w: %q reads spans, whose start and end may be any token: use PredictTokens", ErrHeadReads, h.Name)
	}
	return nil
}

// predict computes the logits of a head that check accepts.
func (m *Model) predict(ctx context.Context, name string, tokens [][]int, check func(*head) error) (*head, *Result, error) {
	if err := m.enter(); err != nil {
		return nil, nil, err
	}
	defer m.leave()
	h, err := m.head(name)
	if err == nil {
		err = check(h)
	}
	if err != nil {
		return nil, nil, err
	}
	res, err := m.compute(ctx, Request{Inputs: Inputs(tokens...)}, h)
	return h, res, err
}

// LogProbs sets dst to the logarithms of the probabilities that a row of logits stands
// for: log-softmax, or for Sigmoid the log of each class's own probability. dst has the
// length of logits, and may be the same slice. The error is ErrRegression for Identity.
func (f Function) LogProbs(dst, logits []float32) error {
	switch f {
	case Softmax:
		simd.LogSoftmax(dst, logits)
	case Sigmoid:
		simd.LogSigmoid(dst, logits)
	default:
		return fmt.Errorf("%w: the logits are the values", ErrRegression)
	}
	return nil
}
