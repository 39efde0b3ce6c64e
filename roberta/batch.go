package roberta

import "fmt"

// padID is fairseq's padding symbol, in every dictionary.
const padID = 1

// A batch is the tokens of some sequences end to end, without their pads.
type batch struct {
	tokens    []int
	positions []int // from 0 in each sequence; pads do not count
	places    []int // rows of the caller's batch [B·T], pads included
	width     int   // T, the length of the caller's longest sequence
	offsets   []int // sequence s is tokens[offsets[s]:offsets[s+1]]
}

func (b *batch) len() int       { return len(b.tokens) }
func (b *batch) sequences() int { return len(b.offsets) - 1 }

// newBatch checks sequences and puts them end to end. Pads are left out: no
// token attends to them and, as in fairseq, they do not advance the positions.
func newBatch(cfg *Config, sequences [][]int) (*batch, error) {
	if len(sequences) == 0 {
		return nil, ErrEmpty
	}
	b := &batch{offsets: make([]int, 1, len(sequences)+1)}
	for s, seq := range sequences {
		lo := len(b.tokens)
		for i, id := range seq {
			if id < 0 || id >= cfg.VocabSize {
				return nil, &TokenError{Sequence: s, Position: i, ID: id, Vocab: cfg.VocabSize}
			}
			if id != padID {
				b.positions = append(b.positions, len(b.tokens)-lo)
				b.places = append(b.places, i)
				b.tokens = append(b.tokens, id)
			}
		}
		n := len(b.tokens) - lo
		if n == 0 {
			return nil, fmt.Errorf("%w: sequence %d has no tokens", ErrEmpty, s)
		}
		if n > cfg.MaxPositions {
			return nil, &LengthError{Sequence: s, Tokens: n, Max: cfg.MaxPositions}
		}
		b.offsets = append(b.offsets, len(b.tokens))
		b.width = max(b.width, len(seq))
	}
	for s := range sequences { // now that the width is known
		for r := b.offsets[s]; r < b.offsets[s+1]; r++ {
			b.places[r] += s * b.width
		}
	}
	return b, nil
}
