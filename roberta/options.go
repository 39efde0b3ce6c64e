package roberta

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/goroberta/goroberta/weights"
)

// An Option changes how a model is opened.
type Option func(*options) error

type options struct {
	ctx     context.Context
	threads int
	log     *slog.Logger
	weights []weights.Option

	plainText bool
	precision *Precision // nil: the file's
}

func newOptions(opts []Option) (*options, error) {
	o := &options{ctx: context.Background(), log: slog.New(slog.DiscardHandler)}
	for _, opt := range opts {
		if err := opt(o); err != nil {
			return nil, err
		}
	}
	o.weights = append(o.weights, weights.WithContext(o.ctx))
	return o, nil
}

// WithThreads sets the number of goroutines that one call computes with, from 1.
// The default is GOMAXPROCS. Results do not depend on it.
func WithThreads(n int) Option {
	return func(o *options) error {
		if n < 1 || n > 1<<12 {
			return fmt.Errorf("roberta: %d threads, want 1 to %d", n, 1<<12)
		}
		o.threads = n
		return nil
	}
}

// WithLogger sets where remarks on a checkpoint and warnings go. The default
// discards them.
func WithLogger(l *slog.Logger) Option {
	return func(o *options) error {
		if l != nil {
			o.log = l
		}
		return nil
	}
}

// WithContext makes opening end with the context's error once that is done. The model
// does not use it afterwards. The default is a context that never ends.
func WithContext(ctx context.Context) Option {
	return func(o *options) error {
		if ctx != nil {
			o.ctx = ctx
		}
		return nil
	}
}

// WithoutMap reads the file into memory instead of mapping it. Then nothing happens to
// the model if another process cuts the file short or overwrites it in place. The
// default is to map the file: a packed one then opens in milliseconds, and processes
// that open it share its memory.
func WithoutMap() Option {
	return func(o *options) error {
		o.weights = append(o.weights, weights.WithoutMap())
		return nil
	}
}

// WithPlainText makes the names of special tokens in a text letters, whatever files the
// tokenizer comes from: what a service wants for texts of strangers. The default is what
// the reference does: in a Hugging Face folder "<mask>" and "</s>" in a text are those
// tokens; for a fairseq checkpoint they are letters.
func WithPlainText() Option {
	return func(o *options) error {
		o.plainText = true
		return nil
	}
}
