package roberta

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

// A HeadOption changes how RegisterClassificationHead makes a head.
type HeadOption func(*headOptions) error

type headOptions struct {
	inner  int
	seed   uint64
	labels []string
}

// WithInnerDim sets the width between a head's two linear layers, 1 to 2^20. The
// default is the model's C.
func WithInnerDim(n int) HeadOption {
	return func(o *headOptions) error {
		if n < 1 || n > 1<<20 {
			return fmt.Errorf("roberta: inner dimension %d, want 1 to %d", n, 1<<20)
		}
		o.inner = n
		return nil
	}
}

// WithSeed makes a head's initial weights repeatable: equal seeds and sizes give
// equal weights. Without it every registration draws new ones.
func WithSeed(seed uint64) HeadOption {
	return func(o *headOptions) error { o.seed = seed; return nil }
}

// WithLabels names a head's classes, in order.
func WithLabels(labels ...string) HeadOption {
	return func(o *headOptions) error { o.labels = slices.Clone(labels); return nil }
}

// RegisterClassificationHead adds a classification head with random weights, ready
// for Predict. As in fairseq the weights and biases of both layers are uniform in
// ±1/√inputs, torch's default for a linear layer.
//
// If the name is taken, the new head replaces the old one; like fairseq, this logs a
// warning and is not an error. Otherwise it is as SetHead.
func (m *Model) RegisterClassificationHead(name string, classes int, opts ...HeadOption) error {
	if classes < 1 || classes > maxClasses {
		return fmt.Errorf("%w: %q with %d classes, want 1 to %d", ErrHead, name, classes, maxClasses)
	}
	o := headOptions{inner: m.cfg.Dim, seed: rand.Uint64()}
	for _, opt := range opts {
		if err := opt(&o); err != nil {
			return fmt.Errorf("%w: %w", ErrHead, err)
		}
	}
	if n := int64(o.inner) * (int64(m.cfg.Dim) + int64(classes)); n > maxHeadWeights {
		return fmt.Errorf("%w: %q with %d classes and an inner dimension of %d has %d weights, want at most %d", ErrHead, name, classes, o.inner, n, maxHeadWeights)
	}
	rng := rand.New(rand.NewPCG(o.seed, 0))
	dense := randomLinear(rng, o.inner, m.cfg.Dim)
	h, err := m.newHead(name, HeadWeights{Dense: &dense, Out: randomLinear(rng, classes, o.inner), Labels: o.labels})
	if err != nil {
		return fmt.Errorf("%w: %q: %w", ErrHead, name, err)
	}
	replaced, err := m.put(h)
	if replaced != nil {
		m.log.Warn("re-registering classification head", "name", name,
			"classes", classes, "previous_classes", replaced.Classes, "inner_dim", o.inner, "previous_inner_dim", replaced.InnerDim)
	}
	return err
}

// randomLinear is torch's nn.Linear(in, out) after its reset_parameters.
func randomLinear(rng *rand.Rand, out, in int) LinearWeights {
	bound := 1 / math.Sqrt(float64(in))
	uniform := func(n int) []float32 {
		w := make([]float32, n)
		for i := range w {
			w[i] = float32((2*rng.Float64() - 1) * bound)
		}
		return w
	}
	return LinearWeights{Out: out, In: in, W: uniform(out * in), Bias: uniform(out)}
}
