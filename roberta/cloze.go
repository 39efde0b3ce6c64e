package roberta

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/goroberta/goroberta/internal/simd"
)

// A Cloze hides the tokens of an input from At up to End and asks for the probability of
// the first of them.
type Cloze struct{ At, End int }

// ErrCloze is returned for a Cloze that does not lie in its input.
var ErrCloze = errors.New("roberta: hidden tokens outside the input")

// A ClozePrediction is what a model says of the token that a Cloze asks for.
type ClozePrediction struct {
	LogProb float32 // the log-probability of the token that is hidden
	Best    int     // the likeliest token there, of equal ones the smallest id; −1 if a logit is NaN
}

// ClozeLogProbs returns, for each input and each of its clozes, the log-probability that
// the model gives the token At when masks stand in the places of the tokens from At up to
// End. One cloze of one token for each token of a text, summed up, is the text's
// pseudo-log-likelihood (Salazar et al., Masked Language Model Scoring, 2020). With those to
// its right in the same word hidden too, words of several tokens do not come out too likely
// (Kauf and Ivanova, A Better Way to Do Masked Language Model Scoring, 2023). Package
// pipeline's Scorer does both for texts.
//
// An input of T tokens with a cloze for each costs T passes of T tokens. They are computed
// many at a time, and of the language-model head only the row that is asked for. Memory does
// not grow with their number.
//
// Errors are ErrMask for a vocabulary without a mask, ErrCloze, ErrNoLMHead, and those of
// Compute.
func (m *Model) ClozeLogProbs(ctx context.Context, inputs []Input, clozes [][]Cloze) ([][]float32, error) {
	return eachCloze(ctx, m, inputs, clozes, func(logp []float32, token int) float32 { return logp[token] })
}

// ClozePredictions is ClozeLogProbs with the likeliest token beside each log-probability.
func (m *Model) ClozePredictions(ctx context.Context, inputs []Input, clozes [][]Cloze) ([][]ClozePrediction, error) {
	return eachCloze(ctx, m, inputs, clozes, func(logp []float32, token int) ClozePrediction {
		best := 0
		for id, p := range logp {
			if p != p {
				return ClozePrediction{logp[token], -1}
			}
			if p > logp[best] {
				best = id
			}
		}
		return ClozePrediction{logp[token], best}
	})
}

// eachCloze returns what read makes, for each cloze, of the log-probabilities of the
// vocabulary and the token that is hidden.
func eachCloze[R any](ctx context.Context, m *Model, inputs []Input, clozes [][]Cloze, read func(logp []float32, token int) R) ([][]R, error) {
	if len(clozes) != len(inputs) {
		return nil, fmt.Errorf("%w: %d lists for %d inputs", ErrCloze, len(clozes), len(inputs))
	}
	if err := m.checkFill(1); err != nil {
		return nil, err
	}
	if err := m.enter(); err != nil {
		return nil, err
	}
	defer m.leave()
	mask := maskTokenOf(m.tok, m.cfg.PadID)
	if mask.id < 0 {
		return nil, &MaskError{Missing: true}
	}
	if _, _, err := m.batch(inputs); err != nil {
		return nil, err
	}
	out := make([][]R, len(inputs))
	for s, in := range inputs {
		out[s] = make([]R, len(clozes[s]))
		for _, c := range clozes[s] {
			if c.At < 0 || c.End <= c.At || c.End > len(in.Tokens) {
				return nil, fmt.Errorf("%w: tokens %d to %d of input %d, which has %d", ErrCloze, c.At, c.End, s, len(in.Tokens))
			}
			for i := c.At; i < c.End; i++ {
				if in.Tokens[i] == m.cfg.PadID && !in.KeepPads {
					return nil, fmt.Errorf("%w: token %d of input %d is a pad", ErrCloze, i, s)
				}
			}
		}
	}
	questions := func(yield func(question) bool) {
		for s, in := range inputs {
			for n, c := range clozes[s] {
				hidden := in
				hidden.Tokens = slices.Clone(in.Tokens)
				for i := c.At; i < c.End; i++ {
					hidden.Tokens[i] = mask.id
				}
				q := question{hidden, []int{c.At}, func(_ int, logp []float32) {
					simd.LogSoftmax(logp, logp)
					out[s][n] = read(logp, in.Tokens[c.At])
				}}
				if !yield(q) {
					return
				}
			}
		}
	}
	if err := m.ask(ctx, questions); err != nil {
		return nil, err
	}
	return out, nil
}
