package weights

import "context"

// An Option changes how a checkpoint is opened or written. Options that do not apply
// are ignored.
type Option func(*options) error

type options struct {
	ctx      context.Context
	unmapped bool // files are not mapped
	zstd     bool // files are written compressed
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

// failed is the error of opening path: the context's, if that is what err comes from.
func (o *options) failed(path string, err error) error {
	if done := o.ctx.Err(); done != nil {
		return done
	}
	return inFile(path, err)
}

// WithContext makes opening and writing end with the context's error once that is
// done. The default is a context that never ends. An open checkpoint does not use it.
func WithContext(ctx context.Context) Option {
	return func(o *options) error {
		if ctx != nil {
			o.ctx = ctx
		}
		return nil
	}
}

// WithoutMap opens files without mapping them: tensors are read into memory of their
// own when they are asked for. It is for files that may be cut short while they are
// open. The default is to map files where the system can.
func WithoutMap() Option {
	return func(o *options) error {
		o.unmapped = true
		return nil
	}
}

// WithZstd makes WriteFile compress the file with zstd. It is then unpacked into
// memory when it is opened.
func WithZstd() Option {
	return func(o *options) error {
		o.zstd = true
		return nil
	}
}
