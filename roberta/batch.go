package roberta

import (
	"errors"
	"fmt"
	"slices"

	"github.com/goroberta/goroberta/internal/nn"
)

// padsPerPosition bounds the pads of a sequence: with its pads a sequence may be this
// many times as long as the model's positions. A padded batch is far shorter.
const padsPerPosition = 4

// A layout says where the tokens of a batch's sequences are among the rows that are
// computed. Pads have no row.
type layout struct {
	lengths []int   // of each sequence, pads included
	offsets []int   // row of each sequence's first token that is no pad; at the end the number of rows
	rows    [][]int // of each token, -1 for a pad; nil for a sequence without pads
}

// tokens is the number of a sequence's tokens that are no pads.
func (l *layout) tokens(sequence int) int { return l.offsets[sequence+1] - l.offsets[sequence] }

func (l *layout) longest() int { return slices.Max(l.lengths) }

// row is the row of a token; -1 for a pad.
func (l *layout) row(sequence, token int) int {
	n := l.lengths[sequence]
	if token < 0 || token >= n {
		panic(fmt.Sprintf("roberta: token %d of a sequence of %d", token, n))
	}
	if rows := l.rows[sequence]; rows != nil {
		return rows[token]
	}
	return l.offsets[sequence] + token
}

// A tokenPlace is where a row's token is.
type tokenPlace struct{ sequence, token int }

// places is where the token of each row is.
func (l *layout) places() []tokenPlace {
	at := make([]tokenPlace, l.offsets[len(l.offsets)-1])
	for s, n := range l.lengths {
		for i := range n {
			if r := l.row(s, i); r >= 0 {
				at[r] = tokenPlace{s, i}
			}
		}
	}
	return at
}

// batch checks inputs and puts them end to end. Pads are left out unless they are to be
// kept: no token attends to them. As in fairseq, they do not advance the positions; one
// that is kept has the position before the first.
func (m *Model) batch(inputs []Input) (*nn.Batch, *layout, error) {
	b, l, err := m.cfg.batch(inputs)
	if errors.Is(err, ErrEmpty) && (len(inputs) == 0 || slices.ContainsFunc(inputs, func(in Input) bool { return len(in.Tokens) == 0 })) {
		err = m.emptyError(err) // not for pads alone
	}
	return b, l, err
}

// batch is Model.batch, whose ErrEmpty says more.
func (c *Config) batch(inputs []Input) (*nn.Batch, *layout, error) {
	if len(inputs) == 0 {
		return nil, nil, ErrEmpty
	}
	total := 0
	for s := range inputs {
		total += min(len(inputs[s].Tokens), padsPerPosition*c.MaxPositions)
	}
	b := &nn.Batch{Tokens: make([]int, 0, total), Positions: make([]int, 0, total), Offsets: make([]int, 1, len(inputs)+1)}
	l := &layout{rows: make([][]int, len(inputs)), lengths: make([]int, 0, len(inputs))}
	for s, in := range inputs {
		if limit := padsPerPosition * c.MaxPositions; len(in.Tokens) > limit {
			return nil, nil, &LengthError{Sequence: s, Tokens: len(in.Tokens), Max: limit, Pads: true}
		}
		if err := c.checkTypes(s, &in); err != nil {
			return nil, nil, err
		}
		pad := c.PadID
		lo, padded := len(b.Tokens), !in.KeepPads && slices.Contains(in.Tokens, pad)
		position := 0
		for i, id := range in.Tokens {
			switch {
			case id < 0 || id >= c.VocabSize:
				return nil, nil, &TokenError{Sequence: s, Position: i, ID: id, Vocab: c.VocabSize}
			case id == pad && padded:
				l.rows[s] = append(l.rows[s], -1)
				continue
			case padded:
				l.rows[s] = append(l.rows[s], len(b.Tokens))
			}
			if in.Types != nil && in.Types[i] != 0 {
				b.Types = append(b.Types, make([]int, len(b.Tokens)+1-len(b.Types))...)
				b.Types[len(b.Tokens)] = in.Types[i]
			}
			if id == pad {
				b.Positions = append(b.Positions, -1)
			} else {
				b.Positions = append(b.Positions, position)
				position++
			}
			b.Tokens = append(b.Tokens, id)
		}
		n := len(b.Tokens) - lo
		switch {
		case len(in.Tokens) == 0:
			return nil, nil, fmt.Errorf("%w: sequence %d has no tokens", ErrEmpty, s)
		case n == 0:
			return nil, nil, fmt.Errorf("%w: sequence %d has no tokens but pads", ErrEmpty, s)
		}
		if n > c.MaxPositions {
			return nil, nil, &LengthError{Sequence: s, Tokens: n, Max: c.MaxPositions}
		}
		l.lengths = append(l.lengths, len(in.Tokens))
		b.Offsets = append(b.Offsets, len(b.Tokens))
	}
	l.offsets = b.Offsets
	if b.Types != nil {
		b.Types = append(b.Types, make([]int, len(b.Tokens)-len(b.Types))...)
	}
	return b, l, nil
}

// checkTypes is a *TypeError for types that the model does not have, or that do not
// come one for each token. Type 0 does nothing in a model without types.
func (c *Config) checkTypes(s int, in *Input) error {
	if in.Types == nil {
		return nil
	}
	if len(in.Types) != len(in.Tokens) {
		return &TypeError{Sequence: s, Position: -1, Given: len(in.Types), Tokens: len(in.Tokens), Types: c.TokenTypes}
	}
	for i, typ := range in.Types {
		if typ != 0 && (typ < 0 || typ >= c.TokenTypes) {
			return &TypeError{Sequence: s, Position: i, Type: typ, Given: len(in.Types), Tokens: len(in.Tokens), Types: c.TokenTypes}
		}
	}
	return nil
}

// emptyError adds to ErrEmpty why Encode gave no tokens, if the model has no
// vocabulary.
func (m *Model) emptyError(err error) error {
	if m.tok == nil {
		return fmt.Errorf("%w (%w)", err, m.noTok)
	}
	return err
}

// checkLength is a *LengthError for a sequence without pads that is too long.
func (m *Model) checkLength(s int, sequence []int) error {
	if n := len(sequence); n > m.cfg.MaxPositions {
		return &LengthError{Sequence: s, Tokens: n, Max: m.cfg.MaxPositions}
	}
	return nil
}

// bytesPerPosition is how many bytes of a text are encoded for each position of the
// model before it is known whether the text is far too long: more than a token of
// ordinary text has.
const bytesPerPosition = 32

// checkText is a *LengthError for a text whose beginning alone has more than twice as
// many tokens as the model has positions. No more is encoded, so a very long text costs
// little.
func (m *Model) checkText(s int, text string) error {
	some := bytesPerPosition * m.cfg.MaxPositions
	if len(text) <= some {
		return nil
	}
	n := len(m.tok.Append(nil, text[:some]))
	if n <= 2*m.cfg.MaxPositions {
		return nil // it may still be too long
	}
	return &LengthError{Sequence: s, Tokens: n, Max: m.cfg.MaxPositions, More: true}
}
