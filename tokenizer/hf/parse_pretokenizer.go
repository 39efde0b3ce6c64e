package hf

import (
	"fmt"
	"math"
)

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
		if x, ok := f.(expression); ok {
			f = known(x)
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
	m := &metaspace{replacement: string(c), cutter: literal(c), cut: true}
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
