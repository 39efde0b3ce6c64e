package sentencepiece

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/goroberta/goroberta/internal/trie"
	"github.com/goroberta/goroberta/tokenizer"
)

// An AddedToken is a special token that is found in a text by its name. White space
// beside it becomes part of no token if LStrip or RStrip says so.
type AddedToken struct {
	Text           string
	ID             int
	LStrip, RStrip bool
}

// An Option is an option of NewXLMRoberta and NewCamembert.
type Option func(*options) error

type options struct {
	plainText bool
	added     []AddedToken
}

// WithPlainText makes special tokens that are spelled out in a text letters like any
// others. By default they are found.
func WithPlainText() Option {
	return func(o *options) error {
		o.plainText = true
		return nil
	}
}

// WithAddedTokens adds special tokens to those that the family has, or replaces those of
// the same text. Their ids may lie beyond the vocabulary: it grows. An empty text or a
// negative id is an error, and so is an id that leaves a gap of more than a million.
func WithAddedTokens(tokens ...AddedToken) Option {
	return func(o *options) error {
		o.added = append(o.added, tokens...)
		return nil
	}
}

// NewXLMRoberta returns the tokenizer of a Hugging Face folder of XLM-RoBERTa or
// XLM-RoBERTa-XL that has sentencepiece.bpe.model alone, without tokenizer.json:
//
//	0 <s>   1 <pad>   2 </s>   3 <unk>   pieces from the fourth on   <mask>
//
// <s>, <pad>, </s>, <unk> and <mask> in a text are those tokens, as in transformers'
// Python tokenizer; white space before <mask> is left out. The texts between are encoded
// one by one. The error is one of an option.
func NewXLMRoberta(m *Model, opts ...Option) (*Tokenizer, error) {
	return newHuggingFace(m, 1, []string{"<s>", "<pad>", "</s>", "<unk>"}, 0, 2, opts)
}

// NewCamembert is NewXLMRoberta for CamemBERT:
//
//	0 <s>NOTUSED   1 <pad>   2 </s>NOTUSED   3 <unk>   4 <unk>NOTUSED
//	5 <s>   6 </s>   pieces from the fourth on   <mask>
//
// The tokens called NOTUSED are found in a text too.
func NewCamembert(m *Model, opts ...Option) (*Tokenizer, error) {
	return newHuggingFace(m, 4, []string{"<s>NOTUSED", "<pad>", "</s>NOTUSED", "<unk>", "<unk>NOTUSED", "<s>", "</s>"}, 5, 6, opts)
}

// newHuggingFace returns a tokenizer with the special tokens first at the ids from 0 on,
// <mask> after the last piece, and the pieces moved by offset.
func newHuggingFace(m *Model, offset int, first []string, bos, eos int, opts []Option) (*Tokenizer, error) {
	const pad, unk = 1, 3
	var o options
	for _, opt := range opts {
		if err := opt(&o); err != nil {
			return nil, err
		}
	}
	mask := m.Len() + offset
	t := &Tokenizer{
		model:    m,
		special:  tokenizer.Special{BOS: bos, Pad: pad, EOS: eos, Unk: unk, Mask: mask},
		template: tokenizer.Roberta(bos, eos),
		entries:  make([]entry, mask+1),
		toID:     make([]int32, m.Len()),
		names:    map[string]int32{},
		trimEnd:  true,
	}
	var special []AddedToken
	for id, text := range first {
		special = append(special, AddedToken{Text: text, ID: id})
	}
	special = append(special, AddedToken{Text: "<mask>", ID: mask, LStrip: true})
	special = append(special, o.added...)
	size := len(t.entries)
	for _, a := range special {
		const gap = 1 << 20
		if a.Text == "" || a.ID < 0 || a.ID > size+gap {
			return nil, fmt.Errorf("sentencepiece: %s: added token %s has id %d, want a name and 0 to %d", m.name, quote(a.Text), a.ID, size+gap)
		}
		size = max(size, a.ID+1)
	}
	for id := range t.entries {
		t.entries[id] = entry{"", tokenizer.Filler, -1}
	}
	for len(t.entries) < size {
		t.entries = append(t.entries, entry{"", tokenizer.Filler, -1})
	}
	// A piece has the id of its place, the first one that of <unk>.
	place := func(piece int) int32 {
		if piece == 0 {
			return unk
		}
		return int32(piece + offset)
	}
	for n := range m.pieces {
		p := &m.pieces[n]
		t.toID[n] = place(n)
		if id, ok := m.reserved[p.text]; ok {
			t.toID[n] = place(id)
			t.names[p.text] = place(id)
		}
		if id := n + offset; id >= len(first) {
			t.entries[id] = m.entry(n, tokenizer.Text)
		}
	}
	for _, a := range special {
		kind := tokenizer.Symbol
		switch a.ID {
		case bos, eos:
			kind = tokenizer.Marker
		case pad:
			kind = tokenizer.Filler
		}
		t.entries[a.ID] = entry{a.Text, kind, -1}
		t.names[a.Text] = int32(a.ID)
		if piece := trie.Find(m.texts, a.Text); piece >= 0 {
			t.toID[piece] = int32(a.ID)
		}
	}
	if !o.plainText {
		t.marked = newSpecialTokens(special)
	}
	return t, nil
}

// specialTokens finds special tokens in texts: the leftmost, and the longest that begins
// there.
type specialTokens struct {
	tokens []AddedToken
	texts  trie.Trie
	begin  string // the bytes that they begin with
}

func newSpecialTokens(tokens []AddedToken) *specialTokens {
	s := &specialTokens{tokens: tokens, texts: trie.New(len(tokens), func(i int) string { return tokens[i].Text })}
	var begin []byte
	for _, a := range tokens {
		begin = append(begin, a.Text[0])
	}
	slices.SortFunc(begin, cmp.Compare[byte])
	s.begin = string(slices.Compact(begin))
	return s
}

// find returns the first special token in text[at:], or nil.
func (s *specialTokens) find(text string, at int) (start, end int, token *AddedToken) {
	for at < len(text) {
		var i int
		if len(s.begin) == 1 {
			i = strings.IndexByte(text[at:], s.begin[0])
		} else {
			i = indexAnyByte(text[at:], s.begin)
		}
		if i < 0 {
			break
		}
		at += i
		if n, size := trie.Longest(s.texts, text[at:]); n >= 0 {
			return at, at + size, &s.tokens[n]
		}
		at++
	}
	return 0, 0, nil
}

func indexAnyByte(s, bytes string) int {
	for i := range len(s) {
		if strings.IndexByte(bytes, s[i]) >= 0 {
			return i
		}
	}
	return -1
}

// before returns the text before the token without what it takes of it.
func (a *AddedToken) before(text string) string {
	if a.LStrip {
		return strings.TrimRightFunc(text, isSpace)
	}
	return text
}

func trimLeft(s string) string { return strings.TrimLeftFunc(s, isSpace) }
