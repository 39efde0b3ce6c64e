package bpe

import (
	"strings"
)

// fillerPrefix begins the symbols with which fairseq fills a dictionary up to a
// round length. They stand for nothing.
const fillerPrefix = "madeupword"

// A Tokenizer turns text into the ids of a model and back, as encode and decode
// of fairseq's hub interface do: a BPE's ids are looked up in a dictionary, and
// <s> and </s> go around the texts.
//
// A Tokenizer doesn't change and may be used by any number of goroutines.
type Tokenizer struct {
	encoder *Encoder // nil: symbols with spaces between
	dict    *Dictionary
	toModel []int32 // by token of the encoder's vocabulary: the id in dict
	kinds   []tokenKind
	tokens  []uint32 // by id in dict: the token of the encoder's vocabulary, where kinds says so
}

// A tokenKind says what an id of the dictionary is to Decode.
type tokenKind uint8

const (
	isSymbol tokenKind = iota // written as the symbol itself, such as <mask>
	isToken                   // a token of the BPE
	isMarker                  // <s> and </s>
	isFiller                  // <pad> and madeupword…
)

// NewTokenizer returns the Tokenizer of a BPE and a dictionary of its ids. With
// a nil enc, texts are symbols of dict with white space between, for models
// trained without a BPE: see Dictionary.Numeric.
//
// dict should have <mask>, if the model does: see Dictionary.AddMask.
func NewTokenizer(enc *Encoder, dict *Dictionary) *Tokenizer {
	t := &Tokenizer{encoder: enc, dict: dict, kinds: make([]tokenKind, dict.Len())}
	if enc != nil {
		t.tokens = make([]uint32, dict.Len())
		t.toModel = make([]int32, enc.Len())
		for i := range t.toModel {
			t.toModel[i] = int32(dict.Unk())
		}
	}
	for id, s := range dict.symbols {
		switch {
		case id == dict.Bos() || id == dict.Eos():
			t.kinds[id] = isMarker
		case id == dict.Pad() || strings.HasPrefix(s, fillerPrefix):
			t.kinds[id] = isFiller
		case enc != nil:
			if n, ok := bpeID(s); ok {
				if token, ok := enc.vocabulary.find(n); ok {
					t.kinds[id] = isToken
					t.tokens[id] = token
					t.toModel[token] = int32(id)
				}
			}
		}
	}
	return t
}

// Dictionary returns the dictionary.
func (t *Tokenizer) Dictionary() *Dictionary { return t.dict }

// Encoder returns the BPE, or nil if the tokenizer has none.
func (t *Tokenizer) Encoder() *Encoder { return t.encoder }

// Encode returns the ids of one input of a model: <s> s </s>, and for more
// texts <s> s </s> </s> more[0] </s> …. No text is special: "<mask>" in a text
// is encoded letter by letter. What the dictionary lacks is <unk>. Nothing is
// cut, however long the text.
//
// Without an Encoder s is split at white space and each part looked up in the
// dictionary, where "<mask>" and the other special symbols do have their ids.
func (t *Tokenizer) Encode(s string, more ...string) []int {
	return t.encode(s, more, true)
}

// EncodeNoSeparator is Encode with a single </s> between texts.
func (t *Tokenizer) EncodeNoSeparator(s string, more ...string) []int {
	return t.encode(s, more, false)
}

func (t *Tokenizer) encode(s string, more []string, separator bool) []int {
	n := len(s)
	for _, m := range more {
		n += len(m) + 8
	}
	ids := make([]int, 0, n/4+8) // English has 4 to 5 bytes a token
	ids = append(ids, t.dict.Bos())
	ids = append(t.AppendIDs(ids, s), t.dict.Eos())
	for _, m := range more {
		if separator {
			ids = append(ids, t.dict.Eos())
		}
		ids = append(t.AppendIDs(ids, m), t.dict.Eos())
	}
	return ids
}

// EncodeOffsets returns what Encode does and for each id the bytes that it
// stands for, counted in its own text. Spans of one text follow one another
// from 0 to its length (with spaces between them if there is no Encoder). The
// special ids have empty spans: <s> and the second </s> of a separator at 0, in
// front of the text that follows, any other </s> at the length of the text that
// it ends.
func (t *Tokenizer) EncodeOffsets(s string, more ...string) ([]int, []Span) {
	ids, spans := []int{t.dict.Bos()}, []Span{{}}
	text := func(s string) {
		var textIDs []int
		var textSpans []Span
		if t.encoder == nil {
			for start, end := range fields(s) {
				textIDs = append(textIDs, t.dict.Index(s[start:end]))
				textSpans = append(textSpans, Span{start, end})
			}
		} else {
			textIDs, textSpans = t.encoder.EncodeOffsets(s)
			t.mapIDs(textIDs)
		}
		ids = append(append(ids, textIDs...), t.dict.Eos())
		spans = append(append(spans, textSpans...), Span{len(s), len(s)})
	}
	text(s)
	for _, m := range more {
		ids, spans = append(ids, t.dict.Eos()), append(spans, Span{})
		text(m)
	}
	return ids, spans
}

// AppendIDs appends the ids of s to dst, without <s> and </s>, and returns it.
// Apart from growing dst it allocates only for words that are not in the
// Encoder's cache.
func (t *Tokenizer) AppendIDs(dst []int, s string) []int {
	if t.encoder == nil {
		for start, end := range fields(s) {
			dst = append(dst, t.dict.Index(s[start:end]))
		}
		return dst
	}
	n := len(dst)
	dst = t.encoder.Append(dst, s)
	t.mapIDs(dst[n:])
	return dst
}

// mapIDs replaces the ids of the encoder by those of the dictionary.
func (t *Tokenizer) mapIDs(ids []int) {
	if t.encoder.vocabulary.ids == nil {
		for i, id := range ids {
			ids[i] = int(t.toModel[id])
		}
		return
	}
	for i, id := range ids {
		token, _ := t.encoder.vocabulary.find(id)
		ids[i] = int(t.toModel[token])
	}
}

// fields yields the start and end of each stretch of s between white space, as
// Python's str.split finds them.
func fields(s string) func(yield func(start, end int) bool) {
	return func(yield func(start, end int) bool) {
		start := -1
		for i, r := range s {
			switch {
			case !pythonSpace(r):
				if start < 0 {
					start = i
				}
			case start >= 0:
				if !yield(start, i) {
					return
				}
				start = -1
			}
		}
		if start >= 0 {
			yield(start, len(s))
		}
	}
}

// Decode returns the text of ids. Where two </s> stand side by side one
// document ends and the next begins: Decode puts a newline between documents,
// DecodeDocuments keeps them apart. Any <s> or other </s> is left out; <unk>,
// <mask> and other symbols that are not the BPE's are written as they are.
// Bytes that are not UTF-8 become U+FFFD, as Encoder.Decode says.
//
// Negative ids count from the end of the dictionary, as in Python: -1 is <mask>
// in RoBERTa's. Any other id that the dictionary doesn't have is <unk>.
//
// <pad> and madeupword… are left out on purpose, so that a row of a padded
// batch can be decoded; in fairseq they happen to be errors. No ids at all, an
// error there too, are the empty text.
//
// Without an Encoder the symbols are joined by spaces.
func (t *Tokenizer) Decode(ids []int) string { return toValidUTF8(t.DecodeBytes(ids)) }

// DecodeDocuments returns the texts of ids, cut between any two </s> side by
// side: [0 2 2] are two empty documents, [0 2 2 2] three. There is always at
// least one.
func (t *Tokenizer) DecodeDocuments(ids []int) []string {
	var documents []string
	for document := range t.documents(ids) {
		documents = append(documents, toValidUTF8(t.appendDecoded(nil, document)))
	}
	return documents
}

// DecodeBytes returns the exact bytes that Decode makes a valid string of. For
// the ids of one text they are the bytes that were encoded.
func (t *Tokenizer) DecodeBytes(ids []int) []byte {
	out := make([]byte, 0, 5*len(ids))
	first := true
	for document := range t.documents(ids) {
		if !first {
			out = append(out, '\n')
		}
		first = false
		out = t.appendDecoded(out, document)
	}
	return out
}

// documents yields the parts of ids, cut between any two </s> side by side.
func (t *Tokenizer) documents(ids []int) func(yield func([]int) bool) {
	return func(yield func([]int) bool) {
		eos := t.dict.Eos()
		start := 0
		for i := 1; i < len(ids); i++ {
			if ids[i] == eos && ids[i-1] == eos {
				if !yield(ids[start:i]) {
					return
				}
				start = i
			}
		}
		yield(ids[start:])
	}
}

// appendDecoded appends the bytes of one document.
func (t *Tokenizer) appendDecoded(dst []byte, ids []int) []byte {
	empty := true
	for _, id := range ids {
		id = t.resolve(id)
		switch t.kinds[id] {
		case isToken:
			dst = append(dst, t.encoder.vocabulary.token(t.tokens[id])...)
		case isSymbol:
			if t.encoder == nil && !empty {
				dst = append(dst, ' ')
			}
			dst = append(dst, t.dict.symbols[id]...)
			empty = false
		}
	}
	return dst
}

// resolve returns id with negative ones counted from the end, and <unk> for
// what is no id of the dictionary.
func (t *Tokenizer) resolve(id int) int {
	if id < 0 {
		id += t.dict.Len()
	}
	if uint(id) >= uint(t.dict.Len()) {
		return t.dict.Unk()
	}
	return id
}

// TokenBytes returns the bytes that id stands for, or its symbol if it is not a
// token of the BPE: "<s>" is that of 0. Joined over the ids of a text, without
// <s> and </s>, they are the text. Ids outside the dictionary are taken as by
// Decode. The caller owns the slice.
func (t *Tokenizer) TokenBytes(id int) []byte {
	id = t.resolve(id)
	if t.kinds[id] == isToken {
		return []byte(t.encoder.vocabulary.token(t.tokens[id]))
	}
	return []byte(t.dict.symbols[id])
}

// TokenText returns TokenBytes as text. A token can be a part of a character:
// then it holds U+FFFD, and only the bytes of all tokens joined make sense.
func (t *Tokenizer) TokenText(id int) string {
	return toValidUTF8(t.TokenBytes(id))
}
