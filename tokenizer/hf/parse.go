package hf

import (
	"errors"
	"fmt"
	"math"
	"strings"
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
