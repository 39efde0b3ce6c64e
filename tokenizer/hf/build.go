package hf

import (
	"fmt"
	"math"
	"slices"

	"github.com/goroberta/goroberta/tokenizer"
)

// An Option changes how Parse and New make a Tokenizer.
type Option func(*options) error

type options struct {
	prefixSpace *bool
	plain       bool
	special     Names
}

func newOptions(opts []Option) (*options, error) {
	o := new(options)
	for _, opt := range opts {
		if err := opt(o); err != nil {
			return nil, err
		}
	}
	return o, nil
}

// WithPrefixSpace says whether ByteLevel puts a space before a text that does not
// begin with one, whatever the file says. transformers so lets add_prefix_space of
// tokenizer_config.json, false if it is absent, count for RoBERTa's tokenizers.
func WithPrefixSpace(add bool) Option {
	return func(o *options) error {
		o.prefixSpace = &add
		return nil
	}
}

// WithPlainText makes the Tokenizer as Plain does.
func WithPlainText() Option {
	return func(o *options) error {
		o.plain = true
		return nil
	}
}

// Names are the special tokens of a vocabulary, by their names: "<s>". An empty name
// means that nothing says which it is.
type Names struct{ BOS, Pad, EOS, Unk, Mask string }

// WithSpecial says which tokens are special, as special_tokens_map.json and
// tokenizer_config.json do. Without it BOS and EOS are the first tokens that the
// post-processor puts before and after a text, Pad is that of the section padding, and
// any other is the token of its usual name. A name that is not in the vocabulary is
// ignored.
func WithSpecial(names Names) Option {
	return func(o *options) error {
		o.special = names
		return nil
	}
}

// A Spec is a byte-level BPE as vocab.json and merges.txt hold it, with what other
// files of the folder say of it. New makes of it the pipeline that the tokenizers
// library makes of such a folder.
type Spec struct {
	Vocab, Merges         []byte // the content of vocab.json and merges.txt
	VocabFile, MergesFile string // their names, for errors and Info

	// Added are the added tokens, special ones included, in the order of their ids. One
	// that the vocabulary has keeps its id there. Others are numbered on from the size
	// of the vocabulary, as the tokenizers library does, and a note says so where ID
	// differs from that.
	Added []AddedToken

	AddPrefixSpace bool // a space is put before a text that does not begin with one
	NoTrim         bool // offsets include the space before a word
	Special        Names
	Plain          bool // no special tokens around texts
}

// New returns the tokenizer of a Spec. Without Plain, its template is RoBERTa's: BOS
// before a text and EOS after it. The error is an *Error if the files are malformed, or
// if BOS or EOS is not among the tokens. The Tokenizer keeps nothing of s.
func New(s *Spec, opts ...Option) (*Tokenizer, error) {
	o, err := newOptions(opts)
	if err != nil {
		return nil, err
	}
	if o.special == (Names{}) {
		o.special = s.Special
	}
	prefix := s.AddPrefixSpace
	if o.prefixSpace != nil {
		prefix = *o.prefixSpace
	}
	r := newReader(s.Vocab)
	names, ids := r.tokenIDs()
	r.end()
	if r.err != nil {
		return nil, &Error{File: s.VocabFile, Err: r.err}
	}
	rules, err := parseMerges(s.Merges, s.MergesFile)
	if err != nil {
		return nil, err
	}
	v, err := newVocabulary(names, ids, s.VocabFile, "")
	if err != nil {
		return nil, err
	}
	p := &parser{file: s.VocabFile, options: o, t: &Tokenizer{vocab: v}}
	p.bpe = &bpeSettings{rules: rules, vocabFile: s.VocabFile, mergesFile: s.MergesFile}
	p.t.pre = []preTokenizer{&byteLevel{prefix: prefix, regex: true, write: true}}
	p.t.decoder = []decoder{bytesDecoder{}}
	if !s.NoTrim {
		p.t.trims = []bool{prefix}
	}
	p.t.info.File = s.VocabFile
	t, err := p.finish(s.Added)
	if err != nil {
		return nil, err
	}
	t.template = tokenizer.Plain()
	if !s.Plain {
		for _, token := range []struct {
			name string
			id   int
		}{{s.Special.BOS, t.special.BOS}, {s.Special.EOS, t.special.EOS}} {
			if token.id < 0 {
				return nil, &Error{File: s.VocabFile, Token: token.name, Err: fmt.Errorf("%w: texts begin or end with it", ErrUnknownToken)}
			}
		}
		t.template = tokenizer.Roberta(t.special.BOS, t.special.EOS)
	}
	return t, nil
}

// finish builds what needs several sections.
func (p *parser) finish(added []AddedToken) (_ *Tokenizer, err error) {
	defer giveUp(&err)
	t := p.t
	if p.bpe != nil {
		if err := p.finishBPE(); err != nil {
			return nil, err
		}
	}
	t.expressions = slices.ContainsFunc(t.normalizer, func(n normalizer) bool {
		r, ok := n.(replaceNormalizer)
		return ok && isExpression(r.finder)
	}) || slices.ContainsFunc(t.pre, func(p preTokenizer) bool {
		s, ok := p.(splitAt)
		return ok && isExpression(s.finder)
	})
	t.anyBytes = t.mapped && len(t.normalizer) == 0
	for _, pre := range t.pre {
		if b, ok := pre.(*byteLevel); ok && b.write {
			t.anyBytes = false
		}
	}
	if err := p.addTokens(added); err != nil {
		return nil, err
	}
	if t.template.Single == nil {
		t.template = tokenizer.Plain()
		t.template.Pair[1].Type = 1
	}
	p.findSpecial()
	for _, id := range t.vocab.ids {
		t.size = max(t.size, int(id)+1)
	}
	for id := range t.added.tokens {
		t.size = max(t.size, id+1)
	}
	_, unigram := t.model.(*unigramModel)
	t.prefixes = unigram && prefixesWords(t.pre)
	t.loose = !slices.ContainsFunc(t.normalizer, matchesNothing)
	if p.options.plain {
		return t.Plain(), nil
	}
	t.chunks = newChunks(t)
	return t, nil
}

// isExpression reports whether f is a regular expression, which may give up.
func isExpression(f finder) bool {
	if i, ok := f.(inverted); ok {
		f = i.finder
	}
	_, ok := f.(expression)
	return ok
}

func (p *parser) finishBPE() error {
	t, b := p.t, p.bpe
	merges, err := t.vocab.resolve(b.rules, len(b.prefix), b.mergesFile, b.section, b.vocabFile)
	if err != nil {
		return err
	}
	var last *byteLevel
	if n := len(t.pre); n > 0 {
		last, _ = t.pre[n-1].(*byteLevel)
	}
	t.info.Kind = "BPE"
	// Text that an empty match has put before the first character comes from nowhere. The
	// library then leaves it out when it writes bytes as characters; see transform.
	if last != nil && slices.ContainsFunc(t.normalizer, matchesNothing) {
		t.info.Kind = "byte-level BPE"
	} else if last != nil {
		// The model takes bytes as they are; nothing after this needs them as characters.
		t.info.Kind = "byte-level BPE"
		last.write = false
		t.mapped = true
	}
	unk := int32(-1)
	if b.unk != "" {
		i, ok := t.vocab.index[b.unk]
		if !ok {
			return &Error{File: b.vocabFile, Section: "model", Token: b.unk, Err: fmt.Errorf("%w: it stands for what the vocabulary lacks", ErrUnknownToken)}
		}
		unk = i
		t.special.Unk = int(t.vocab.ids[i])
	} else {
		t.special.Unk = -1
	}
	if t.mapped && b.prefix == "" && b.suffix == "" {
		m, err := newByteBPE(t.vocab, merges, b.whole, b.vocabFile)
		if err != nil {
			return err
		}
		if m != nil {
			t.model = m
			t.direct = len(t.pre) == 1 && last.regex
			t.prefix = last.prefix
			return nil
		}
	}
	m := newCharBPE(t.vocab, merges)
	m.unk, m.fuseUnk, m.byteFallback, m.whole = unk, b.fuseUnk, b.byteFallback, b.whole
	m.prefix, m.suffix, m.mapped = b.prefix, b.suffix, t.mapped
	t.model = m
	return nil
}

// matchesNothing reports whether n may replace the empty string.
func matchesNothing(n normalizer) bool {
	r, ok := n.(replaceNormalizer)
	if !ok {
		return false
	}
	x, ok := r.finder.(expression)
	return ok && x.empty
}

// addTokens numbers the added tokens and builds what looks for them.
func (p *parser) addTokens(tokens []AddedToken) error {
	t := p.t
	t.added = addedTokens{tokens: map[int]*addedToken{}, ids: map[string]int{}, special: map[string]bool{}}
	next := len(t.vocab.names)
	moved := 0
	for _, a := range tokens {
		if a.Content == "" {
			continue
		}
		id, ok := t.Lookup(a.Content)
		if !ok {
			if id = next; id > maxID {
				return &Error{p.file, "added_tokens", a.Content, ErrTooLarge}
			}
			next++
		}
		if a.ID >= 0 && id != a.ID {
			if moved++; moved == 1 {
				t.info.Notes = append(t.info.Notes, fmt.Sprintf("%s: added token %.60q has id %d there; the tokenizers library, and so this one, gives it %d", p.file, a.Content, a.ID, id))
			}
		}
		token := &addedToken{a, a.Content}
		token.ID = id
		if a.Normalized {
			piece := piece{text: a.Content, mem: new(scratch)}
			for _, n := range t.normalizer {
				piece = n.normalize(piece)
			}
			if token.normal = piece.text; token.normal == "" {
				t.info.Notes = append(t.info.Notes, fmt.Sprintf("%s: nothing is left of added token %.60q when it is normalised: no text has it", p.file, a.Content))
			}
		}
		t.added.tokens[id] = token
		t.added.ids[a.Content] = id
		if a.Special {
			t.added.special[a.Content] = true
		}
	}
	if moved > 1 {
		t.info.Notes = append(t.info.Notes, fmt.Sprintf("%s: %d more added tokens have other ids there", p.file, moved-1))
	}
	var raw, normalized []pattern
	for id, a := range t.added.tokens {
		if a.Normalized {
			normalized = append(normalized, pattern{a.normal, id})
		} else {
			raw = append(raw, pattern{a.Content, id})
		}
	}
	t.raw, t.normalized = newMatcher(raw), newMatcher(normalized)
	return nil
}

// findSpecial finds out which ids are those of the special tokens.
func (p *parser) findSpecial() {
	t, names := p.t, p.options.special
	unk := t.special.Unk
	t.special = tokenizer.Special{BOS: -1, Pad: -1, EOS: -1, Unk: unk, Mask: -1}
	parts := t.template.Single
	text := 0
	for text < len(parts) && parts[text].Text < 0 {
		text++
	}
	if text > 0 {
		t.special.BOS = parts[0].ID
	}
	if text+1 < len(parts) && parts[text+1].Text < 0 {
		t.special.EOS = parts[text+1].ID
	}
	if d := t.info.Padding; d != nil && d.ID < math.MaxInt32 {
		t.special.Pad = d.ID
	}
	for _, s := range []struct {
		to    *int
		name  string
		usual []string
	}{
		{&t.special.BOS, names.BOS, []string{"<s>"}},
		{&t.special.Pad, names.Pad, []string{"<pad>", "[PAD]"}},
		{&t.special.EOS, names.EOS, []string{"</s>"}},
		{&t.special.Unk, names.Unk, []string{"<unk>"}},
		{&t.special.Mask, names.Mask, []string{"<mask>", "[MASK]"}},
	} {
		if s.name != "" {
			if id, ok := t.Lookup(s.name); ok {
				*s.to = id
				continue
			}
		}
		for _, name := range s.usual {
			if id, ok := t.Lookup(name); ok && *s.to < 0 {
				*s.to = id
			}
		}
	}
}
