package train

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
)

// A Set is examples as a head is fitted on: features and classes.
type Set struct {
	Features
	Labels []string // the classes' names, in the order of the head's logits
	Class  []int    // of each row of Features
}

// check is an error for examples that no head can be fitted on. notes are what a user
// should know of them.
func (s *Set) check() (notes []string, err error) {
	if err := s.Features.check(); err != nil {
		return nil, err
	}
	if n := s.Len(); n != len(s.Class) {
		return nil, fmt.Errorf("%w: %d rows of features and %d classes", ErrExamples, n, len(s.Class))
	}
	counts, err := s.counts()
	if err != nil {
		return nil, err
	}
	seen, last := 0, ""
	for k, n := range counts {
		switch n {
		case 0:
			return nil, fmt.Errorf("%w: none of class %.100q", ErrExamples, s.Labels[k])
		case 1:
			notes = append(notes, fmt.Sprintf("class %.100q has one example", s.Labels[k]))
		}
		seen, last = seen+1, s.Labels[k]
	}
	switch seen {
	case 0:
		return nil, fmt.Errorf("%w: there are none", ErrExamples)
	case 1:
		return nil, fmt.Errorf("%w: all are of class %.100q, want two classes or more", ErrExamples, last)
	}
	const most = 10
	if len(notes) > most {
		notes = append(notes[:most], fmt.Sprintf("and %d more classes have one example", len(notes)-most))
	}
	return notes, nil
}

// counts is the number of examples of each class.
func (s *Set) counts() ([]int, error) {
	counts := make([]int, len(s.Labels))
	for i, k := range s.Class {
		if k < 0 || k >= len(s.Labels) {
			return nil, &ExampleError{i, fmt.Errorf("%w: class %d of %d", ErrExamples, k, len(s.Labels))}
		}
		counts[k]++
	}
	return counts, nil
}

// weights is how much each class counts.
func (o *options) classWeights(s *Set) ([]float64, error) {
	w := make([]float64, len(s.Labels))
	counts, err := s.counts()
	if err != nil {
		return nil, err
	}
	for k, label := range s.Labels {
		w[k] = 1
		if o.balanced {
			w[k] = float64(len(s.Class)) / (float64(len(counts)) * float64(counts[k]))
		}
		if v, ok := o.weights[label]; ok {
			w[k] *= v
		}
	}
	for label := range o.weights {
		if !slices.Contains(s.Labels, label) {
			return nil, fmt.Errorf("%w: a weight for class %.100q, which no example has", ErrOption, label)
		}
	}
	return w, nil
}

// sortLabels returns the different labels in order: whole numbers by value if all are,
// else by their bytes.
func sortLabels(labels []string) []string {
	numbers := map[string]int{}
	all := true
	for _, l := range labels {
		if _, ok := numbers[l]; !ok {
			n, err := strconv.Atoi(l)
			numbers[l], all = n, all && err == nil
		}
	}
	sorted := make([]string, 0, len(numbers))
	for l := range numbers {
		sorted = append(sorted, l)
	}
	slices.SortFunc(sorted, func(a, b string) int {
		if all && numbers[a] != numbers[b] {
			return cmp.Compare(numbers[a], numbers[b])
		}
		return cmp.Compare(a, b)
	})
	return sorted
}
