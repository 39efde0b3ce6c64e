package bpe

import (
	"fmt"
	"math"
	"slices"
)

// A vocabulary holds the tokens and merges of a byte-level BPE. Inside the
// package a token is its place in the order of the ids, from 0 on; ids appear
// only in what callers give and get. A vocabulary does not change once built.
type vocabulary struct {
	text     string      // the tokens' bytes, end to end
	ends     []uint32    // token t is text[ends[t-1]:ends[t]]
	bytes    [256]uint32 // the token of each byte
	pairs    pairTable
	ranks    int       // number of merges
	adjacent bytePairs // the bytes that stand side by side in any token

	ids    []int32          // by token; nil if a token is its own id
	tokens map[int32]uint32 // by id; nil if ids is
}

func (v *vocabulary) len() int { return len(v.ends) }

// token returns the bytes of token t.
func (v *vocabulary) token(t uint32) string {
	start := uint32(0)
	if t > 0 {
		start = v.ends[t-1]
	}
	return v.text[start:v.ends[t]]
}

// id returns the id of token t.
func (v *vocabulary) id(t uint32) int32 {
	if v.ids == nil {
		return int32(t)
	}
	return v.ids[t]
}

// find returns the token that has this id.
func (v *vocabulary) find(id int) (t uint32, ok bool) {
	if v.ids == nil {
		return uint32(id), uint(id) < uint(len(v.ends))
	}
	if id < 0 || id > math.MaxInt32 {
		return 0, false
	}
	t, ok = v.tokens[int32(id)]
	return t, ok
}

// bytePairs is a set of pairs of bytes, a bit for each.
type bytePairs [1 << 16 / 64]uint64

func (p *bytePairs) has(a, b byte) bool {
	return p[uint(a)<<2|uint(b)>>6]>>(b&63)&1 != 0
}

// finish computes adjacent from the tokens.
func (v *vocabulary) finish() {
	start := uint32(0)
	for _, end := range v.ends {
		for i := start + 1; i < end; i++ {
			a, b := v.text[i-1], v.text[i]
			v.adjacent[uint(a)<<2|uint(b)>>6] |= 1 << (b & 63)
		}
		start = end
	}
}

// An entry is one token of a vocabulary file.
type entry struct {
	token string // as the file writes it
	id    int32
	line  int
}

// newVocabulary builds a vocabulary from the entries and merges of files, whose
// names are for errors.
func newVocabulary(entries []entry, merges []mergeRule, encoderName, mergesName string) (*vocabulary, error) {
	fail := func(line int, token string, err error) (*vocabulary, error) {
		return nil, &VocabularyError{encoderName, line, token, err}
	}
	slices.SortStableFunc(entries, func(a, b entry) int { return int(a.id) - int(b.id) })
	v := &vocabulary{ends: make([]uint32, len(entries)), ranks: len(merges)}
	byName := make(map[string]uint32, len(entries))
	var text []byte
	dense := true
	for t, e := range entries {
		if _, ok := byName[e.token]; ok {
			return fail(e.line, e.token, ErrDuplicate)
		}
		if t > 0 && entries[t-1].id == e.id {
			return fail(e.line, e.token, fmt.Errorf("%w id %d, which %.100q has in line %d", ErrDuplicate, e.id, entries[t-1].token, entries[t-1].line))
		}
		var ok bool
		if text, ok = appendUnwritten(text, e.token); !ok {
			return fail(e.line, e.token, fmt.Errorf("%w: a character stands for no byte in GPT-2's alphabet", ErrFormat))
		}
		if len(text) > math.MaxInt32 {
			return fail(e.line, e.token, ErrTooLarge)
		}
		v.ends[t] = uint32(len(text))
		byName[e.token] = uint32(t)
		dense = dense && e.id == int32(t)
	}
	v.text = string(text)
	if !dense {
		v.ids = make([]int32, len(entries))
		v.tokens = make(map[int32]uint32, len(entries))
		for t, e := range entries {
			v.ids[t] = e.id
			v.tokens[e.id] = uint32(t)
		}
	}
	for b, r := range byteToRune {
		t, ok := byName[string(r)]
		if !ok {
			return fail(0, string(r), fmt.Errorf("%w: byte %#02x has no token", ErrUnknownToken, b))
		}
		v.bytes[b] = t
	}

	v.pairs = newPairTable(len(merges))
	for rank, m := range merges {
		var t [3]uint32
		for i, name := range [3]string{m.left, m.right, m.left + m.right} {
			var ok bool
			if t[i], ok = byName[name]; !ok {
				err := fmt.Errorf("%w: %s lacks it", ErrUnknownToken, encoderName)
				if i == 2 {
					err = fmt.Errorf("%w: the merge makes it, but %s lacks it", ErrUnknownToken, encoderName)
				}
				return nil, &VocabularyError{mergesName, m.line, name, err}
			}
		}
		v.pairs.set(t[0], t[1], uint32(rank), t[2])
	}
	v.finish()
	return v, nil
}
