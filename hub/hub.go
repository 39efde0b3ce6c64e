package hub

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/goroberta/goroberta/roberta"
	"github.com/goroberta/goroberta/tokenizer"
)

// Open opens a model by its name, which Path describes. What is not in the cache is
// fetched. ctx ends fetching and opening; the model does not keep it.
//
// Errors are those of Path and of roberta.Open. Any number of goroutines and processes
// may open one model at once; it is fetched once.
func Open(ctx context.Context, name string, opts ...Option) (*roberta.Model, error) {
	o, err := newOptions(opts)
	if err != nil {
		return nil, err
	}
	if o.tokenizerOnly {
		return nil, errors.New("hub: a model cannot be opened with TokenizerOnly")
	}
	path, err := resolve(ctx, name, o)
	if err != nil {
		return nil, err
	}
	return roberta.Open(path, o.modelOptions(ctx)...)
}

func (o *options) modelOptions(ctx context.Context) []roberta.Option {
	return append([]roberta.Option{roberta.WithContext(ctx), roberta.WithLogger(o.log)}, o.model...)
}

// OpenTokenizer opens the tokenizer of a model by its name. The weights of a repository
// are not fetched; an archive of fairseq's comes whole.
//
// Errors are those of Path and of roberta.OpenTokenizer.
func OpenTokenizer(ctx context.Context, name string, opts ...Option) (tokenizer.Tokenizer, tokenizer.Info, error) {
	o, err := newOptions(append(slices.Clip(opts), TokenizerOnly()))
	if err != nil {
		return nil, tokenizer.Info{}, err
	}
	path, err := resolve(ctx, name, o)
	if err != nil {
		return nil, tokenizer.Info{}, err
	}
	return roberta.OpenTokenizer(path, o.modelOptions(ctx)...)
}

// Path returns the folder of a model by its name, and fetches what is not in the cache:
//
//	hf:NAME[@REVISION]    a repository at Hugging Face: OWNER/NAME, or NAME for the oldest ones
//	fairseq:NAME          a model of fairseq's, one of FairseqNames
//
// The folder belongs to the cache: do not change it.
//
// Errors wrap ErrName, or are an *Error of one of the kinds that this package's
// variables name, of the context or of the operating system.
func Path(ctx context.Context, name string, opts ...Option) (string, error) {
	o, err := newOptions(opts)
	if err != nil {
		return "", err
	}
	return resolve(ctx, name, o)
}

func resolve(ctx context.Context, name string, o *options) (string, error) {
	switch {
	case strings.HasPrefix(name, schemeHF):
		return fromHF(ctx, name, o)
	case strings.HasPrefix(name, schemeFairseq):
		return fromFairseq(ctx, name, o)
	}
	return "", fmt.Errorf("hub: %w: %s: want hf:NAME or fairseq:NAME", ErrName, quoted(name))
}
