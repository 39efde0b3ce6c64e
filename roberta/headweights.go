package roberta

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/goroberta/goroberta/internal/nn"
)

// HeadWeights is the weights of a classification head: out(act(dense(x))), as fairseq's
// heads are, or out(x).
type HeadWeights struct {
	Reads      Reads
	Dense      *LinearWeights // C inputs; nil: one linear layer
	Activation string         // after Dense, by fairseq's name; "" is the model's own, tanh as a rule
	Function   Function       // what makes scores of the logits
	Out        LinearWeights  // as many outputs as classes
	Labels     []string       // class names in order; may be nil
}

// LinearWeights is a linear layer y = x·Wᵀ + b.
type LinearWeights struct {
	Out, In int
	W       []float32 // [Out, In], row-major
	Bias    []float32 // [Out]; nil is zeros
}

// check is an error if the sizes do not fit.
func (l *LinearWeights) check() error {
	switch {
	case l.Out < 1 || l.In < 1 || l.In > maxHeadWeights/l.Out:
		return fmt.Errorf("a layer of %d × %d weights, want 1 to %d", l.Out, l.In, maxHeadWeights)
	case len(l.W) != l.Out*l.In:
		return fmt.Errorf("%d weights for a layer of %d × %d", len(l.W), l.Out, l.In)
	case l.Bias != nil && len(l.Bias) != l.Out:
		return fmt.Errorf("%d biases for a layer of %d outputs", len(l.Bias), l.Out)
	}
	return nil
}

// linearWeights copies a layer.
func linearWeights(l *nn.Linear) LinearWeights {
	w, bias := l.Weights()
	return LinearWeights{Out: l.W.N, In: l.W.K, W: w, Bias: bias}
}

const (
	// maxClasses bounds a registered head's classes: far more than any use needs, and
	// few enough that a mistyped number does not exhaust memory.
	maxClasses = 1 << 20
	// maxHeadWeights bounds the weights of a layer: 1 GiB.
	maxHeadWeights = 1 << 28
)

// SetHead adds a classification head with the given weights, or replaces the one of
// that name, ready for Predict or PredictTokens. The weights are copied. The name
// must not be empty or contain a dot. Errors are ErrHead, with what does not fit,
// and ErrClosed. Calls that are running keep the head they began with; any number
// of goroutines may set heads and predict at once. Save writes heads to a file.
func (m *Model) SetHead(name string, w HeadWeights) error {
	h, err := m.newHead(name, w)
	if err != nil {
		return fmt.Errorf("%w: %q: %w", ErrHead, name, err)
	}
	_, err = m.put(h)
	return err
}

func (m *Model) newHead(name string, w HeadWeights) (*head, error) {
	if name == "" || strings.Contains(name, ".") {
		return nil, fmt.Errorf("the name must not be empty or contain a dot")
	}
	if err := cmp.Or(w.Reads.check(), w.Function.check()); err != nil {
		return nil, err
	}
	if w.Activation == "" {
		w.Activation = m.cfg.PoolerActivation
	}
	act, ok := activations[w.Activation]
	if !ok {
		return nil, fmt.Errorf("activation %q is not known", w.Activation)
	}
	h := &head{activation: w.Activation, Head: Head{Name: name, Reads: w.Reads, Classes: w.Out.Out, Function: w.Function, Labels: slices.Clone(w.Labels)}}
	in := m.cfg.Dim
	if d := w.Dense; d != nil {
		if err := d.check(); err != nil {
			return nil, err
		}
		if d.In != in {
			return nil, fmt.Errorf("its first layer has %d inputs, the model's hidden states have %d", d.In, in)
		}
		dense := nn.NewLinear(d.W, d.Out, d.In, d.Bias)
		h.net.Dense, h.net.Activation = &dense, act
		h.InnerDim, in = d.Out, d.Out
	}
	if err := w.Out.check(); err != nil {
		return nil, err
	}
	h.net.Out = nn.NewLinear(w.Out.W, w.Out.Out, w.Out.In, w.Out.Bias)
	switch {
	case w.Out.In != in:
		return nil, fmt.Errorf("its last layer has %d inputs, want %d", w.Out.In, in)
	case w.Reads == ReadsSpans && h.Classes != 2:
		return nil, fmt.Errorf("it has %d outputs, want 2 for the start and the end of a span", h.Classes)
	case w.Reads == ReadsChoices && h.Classes != 1:
		return nil, fmt.Errorf("it has %d outputs, want 1 for each choice", h.Classes)
	case w.Labels != nil && len(w.Labels) != h.Classes:
		return nil, fmt.Errorf("it has %d classes and %d labels", h.Classes, len(w.Labels))
	}
	return h, nil
}

// HeadWeights returns a copy of a head's weights. The error is ErrUnknownHead, as a
// *HeadError, or ErrClosed.
func (m *Model) HeadWeights(name string) (HeadWeights, error) {
	if err := m.enter(); err != nil {
		return HeadWeights{}, err
	}
	defer m.leave()
	h, err := m.head(name)
	if err != nil {
		return HeadWeights{}, err
	}
	w := HeadWeights{Reads: h.Reads, Activation: h.activation, Function: h.Function, Labels: slices.Clone(h.Labels)}
	err = m.file.Guard(func() error {
		w.Out = linearWeights(&h.net.Out)
		if h.net.Dense != nil {
			dense := linearWeights(h.net.Dense)
			w.Dense = &dense
		}
		return nil
	})
	return w, err
}
