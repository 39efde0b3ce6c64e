package hub

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"time"

	"github.com/goroberta/goroberta/roberta"
)

// An Option changes how Open and Path work. Options come before the environment.
type Option func(*options) error

type options struct {
	settings
	tokenizerOnly bool
	model         []roberta.Option
	progress      func(Progress)
	log           *slog.Logger
	transport     http.RoundTripper

	// What tests replace.
	pause func(context.Context, time.Duration) error // between tries
	disk  func(*os.File) io.Writer                   // the way to the disk
}

// WithCache sets the folder of Hugging Face's cache. Default: as huggingface_hub finds
// it, see the package.
func WithCache(dir string) Option {
	return func(o *options) error { return setFolder(&o.cache, "cache", dir) }
}

// WithFairseqCache sets the folder of fairseq's cache. Default: as fairseq finds it,
// see the package.
func WithFairseqCache(dir string) Option {
	return func(o *options) error { return setFolder(&o.fairseqCache, "fairseq's cache", dir) }
}

func setFolder(to *string, what, dir string) error {
	if dir == "" {
		return fmt.Errorf("hub: the folder of %s has no name", what)
	}
	*to = dir
	return nil
}

// WithEndpoint sets the address of Hugging Face's server or of a mirror. Default:
// HF_ENDPOINT, https://huggingface.co.
func WithEndpoint(address string) Option {
	return func(o *options) (err error) {
		o.endpoint, err = parseEndpoint("endpoint", address)
		return err
	}
}

// WithFairseqEndpoint sets the address of the folder that has fairseq's archives.
// Default: GOROBERTA_FAIRSEQ_ENDPOINT, https://dl.fbaipublicfiles.com/fairseq/models.
func WithFairseqEndpoint(address string) Option {
	return func(o *options) (err error) {
		o.fairseqEndpoint, err = parseEndpoint("fairseq endpoint", address)
		return err
	}
}

// WithToken sets the token for Hugging Face's server; "" sends none. Default: HF_TOKEN,
// or the file that huggingface_hub keeps it in.
func WithToken(token string) Option {
	return func(o *options) error {
		o.token = func() (string, error) { return cleanToken(token) }
		return nil
	}
}

// WithOffline says whether to use the cache alone and to connect to nothing. Default:
// HF_HUB_OFFLINE.
func WithOffline(offline bool) Option {
	return func(o *options) error {
		o.offline = offline
		return nil
	}
}

// TokenizerOnly leaves out the weights: the folder then serves for a tokenizer alone.
// They come nevertheless where the tokenizer depends on them: a checkpoint of fairseq's
// has settings of it, and an archive of fairseq's comes whole. Open refuses the option,
// OpenTokenizer implies it.
func TokenizerOnly() Option {
	return func(o *options) error {
		o.tokenizerOnly = true
		return nil
	}
}

// WithModel sets options that Open and OpenTokenizer open with.
func WithModel(opts ...roberta.Option) Option {
	return func(o *options) error {
		o.model = append(o.model, opts...)
		return nil
	}
}

// WithProgress calls report as downloads proceed, from one goroutine at a time. The
// downloads wait until it returns. Nothing is reported if all is in the cache, or if
// HF_HUB_DISABLE_PROGRESS_BARS is set.
func WithProgress(report func(Progress)) Option {
	return func(o *options) error {
		o.progress = report
		return nil
	}
}

// WithLogger sets where warnings go: that the cache is used because the server does
// not answer, for one, and those of opening a model. Default: nowhere.
func WithLogger(log *slog.Logger) Option {
	return func(o *options) error {
		if log == nil {
			log = slog.New(slog.DiscardHandler)
		}
		o.log = log
		return nil
	}
}

// WithTransport sets what requests are made with. Default: one like
// http.DefaultTransport, which obeys HTTPS_PROXY.
func WithTransport(t http.RoundTripper) Option {
	return func(o *options) error {
		o.transport = t
		return nil
	}
}

func newOptions(opts []Option) (*options, error) {
	o := &options{log: slog.New(slog.DiscardHandler), pause: pause, disk: func(f *os.File) io.Writer { return f }}
	if err := o.fromEnvironment(); err != nil {
		return nil, err
	}
	for _, opt := range opts {
		if err := opt(o); err != nil {
			return nil, err
		}
	}
	if o.noProgress {
		o.progress = nil
	}
	return o, nil
}
