package main

import (
	"slices"
	"testing"

	"github.com/goroberta/goroberta/roberta"
)

// TestLabelsOfHeads checks what --labels and --ignore make of names that repeat or are empty.
func TestLabelsOfHeads(t *testing.T) {
	c := &evaluateCmd{Labels: []string{"a", "b"}}
	if names, err := c.classNames(roberta.Head{Name: "x", Classes: 2, Labels: []string{"p", "q"}}); err != nil || !slices.Equal(names, c.Labels) {
		t.Errorf("names %q, error %v", names, err)
	}
	if names, err := c.classNames(roberta.Head{Name: "x", Classes: 2, Labels: []string{"p", "p"}}); err == nil {
		t.Errorf("names %q of two classes that answers do not tell apart", names)
	}
	if got := ignored([]string{"", "O", ""}); !slices.Equal(got, []string{"O"}) {
		t.Errorf("ignored %q", got)
	}
}
