package fastbpe

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/goroberta/goroberta/tokenizer"
)

// continues is written after a piece that does not end its word.
const continues = "@@"

// A Spec is what a tokenizer of transformers' kind is made of.
type Spec struct {
	Words []string // of vocab.txt, in the order of its lines
	Codes *Codes   // of bpe.codes

	// Names of the special tokens; "" is RoBERTa's <s>, <pad>, </s>, <unk>, <mask>. The
	// first four are the ids 0 to 3, the words follow, and then <mask> unless it is
	// among the words. CLS and SEP stand around texts: "" is BOS and EOS.
	BOS, Pad, EOS, Unk, Mask, CLS, SEP string

	// Added are tokens that are found in a text before it is cut into words.
	Added []Added
	// PlainText finds no token in a text, the special ones included.
	PlainText bool
	// NormalizeTweets rewrites texts as BERTweet's authors did theirs: user names become
	// @USER, links HTTPURL, words and punctuation stand apart. Emoji, which become their
	// names there, are errors: see Tokenizer.Check.
	NormalizeTweets bool
}

// An Added is a token that is found in the text.
type Added struct {
	Text           string
	ID             int // -1: the word's id, or the next free one
	Kind           tokenizer.Kind
	LStrip, RStrip bool // it takes white space before or after it along
}

// A Tokenizer is fastBPE over a vocabulary. It does not change and may be used by any
// number of goroutines.
type Tokenizer struct {
	codes    *Codes
	index    map[string]int32
	words    []string // by id; "" for a hole
	kinds    []tokenizer.Kind
	special  tokenizer.Special
	template tokenizer.Template
	added    *matcher // nil: no token is found in texts
	fairseq  bool
	tweets   bool
}

var _ tokenizer.Tokenizer = (*Tokenizer)(nil)

// New returns a tokenizer as transformers' BertweetTokenizer and PhobertTokenizer are.
// A word that stands twice in the vocabulary has the id that its second line makes, as
// there. The error names an added token that has no id of its own.
func New(s Spec) (*Tokenizer, error) {
	name := func(s, otherwise string) string {
		if s == "" {
			return otherwise
		}
		return s
	}
	bos, pad, eos, unk, mask := name(s.BOS, "<s>"), name(s.Pad, "<pad>"), name(s.EOS, "</s>"), name(s.Unk, "<unk>"), name(s.Mask, "<mask>")
	cls, sep := name(s.CLS, bos), name(s.SEP, eos)
	t := &Tokenizer{codes: s.Codes, index: make(map[string]int32, len(s.Words)+5), tweets: s.NormalizeTweets}
	order := make([]string, 0, len(s.Words)+5) // of the words, as they first occur
	put := func(w string, id int) {
		if _, ok := t.index[w]; !ok {
			order = append(order, w)
		}
		t.index[w] = int32(id)
	}
	for i, w := range []string{bos, pad, eos, unk} {
		put(w, i)
	}
	for _, w := range s.Words {
		put(w, len(t.index))
	}
	all := tokens(s.Added, []Added{
		{bos, -1, tokenizer.Marker, false, false}, {eos, -1, tokenizer.Marker, false, false}, {unk, -1, tokenizer.Symbol, false, false},
		{sep, -1, tokenizer.Marker, false, false}, {pad, -1, tokenizer.Filler, false, false}, {cls, -1, tokenizer.Marker, false, false}, {mask, -1, tokenizer.Symbol, false, false},
	})
	for i := range all {
		a := &all[i]
		if id, ok := t.index[a.Text]; a.ID < 0 && ok {
			a.ID = int(id)
		} else if a.ID < 0 {
			a.ID = len(t.index)
		}
		if a.Text == "" || len(a.Text) > longestAdded || a.ID > maxID {
			return nil, fmt.Errorf("fastbpe: added token %.100q with id %d, want 1 to %d bytes and an id up to %d", a.Text, a.ID, longestAdded, maxID)
		}
		put(a.Text, a.ID)
	}
	size := 0
	for _, id := range t.index {
		size = max(size, int(id)+1)
	}
	if size > 2*len(t.index)+1<<16 {
		return nil, fmt.Errorf("fastbpe: %d tokens with ids up to %d", len(t.index), size-1)
	}
	t.words, t.kinds = make([]string, size), slices.Repeat([]tokenizer.Kind{tokenizer.Filler}, size)
	for _, w := range order { // of words with one id the last one is its text
		id := t.index[w]
		t.words[id], t.kinds[id] = w, tokenizer.Text
	}
	for _, a := range all {
		t.words[a.ID], t.kinds[a.ID] = a.Text, a.Kind
	}
	id := func(w string) int { return int(t.index[w]) }
	t.special = tokenizer.Special{BOS: id(bos), Pad: id(pad), EOS: id(eos), Unk: id(unk), Mask: id(mask)}
	t.template = tokenizer.Roberta(id(cls), id(sep))
	if !s.PlainText {
		t.added = newMatcher(all)
	}
	return t, nil
}

// tokens are the added tokens with ids of their own, the special tokens, and the other
// added ones: the order in which transformers gives ids to those that have none.
func tokens(added, special []Added) []Added {
	byText := func(all []Added, text string) *Added {
		if i := slices.IndexFunc(all, func(a Added) bool { return a.Text == text }); i >= 0 {
			return &all[i]
		}
		return nil
	}
	var all []Added
	for _, a := range added {
		if a.ID >= 0 && byText(all, a.Text) == nil {
			all = append(all, a)
		}
	}
	for _, a := range special {
		if old := byText(added, a.Text); old != nil {
			a.LStrip, a.RStrip = old.LStrip, old.RStrip
		}
		if byText(all, a.Text) == nil {
			all = append(all, a)
		}
	}
	for _, a := range added {
		if byText(all, a.Text) == nil {
			all = append(all, a)
		}
	}
	for i := range all {
		if s := byText(special, all[i].Text); s != nil {
			all[i].Kind = s.Kind // what its name is for
		}
	}
	return all
}

const (
	maxID        = 1<<31 - 2 // bounds the ids of added tokens
	longestAdded = 1 << 10   // and this their bytes
)

// NewFairseq returns the tokenizer of fairseq's setting bpe=fastbpe. symbols are those
// of its dictionary by id; the first four are <s>, <pad>, </s> and <unk>, and mask is the
// id of <mask>, or -1. Nothing in a text is special.
func NewFairseq(symbols []string, mask int, codes *Codes) *Tokenizer {
	t := &Tokenizer{
		codes: codes, index: make(map[string]int32, len(symbols)), words: symbols, kinds: make([]tokenizer.Kind, len(symbols)),
		special: tokenizer.Special{BOS: 0, Pad: 1, EOS: 2, Unk: 3, Mask: mask}, template: tokenizer.Roberta(0, 2), fairseq: true,
	}
	for id, w := range symbols {
		t.index[w] = int32(id)
		switch {
		case id == 0 || id == 2:
			t.kinds[id] = tokenizer.Marker
		case id == 1 || strings.HasPrefix(w, "madeupword"):
			t.kinds[id] = tokenizer.Filler
		case id == 3 || id == mask:
			t.kinds[id] = tokenizer.Symbol
		}
	}
	return t
}

// Len returns one more than the largest id.
func (t *Tokenizer) Len() int { return len(t.words) }

// Special returns the ids of the special tokens.
func (t *Tokenizer) Special() tokenizer.Special { return t.special }

// Template returns <s> a </s></s> b </s>.
func (t *Tokenizer) Template() tokenizer.Template { return t.template }

// Kind returns Marker for <s> and </s>, Filler for <pad>, Symbol for other special
// tokens, and Text for the rest.
func (t *Tokenizer) Kind(id int) tokenizer.Kind {
	if uint(id) >= uint(len(t.kinds)) {
		return tokenizer.Filler
	}
	return t.kinds[id]
}

// Append appends the ids of text. Added tokens in it become themselves, unless the
// tokenizer is fairseq's or was made with PlainText. See Check for texts that cannot be
// encoded: they have no ids.
func (t *Tokenizer) Append(ids []int, text string) []int {
	ids, _ = t.append(ids, nil, text, false)
	return ids
}

// AppendSpans is Append that also appends the bytes that each id stands for. Spans leave
// out white space. In a normalised tweet a span is the part of the text that the piece
// was made of: pieces of one word that was rewritten have the whole of it.
func (t *Tokenizer) AppendSpans(ids []int, spans []tokenizer.Span, text string) ([]int, []tokenizer.Span) {
	return t.append(ids, spans, text, true)
}

func (t *Tokenizer) append(ids []int, spans []tokenizer.Span, text string, withSpans bool) ([]int, []tokenizer.Span) {
	e := emitters.Get().(*emitter)
	defer emitters.Put(e)
	*e = emitter{Tokenizer: t, ids: ids, spans: spans, withSpans: withSpans, text: text, key: e.key}
	if t.fairseq {
		for start, end := range spaces(text) {
			e.word(start, end)
		}
	} else {
		t.added.parts(text, e.part, e.emit)
	}
	if e.err == nil {
		ids, spans = e.ids, e.spans
	}
	*e = emitter{key: e.key} // keeps nothing of the caller's
	return ids, spans
}

// An emitter collects the ids of a text.
type emitter struct {
	*Tokenizer
	ids       []int
	spans     []tokenizer.Span
	withSpans bool
	text      string
	tweet     *source              // what text is the normal form of; nil without normalisation
	key       []byte               // of a piece that is looked up
	done      func(start, end int) // if not nil, called after each word
	err       error
}

var emitters = sync.Pool{New: func() any { return new(emitter) }}

func (e *emitter) emit(id, start, end int) {
	e.ids = append(e.ids, id)
	if !e.withSpans {
		return
	}
	span := tokenizer.Span{Start: start, End: end}
	if e.tweet != nil {
		span = e.tweet.span(start, end)
	}
	e.spans = append(e.spans, span)
}

// part encodes text[start:end], in which no added token is.
func (e *emitter) part(start, end int) {
	if !e.tweets {
		e.cut(start, end)
		return
	}
	tweet, err := normalize(e.text, start, end, e.withSpans)
	if err != nil {
		e.err = err
		return
	}
	whole := e.text
	e.text, e.tweet = string(tweet.text), tweet
	e.cut(0, len(e.text))
	e.text, e.tweet = whole, nil
}

// cut encodes text[start:end], word by word.
func (e *emitter) cut(start, end int) {
	for at := start; at < end; {
		// A word is \S+\n?.
		r, size := utf8.DecodeRuneInString(e.text[at:end])
		if isSpace(r) {
			at += size
			continue
		}
		to := at
		for to < end && !isSpace(r) {
			to += size
			r, size = utf8.DecodeRuneInString(e.text[to:end])
		}
		if to < end && e.text[to] == '\n' {
			to++
		}
		e.word(at, to)
		at = to
	}
}

// word encodes text[start:end], one word.
func (e *emitter) word(start, end int) {
	word := e.text[start:end]
	e.codes.split(word, func(lo, hi int) {
		e.key = append(e.key[:0], word[lo:hi]...)
		if hi < len(word) {
			e.key = append(e.key, continues...)
		}
		if !e.fairseq {
			e.emit(e.lookUp(e.key), start+lo, start+hi)
			return
		}
		// fairseq splits the line of pieces at white space again, which a piece may have:
		// fastBPE knows the space alone.
		for from, to := range fields(e.key) {
			e.emit(e.lookUp(e.key[from:to]), start+min(lo+from, hi), start+min(lo+to, hi))
		}
	})
	if e.done != nil {
		e.done(start, end)
	}
}

func (e *emitter) lookUp(piece []byte) int {
	if id, ok := e.index[string(piece)]; ok {
		return int(id)
	}
	return e.special.Unk
}

// AppendText appends the pieces with spaces between, joined where one ends in @@, without
// white space at either end (fairseq: at the end). Ids without a piece are left out.
func (t *Tokenizer) AppendText(dst []byte, ids []int) []byte {
	n := len(dst)
	for _, id := range ids {
		if uint(id) < uint(len(t.words)) && t.words[id] != "" {
			dst = append(append(dst, t.words[id]...), ' ')
		}
	}
	if !t.fairseq && len(dst) > n {
		dst = dst[:len(dst)-1] // a piece at the end keeps its @@
	}
	text := bytes.ReplaceAll(dst[n:], []byte(continues+" "), nil)
	if !t.fairseq {
		text = bytes.TrimLeftFunc(text, isSpace)
	}
	return append(dst[:n], bytes.TrimRightFunc(text, isSpace)...)
}

// Bytes returns a piece without @@, or the name of a special token. That a space follows
// a piece which ends its word shows in AppendText alone.
func (t *Tokenizer) Bytes(id int) []byte {
	if uint(id) >= uint(len(t.words)) || t.words[id] == "" {
		return nil
	}
	if t.kinds[id] != tokenizer.Text {
		return []byte(t.words[id])
	}
	return []byte(strings.TrimSuffix(t.words[id], continues))
}
