package pipeline

import (
	"fmt"
	"strings"

	"github.com/goroberta/goroberta/roberta"
)

// findHead returns the head of that name, or the only one that reads what is wanted and
// has no fault. faultOf says what is wrong with a head; nil: nothing with any.
func findHead(m *roberta.Model, name string, reads roberta.Reads, faultOf func(h *roberta.Head) error) (roberta.Head, error) {
	what := map[roberta.Reads]string{
		roberta.ReadsFirst: "classifies texts", roberta.ReadsTokens: "classifies tokens", roberta.ReadsSpans: "finds spans", roberta.ReadsChoices: "compares choices",
	}[reads]
	if faultOf == nil {
		faultOf = func(*roberta.Head) error { return nil }
	}
	if name != "" {
		h, err := m.Head(name)
		switch {
		case err != nil:
		case h.Reads != reads:
			err = fmt.Errorf("%w: %.100q is not one that %s", ErrHead, name, what)
		default:
			err = faultOf(&h)
		}
		return h, err
	}
	var all, found []roberta.Head
	for _, h := range m.Heads() {
		if h.Reads != reads {
			continue
		}
		all = append(all, h)
		if faultOf(&h) == nil {
			found = append(found, h)
		}
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(all) == 0:
		return roberta.Head{}, fmt.Errorf("%w: the model has none that %s", ErrHead, what)
	}
	var names []string
	if len(found) == 0 {
		for _, h := range all[1:] {
			names = append(names, h.Name)
		}
		err := faultOf(&all[0])
		if len(names) > 0 {
			err = fmt.Errorf("%w (nor do other heads serve: %s)", err, listed(names))
		}
		return roberta.Head{}, err
	}
	for _, h := range found {
		names = append(names, h.Name)
	}
	return roberta.Head{}, fmt.Errorf("%w: %s", ErrHeads, listed(names))
}

// listed lists names, not too many and not too long, for a message.
func listed(names []string) string {
	const most = 20
	var short []string
	for i, name := range names {
		if i == most {
			short = append(short, fmt.Sprintf("and %d more", len(names)-most))
			break
		}
		short = append(short, fmt.Sprintf("%.100s", name))
	}
	return strings.Join(short, ", ")
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
