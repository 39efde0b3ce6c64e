package pipeline

import (
	"context"
	"errors"

	"github.com/goroberta/goroberta/roberta"
	"github.com/goroberta/goroberta/tokenizer"
)

// A sequence is what the model reads at a time: an input, or one window of it.
type sequence struct {
	tokenizer.Encoding      // of tokens that the caller gave, IDs and Types alone
	text               bool // of texts, not of the caller's tokens
	skip               int  // tokens at the beginning of the input that an Embedder does not pool: its prompt
	// places says of a window for each token which of the input's tokens it is, and −1 for
	// one that counts in another window. nil: each is where it stands.
	places []int
	words  []int // of a Reader's context, the number of each token's word; nil: they do not matter

	masked *roberta.Masked // for a Filler
	clozes []roberta.Cloze // for a Scorer
}

// A sequencer turns texts into sequences that the model can take.
type sequencer struct {
	model   *roberta.Model
	tok     tokenizer.Tokenizer
	noTok   error // why tok is nil
	limit   tokenizer.Limit
	windows bool
	spans   bool // whether the places of tokens are wanted
}

// newSequencer makes the sequencer of a model. own is the longest input that files name for
// the pipeline's own kind, 0 for none.
func newSequencer(m *roberta.Model, o *options, own int) *sequencer {
	q := &sequencer{model: m, limit: o.limit, windows: o.windows, spans: o.kind&(tagger|reader|scorer|comparer) != 0}
	q.tok, q.noTok = m.Tokenizer()
	most := m.Config().MaxPositions
	if q.limit.Length == 0 {
		q.limit.Length = own
	}
	if q.limit.Length == 0 && (q.windows || q.limit.Truncation != tokenizer.NoTruncation) {
		q.limit.Length = maxLength(m)
	}
	if q.limit.Length == 0 || q.limit.Length > most {
		q.limit.Length = most
	}
	return q
}

// maxLength is the longest input that the tokenizer's files name, 0 for none.
func maxLength(m *roberta.Model) int { return m.TokenizerInfo().MaxLength }

// read encodes texts as one input under the limit: one sequence, or with windows
// several.
func (q *sequencer) read(tok tokenizer.Tokenizer, texts []string) ([]sequence, error) {
	template := tok.Template()
	text, more := texts[0], texts[1:]
	switch {
	case q.windows:
		windows, err := template.Windows(tok, q.limit, text, more...)
		if err != nil {
			return nil, err
		}
		var all []sequence
		for e := range windows {
			all = append(all, sequence{Encoding: *e, text: true})
		}
		return all, nil
	case q.limit.Truncation != tokenizer.NoTruncation:
		e, err := template.Encode(tok, q.limit, text, more...)
		if err != nil {
			return nil, err
		}
		return []sequence{{Encoding: *e, text: true}}, nil
	}
	s := sequence{text: true}
	if q.spans || hasTypes(template) {
		e, err := template.Encode(tok, tokenizer.Limit{}, text, more...)
		if err != nil {
			return nil, err
		}
		s.Encoding = *e
	} else {
		if err := errors.Join(tokenizer.Check(tok, text), tokenizer.Check(tok, more...)); err != nil {
			return nil, err
		}
		s.IDs = template.IDs(tok, text, more...) // in half the time
	}
	if n := len(s.IDs); n > q.limit.Length {
		return nil, &roberta.LengthError{Tokens: n, Max: q.limit.Length}
	}
	return []sequence{s}, nil
}

// hasTypes says whether a template gives token types other than 0.
func hasTypes(t tokenizer.Template) bool {
	for _, parts := range [][]tokenizer.Part{t.Single, t.Pair} {
		for _, p := range parts {
			if p.Type != 0 {
				return true
			}
		}
	}
	return false
}

// input encodes an input of texts or tokens.
func (q *sequencer) input(in Input) ([]sequence, error) {
	if in.Tokens != nil { // the model checks them
		return []sequence{{Encoding: tokenizer.Encoding{IDs: in.Tokens, Types: in.Types}}}, nil
	}
	if q.tok == nil {
		return nil, q.noTok
	}
	return q.read(q.tok, in.Texts)
}

// compute asks the model for what it gives of sequences.
func (q *sequencer) compute(ctx context.Context, batch []sequence, want roberta.Request) (*roberta.Result, error) {
	for i := range batch {
		want.Inputs = append(want.Inputs, q.modelInput(&batch[i]))
	}
	return q.model.Compute(ctx, want)
}

// firstLogits computes the logits of a head that reads each sequence's first token: a row
// for each sequence.
func (q *sequencer) firstLogits(ctx context.Context, batch []sequence, h *roberta.Head) ([][]float32, error) {
	res, err := q.compute(ctx, batch, roberta.Request{Head: h.Name})
	if err != nil {
		return nil, err
	}
	if res.HeadLogits == nil || res.HeadLogits.Shape()[1] != h.Classes {
		return nil, changed(h)
	}
	rows := make([][]float32, len(batch))
	for i := range rows {
		rows[i] = res.HeadLogits.Row(i)
	}
	return rows, nil
}

// tokenLogits computes the logits of a head that reads each token: a row for each token
// of each sequence.
func (q *sequencer) tokenLogits(ctx context.Context, batch []sequence, h *roberta.Head) ([][][]float32, error) {
	res, err := q.compute(ctx, batch, roberta.Request{Head: h.Name})
	if err != nil {
		return nil, err
	}
	states := res.HeadTokenLogits
	if states == nil || states.Shape()[2] != h.Classes {
		return nil, changed(h)
	}
	all := make([][][]float32, len(batch))
	for s := range batch {
		all[s] = make([][]float32, states.Len(s))
		for i := range all[s] {
			all[s][i] = states.Row(s, i)
		}
	}
	return all, nil
}

// lastToken is the last token of a sequence that the model computes: a pad that is the
// caller's is none. −1 if there is none.
func (q *sequencer) lastToken(s *sequence) int {
	at := len(s.IDs) - 1
	for !s.text && at >= 0 && s.IDs[at] == q.model.Config().PadID {
		at--
	}
	return at
}

// modelInput is a sequence as the model takes it.
func (q *sequencer) modelInput(s *sequence) roberta.Input {
	in := roberta.Input{Tokens: s.IDs, Types: s.Types}
	if s.text {
		// A pad is what the text says. Types are of no use to a model with one, which
		// refuses those that a caller gives.
		in.KeepPads = true
		if q.model.Config().TokenTypes <= 1 {
			in.Types = nil
		}
	}
	return in
}
