package hf

import (
	"fmt"
	"slices"

	"github.com/goroberta/goroberta/tokenizer"
)

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
