package hf

import "math"

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
