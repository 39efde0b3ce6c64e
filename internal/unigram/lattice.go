package unigram

import (
	"slices"

	"github.com/goroberta/goroberta/internal/trie"
)

// The largest lattice that is kept for the next text.
const (
	keepCells = 1 << 16
	keepText  = 1 << 22
)

// A cell is the best way to write the text up to one place.
type cell[F Float] struct {
	score  F
	length int32 // of the last token; 0: the place has not been reached
	piece  int32 // the number of the last piece, or unknown
}

const unknown = -1

// A lattice holds the cells of the text from the last settled place on.
type lattice[F Float] struct {
	cells []cell[F] // cells[i] is for the place settled+i
	text  []byte    // a copy of a text that is a string
}

// search appends the tokens of text.
func (l *lattice[F]) search(m *Model[F], tokens []Token, text []byte) []Token {
	var (
		units   = m.trie.Units
		first   = len(tokens)
		cells   = l.cells
		settled = 0 // every way to write the text passes here
		reach   = 0 // the furthest place reached
		here    F   // the score of the best way to write text[:at]
		scores  = m.scores
		reset   = m.options.Reset
		unseen  = m.options.UnknownScore
	)
	for at := 0; at < len(text); {
		if at == reach {
			// Nothing reaches further: what comes before is settled.
			if at > settled {
				tokens = m.settle(tokens, first, cells, settled, at)
			}
			settled = at
		} else {
			here = cells[at-settled].score
		}
		if reset != 0 && (here < -reset || here > reset) {
			for i := at - settled; i <= reach-settled; i++ {
				if cells[i].length != 0 {
					cells[i].score -= here
				}
			}
			here = 0
		}
		size := min(int(charLen[text[at]>>4]), len(text)-at)
		single := false
		base := trie.Root
		for end := at; end < len(text); {
			c := uint32(text[end])
			p := base ^ c
			u := units[p]
			if u.Label() != c {
				break
			}
			base = u.Base
			end++
			piece := u.Number()
			if piece < 0 {
				continue
			}
			length := end - at
			if length == size {
				single = true
			}
			score := scores[piece] + here
			i := end - settled
			if end > reach {
				cells = grow(cells, reach-settled, i)
				reach = end
			}
			if x := &cells[i]; x.length == 0 || score > x.score {
				*x = cell[F]{score, int32(length), int32(piece)}
			}
		}
		if !single {
			score := unseen + here
			end := at + size
			i := end - settled
			if end > reach {
				cells = grow(cells, reach-settled, i)
				reach = end
			}
			if x := &cells[i]; x.length == 0 || score > x.score {
				*x = cell[F]{score, int32(size), unknown}
			}
		}
		at += size
		if at == reach {
			here = cells[at-settled].score
		}
	}
	if len(text) > settled {
		tokens = m.settle(tokens, first, cells, settled, len(text))
	}
	l.cells = cells
	return tokens
}

// grow returns cells with empty ones from place after to place last.
func grow[F Float](cells []cell[F], after, last int) []cell[F] {
	if last >= len(cells) {
		more := make([]cell[F], max(2*len(cells), last+1, 256))
		copy(more, cells)
		cells = more
	}
	for i := after + 1; i <= last; i++ { // seldom more than three
		cells[i].length = 0
	}
	return cells
}

// settle appends the tokens of text[from:to], which the cells lead back from to.
// The tokens of this text begin at tokens[first].
func (m *Model[F]) settle(tokens []Token, first int, cells []cell[F], from, to int) []Token {
	n := 0
	for i := to - from; i > 0; i -= int(cells[i].length) {
		n++
	}
	start := len(tokens)
	tokens = slices.Grow(tokens, n)[:start+n]
	for i, k := to-from, start+n-1; i > 0; k-- {
		id := m.options.Unknown
		if p := cells[i].piece; p != unknown {
			id = int(m.ids[p])
		}
		tokens[k] = Token{id, from + i}
		i -= int(cells[i].length)
	}
	if m.options.Join {
		tokens = m.join(tokens, first, start)
	}
	return tokens
}

// join makes one token of unknown ones that stand side by side among tokens[start-1:].
// The tokens of this text begin at tokens[first].
func (m *Model[F]) join(tokens []Token, first, start int) []Token {
	unk := m.options.Unknown
	k := start
	for _, t := range tokens[start:] {
		if t.ID == unk && unk >= 0 && k > first && tokens[k-1].ID == unk {
			tokens[k-1].End = t.End
			continue
		}
		tokens[k] = t
		k++
	}
	return tokens[:k]
}

// charLen is the length of a character by the upper half of its first byte. That is
// how both references step through text that is not UTF-8, if they see any.
var charLen = [16]uint8{1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 3, 4}

// CharLen returns the length of a character that begins with byte c.
func CharLen(c byte) int { return int(charLen[c>>4]) }
