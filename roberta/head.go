package roberta

import (
	"fmt"
	"maps"
	"slices"

	"github.com/goroberta/goroberta/internal/nn"
)

// A Head describes a classification head.
type Head struct {
	Name     string   `json:"name"`
	Reads    Reads    `json:"reads,omitempty"`
	Classes  int      `json:"classes"`
	InnerDim int      `json:"inner_dim"`          // between its two linear layers; 0 if it has one
	Function Function `json:"function,omitempty"` // what makes scores of its logits
	Labels   []string `json:"labels,omitempty"`   // class names in order, where they are known
}

// A Function makes scores of a head's logits. The zero value is Softmax.
type Function string

// The functions.
const (
	Softmax  Function = ""        // one class of several: fairseq's heads, and Hugging Face's as a rule
	Sigmoid  Function = "sigmoid" // each class for itself: problem_type multi_label_classification, and heads of one class
	Identity Function = "none"    // the logit itself: problem_type regression
)

func (f Function) check() error {
	if f == Softmax || f == Sigmoid || f == Identity {
		return nil
	}
	return fmt.Errorf("its function is %.100q, want %q or %q", string(f), Sigmoid, Identity)
}

// Reads says which hidden states a head reads. The zero value is ReadsFirst.
type Reads string

// What heads read.
const (
	ReadsFirst  Reads = ""       // a sequence's first token, <s>: a class for each text
	ReadsTokens Reads = "tokens" // each token: a class for each
	ReadsSpans  Reads = "spans"  // each token: logits of a span's start and its end
	// ReadsChoices is as ReadsFirst, for a head with one logit: each sequence is a pair
	// of a prompt and one of its choices, whose logits are compared.
	ReadsChoices Reads = "choices"
)

// eachToken says whether the head gives a row for each token, or else one for each
// sequence.
func (r Reads) eachToken() bool { return r == ReadsTokens || r == ReadsSpans }

func (r Reads) check() error {
	if r == ReadsFirst || r == ReadsChoices || r.eachToken() {
		return nil
	}
	return fmt.Errorf("it reads %.100q, want %q, %q or %q", string(r), ReadsTokens, ReadsSpans, ReadsChoices)
}

// A head is a classification head that is ready to compute. It is immutable.
type head struct {
	Head
	activation string // between its layers, by fairseq's name
	net        nn.Head
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

// Head describes one classification head. The error is ErrUnknownHead, as a
// *HeadError.
func (m *Model) Head(name string) (Head, error) {
	h, err := m.head(name)
	if err != nil {
		return Head{}, err
	}
	return h.describe(), nil
}

func (h *head) describe() Head {
	d := h.Head
	d.Labels = slices.Clone(d.Labels)
	return d
}

func (m *Model) head(name string) (*head, error) {
	heads := *m.heads.Load()
	if h, ok := heads[name]; ok {
		return h, nil
	}
	return nil, &HeadError{Name: name, Heads: slices.Sorted(maps.Keys(heads))}
}

// put adds a head, or replaces the one of its name. Calls that are running keep the
// head they began with.
func (m *Model) put(h *head) (replaced *head, err error) {
	if err := m.enter(); err != nil {
		return nil, err
	}
	defer m.leave()
	m.headsMu.Lock()
	defer m.headsMu.Unlock()
	heads := maps.Clone(*m.heads.Load())
	replaced = heads[h.Name]
	heads[h.Name] = h
	m.heads.Store(&heads)
	return replaced, nil
}
