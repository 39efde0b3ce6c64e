// Package unigram cuts text into the pieces of a unigram language model: of all
// ways to write a text as pieces of a vocabulary, the one whose scores have the
// largest sum. SentencePiece's unigram models and the Unigram models of
// tokenizer.json are such models. They differ in the type that the scores are
// added in, and so does the answer where sums are nearly equal: float32 for
// SentencePiece, float64 for tokenizer.json.
//
// # The search
//
// Viterbi's algorithm goes through the text once, character by character. best[e] is
// the largest sum of any way to write text[:e]:
//
//	for each start, and each piece that text[start:] begins with, short to long:
//	        best[end] = max(best[end], score + best[start])
//	if no piece is exactly the character at start:
//	        best[end of the character] = max(…, unknown + best[start])
//
// Only a greater sum replaces an entry, so that of equal ones the earlier start
// wins. The sums run from the beginning of the text, and their rounding with them:
// text is never cut into words that are added up by themselves. But where no piece
// reaches across a place, every way to write the text passes there, and what comes
// before is settled. The search finds these places as it goes and keeps entries for
// the text since the last one only. In nearly all models every word begins at one.
//
// # Cost
//
// A start costs as many steps as the text agrees with pieces from there on. In
// running text that is a few; it is at most the length of the longest piece, which
// New bounds with MaxPiece. So the time is linear in the text for every model.
//
// References: Kudo 2018, Subword Regularization, section 3.2; sentencepiece 0.2.3,
// unigram_model.cc (EncodeOptimized); tokenizers 0.23, models/unigram/model.rs.
package unigram

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/goroberta/goroberta/internal/trie"
)

// MaxPiece is the length of the longest piece in bytes that a model may have, that of
// the SentencePiece library. Its trainer makes pieces of at most 16 characters if not
// told otherwise.
const MaxPiece = 7999

// A Float is the type that scores are added in.
type Float interface{ float32 | float64 }

// A Piece is an entry of a vocabulary that text can be cut into.
type Piece[F Float] struct {
	Text  string // any bytes; an empty one matches nothing
	ID    int    // from 0 to 1<<31-1
	Score F      // the logarithm of its probability
}

// Options are what a model has besides its pieces.
type Options[F Float] struct {
	Unknown      int // the id of what no piece matches, at least -1
	UnknownScore F   // the score of a character that no piece matches

	// Join makes one token of neighbouring unknown characters. The result does not
	// depend on it otherwise.
	Join bool

	// Reset, if it is not 0, takes the sum at a place away from those at all places that
	// were reached, once it is beyond Reset or -Reset. So does SentencePiece, for it keeps
	// the rounding of long texts small.
	Reset F
}

// A Token is a part of a text. It begins where the one before ends, the first one
// at 0.
type Token struct {
	ID  int
	End int // in bytes from the beginning of the text
}

// A Model is a vocabulary, ready for searching. It does not change and may be used
// by any number of goroutines.
type Model[F Float] struct {
	trie    trie.Trie
	scores  []F     // by number of the piece
	ids     []int32 // by number of the piece
	options Options[F]
	pool    sync.Pool // of *lattice[F]
}

// ErrTooLarge is wrapped by the errors of New.
var ErrTooLarge = errors.New("too large")

// New returns the model of these pieces. Where two have the same text the last one
// counts. The error wraps ErrTooLarge: a piece of more than MaxPiece bytes, or more
// than some eight million pieces. The model keeps no reference to pieces.
func New[F Float](pieces []Piece[F], options Options[F]) (*Model[F], error) {
	if len(pieces) > trie.Max {
		return nil, fmt.Errorf("%w: %d pieces, want at most %d", ErrTooLarge, len(pieces), trie.Max)
	}
	for i := range pieces {
		if n := len(pieces[i].Text); n > MaxPiece {
			return nil, fmt.Errorf("%w: piece %d (%.40q…) has %d bytes, want at most %d", ErrTooLarge, pieces[i].ID, pieces[i].Text, n, MaxPiece)
		}
	}
	// Pieces that begin one another are neighbours, so that a search that follows a text
	// finds their scores in one cache line.
	order := make([]int32, len(pieces))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(i, j int32) int {
		return cmp.Or(strings.Compare(pieces[i].Text, pieces[j].Text), cmp.Compare(i, j))
	})
	m := &Model[F]{scores: make([]F, len(pieces)), ids: make([]int32, len(pieces)), options: options}
	for n, i := range order {
		m.scores[n], m.ids[n] = pieces[i].Score, int32(pieces[i].ID)
	}
	m.trie = trie.New(len(pieces), func(n int) string { return pieces[order[n]].Text })
	m.pool.New = func() any { return new(lattice[F]) }
	return m, nil
}

// Lookup returns the id of the piece that is text.
func (m *Model[F]) Lookup(text string) (id int, ok bool) {
	piece := trie.Find(m.trie, text)
	if piece < 0 {
		return 0, false
	}
	return int(m.ids[piece]), true
}

// Append appends the tokens of text to tokens and returns it. Text of any bytes is
// allowed: the length of a character is what its first byte says, and a byte that
// begins none is a character.
//
// Apart from growing tokens it allocates only if the text is long, or has a long
// stretch that pieces span without a gap: then it needs some 20 bytes for each byte of it.
func (m *Model[F]) Append(tokens []Token, text string) []Token {
	l := m.pool.Get().(*lattice[F])
	l.text = append(l.text[:0], text...)
	tokens = l.search(m, tokens, l.text)
	m.release(l)
	return tokens
}

// A Memory is what a search needs besides its text and result. Its zero value is ready. One
// goroutine at a time may use it.
type Memory[F Float] struct{ lattice lattice[F] }

// Size is about how many bytes the memory has.
func (mem *Memory[F]) Size() int { return 16 * cap(mem.lattice.cells) }

// AppendWith is AppendBytes in the caller's memory, for many short texts.
func (m *Model[F]) AppendWith(mem *Memory[F], tokens []Token, text []byte) []Token {
	return mem.lattice.search(m, tokens, text)
}

// AppendBytes is Append for text that is not a string.
func (m *Model[F]) AppendBytes(tokens []Token, text []byte) []Token {
	l := m.pool.Get().(*lattice[F])
	tokens = l.search(m, tokens, text)
	m.release(l)
	return tokens
}

func (m *Model[F]) release(l *lattice[F]) {
	if cap(l.cells) <= keepCells && cap(l.text) <= keepText {
		m.pool.Put(l)
	}
}
