package hf

import (
	"errors"
	"math"
	"strings"

	"github.com/goroberta/goroberta/internal/unigram"
)

// unknownPenalty is how much worse than the worst token an unknown character is.
const unknownPenalty = 10

// unigramModel is a Unigram model. Every token of the vocabulary matches text, those
// of special tokens too, unless the tokenizer is plain.
type unigramModel struct {
	vocab        *vocabulary
	scores       []float64
	unk          int // the id of the unknown token
	byteFallback bool
	bytes        [256]int32 // the ids of <0x00> and so on, or -1
	search       *unigram.Model[float64]
	words        *wordCache
	special      map[string]bool
}

func newUnigram(v *vocabulary, scores []float64, unk int, byteFallback bool) (*unigramModel, error) {
	m := &unigramModel{vocab: v, scores: scores, unk: unk, byteFallback: byteFallback}
	if byteFallback {
		for b := range m.bytes {
			m.bytes[b] = -1
			if id, ok := v.id(byteTokens[b]); ok {
				m.bytes[b] = int32(id)
			}
		}
	}
	return m, m.build(nil)
}

// build makes what searches, without the tokens of special.
func (m *unigramModel) build(special map[string]bool) error {
	lowest := math.Inf(1)
	pieces := make([]unigram.Piece[float64], 0, len(m.scores))
	for id, score := range m.scores {
		lowest = min(lowest, score)
		if name := m.vocab.names[id]; !special[name] {
			pieces = append(pieces, unigram.Piece[float64]{Text: name, ID: id, Score: score})
		}
	}
	search, err := unigram.New(pieces, unigram.Options[float64]{Unknown: m.unk, UnknownScore: lowest - unknownPenalty, Join: true})
	if errors.Is(err, unigram.ErrTooLarge) {
		return &largeError{err}
	}
	m.search, m.special = search, special
	m.words = new(wordCache)
	return err
}

func (m *unigramModel) withoutSpecial(special map[string]bool) model {
	plain := *m
	if plain.build(special) != nil { // it succeeded with more tokens
		return m
	}
	return &plain
}

func (m *unigramModel) appendIDs(ids []int, piece string, mem *scratch) []int {
	if mem.chunk {
		return m.encode(ids, nil, piece, mem)
	}
	key, short := keyOf(piece)
	if !short {
		return m.encode(ids, nil, piece, mem)
	}
	ids, ok, again := m.words.append(ids, key)
	if ok {
		return ids
	}
	n := len(ids)
	ids = m.encode(ids, nil, piece, mem)
	if again {
		m.words.add(key, ids[n:])
	}
	return ids
}

// appendWord appends the ids of a word, before which Metaspace puts its
// replacement.
func (m *unigramModel) appendWord(ids []int, replacement, word string, mem *scratch) []int {
	mem.piece = append(append(mem.piece[:0], replacement...), word...)
	mem.found = m.search.AppendWith(&mem.lattice, mem.found[:0], mem.piece)
	return m.tokens(ids, nil, view(mem.piece), mem)
}

func (m *unigramModel) appendTokens(tokens []token, piece string, mem *scratch) []token {
	key, again := keyOf(piece)
	if again {
		var ok bool
		if mem.ids, ok, again = m.words.append(mem.ids[:0], key); ok {
			if all, ok := m.named(tokens, piece, mem.ids); ok {
				return all
			}
		}
	}
	n := len(tokens)
	m.encode(nil, &tokens, piece, mem)
	if again {
		mem.ids = mem.ids[:0]
		for _, t := range tokens[n:] {
			mem.ids = append(mem.ids, t.id)
		}
		m.words.add(key, mem.ids)
	}
	return tokens
}

// named appends the tokens of piece that have these ids. If one of them does not stand for
// its name it appends nothing.
func (m *unigramModel) named(tokens []token, piece string, ids []int) (_ []token, ok bool) {
	n, at := len(tokens), 0
	for _, id := range ids {
		name := m.vocab.names[id]
		if id == m.unk || !strings.HasPrefix(piece[at:], name) {
			return tokens[:n], false
		}
		tokens = append(tokens, token{id, at, at + len(name), piece[at : at+len(name)]})
		at += len(name)
	}
	if at < len(piece) {
		return tokens[:n], false
	}
	return tokens, true
}

// encode appends the ids of piece to ids, or its tokens to tokens if that is not nil.
func (m *unigramModel) encode(ids []int, tokens *[]token, piece string, mem *scratch) []int {
	mem.piece = append(mem.piece[:0], piece...)
	mem.found = m.search.AppendWith(&mem.lattice, mem.found[:0], mem.piece)
	return m.tokens(ids, tokens, piece, mem)
}

// tokens appends what was found in piece.
func (m *unigramModel) tokens(ids []int, tokens *[]token, piece string, mem *scratch) []int {
	at := 0
	for _, t := range mem.found {
		text := piece[at:t.End]
		id := t.ID
		if id == m.unk {
			// What was joined may happen to be a token, or become bytes.
			if known, ok := m.vocab.id(text); ok && !m.special[text] {
				id = known
			} else if m.byteFallback && m.haveBytes(text) {
				for i := range len(text) {
					b := text[i]
					if tokens == nil {
						ids = append(ids, int(m.bytes[b]))
					} else {
						*tokens = append(*tokens, token{int(m.bytes[b]), at, t.End, byteTokens[b]})
					}
				}
				at = t.End
				continue
			}
		}
		if tokens == nil {
			ids = append(ids, id)
		} else {
			*tokens = append(*tokens, token{id, at, t.End, text})
		}
		at = t.End
	}
	return ids
}

func (m *unigramModel) haveBytes(text string) bool {
	for i := range len(text) {
		if m.bytes[text[i]] < 0 {
			return false
		}
	}
	return true
}

// byteTokens are the names of the tokens that stand for a byte: <0xC3>.
var byteTokens = func() (names [256]string) {
	const hex = "0123456789ABCDEF"
	for b := range names {
		names[b] = strings.Join([]string{"<0x", hex[b>>4 : b>>4+1], hex[b&15 : b&15+1], ">"}, "")
	}
	return names
}()

// largeError is an error that wraps ErrTooLarge.
type largeError struct{ err error }

func (e *largeError) Error() string { return e.err.Error() }
func (e *largeError) Unwrap() error { return ErrTooLarge }
