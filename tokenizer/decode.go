package tokenizer

import (
	"errors"
	"fmt"
	"slices"
)

// Decode returns the text of ids as fairseq does. Where two EOS stand side by
// side one document ends and the next begins: Decode puts a newline between
// documents, DecodeDocuments keeps them apart. Markers are left out; symbols
// such as <unk> and <mask> are written by their names. Bytes that are not UTF-8
// become U+FFFD, as ToValidUTF8 says.
//
// Negative ids count from the end of the vocabulary, as in Python: -1 is <mask>
// in RoBERTa's. Any other id that the vocabulary does not have is Unk.
//
// Fillers are left out too, so that a row of a padded batch can be decoded; in
// fairseq they happen to be errors. No ids at all, an error there, are the
// empty text.
func Decode(t Tokenizer, ids []int) string { return ToValidUTF8(DecodeBytes(t, ids)) }

// DecodeDocuments returns the texts of ids, cut between any two EOS side by
// side: with an EOS of 2, [0 2 2] are two empty documents and [0 2 2 2] three.
// There is always at least one.
func DecodeDocuments(t Tokenizer, ids []int) []string {
	var texts []string
	for document := range documents(t, ids) {
		texts = append(texts, ToValidUTF8(t.AppendText(nil, document)))
	}
	return texts
}

// DecodeBytes returns the bytes that Decode makes a valid string of.
func DecodeBytes(t Tokenizer, ids []int) []byte {
	out := make([]byte, 0, 5*len(ids))
	first := true
	for document := range documents(t, ids) {
		if !first {
			out = append(out, '\n')
		}
		first = false
		out = t.AppendText(out, document)
	}
	return out
}

// DecodeSkipSpecial returns the text of ids with all special tokens left out,
// <unk> and <mask> included, and without cutting it into documents. That is
// Hugging Face's skip_special_tokens. Ids are read as by Decode.
func DecodeSkipSpecial(t Tokenizer, ids []int) string {
	return ToValidUTF8(t.AppendText(nil, keep(t, ids, Text)))
}

// DecodeRaw returns the text of exactly these ids: nothing is left out or cut.
// Negative ids count from the end. The error is an *IDError if the vocabulary
// does not have an id.
func DecodeRaw(t Tokenizer, ids []int) (string, error) {
	for i, id := range ids {
		if id < -t.Len() || id >= t.Len() {
			return "", &IDError{id, i}
		}
	}
	return ToValidUTF8(t.AppendText(nil, keep(t, ids, Filler))), nil
}

// TokenText returns the bytes of one token as text. A token can be a part of a
// character: then it holds U+FFFD, and only the bytes of all tokens joined make
// sense. The id is read as by Decode.
func TokenText(t Tokenizer, id int) string { return ToValidUTF8(t.Bytes(resolve(t, id))) }

// ErrID is what an *IDError wraps.
var ErrID = errors.New("not in the vocabulary")

// An IDError reports an id that the vocabulary does not have.
type IDError struct {
	ID    int
	Index int // its place among the ids given
}

func (e *IDError) Error() string {
	return fmt.Sprintf("tokenizer: ids[%d] = %d: %v", e.Index, e.ID, ErrID)
}

func (e *IDError) Unwrap() error { return ErrID }

// documents yields what Decode shows of ids, cut between any two EOS side by
// side.
func documents(t Tokenizer, ids []int) func(yield func([]int) bool) {
	return func(yield func([]int) bool) {
		eos := t.Special().EOS
		if t.Kind(eos) != Marker { // written by its name, as fairseq writes CamemBERT's
			eos = -1
		}
		start := 0
		for i := 1; i < len(ids); i++ {
			if ids[i] == eos && ids[i-1] == eos && eos >= 0 {
				if !yield(keep(t, ids[start:i], Symbol)) {
					return
				}
				start = i
			}
		}
		yield(keep(t, ids[start:], Symbol))
	}
}

// keep returns those of ids whose kind is at most last, resolved. It copies them
// only if others stand among them, not if others stand at either end.
func keep(t Tokenizer, ids []int, last Kind) []int {
	n := t.Len()
	known := func(id int) bool { return uint(id) < uint(n) }
	for len(ids) > 0 && known(ids[0]) && t.Kind(ids[0]) > last {
		ids = ids[1:]
	}
	for len(ids) > 0 && known(ids[len(ids)-1]) && t.Kind(ids[len(ids)-1]) > last {
		ids = ids[:len(ids)-1]
	}
	if !slices.ContainsFunc(ids, func(id int) bool { return !known(id) || t.Kind(id) > last }) {
		return ids
	}
	kept := make([]int, 0, len(ids))
	for _, id := range ids {
		if id = resolve(t, id); t.Kind(id) <= last {
			kept = append(kept, id)
		}
	}
	return kept
}

// resolve returns id with negative ones counted from the end, and Unk for what
// is no id of the vocabulary.
func resolve(t Tokenizer, id int) int {
	if id < 0 {
		id += t.Len()
	}
	if uint(id) >= uint(t.Len()) {
		return t.Special().Unk
	}
	return id
}
