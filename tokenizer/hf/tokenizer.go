package hf

import (
	"github.com/goroberta/goroberta/tokenizer"
)

// A Tokenizer is the pipeline that a tokenizer.json describes. It is a
// tokenizer.Tokenizer. It does not change and may be used by any number of
// goroutines.
type Tokenizer struct {
	vocab      *vocabulary
	added      addedTokens
	raw        *matcher // added tokens that are looked for in the text
	normalized *matcher // those that are looked for in the normalised text
	plain      bool     // special tokens in a text are letters

	normalizer  []normalizer
	pre         []preTokenizer
	anyBytes    bool    // text that is not UTF-8 goes through as it is
	mapped      bool    // the last of pre writes bytes as characters; the model takes the bytes themselves
	direct      bool    // pre is GPT-2's pattern alone, which package bpe knows
	prefix      bool    // with direct: a space is put before a part that does not begin with one
	expressions bool    // the normaliser or the pre-tokeniser has regular expressions, which may give up
	loose       bool    // ids do not depend on where text comes from
	prefixes    bool    // the model is Unigram, and each word between white space gets a replacement before it
	chunks      *chunks // how words are encoded by themselves, or nil
	model       model
	trims       []bool // how offsets are trimmed; true: a space at the start was added
	decoder     []decoder
	joined      bool // there is no decoder: tokens have spaces between

	template tokenizer.Template
	special  tokenizer.Special
	info     tokenizer.Info
	size     int
}

var _ tokenizer.Checker = (*Tokenizer)(nil)

// Info returns what the files say of the tokenizer. The caller must not change it.
func (t *Tokenizer) Info() tokenizer.Info { return t.info }

// Plain returns the tokenizer for which special tokens spelled out in a text are
// letters, as is safe for texts of strangers. Added tokens that are not special are
// found as before. That is encode_special_tokens in the tokenizers library.
func (t *Tokenizer) Plain() *Tokenizer {
	plain := *t
	plain.plain = true
	plain.model = t.model.withoutSpecial(t.added.special)
	plain.chunks = newChunks(&plain)
	return &plain
}

// Lookup returns the id of the token with this name, as the file writes it.
func (t *Tokenizer) Lookup(name string) (id int, ok bool) {
	if id, ok := t.added.ids[name]; ok {
		return id, true
	}
	return t.vocab.id(name)
}

// Name returns the name of the token with this id, as the file writes it: "Ġthe".
func (t *Tokenizer) Name(id int) (name string, ok bool) {
	if a := t.added.get(id); a != nil {
		return a.Content, true
	}
	return t.vocab.name(id)
}

// Len returns one more than the largest id.
func (t *Tokenizer) Len() int { return t.size }

// Special returns the ids of the special tokens.
func (t *Tokenizer) Special() tokenizer.Special { return t.special }

// Template returns the special tokens that the file's post-processor puts around texts.
func (t *Tokenizer) Template() tokenizer.Template { return t.template }

// Kind returns Text for tokens of the vocabulary and for added tokens that are not
// special. Of those that are, it returns Marker for the ones that begin and end a text,
// Filler for the one that pads, and Symbol for the others.
func (t *Tokenizer) Kind(id int) tokenizer.Kind {
	name, ok := t.decodedName(id)
	switch {
	case !ok:
		return tokenizer.Filler
	case !t.added.special[name]:
		return tokenizer.Text
	case id == t.special.BOS || id == t.special.EOS:
		return tokenizer.Marker
	case id == t.special.Pad:
		return tokenizer.Filler
	}
	return tokenizer.Symbol
}

// Append appends the ids of text, without special tokens around it. Added tokens
// spelled out in text get their ids: see Plain.
func (t *Tokenizer) Append(ids []int, text string) []int {
	ids, _, _ = t.encode(ids, nil, text, false)
	return ids
}

// Check returns a *PatternError if a regular expression of the file gives up on text,
// as a hostile pair of an expression and a text makes it. For such a text Append and
// AppendSpans append nothing. Check takes as long as Append, or no time at all if the
// file has no regular expression.
func (t *Tokenizer) Check(text string) error {
	if !t.expressions {
		return nil
	}
	_, _, err := t.encode(nil, nil, text, false)
	return err
}

// AppendSpans is Append that also appends the bytes that each id stands for. Where
// text is normalised these are those of the characters that a token comes from, each
// whole: neighbours may share them.
func (t *Tokenizer) AppendSpans(ids []int, spans []tokenizer.Span, text string) ([]int, []tokenizer.Span) {
	first := len(spans)
	ids, spans, _ = t.encode(ids, spans, text, true)
	// A token that begins in white space which the one before took may end before it.
	end := 0
	for i := first; i < len(spans); i++ {
		s := &spans[i]
		s.End = max(s.End, end)
		end = s.End
	}
	return ids, spans
}
