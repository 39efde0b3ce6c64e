package weights

import "context"

// An Option changes how a checkpoint is opened.
type Option func(*options) error

type options struct {
	ctx      context.Context
	unmapped bool // files are read into memory
}

func newOptions(opts []Option) (options, error) {
	o := options{ctx: context.Background()}
	for _, opt := range opts {
		if err := opt(&o); err != nil {
			return o, err
		}
	}
	return o, o.ctx.Err()
}

// WithContext makes opening end with the context's error once that is done. The
// default is a context that never ends. An open checkpoint does not use it.
func WithContext(ctx context.Context) Option {
	return func(o *options) error {
		if ctx != nil {
			o.ctx = ctx
		}
		return nil
	}
}

// WithoutMap reads files into memory instead of mapping them: for files that may
// be changed or cut short while they are open, and at the price of a copy.
func WithoutMap() Option {
	return func(o *options) error {
		o.unmapped = true
		return nil
	}
}
