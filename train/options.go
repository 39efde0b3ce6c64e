package train

import (
	"fmt"
	"maps"
	"math"
	"runtime"

	"github.com/goroberta/goroberta/tokenizer"
)

// An Option changes how a head is fitted. Functions that take options return ErrOption
// for one that cannot be used.
type Option func(*options) error

type options struct {
	c           float64
	noIntercept bool
	standardize bool
	balanced    bool
	weights     map[string]float64
	limit       tokenizer.Limit
	threads     int
	worst       int
	firstTokens bool
	heldOut     *float64
	inner       int
	epochs      int
	rate        float64
	seed        uint64
	progress    func(Progress)
	at          Progress
}

func newOptions(opts []Option) (*options, error) {
	o := &options{c: 1, threads: runtime.GOMAXPROCS(0), worst: 10, epochs: 100, rate: 1e-3, progress: func(Progress) {}}
	for _, opt := range opts {
		if err := opt(o); err != nil {
			return nil, err
		}
	}
	if o.heldOut == nil {
		share := 0.0
		if o.inner > 0 {
			share = 0.1
		}
		o.heldOut = &share
	}
	if o.inner > 0 && (o.noIntercept || o.c != 1) {
		return nil, fmt.Errorf("%w: WithC and WithoutIntercept are for linear heads", ErrOption)
	}
	return o, nil
}

// WithInner makes a head of two layers with so many values between them, 1 to 2^20; see
// Head. fairseq's heads have as many as hidden states. The default, 0, is a linear head.
func WithInner(n int) Option {
	return func(o *options) error {
		if n < 0 || n > 1<<20 {
			return fmt.Errorf("%w: %d values between two layers, want 1 to %d", ErrOption, n, 1<<20)
		}
		o.inner = n
		return nil
	}
}

// WithEpochs sets how often a head of two layers sees every example at most, from 1. The
// default is 100.
func WithEpochs(n int) Option {
	return func(o *options) error {
		if n < 1 {
			return fmt.Errorf("%w: %d epochs", ErrOption, n)
		}
		o.epochs = n
		return nil
	}
}

// WithLearningRate sets the learning rate of a head of two layers. The default is 1e-3.
func WithLearningRate(rate float64) Option {
	return func(o *options) error {
		if !(rate > 0 && rate <= 1) {
			return fmt.Errorf("%w: a learning rate of %v, want more than 0 and at most 1", ErrOption, rate)
		}
		o.rate = rate
		return nil
	}
}

// WithC sets how much the examples count against the penalty ½‖W‖², as C does in
// scikit-learn. The default is 1; a small C keeps the weights small. math.Inf(1) is no
// penalty at all: C is then 1 and λ 0, and it is ErrNoMinimum if no weights are the best.
func WithC(c float64) Option {
	return func(o *options) error {
		if !(c > 0) {
			return fmt.Errorf("%w: C is %v, want more than 0", ErrOption, c)
		}
		o.c = c
		return nil
	}
}

// WithoutIntercept leaves out the bias of a linear head.
func WithoutIntercept() Option {
	return func(o *options) error { o.noIntercept = true; return nil }
}

// WithStandardize subtracts each feature's mean over the examples and divides by its
// deviation (1/n) before a head is fitted. The head has this folded into its weights
// and bias, and reads features as they are.
func WithStandardize() Option {
	return func(o *options) error { o.standardize = true; return nil }
}

// WithBalancedClasses makes the examples of each class count as much as those of any
// other: n/(classes·examples of the class), as class_weight="balanced" in scikit-learn.
func WithBalancedClasses() Option {
	return func(o *options) error { o.balanced = true; return nil }
}

// WithClassWeights sets how much an example of a class counts, by the class's label.
// Classes that it does not name have 1.
func WithClassWeights(weights map[string]float64) Option {
	return func(o *options) error {
		for label, w := range weights {
			if !(w > 0) || math.IsInf(w, 0) {
				return fmt.Errorf("%w: class %.100q weighs %v, want more than 0", ErrOption, label, w)
			}
		}
		o.weights = maps.Clone(weights)
		return nil
	}
}

// WithLimit says how long an example may be and which text of a longer one is cut. The
// default cuts nothing: an example that is too long is an error.
func WithLimit(l tokenizer.Limit) Option {
	return func(o *options) error {
		if l.Length < 0 {
			return fmt.Errorf("%w: a longest example of %d tokens", ErrOption, l.Length)
		}
		o.limit = l
		return nil
	}
}

// WithThreads sets how many goroutines fit a head, beside those of the model. The
// default is GOMAXPROCS. Results do not depend on it.
func WithThreads(n int) Option {
	return func(o *options) error {
		if n < 1 {
			return fmt.Errorf("%w: %d threads", ErrOption, n)
		}
		o.threads = n
		return nil
	}
}

// WithWorst sets how many examples a Report lists that the head is worst at. The default
// is 10.
func WithWorst(n int) Option {
	return func(o *options) error {
		if n < 0 {
			return fmt.Errorf("%w: the %d worst examples", ErrOption, n)
		}
		o.worst = n
		return nil
	}
}

// WithFirstTokens fits a Tagger's head on the first token of each word alone. The default
// is all tokens.
func WithFirstTokens() Option {
	return func(o *options) error { o.firstTokens = true; return nil }
}

// WithHeldOut holds out a share of the examples, at least 0 and below 1: the head is fitted
// on the others, and Fit.HeldOut says how good it is at these. They are chosen at random
// (WithSeed), but no class loses its last example. The default is 0, and for a head
// of two layers 0.1.
func WithHeldOut(share float64) Option {
	return func(o *options) error {
		if !(share >= 0 && share < 1) {
			return fmt.Errorf("%w: a held-out share of %v", ErrOption, share)
		}
		o.heldOut = &share
		return nil
	}
}

// WithSeed sets what is drawn at random. Equal seeds give equal bits, whatever the number
// of threads. The default is 0.
func WithSeed(seed uint64) Option {
	return func(o *options) error { o.seed = seed; return nil }
}

// A Progress is how far a head is.
type Progress struct {
	Computed, Examples int // how many examples the model has computed, and of how many; 0 for Head, which is given features
	Steps              int // Newton's steps or AdamW's epochs that are done
}

// WithProgress has f called after each batch that the model has computed and after each
// step of a fit. The call waits for f. A nil f is ErrOption.
func WithProgress(f func(Progress)) Option {
	return func(o *options) error {
		if f == nil {
			return fmt.Errorf("%w: a progress that nothing is told of", ErrOption)
		}
		o.progress = f
		return nil
	}
}

// stepped tells of a step of a fit.
func (o *options) stepped(steps int) {
	o.at.Steps = steps
	o.progress(o.at)
}
