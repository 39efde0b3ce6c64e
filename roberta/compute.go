package roberta

import (
	"context"
	"fmt"
	"math"

	"github.com/goroberta/goroberta/internal/nn"
	"github.com/goroberta/goroberta/internal/simd"
	"github.com/goroberta/goroberta/tokenizer"
)

// An Input is one sequence of tokens.
//
// Sequences need no padding. Pads (Config.PadID) are skipped wherever they stand, as in
// fairseq: they take no position, and no token attends to them. A sequence may have
// Config.MaxPositions tokens, and with its pads four times as many.
type Input struct {
	Tokens []int // as Encode gives them
	// Types are the tokens' types (token_type_ids), as many as tokens; those of pads do
	// not matter. nil: all are 0, the only type that most models have. An embedding of
	// the type is added to each token, also of type 0, if the model has such embeddings.
	Types []int
	// KeepPads makes pads tokens like others: they are attended to and have hidden
	// states. They still take no position. Hugging Face's models do so with a <pad> that
	// a text spells out.
	KeepPads bool
}

// Inputs makes an Input of each sequence of tokens, without types.
func Inputs(tokens ...[]int) []Input {
	in := make([]Input, len(tokens))
	for i, t := range tokens {
		in[i].Tokens = t
	}
	return in
}

// Input makes an Input of an encoding. Its types count if the model has several to
// choose from. A model with one type has no use for them. Pads of the text are kept.
func (m *Model) Input(e *tokenizer.Encoding) Input {
	in := Input{Tokens: e.IDs}
	if m.cfg.TokenTypes > 1 {
		in.Types = e.Types
	}
	for i, text := range e.Sequence {
		in.KeepPads = in.KeepPads || text >= 0 && e.IDs[i] == m.cfg.PadID
	}
	return in
}

// Want says what a Request asks for: one of its constants, or several joined by |.
type Want uint8

// What a model can compute besides the outputs of a classification head.
const (
	WantFeatures   Want = 1 << iota // Result.Features
	WantHiddens                     // Result.Hidden
	WantLogits                      // Result.Logits
	WantAttentions                  // Result.Attentions
	WantPooler                      // Result.Pooler
	WantFirst                       // Result.First
)

// A Request is what is asked of one pass through the model. Only that is computed.
type Request struct {
	Inputs []Input
	Want   Want
	Head   string // a classification head whose logits are wanted; "": none

	// EachLogits gets what WantLogits asks for, in place of Result.Logits, which would
	// have 200 KB a token: logits first, first+1 … of a token of a sequence. They come in
	// pieces of some hundred. Several goroutines call it at once, but only one for the
	// same piece of the vocabulary, and that with the tokens in order. Pads have no
	// logits. The memory of a piece is used again. It may be nil.
	EachLogits func(sequence, token, first int, logits []float32)
}

// A Result is what a Request asked for. All else is nil. Its memory belongs to the
// caller, and none of it is shared.
type Result struct {
	// Features are the last layer's hidden states: a row of C values for each token.
	Features *States

	// First are the last layer's hidden states of each sequence's first token that is no
	// pad, which is <s> in what Encode gives: shape (B, C). The last layer computes no
	// others if nothing else asks for them. They equal rows of Features, bit for bit.
	First *Matrix

	// Hidden are the hidden states of every layer: Layers + 1 States, first those after
	// the embedding, then those after each layer. The last equal the features, bit for
	// bit. In a fairseq model that is pre-norm the features have one LayerNorm more, as
	// in fairseq (return_all_hiddens=True).
	Hidden []*States

	// Logits are the language-model head's: a row of V values for each token, V the
	// vocabulary's size.
	Logits *States

	// Attentions are the attention weights of each layer.
	Attentions []*Attention

	// Pooler is tanh(dense(x)) of each sequence's first token: shape (B, C). The
	// poolers of Hugging Face's models were hardly ever trained.
	Pooler *Matrix

	// HeadLogits are the logits of a head that reads a sequence's first token that is no
	// pad, which is <s> in what Encode gives: a row for each sequence, a logit for each
	// class.
	HeadLogits *Matrix

	// HeadTokenLogits are the logits of a head that reads each token or spans: a row for
	// each token. For ReadsTokens a row has a logit for each class, for ReadsSpans two:
	// that a span starts at the token, and that one ends there.
	HeadTokenLogits *States
}

// Compute computes all that is asked of it in one pass. What a sequence gives does not
// depend on the others, bit for bit, nor on what else is asked for.
//
// Errors are ErrEmpty, ErrTooLong, ErrToken and ErrTokenType, with the place at fault;
// ErrUnknownHead; ErrNoLMHead with WantLogits, ErrNoPooler with WantPooler, and
// ErrAttentions with WantAttentions; ErrClosed; weights.ErrChanged if the model's file
// has shrunk; and the context's, which is checked before each layer.
func (m *Model) Compute(ctx context.Context, q Request) (*Result, error) {
	if err := m.enter(); err != nil {
		return nil, err
	}
	defer m.leave()
	var h *head
	if q.Head != "" {
		var err error
		if h, err = m.head(q.Head); err != nil {
			return nil, err
		}
	}
	return m.compute(ctx, q, h)
}

// compute is Compute with the head at hand; nil for none.
func (m *Model) compute(ctx context.Context, asked Request, h *head) (*Result, error) {
	inputs, want := asked.Inputs, asked.Want
	q := nn.Request{Features: want&WantFeatures != 0, Hidden: want&WantHiddens != 0, Weights: want&WantAttentions != 0}
	if want&WantLogits != 0 {
		if q.LM = m.lm; q.LM == nil {
			return nil, ErrNoLMHead
		}
	}
	if want&WantPooler != 0 && m.pooler == nil {
		return nil, ErrNoPooler
	}
	b, l, err := m.batch(inputs)
	if err != nil {
		return nil, err
	}
	if q.Weights {
		if err := m.checkAttentions(b); err != nil {
			return nil, err
		}
	}
	q.Batch = b
	if each := asked.EachLogits; each != nil && q.LM != nil {
		at := l.places()
		q.EachPiece = func(row, first int, logits []float32) { each(at[row].sequence, at[row].token, first, logits) }
	}
	first := nn.Only(b.Offsets[:b.Sequences()]...)
	if !q.Features && !q.Hidden && !q.Weights && q.LM == nil && (h == nil || !h.Reads.eachToken()) {
		q.Rows, first = first, nn.All() // the last layer computes no others
	}
	q.Features = q.Features || want&WantFirst != 0
	if h != nil {
		rows := first
		if h.Reads.eachToken() {
			rows = nn.All()
		}
		q.Heads = append(q.Heads, nn.Outputs{Head: &h.net, Rows: rows})
	}
	if want&WantPooler != 0 {
		q.Heads = append(q.Heads, nn.Outputs{Head: &nn.Head{Out: *m.pooler}, Rows: first})
	}
	r, err := m.run(ctx, q)
	if err != nil {
		return nil, err
	}

	res := &Result{}
	if want&WantFeatures != 0 {
		res.Features = &States{l, m.cfg.Dim, r.Features}
	}
	if want&WantFirst != 0 {
		res.First = newMatrix(r.Features, m.cfg.Dim)
		if res.First.rows > b.Sequences() { // something else asks for all rows
			all := res.First
			res.First = newMatrix(make([]float32, b.Sequences()*m.cfg.Dim), m.cfg.Dim)
			for s := range b.Sequences() {
				copy(res.First.Row(s), all.Row(b.Offsets[s]))
			}
		}
	}
	for _, x := range r.Hidden {
		res.Hidden = append(res.Hidden, &States{l, m.cfg.Dim, x})
	}
	if q.LM != nil && q.EachPiece == nil {
		res.Logits = &States{l, m.cfg.VocabSize, r.Logits}
	}
	at, _ := b.WeightsAt(m.cfg.Heads)
	for _, x := range r.Weights {
		res.Attentions = append(res.Attentions, &Attention{l, m.cfg.Heads, at, x})
	}
	if want&WantPooler != 0 {
		x := r.Outputs[len(r.Outputs)-1]
		simd.Tanh(x)
		res.Pooler = newMatrix(x, m.cfg.Dim)
	}
	switch {
	case h == nil:
	case h.Reads.eachToken():
		res.HeadTokenLogits = &States{l, h.Classes, r.Outputs[0]}
	default:
		res.HeadLogits = newMatrix(r.Outputs[0], h.Classes)
	}
	return res, nil
}

// maxAttentionBytes bounds the attention weights of a request: 64 GiB, or on 32-bit
// platforms what one slice can have.
const maxAttentionBytes = min(64<<30, math.MaxInt)

// checkAttentions is ErrAttentions for a batch whose attention weights are absurdly
// many.
func (m *Model) checkAttentions(b *nn.Batch) error {
	n := 0.0
	for s := range b.Sequences() {
		T := float64(b.Offsets[s+1] - b.Offsets[s])
		n += T * T
	}
	if n *= 4 * float64(m.cfg.Heads) * float64(m.cfg.Layers); n > maxAttentionBytes {
		return fmt.Errorf("%w: those of %d tokens in %d sequences are %.3g GB: ask for fewer sequences at a time", ErrAttentions, b.Len(), b.Sequences(), n/1e9)
	}
	return nil
}
