package hf

import "fmt"

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
