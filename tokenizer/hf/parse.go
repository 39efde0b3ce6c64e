package hf

import (
	"encoding/base64"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/goroberta/goroberta/bpe"
	"github.com/goroberta/goroberta/internal/charsmap"
	"github.com/goroberta/goroberta/tokenizer"
)

// maxFile is the size in bytes of the largest file that is read. Those of XLM-R's
// vocabulary have 17 MB.
const maxFile = 512 << 20

// Parse returns the tokenizer that a tokenizer.json describes. name is the file's name,
// for errors and Info. The error is an *Error if the file is malformed or asks for what
// this package does not do: it names the section. The Tokenizer keeps no reference to
// data.
func Parse(data []byte, name string, opts ...Option) (*Tokenizer, error) {
	o, err := newOptions(opts)
	if err != nil {
		return nil, err
	}
	fail := func(section string, err error) (*Tokenizer, error) {
		if known := (*Error)(nil); errors.As(err, &known) {
			return nil, err
		}
		return nil, &Error{File: name, Section: section, Err: err}
	}
	if len(data) > maxFile {
		return fail("", ErrTooLarge)
	}
	if strings.HasPrefix(string(data[:min(len(data), 64)]), "version https://git-lfs.github.com/spec/") {
		return fail("", formatError("a Git LFS pointer, not the content (run git lfs pull)"))
	}
	r := newReader(data)
	file := r.node()
	r.end()
	if r.err != nil {
		return fail("", r.err)
	}
	if err := file.read("version", func(r *reader) {
		if v := r.str(); r.err == nil && v != "1.0" {
			r.stop(fmt.Errorf("%w: version %.20q, want \"1.0\"", ErrNotSupported, v))
		}
	}); err != nil {
		return fail("", err)
	}
	p := &parser{file: name, options: o, t: &Tokenizer{joined: true}}
	t := p.t
	t.info.File = name
	for _, s := range []struct {
		section string
		read    func(n node) error
	}{
		{"normalizer", p.normalizer},
		{"pre_tokenizer", p.preTokenizer},
		{"model", p.model},
		{"decoder", p.decoder},
		{"post_processor", p.postProcessor},
		{"truncation", p.truncation},
		{"padding", p.padding},
	} {
		if s.section == "model" && !file.has("model") {
			return fail("model", formatError("it is missing"))
		}
		err := file.read(s.section, func(r *reader) {
			if n := r.node(); r.err == nil {
				if err := s.read(n); err != nil {
					r.stop(err)
				}
			}
		})
		if err != nil {
			return fail(s.section, stripName(err, s.section))
		}
	}
	var added []AddedToken
	if err := file.read("added_tokens", func(r *reader) {
		r.array(func(int) { added = append(added, r.addedToken()) })
	}); err != nil {
		return fail("added_tokens", stripName(err, "added_tokens"))
	}
	t, err = p.finish(added)
	if late := (*PatternError)(nil); errors.As(err, &late) {
		return fail("added_tokens", err)
	}
	return t, err
}

// stripName takes the field's name off an error whose section says it.
func stripName(err error, name string) error {
	if inner := errors.Unwrap(err); inner != nil && strings.HasPrefix(err.Error(), name+": ") {
		return inner
	}
	return err
}

// A parser builds a tokenizer.
type parser struct {
	file    string
	options *options
	t       *Tokenizer

	bpe *bpeSettings // of a BPE, which is built once the pre-tokeniser is known
}

// typeOf returns the type of a node. typ may be missing where the form is known
// without it.
func (n node) typeOf() (string, error) { return n.str("type") }

func notSupported(typ, why string) error {
	if why != "" {
		why = ": " + why
	}
	return fmt.Errorf("type %.60q is %w%s", typ, ErrNotSupported, why)
}

// each calls f for each element of an array of nodes.
func (n node) each(name string, f func(n node) error) error {
	return n.need(name, func(r *reader) {
		r.array(func(int) {
			if e := r.node(); r.err == nil {
				if err := f(e); err != nil {
					r.stop(err)
				}
			}
		})
	})
}

// pattern reads a pattern: {"String": …} or {"Regex": …}.
func (n node) pattern(name string) (f finder, err error) {
	err = n.need(name, func(r *reader) {
		p := r.node()
		if r.err != nil {
			return
		}
		switch {
		case len(p) == 1 && p["String"] != nil:
			s, e := p.str("String")
			if err = e; err == nil && s == "" {
				err = formatError("an empty string")
			}
			f = literal(s)
		case len(p) == 1 && p["Regex"] != nil:
			s, e := p.str("Regex")
			if err = e; err == nil {
				f, err = newExpression(s)
			}
		default:
			err = formatError("want {\"String\": …} or {\"Regex\": …}")
		}
		if err != nil {
			r.stop(err)
		}
	})
	return f, err
}

const noBERT = "no relative of RoBERTa uses it, BERT does"

func (p *parser) normalizer(n node) error {
	typ, err := n.typeOf()
	if err != nil {
		return err
	}
	add := func(x normalizer) { p.t.normalizer = append(p.t.normalizer, x) }
	switch typ {
	case "Sequence":
		return n.each("normalizers", p.normalizer)
	case "NFC", "NFD", "NFKC", "NFKD":
		add(forms[typ])
	case "Lowercase":
		add(lowercase{})
	case "Strip":
		left, err := n.boolean("strip_left")
		if err != nil {
			return err
		}
		right, err := n.boolean("strip_right")
		if err != nil {
			return err
		}
		add(stripNormalizer{left, right})
	case "StripAccents":
		add(stripAccents{})
	case "Nmt":
		add(nmt{})
	case "Prepend":
		s, err := n.str("prepend")
		if err != nil {
			return err
		}
		add(prepend(s))
	case "Replace":
		f, err := n.pattern("pattern")
		if err != nil {
			return err
		}
		content, err := n.str("content")
		if err != nil {
			return err
		}
		r := replaceNormalizer{finder: f, content: content}
		if x, ok := f.(expression); ok {
			r.source = x.source
		}
		add(r)
	case "ByteLevel":
		add(bytesNormalizer{})
	case "Precompiled":
		s, err := n.str("precompiled_charsmap")
		if err != nil {
			return err
		}
		data, err := base64.StdEncoding.DecodeString(s)
		if err != nil {
			return formatError("precompiled_charsmap: %v", err)
		}
		m, err := charsmap.Parse(data)
		if err != nil {
			return fmt.Errorf("%w: precompiled_charsmap: %w", ErrFormat, err)
		}
		add(precompiled{m})
	case "BertNormalizer":
		return notSupported(typ, noBERT)
	default:
		return notSupported(typ, "")
	}
	return nil
}

func (p *parser) preTokenizer(n node) error {
	typ, err := n.typeOf()
	if err != nil {
		return err
	}
	add := func(x preTokenizer) { p.t.pre = append(p.t.pre, x) }
	switch typ {
	case "Sequence":
		return n.each("pretokenizers", p.preTokenizer)
	case "ByteLevel":
		b := &byteLevel{write: true}
		if b.prefix, err = n.boolean("add_prefix_space"); err != nil {
			return err
		}
		if p.options.prefixSpace != nil {
			b.prefix = *p.options.prefixSpace
		}
		if _, err = n.boolean("trim_offsets"); err != nil {
			return err
		}
		b.regex = true
		if n.has("use_regex") {
			if b.regex, err = n.boolean("use_regex"); err != nil {
				return err
			}
		}
		add(b)
	case "Metaspace":
		m, err := n.metaspace()
		if err != nil {
			return err
		}
		add(m)
	case "WhitespaceSplit":
		add(whitespaceSplit{})
	case "Whitespace":
		add(splitAt{inverted{words{}}, removed})
	case "Punctuation":
		b := isolated
		if n.has("behavior") {
			if b, err = n.behavior(); err != nil {
				return err
			}
		}
		add(splitAt{chars(isPunctuation), b})
	case "Digits":
		single, err := n.boolean("individual_digits")
		if err != nil {
			return err
		}
		b := contiguous
		if single {
			b = isolated
		}
		add(splitAt{chars(isNumber), b})
	case "Split":
		f, err := n.pattern("pattern")
		if err != nil {
			return err
		}
		b, err := n.behavior()
		if err != nil {
			return err
		}
		invert, err := n.boolean("invert")
		if err != nil {
			return err
		}
		if invert {
			f = inverted{f}
		}
		add(splitAt{f, b})
	case "CharDelimiterSplit", "Delimiter":
		c, err := n.char("delimiter")
		if err != nil {
			return err
		}
		add(splitAt{literal(string(c)), removed})
	case "FixedLength":
		length := 5
		if err := n.read("length", func(r *reader) { length = r.integer(math.MaxInt32) }); err != nil {
			return err
		}
		if length == 0 {
			return formatError("length is 0")
		}
		add(fixedLength(length))
	case "BertPreTokenizer":
		return notSupported(typ, noBERT)
	default:
		return notSupported(typ, "")
	}
	return nil
}

func isPunctuation(c rune) bool {
	if c < utf8.RuneSelf {
		return '!' <= c && c <= '~' && !('0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z')
	}
	return unicode.Is(punctuationTable, c)
}

func isNumber(c rune) bool {
	if c < utf8.RuneSelf {
		return '0' <= c && c <= '9'
	}
	return unicode.Is(numberTable, c)
}

func (n node) behavior() (behavior, error) {
	s, err := n.str("behavior")
	if err != nil {
		return 0, err
	}
	b, ok := behaviors[s]
	if !ok {
		return 0, fmt.Errorf("behavior %.40q is %w", s, ErrNotSupported)
	}
	return b, nil
}

// metaspace reads a Metaspace in its forms of several years.
func (n node) metaspace() (*metaspace, error) {
	c, err := n.char("replacement")
	if err != nil {
		return nil, err
	}
	m := &metaspace{replacement: string(c), cut: true}
	if n.has("prepend_scheme") {
		s, err := n.str("prepend_scheme")
		if err != nil {
			return nil, err
		}
		var ok bool
		if m.scheme, ok = prependSchemes[s]; !ok {
			return nil, fmt.Errorf("prepend_scheme %.40q is %w", s, ErrNotSupported)
		}
	}
	if n.has("add_prefix_space") {
		prefix, err := n.boolean("add_prefix_space")
		if err != nil {
			return nil, err
		}
		if !prefix && m.scheme != never {
			return nil, formatError("add_prefix_space is false and prepend_scheme is not \"never\"")
		}
	}
	if n.has("split") {
		if m.cut, err = n.boolean("split"); err != nil {
			return nil, err
		}
	}
	return m, nil
}

func (p *parser) decoder(n node) error {
	typ, err := n.typeOf()
	if err != nil {
		return err
	}
	p.t.joined = false
	add := func(d decoder) { p.t.decoder = append(p.t.decoder, d) }
	switch typ {
	case "Sequence":
		return n.each("decoders", p.decoder)
	case "ByteLevel":
		add(bytesDecoder{})
	case "Metaspace":
		m, err := n.metaspace()
		if err != nil {
			return err
		}
		add(&metaspaceDecoder{m.replacement, m.scheme != never})
	case "ByteFallback":
		add(byteFallback{})
	case "Fuse":
		add(fuse{})
	case "Strip":
		d := stripDecoder{}
		if d.content, err = n.char("content"); err != nil {
			return err
		}
		if err = n.need("start", func(r *reader) { d.start = r.integer(math.MaxInt32) }); err != nil {
			return err
		}
		if err = n.need("stop", func(r *reader) { d.stop = r.integer(math.MaxInt32) }); err != nil {
			return err
		}
		add(d)
	case "Replace":
		f, err := n.pattern("pattern")
		if err != nil {
			return err
		}
		content, err := n.str("content")
		if err != nil {
			return err
		}
		if x, ok := f.(expression); ok {
			f = lenient{x}
		}
		add(replaceDecoder{f, content})
	case "BPEDecoder":
		s, err := n.str("suffix")
		if err != nil {
			return err
		}
		add(suffixDecoder(s))
	case "WordPiece":
		d := wordPieceDecoder{}
		if d.prefix, err = n.str("prefix"); err != nil {
			return err
		}
		if d.cleanup, err = n.boolean("cleanup"); err != nil {
			return err
		}
		add(d)
	default:
		return notSupported(typ, "")
	}
	return nil
}

// addedToken reads an element of added_tokens.
func (r *reader) addedToken() (a AddedToken) {
	n := r.node()
	if r.err != nil {
		return a
	}
	err := n.need("id", func(r *reader) { a.ID = r.integer(math.MaxInt32) })
	if err == nil {
		a.Content, err = n.str("content")
	}
	for _, f := range []struct {
		name string
		to   *bool
	}{
		{"single_word", &a.SingleWord}, {"lstrip", &a.LStrip}, {"rstrip", &a.RStrip}, {"normalized", &a.Normalized}, {"special", &a.Special},
	} {
		if err == nil {
			*f.to, err = n.boolean(f.name)
		}
	}
	if err != nil {
		r.stop(fmt.Errorf("token %.60q: %w", a.Content, err))
	}
	return a
}

// bpeSettings is a BPE before it is known what its pieces are.
type bpeSettings struct {
	rules        []rule
	vocabFile    string
	mergesFile   string
	section      string // of the merges
	unk          string
	prefix       string
	suffix       string
	fuseUnk      bool
	byteFallback bool
	whole        bool
}

func (p *parser) model(n node) error {
	typ := ""
	if n.has("type") {
		var err error
		if typ, err = n.typeOf(); err != nil {
			return err
		}
	} else {
		// Old files do not say it; the fields that each model must have do.
		switch {
		case n["merges"] != nil:
			typ = "BPE"
		case n["max_input_chars_per_word"] != nil:
			typ = "WordPiece"
		case n["unk_token"] != nil:
			typ = "WordLevel"
		case n["vocab"] != nil:
			typ = "Unigram"
		default:
			return formatError("neither type nor vocab is there")
		}
	}
	switch typ {
	case "BPE":
		return p.bpeModel(n)
	case "Unigram":
		return p.unigramModel(n)
	case "WordPiece":
		return notSupported(typ, noBERT)
	case "WordLevel":
		return notSupported(typ, "no relative of RoBERTa uses it")
	}
	return notSupported(typ, "")
}

func (p *parser) bpeModel(n node) error {
	if n.has("dropout") {
		dropout := 0.0
		if err := n.read("dropout", func(r *reader) { dropout = r.float() }); err != nil {
			return err
		}
		if dropout != 0 {
			return fmt.Errorf("dropout %v is %w: ids would be random", dropout, ErrNotSupported)
		}
	}
	var names []string
	var ids []int32
	if err := n.need("vocab", func(r *reader) { names, ids = r.tokenIDs() }); err != nil {
		return err
	}
	b := &bpeSettings{vocabFile: p.file, mergesFile: p.file, section: "model.merges"}
	if err := n.need("merges", func(r *reader) { b.rules = r.rules() }); err != nil {
		return err
	}
	for _, f := range []struct {
		name string
		to   *string
	}{{"unk_token", &b.unk}, {"continuing_subword_prefix", &b.prefix}, {"end_of_word_suffix", &b.suffix}} {
		if err := n.read(f.name, func(r *reader) { *f.to = r.str() }); err != nil {
			return err
		}
	}
	for _, f := range []struct {
		name string
		to   *bool
	}{{"fuse_unk", &b.fuseUnk}, {"byte_fallback", &b.byteFallback}, {"ignore_merges", &b.whole}} {
		if err := n.read(f.name, func(r *reader) { *f.to = r.boolean() }); err != nil {
			return err
		}
	}
	p.bpe = b
	var err error
	p.t.vocab, err = newVocabulary(names, ids, p.file, "model.vocab")
	return err
}

func (p *parser) unigramModel(n node) error {
	var scores []float64
	all := interner{}
	if err := n.need("vocab", func(r *reader) {
		r.array(func(int) {
			i := 0
			r.array(func(int) {
				switch i++; i {
				case 1:
					all.add(r.bytes())
				case 2:
					scores = append(scores, r.float())
				}
				if i > 2 {
					r.fail("token %d has more than a name and a score", len(scores)-1)
				}
			})
			if r.err == nil && i != 2 {
				r.fail("token %d has no name and score", len(scores))
			}
		})
	}); err != nil {
		return err
	}
	names := all.strings()
	ids := make([]int32, len(names))
	for i := range ids {
		ids[i] = int32(i)
	}
	v, err := newVocabulary(names, ids, p.file, "model.vocab")
	if err != nil {
		return err
	}
	if !n.has("unk_id") {
		return fmt.Errorf("no unk_id is %w", ErrNotSupported)
	}
	unk := 0
	if err := n.read("unk_id", func(r *reader) { unk = r.integer(maxID) }); err != nil {
		return err
	}
	if unk >= len(names) {
		return formatError("unk_id %d of %d tokens", unk, len(names))
	}
	fallback := false
	if err := n.read("byte_fallback", func(r *reader) { fallback = r.boolean() }); err != nil {
		return err
	}
	m, err := newUnigram(v, scores, unk, fallback)
	if err != nil {
		return err
	}
	p.t.vocab, p.t.model = v, m
	p.t.special.Unk = unk
	p.t.info.Kind = "unigram"
	return nil
}

// postProcessor reads what makes the template and how offsets are trimmed.
func (p *parser) postProcessor(n node) error {
	typ, err := n.typeOf()
	if err != nil {
		return err
	}
	trim := func() error {
		trim, err := n.boolean("trim_offsets")
		if err != nil {
			return err
		}
		prefix, err := n.boolean("add_prefix_space")
		if err != nil {
			return err
		}
		if p.options.prefixSpace != nil {
			prefix = *p.options.prefixSpace
		}
		if trim {
			p.t.trims = append(p.t.trims, prefix)
		}
		return nil
	}
	var template tokenizer.Template
	switch typ {
	case "Sequence":
		return n.each("processors", p.postProcessor)
	case "ByteLevel":
		return trim()
	case "RobertaProcessing":
		if err := trim(); err != nil {
			return err
		}
		cls, sep, err := n.around()
		if err != nil {
			return err
		}
		template = tokenizer.Roberta(cls, sep)
	case "BertProcessing":
		cls, sep, err := n.around()
		if err != nil {
			return err
		}
		begin, end := tokenizer.Part{Text: -1, ID: cls}, tokenizer.Part{Text: -1, ID: sep}
		template = tokenizer.Template{
			Single: []tokenizer.Part{begin, {Text: 0}, end},
			Pair:   []tokenizer.Part{begin, {Text: 0}, end, {Text: 1, Type: 1}, {Text: -1, ID: sep, Type: 1}},
		}
	case "TemplateProcessing":
		tokens := map[string][]int{}
		if err := n.need("special_tokens", func(r *reader) {
			r.object(func(name string) {
				e := r.node()
				if r.err != nil {
					return
				}
				ids := []int{}
				if err := e.need("ids", func(r *reader) {
					r.array(func(int) { ids = append(ids, r.integer(maxID)) })
				}); err != nil {
					r.stop(fmt.Errorf("token %.60q: %w", name, err))
				}
				tokens[name] = ids
			})
		}); err != nil {
			return err
		}
		if template.Single, err = n.parts("single", tokens, 1); err != nil {
			return err
		}
		if template.Pair, err = n.parts("pair", tokens, 2); err != nil {
			return err
		}
	default:
		return notSupported(typ, "")
	}
	if p.t.template.Single != nil {
		return fmt.Errorf("two processors that add tokens are %w", ErrNotSupported)
	}
	p.t.template = template
	return nil
}

// around reads the tokens at both ends of a text, with their ids.
func (n node) around() (cls, sep int, err error) {
	for _, f := range []struct {
		name string
		to   *int
	}{{"cls", &cls}, {"sep", &sep}} {
		i := 0
		err := n.need(f.name, func(r *reader) {
			r.array(func(int) {
				switch i++; i {
				case 1:
					r.str()
				case 2:
					*f.to = r.integer(maxID)
				default:
					r.fail("more than a name and an id")
				}
			})
			if r.err == nil && i != 2 {
				r.fail("want a name and an id")
			}
		})
		if err != nil {
			return 0, 0, err
		}
	}
	return cls, sep, nil
}

// parts reads a template of so many texts.
func (n node) parts(name string, tokens map[string][]int, texts int) (parts []tokenizer.Part, err error) {
	err = n.need(name, func(r *reader) {
		r.array(func(int) {
			piece := r.node()
			if r.err != nil {
				return
			}
			kind := "Sequence"
			if piece["SpecialToken"] != nil {
				kind = "SpecialToken"
			}
			if len(piece) != 1 || piece[kind] == nil {
				r.fail("want {\"Sequence\": …} or {\"SpecialToken\": …}")
				return
			}
			var body node
			var id string
			typ := 0
			err := piece.need(kind, func(r *reader) { body = r.node() })
			if err == nil {
				id, err = body.str("id")
			}
			if err == nil {
				err = body.need("type_id", func(r *reader) { typ = r.integer(maxID) })
			}
			if err != nil {
				r.stop(err)
				return
			}
			if kind == "SpecialToken" {
				ids, ok := tokens[id]
				if !ok {
					r.stop(fmt.Errorf("%w: %.60q is not in special_tokens", ErrUnknownToken, id))
				}
				for _, id := range ids {
					parts = append(parts, tokenizer.Part{Text: -1, ID: id, Type: typ})
				}
				return
			}
			text := slices.Index([]string{"A", "B"}, id)
			if text < 0 || text >= texts {
				r.fail("sequence %.20q in a template of %d", id, texts)
			}
			parts = append(parts, tokenizer.Part{Text: text, Type: typ})
		})
	})
	if err == nil && len(parts) == 0 {
		err = formatError("%s is empty", name)
	}
	return parts, err
}

func (p *parser) truncation(n node) error {
	var l tokenizer.Limit
	strategy, err := n.str("strategy")
	if err != nil {
		return err
	}
	var ok bool
	if l.Truncation, ok = map[string]tokenizer.Truncation{"LongestFirst": tokenizer.LongestFirst, "OnlyFirst": tokenizer.OnlyFirst, "OnlySecond": tokenizer.OnlySecond}[strategy]; !ok {
		return fmt.Errorf("strategy %.40q is %w", strategy, ErrNotSupported)
	}
	if err := n.need("max_length", func(r *reader) { l.Length = r.integer(math.MaxInt) }); err != nil {
		return err
	}
	if err := n.need("stride", func(r *reader) { l.Stride = r.integer(math.MaxInt) }); err != nil {
		return err
	}
	if l.Left, err = n.left(false); err != nil {
		return err
	}
	p.t.info.Truncation = &l
	return nil
}

// left reads a direction.
func (n node) left(must bool) (bool, error) {
	if !must && !n.has("direction") {
		return false, nil
	}
	s, err := n.str("direction")
	if err == nil && s != "Left" && s != "Right" {
		err = fmt.Errorf("direction %.40q is %w", s, ErrNotSupported)
	}
	return s == "Left", err
}

func (p *parser) padding(n node) error {
	var d tokenizer.Padding
	err := n.need("strategy", func(r *reader) {
		if r.peek() == '"' {
			if s := r.str(); r.err == nil && s != "BatchLongest" {
				r.stop(fmt.Errorf("%.40q is %w", s, ErrNotSupported))
			}
			return
		}
		fixed := r.node()
		if r.err != nil {
			return
		}
		if err := fixed.need("Fixed", func(r *reader) { d.Length = r.integer(math.MaxInt) }); err != nil {
			r.stop(err)
		}
	})
	if err != nil {
		return err
	}
	if d.Left, err = n.left(true); err != nil {
		return err
	}
	if err := n.read("pad_to_multiple_of", func(r *reader) { d.MultipleOf = r.integer(math.MaxInt) }); err != nil {
		return err
	}
	if err := n.need("pad_id", func(r *reader) { d.ID = r.integer(math.MaxInt) }); err != nil {
		return err
	}
	if err := n.need("pad_type_id", func(r *reader) { d.Type = r.integer(math.MaxInt) }); err != nil {
		return err
	}
	p.t.info.Padding = &d
	return nil
}

// appendBytes appends the bytes that the characters of name stand for.
func appendBytes(dst []byte, name string) ([]byte, bool) { return bpe.AppendBytes(dst, name) }
