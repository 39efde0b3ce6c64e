package main

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/goroberta/goroberta/metrics"
	"github.com/goroberta/goroberta/pipeline"
	"github.com/goroberta/goroberta/roberta"
)

// A setsLine is how good a head is at texts that have any number of labels.
type setsLine struct {
	Head     string      `json:"head"`
	N        int         `json:"n"`
	Accuracy float64     `json:"accuracy"` // of all of a text's labels together
	MicroF1  float64     `json:"micro_f1"`
	MacroF1  float64     `json:"macro_f1"`
	Labels   []labelLine `json:"labels"`
	Worst    []setLine   `json:"worst"`
}

// A labelLine is how good a head is at a label.
type labelLine struct {
	Label     string  `json:"label"`
	Precision float64 `json:"precision"`
	Recall    float64 `json:"recall"`
	F1        float64 `json:"f1"`
	Support   int     `json:"support"`
}

// A setLine is what a head says of a text.
type setLine struct {
	Line      int      `json:"line"` // from 1
	Text      string   `json:"text"`
	Pair      *string  `json:"pair,omitempty"`
	Labels    []string `json:"labels"`
	Predicted []string `json:"predicted"`
	Loss      float64  `json:"loss"` // the mean of −log p over the labels, p that of what holds
}

// evaluateSets evaluates a head with a probability for each label.
func (c *evaluateCmd) evaluateSets(ctx context.Context, m *roberta.Model, s *session, x *examples, head roberta.Head) (any, error) {
	opts, err := c.limitFlags.options(m)
	if err != nil {
		return nil, err
	}
	classifier, err := pipeline.NewClassifier(m, append(opts, pipeline.WithHead(head.Name))...)
	if err != nil {
		return nil, err
	}
	names, err := c.classNames(head)
	if err != nil {
		return nil, err
	}
	at := map[string]int{}
	for k, name := range names {
		if _, ok := at[name]; ok {
			return nil, fmt.Errorf("head %s has two classes %.100q", clip(head.Name), name)
		}
		at[name] = k
	}
	threshold := 0.5
	if c.Threshold != nil {
		threshold = *c.Threshold
	}
	counts := metrics.NewMultiLabel(names)
	var worst []setLine
	numbers := func(yield func(int, error) bool) {
		for i := range x.texts {
			if !yield(i, nil) {
				return
			}
		}
	}
	input := func(i int) (pipeline.Input, string) {
		return pipeline.Input{Texts: x.texts[i].Texts}, fmt.Sprintf("line %d", x.lines[i])
	}
	err = evaluateEach(ctx, x.name, numbers, input, classifier.ClassifySeq, func(i int, given []pipeline.Label) error {
		line := setLine{Line: x.lines[i], Text: x.texts[i].Texts[0], Labels: []string{}, Predicted: []string{}}
		if len(x.texts[i].Texts) > 1 {
			line.Pair = &x.texts[i].Texts[1]
		}
		truth, predicted := make([]bool, len(names)), make([]bool, len(names))
		for _, label := range x.labelsOf(i) {
			k, ok := at[label]
			if !ok {
				return fmt.Errorf("the head has no class %.100q", label)
			}
			truth[k] = true
		}
		for _, l := range given {
			if err := finite("score of "+l.Name, l.Score); err != nil {
				return err
			}
			k, ok := at[l.Name]
			if !ok {
				return fmt.Errorf("the head names a class %.100q and no such one at the beginning", l.Name)
			}
			p := float64(l.Score)
			predicted[k] = p > threshold
			if !truth[k] {
				p = 1 - p
			}
			line.Loss -= math.Log(max(p, math.SmallestNonzeroFloat32)) / float64(len(names))
		}
		for k, name := range names {
			if truth[k] {
				line.Labels = append(line.Labels, name)
			}
			if predicted[k] {
				line.Predicted = append(line.Predicted, name)
			}
		}
		counts.Add(truth, predicted)
		worst = append(worst, line)
		if len(worst) > 2*c.Worst+100 { // what is kept is bounded
			worst = worstSets(worst, c.Worst)
		}
		s.progress.show(func() string {
			return fmt.Sprintf("%s of %s examples", count(counts.Examples), count(len(x.texts)))
		})
		return nil
	})
	if err != nil {
		return nil, err
	}
	line := setsLine{Head: head.Name, N: counts.Examples, Accuracy: counts.SubsetAccuracy(), MicroF1: counts.MicroF1(), MacroF1: counts.MacroF1(),
		Worst: append([]setLine{}, worstSets(worst, c.Worst)...)}
	for k, name := range names {
		line.Labels = append(line.Labels, labelLine{name, counts.Precision(k), counts.Recall(k), counts.F1(k), counts.Support(k)})
	}
	return line, nil
}

// labelsOf are the labels of a text, of which it may have any number.
func (x *examples) labelsOf(i int) []string {
	if x.sets != nil && x.sets[i] != nil {
		return x.sets[i]
	}
	return []string{x.texts[i].Label}
}

// worstSets are the n with the largest losses, of equal ones the first.
func worstSets(lines []setLine, n int) []setLine {
	slices.SortStableFunc(lines, func(a, b setLine) int { return cmp.Or(cmp.Compare(b.Loss, a.Loss), cmp.Compare(a.Line, b.Line)) })
	return lines[:min(n, len(lines))]
}
