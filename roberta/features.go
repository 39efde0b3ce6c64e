package roberta

import "context"

// ExtractFeatures computes the last layer's hidden states of a batch of token
// sequences, as Encode gives them: a row of C values for each token. See Input, States
// and Result.Features. Errors are those of Compute, without the ones of what is not
// asked for. As fairseq's RobertaHubInterface.extract_features.
func (m *Model) ExtractFeatures(ctx context.Context, tokens ...[]int) (*States, error) {
	e, err := m.Extract(ctx, WantFeatures, tokens...)
	if err != nil {
		return nil, err
	}
	return e.Features, nil
}

// ExtractAllHiddens is ExtractFeatures for every layer. See Result.Hidden.
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

// Extract computes features, all hidden states and LM logits, or some of these, in
// one pass. It is Compute for tokens without types.
func (m *Model) Extract(ctx context.Context, want Want, tokens ...[]int) (*Result, error) {
	return m.Compute(ctx, Request{Inputs: Inputs(tokens...), Want: want})
}
