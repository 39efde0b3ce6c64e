package bpe

import (
	"strings"

	"github.com/goroberta/goroberta/tokenizer"
)

// fillerPrefix begins the symbols with which fairseq fills a dictionary up to a
// round length. They stand for nothing.
const fillerPrefix = "madeupword"

// A Tokenizer turns text into the ids of a model and back: the ids of a BPE are
// looked up in a dictionary. It is a tokenizer.Tokenizer; package tokenizer
// puts <s> and </s> around texts and decodes as fairseq does.
//
// A Tokenizer does not change and may be used by any number of goroutines.
type Tokenizer struct {
	encoder  *Encoder // nil: symbols with spaces between
	dict     *Dictionary
	template tokenizer.Template
	toModel  []int32 // by token of the encoder's vocabulary: the id in dict
	kinds    []tokenizer.Kind
	tokens   []uint32 // by id in dict: the token of the encoder's vocabulary, if the kind is Text
}

var _ tokenizer.Tokenizer = (*Tokenizer)(nil)

// NewTokenizer returns the Tokenizer of a BPE and a dictionary of its ids. With
// a nil enc, texts are symbols of dict with white space between, for models
// trained without a BPE: see Dictionary.Numeric.
//
// dict should have <mask>, if the model does: see Dictionary.AddMask.
func NewTokenizer(enc *Encoder, dict *Dictionary) *Tokenizer {
	t := &Tokenizer{
		encoder:  enc,
		dict:     dict,
		template: tokenizer.Roberta(dict.Bos(), dict.Eos()),
		kinds:    make([]tokenizer.Kind, dict.Len()),
	}
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
			t.kinds[id] = tokenizer.Marker
		case id == dict.Pad() || strings.HasPrefix(s, fillerPrefix):
			t.kinds[id] = tokenizer.Filler
		case enc == nil && s != unkSymbol && s != maskSymbol:
			t.kinds[id] = tokenizer.Text
		default:
			t.kinds[id] = tokenizer.Symbol
			if token, ok := enc.tokenOf(s); ok {
				t.kinds[id] = tokenizer.Text
				t.tokens[id] = token
				t.toModel[token] = int32(id)
			}
		}
	}
	return t
}

// Dictionary returns the dictionary.
func (t *Tokenizer) Dictionary() *Dictionary { return t.dict }

// Encoder returns the BPE, or nil if the tokenizer has none.
func (t *Tokenizer) Encoder() *Encoder { return t.encoder }

// Len returns the number of symbols of the dictionary.
func (t *Tokenizer) Len() int { return t.dict.Len() }

// Special returns the ids of the dictionary's special symbols.
func (t *Tokenizer) Special() tokenizer.Special {
	d := t.dict
	return tokenizer.Special{BOS: d.Bos(), Pad: d.Pad(), EOS: d.Eos(), Unk: d.Unk(), Mask: d.Mask()}
}

// Template returns fairseq's: <s> a </s></s> b </s>.
func (t *Tokenizer) Template() tokenizer.Template { return t.template }

// Kind returns Marker for <s> and </s>, Filler for <pad>, madeupword… and ids
// outside the dictionary, Text for the tokens of the BPE, and Symbol for all
// others. Without an Encoder all others are Text except <unk> and <mask>.
func (t *Tokenizer) Kind(id int) tokenizer.Kind {
	if uint(id) >= uint(len(t.kinds)) {
		return tokenizer.Filler
	}
	return t.kinds[id]
}

// Append appends the ids of text to ids and returns it, without <s> and </s>. No
// text is special: "<mask>" in a text is encoded letter by letter. What the
// dictionary lacks is <unk>. Apart from growing ids it allocates only for words
// that are not in the Encoder's cache.
//
// Without an Encoder text is split at white space and each part looked up in the
// dictionary, where "<mask>" and the other special symbols do have their ids.
func (t *Tokenizer) Append(ids []int, text string) []int {
	if t.encoder == nil {
		for start, end := range fields(text) {
			ids = append(ids, t.dict.Index(text[start:end]))
		}
		return ids
	}
	n := len(ids)
	ids = t.encoder.Append(ids, text)
	t.mapIDs(ids[n:])
	return ids
}

// AppendSpans is Append that also appends the bytes that each id stands for.
// Spans follow one another without gaps from 0 to len(text), and none is empty;
// without an Encoder they are the symbols between white space.
func (t *Tokenizer) AppendSpans(ids []int, spans []tokenizer.Span, text string) ([]int, []tokenizer.Span) {
	if t.encoder == nil {
		for start, end := range fields(text) {
			ids = append(ids, t.dict.Index(text[start:end]))
			spans = append(spans, tokenizer.Span{Start: start, End: end})
		}
		return ids, spans
	}
	n := len(ids)
	ids, spans = t.encoder.AppendSpans(ids, spans, text)
	t.mapIDs(ids[n:])
	return ids, spans
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

// AppendText appends the bytes of tokens and the names of other symbols.
// Without an Encoder there is a space between any two. Ids outside the
// dictionary are left out.
func (t *Tokenizer) AppendText(dst []byte, ids []int) []byte {
	space := false
	for _, id := range ids {
		switch {
		case uint(id) >= uint(len(t.kinds)):
		case t.encoder != nil && t.kinds[id] == tokenizer.Text:
			dst = append(dst, t.encoder.vocabulary.token(t.tokens[id])...)
		default:
			if space {
				dst = append(dst, ' ')
			}
			space = t.encoder == nil
			dst = append(dst, t.dict.symbols[id]...)
		}
	}
	return dst
}

// Bytes returns the bytes of a token, or the name of another symbol: "<s>" for 0.
// Joined over the ids of a text they are the text. It returns nil for an id
// outside the dictionary. The caller owns the slice.
func (t *Tokenizer) Bytes(id int) []byte { return t.AppendText(nil, []int{id}) }
