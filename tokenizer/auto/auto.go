package auto

import (
	"github.com/goroberta/goroberta/tokenizer"
)

// An Option changes how a tokenizer is opened.
type Option func(*options) error

type options struct {
	plainText bool
}

// WithPlainText makes the names of special tokens in a text letters, also where the
// reference makes them those tokens.
func WithPlainText() Option {
	return func(o *options) error { o.plainText = true; return nil }
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

// Read opens the tokenizer of a model. The error wraps ErrNone if there is none; it is an
// *Error or one of the package that reads the file, which names it as it is called on
// disk, or the error of Files.
func Read(src Source, opts ...Option) (tokenizer.Tokenizer, tokenizer.Info, error) {
	o, err := newOptions(opts)
	if err != nil {
		return nil, tokenizer.Info{}, err
	}
	p, err := choose(src)
	if err != nil {
		return nil, tokenizer.Info{}, err
	}
	return p.build(o)
}
