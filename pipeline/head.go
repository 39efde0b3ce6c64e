package pipeline

import (
	"fmt"
	"strings"

	"github.com/goroberta/goroberta/roberta"
)

// findHead returns the head of that name, or the only one that reads what is wanted.
func findHead(m *roberta.Model, name string, reads roberta.Reads) (roberta.Head, error) {
	what := map[roberta.Reads]string{
		roberta.ReadsFirst: "classifies texts", roberta.ReadsTokens: "classifies tokens", roberta.ReadsSpans: "finds spans", roberta.ReadsChoices: "compares choices",
	}[reads]
	if name != "" {
		h, err := m.Head(name)
		if err == nil && h.Reads != reads {
			err = fmt.Errorf("%w: %.100q is not one that %s", ErrHead, name, what)
		}
		return h, err
	}
	var found []roberta.Head
	for _, h := range m.Heads() {
		if h.Reads == reads {
			found = append(found, h)
		}
	}
	switch len(found) {
	case 0:
		return roberta.Head{}, fmt.Errorf("%w: the model has none that %s", ErrHead, what)
	case 1:
		return found[0], nil
	}
	const most = 20
	var names []string
	for i, h := range found {
		if i == most {
			names = append(names, fmt.Sprintf("and %d more", len(found)-most))
			break
		}
		names = append(names, fmt.Sprintf("%.100s", h.Name))
	}
	return roberta.Head{}, fmt.Errorf("%w: %s", ErrHeads, strings.Join(names, ", "))
}

// labels are the names of a head's classes; LABEL_0 and so on where they have none.
func labels(h *roberta.Head) []string {
	names := make([]string, h.Classes)
	for i := range names {
		if i < len(h.Labels) {
			names[i] = h.Labels[i]
		} else {
			names[i] = fmt.Sprintf("LABEL_%d", i)
		}
	}
	return names
}

// changed is the error for a head that was replaced by one of another kind or size after
// the pipeline was made.
func changed(h *roberta.Head) error {
	return fmt.Errorf("%w: %.100q was replaced by another head: make another pipeline", ErrHead, h.Name)
}
