package roberta

import (
	"context"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/goroberta/goroberta/internal/parallel"
	"github.com/goroberta/goroberta/internal/simd"
)

// A Head describes a sentence-classification head.
type Head struct {
	Name     string   `json:"name"`
	Classes  int      `json:"classes"`
	InnerDim int      `json:"inner_dim"`
	Labels   []string `json:"labels,omitempty"` // class names in order, where they are known
}

// A classificationHead is out_proj(act(dense(x))) on the hidden state of a
// sequence's first token (fairseq/models/roberta/model.py,
// RobertaClassificationHead). It is immutable.
type classificationHead struct {
	Head
	dense, out linear
}

// logits sets dst [rows, classes] from x [rows, C].
func (h *classificationHead) logits(p *parallel.Pool, a *arena, dst, x matrix, act func([]float32)) {
	inner := a.matrix(bufHeadInner, x.rows, h.InnerDim)
	h.dense.run(p, a, inner, x, 0, simd.Panels(h.InnerDim), act, successor{l: &h.out})
	h.out.run(p, a, dst, inner, 0, simd.Panels(h.Classes), nil, successor{})
}

// Heads lists the model's classification heads by name.
func (m *Model) Heads() []Head {
	heads := *m.heads.Load()
	var hs []Head
	for _, name := range slices.Sorted(maps.Keys(heads)) {
		hs = append(hs, heads[name].describe())
	}
	return hs
}

// Head describes one classification head. The error, a *HeadError, is
// ErrUnknownHead.
func (m *Model) Head(name string) (Head, error) {
	h, err := m.head(name)
	if err != nil {
		return Head{}, err
	}
	return h.describe(), nil
}

func (h *classificationHead) describe() Head {
	d := h.Head
	d.Labels = slices.Clone(d.Labels)
	return d
}

func (m *Model) head(name string) (*classificationHead, error) {
	heads := *m.heads.Load()
	if h, ok := heads[name]; ok {
		return h, nil
	}
	return nil, &HeadError{Name: name, Heads: slices.Sorted(maps.Keys(heads))}
}

// A HeadOption changes how RegisterClassificationHead makes a head.
type HeadOption func(*headOptions) error

type headOptions struct {
	inner  int
	seed   uint64
	labels []string
}

// WithInnerDim sets the width between a head's two linear layers, 1 to 2^20.
// The default is the model's C.
func WithInnerDim(n int) HeadOption {
	return func(o *headOptions) error {
		if n < 1 || n > 1<<20 {
			return fmt.Errorf("roberta: inner dimension %d, want 1 to %d", n, 1<<20)
		}
		o.inner = n
		return nil
	}
}

// WithSeed makes a head's initial weights repeatable: equal seeds and sizes
// give equal weights. Without it every registration draws new ones.
func WithSeed(seed uint64) HeadOption {
	return func(o *headOptions) error { o.seed = seed; return nil }
}

// WithLabels names a head's classes, in order.
func WithLabels(labels ...string) HeadOption {
	return func(o *headOptions) error { o.labels = slices.Clone(labels); return nil }
}

// maxClasses bounds a registered head's classes: far above any use, far below
// what would exhaust memory by a slip.
const maxClasses = 1 << 20

// maxHeadWeights bounds what its two layers hold together: 1 GiB.
const maxHeadWeights = 1 << 28

// RegisterClassificationHead adds a classification head with random weights,
// ready for Predict. As in fairseq the weights and biases of both layers are
// uniform in ±1/√inputs, torch's default for a linear layer.
//
// A name that is taken is given to the new head; like fairseq, this logs a
// warning and is not an error. The name must not be empty or contain a dot.
// Calls of Predict that are running keep the head they began with; any number
// of goroutines may register and predict at once.
func (m *Model) RegisterClassificationHead(name string, classes int, opts ...HeadOption) error {
	if name == "" || strings.Contains(name, ".") {
		return fmt.Errorf("%w: name %q must not be empty or contain a dot", ErrHead, name)
	}
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
	if o.labels != nil && len(o.labels) != classes {
		return fmt.Errorf("%w: %q has %d classes and %d labels", ErrHead, name, classes, len(o.labels))
	}
	if err := m.enter(); err != nil {
		return err
	}
	defer m.leave()

	rng := rand.New(rand.NewPCG(o.seed, 0))
	h := &classificationHead{
		Head:  Head{Name: name, Classes: classes, InnerDim: o.inner, Labels: o.labels},
		dense: randomLinear(rng, o.inner, m.cfg.Dim),
		out:   randomLinear(rng, classes, o.inner),
	}

	m.headsMu.Lock()
	defer m.headsMu.Unlock()
	old := *m.heads.Load()
	if prev, ok := old[name]; ok {
		m.log.Warn("re-registering classification head", "name", name,
			"classes", classes, "previous_classes", prev.Classes, "inner_dim", o.inner, "previous_inner_dim", prev.InnerDim)
	}
	heads := maps.Clone(old)
	heads[name] = h
	m.heads.Store(&heads)
	return nil
}

// randomLinear is torch's nn.Linear(in, out) after its reset_parameters.
func randomLinear(rng *rand.Rand, out, in int) linear {
	bound := 1 / math.Sqrt(float64(in))
	uniform := func() float32 { return float32((2*rng.Float64() - 1) * bound) }
	w := make([]float32, out*in)
	for i := range w {
		w[i] = uniform()
	}
	l := newLinear(w, out, in)
	for i := range out {
		l.b[i] = uniform()
	}
	return l
}

// newLinear packs W [out, in], with a bias of zeros.
func newLinear(w []float32, out, in int) linear {
	l := linear{w: simd.Matrix{N: out, K: in, F32: make([]float32, simd.PackedLen(out, in))}}
	simd.Pack(l.w.F32, w, in, out, in)
	l.b = make([]float32, simd.Panels(out)*simd.PanelWidth)
	return l
}

// predict computes a head's logits [B, classes], row-major.
func (m *Model) predict(ctx context.Context, head string, tokens [][]int) ([]float32, int, error) {
	if err := m.enter(); err != nil {
		return nil, 0, err
	}
	defer m.leave()
	h, err := m.head(head)
	if err != nil {
		return nil, 0, err
	}
	var out []float32
	err = m.compute(ctx, tokens, computation{
		rows: func(b *batch) []int { return b.offsets[:b.sequences()] },
		use: func(b *batch, a *arena, x matrix) error {
			y := a.matrix(bufHead, b.sequences(), h.Classes)
			h.logits(m.pool, a, y, x, m.pooler)
			for r := range y.rows {
				out = append(out, y.row(r)...)
			}
			return nil
		},
	})
	return out, h.Classes, err
}
