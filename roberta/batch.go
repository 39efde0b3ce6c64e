package roberta

import (
	"fmt"
	"slices"

	"github.com/goroberta/goroberta/internal/nn"
)

// padID is fairseq's padding symbol, in every dictionary.
const padID = 1

// padsPerPosition bounds the pads of a sequence: with its pads a sequence may be this
// many times as long as the model's positions. A padded batch is far shorter.
const padsPerPosition = 4

// A layout says where the tokens of a batch's sequences are among the rows that are
// computed. Pads have no row.
type layout struct {
	lengths []int   // of each sequence, pads included
	offsets []int   // row of each sequence's first token that is no pad
	rows    [][]int // of each token, -1 for a pad; nil for a sequence without pads
}

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

// batch checks token sequences and puts them end to end. Pads are left out: no token
// attends to them and, as in fairseq, they do not advance the positions.
func (m *Model) batch(sequences [][]int) (*nn.Batch, *layout, error) {
	if len(sequences) == 0 {
		return nil, nil, m.emptyError(ErrEmpty)
	}
	b := &nn.Batch{Offsets: make([]int, 1, len(sequences)+1)}
	l := &layout{rows: make([][]int, len(sequences))}
	for s, sequence := range sequences {
		if limit := padsPerPosition * m.cfg.MaxPositions; len(sequence) > limit {
			return nil, nil, &LengthError{Sequence: s, Tokens: len(sequence), Max: limit, Pads: true}
		}
		lo, padded := len(b.Tokens), slices.Contains(sequence, padID)
		for i, id := range sequence {
			switch {
			case id < 0 || id >= m.cfg.VocabSize:
				return nil, nil, &TokenError{Sequence: s, Position: i, ID: id, Vocab: m.cfg.VocabSize}
			case id == padID:
				l.rows[s] = append(l.rows[s], -1)
				continue
			case padded:
				l.rows[s] = append(l.rows[s], len(b.Tokens))
			}
			b.Positions = append(b.Positions, len(b.Tokens)-lo)
			b.Tokens = append(b.Tokens, id)
		}
		n := len(b.Tokens) - lo
		switch {
		case len(sequence) == 0:
			return nil, nil, m.emptyError(fmt.Errorf("%w: sequence %d has no tokens", ErrEmpty, s))
		case n == 0:
			return nil, nil, fmt.Errorf("%w: sequence %d has no tokens but pads", ErrEmpty, s)
		}
		if n > m.cfg.MaxPositions {
			return nil, nil, &LengthError{Sequence: s, Tokens: n, Max: m.cfg.MaxPositions}
		}
		l.lengths, l.offsets = append(l.lengths, len(sequence)), append(l.offsets, lo)
		b.Offsets = append(b.Offsets, len(b.Tokens))
	}
	return b, l, nil
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
