package hf

import (
	"encoding/base64"
	"fmt"

	"github.com/goroberta/goroberta/internal/charsmap"
)

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
			if r.source == manySpaces {
				r.finder = spaces{}
			}
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
		add(newPrecompiled(m))
	case "BertNormalizer":
		return notSupported(typ, noBERT)
	default:
		return notSupported(typ, "")
	}
	return nil
}
