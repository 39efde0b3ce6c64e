package pipeline

import (
	"fmt"
	"slices"
	"strings"
)

// WithEntailment names the class of a ZeroShot's head that stands for entailment, LABEL_0
// and so on where classes have no names. The default is the one whose name begins with
// "entail".
func WithEntailment(class string) Option {
	return func(o *options) error {
		o.entailment = class
		return o.only(zeroShot, "WithEntailment")
	}
}

// WithContradiction names the class of a ZeroShot's head that stands for contradiction.
// The default is the one whose name begins with "contra", or the other one of two.
func WithContradiction(class string) Option {
	return func(o *options) error {
		o.contradiction = class
		return o.only(zeroShot, "WithContradiction")
	}
}

// WithLabels sets the labels among which a ZeroShot chooses for a text that brings none
// of its own.
func WithLabels(labels ...string) Option {
	return func(o *options) error {
		o.labels = slices.Clone(labels)
		return o.only(zeroShot, "WithLabels")
	}
}

// WithMultiLabel makes a ZeroShot give each label a probability of its own: several
// labels, or none, can hold.
func WithMultiLabel() Option {
	return func(o *options) error {
		o.multiLabel = true
		return o.only(zeroShot, "WithMultiLabel")
	}
}

// WithTemplate sets the sentence that a ZeroShot makes of a label, which stands for {} or
// {0} in it. {{ and }} are braces, as in Python's format. The default is "This example is
// {}."
func WithTemplate(template string) Option {
	return func(o *options) error {
		var err error
		if o.template, err = cutTemplate(template); err != nil {
			return err
		}
		return o.only(zeroShot, "WithTemplate")
	}
}

// defaultTemplate is that of transformers.
var defaultTemplate = []string{"This example is ", "."}

// cutTemplate cuts a template at its labels.
func cutTemplate(template string) ([]string, error) {
	var parts []string
	var b strings.Builder
	for i := 0; i < len(template); i++ {
		rest := template[i:]
		switch {
		case strings.HasPrefix(rest, "{{"), strings.HasPrefix(rest, "}}"):
			i++
		case strings.HasPrefix(rest, "{}"), strings.HasPrefix(rest, "{0}"):
			parts = append(parts, b.String())
			b.Reset()
			i += strings.IndexByte(rest, '}')
			continue
		case rest[0] == '{' || rest[0] == '}':
			return nil, fmt.Errorf("%w: template %.100q: want {} or {0} for the label; {{ and }} are braces", ErrOption, template)
		}
		b.WriteByte(template[i])
	}
	if parts == nil {
		return nil, fmt.Errorf("%w: template %.100q has no {} for the label", ErrOption, template)
	}
	return append(parts, b.String()), nil
}

// defaultMaxAnswer is that of transformers.
const defaultMaxAnswer = 15

// WithMaxAnswer sets how many tokens an answer of a Reader may have, from 1. The default
// is 15.
func WithMaxAnswer(tokens int) Option {
	return func(o *options) error {
		if tokens < 1 {
			return fmt.Errorf("%w: answers of %d tokens", ErrOption, tokens)
		}
		o.maxAnswer = tokens
		return o.only(reader, "WithMaxAnswer")
	}
}

// WithImpossible makes a Reader say how likely it is that the context has no answer: an
// Answer with an empty Text stands among the others.
func WithImpossible() Option {
	return func(o *options) error {
		o.impossible = true
		return o.only(reader, "WithImpossible")
	}
}

// WithoutAlignment makes a Reader's answers begin and end with any token. The default is
// to widen them to whole words.
func WithoutAlignment() Option {
	return func(o *options) error {
		o.noAlign = true
		return o.only(reader, "WithoutAlignment")
	}
}
