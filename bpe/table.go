package bpe

import (
	"fmt"
	"math"
)

// A Table is a byte-level BPE that a caller has read from a file of another form,
// such as tokenizer.json. Tokens are named by their place in Tokens.
type Table struct {
	File   string      // name of the file, for errors
	Tokens []string    // the bytes of each token; one for each byte value among them
	IDs    []int32     // the id of each token, from 0 up
	Merges [][3]uint32 // by rank: the left token, the right one, and the one that they make

	// Whole says that a piece which is a token is not merged, whatever the merges
	// would make of it. That is ignore_merges in tokenizer.json.
	Whole bool
}

// NewFromTable returns the Encoder of t. It cuts text by GPT-2's pattern with the
// letters and numbers of Unicode 16.0, as the tokenizers library does: see NextPiece. A pair
// that is merged at several ranks has the last of them. The error is a
// *VocabularyError if a byte has no token, if a token or an id is there twice, or if
// a merge makes another token than its two joined. The Encoder keeps nothing of t.
func NewFromTable(t Table) (*Encoder, error) {
	fail := func(token string, err error) (*Encoder, error) {
		return nil, &VocabularyError{File: t.File, Token: written([]byte(token)), Err: err}
	}
	if len(t.IDs) != len(t.Tokens) {
		return fail("", fmt.Errorf("%w: %d ids for %d tokens", ErrFormat, len(t.IDs), len(t.Tokens)))
	}
	v := &vocabulary{ends: make([]uint32, len(t.Tokens)), ranks: len(t.Merges), pairs: newPairTable(len(t.Merges))}
	e := &Encoder{vocabulary: v, file: t.File, words: new(words), edition: unicode16}
	size := 0
	for _, token := range t.Tokens {
		size += len(token)
	}
	if size > math.MaxInt32 {
		return fail("", ErrTooLarge)
	}
	text := make([]byte, 0, size)
	dense := true
	var has [256]bool
	for i, token := range t.Tokens {
		text = append(text, token...)
		v.ends[i] = uint32(len(text))
		dense = dense && t.IDs[i] == int32(i)
		if len(token) == 1 {
			if has[token[0]] {
				return fail(token, ErrDuplicate)
			}
			has[token[0]] = true
			v.bytes[token[0]] = uint32(i)
		}
	}
	v.text = string(text)
	for b, ok := range has {
		if !ok {
			return fail(string([]byte{byte(b)}), fmt.Errorf("%w: byte %#02x has no token", ErrUnknownToken, b))
		}
	}
	if !dense {
		v.ids = make([]int32, len(t.IDs))
		v.tokens = make(map[int32]uint32, len(t.IDs))
		for i, id := range t.IDs {
			if _, ok := v.tokens[id]; ok || id < 0 {
				return fail(t.Tokens[i], fmt.Errorf("%w id %d", ErrDuplicate, id))
			}
			v.ids[i] = id
			v.tokens[id] = uint32(i)
		}
	}
	for rank, m := range t.Merges {
		for _, token := range m {
			if int(token) >= len(t.Tokens) {
				return fail("", fmt.Errorf("%w: merge %d of token %d of %d", ErrFormat, rank, token, len(t.Tokens)))
			}
		}
		if left, right, made := v.token(m[0]), v.token(m[1]), v.token(m[2]); len(made) != len(left)+len(right) || made[:len(left)] != left || made[len(left):] != right {
			return fail(made, fmt.Errorf("%w: merge %d makes it of %.100q and %.100q", ErrFormat, rank, left, right))
		}
		v.pairs.set(m[0], m[1], uint32(rank), m[2])
	}
	v.finish()
	if t.Whole {
		e.whole = make(map[string]int32, len(t.Tokens))
		for i := range t.Tokens {
			e.whole[v.token(uint32(i))] = v.id(uint32(i))
		}
	}
	return e, nil
}
