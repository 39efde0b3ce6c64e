package metrics

import (
	"fmt"
	"maps"
	"slices"
)

// A Score is how well entities were found.
type Score struct {
	Precision float64 `json:"precision"`
	Recall    float64 `json:"recall"`
	F1        float64 `json:"f1"`
	Support   int     `json:"support"` // entities that are there
}

// EntityScores is how well the entities of some sentences were found.
type EntityScores struct {
	Micro    Score            `json:"micro"`    // over all entities: what papers call F1
	Macro    Score            `json:"macro"`    // the mean over the types
	Weighted Score            `json:"weighted"` // the mean over the types, weighted by their entities
	Types    map[string]Score `json:"types"`
	Accuracy float64          `json:"accuracy"` // the share of words whose label is right
}

// ScoreEntities compares predicted labels with the true ones, a list for each sentence.
// Entities are those of Entities; one is found if its type and both its ends are right.
// Numbers are seqeval's, with 0 for 0/0 (where there is no entity at all seqeval's
// report fails, and its macro average is NaN). The error is for sentences of other
// lengths.
func ScoreEntities(truth, predicted [][]string) (*EntityScores, error) {
	return scoreEntities(truth, predicted, func(labels []string) ([]Entity, error) { return Entities(labels), nil })
}

// ScoreEntitiesStrictly is ScoreEntities with StrictEntities, as seqeval's
// mode="strict". Errors are also ErrLabel.
func ScoreEntitiesStrictly(truth, predicted [][]string, s Scheme) (*EntityScores, error) {
	return scoreEntities(truth, predicted, func(labels []string) ([]Entity, error) { return StrictEntities(labels, s) })
}

// counts are of one type: entities found, predicted and true.
type counts struct{ found, predicted, truth int }

func (c counts) score() Score {
	s := Score{Precision: ratio(c.found, c.predicted), Recall: ratio(c.found, c.truth), Support: c.truth}
	if sum := s.Precision + s.Recall; sum > 0 {
		s.F1 = 2 * s.Precision * s.Recall / sum
	}
	return s
}

func scoreEntities(truth, predicted [][]string, entities func([]string) ([]Entity, error)) (*EntityScores, error) {
	if len(truth) != len(predicted) {
		return nil, fmt.Errorf("metrics: %d sentences and predictions for %d", len(truth), len(predicted))
	}
	types := map[string]counts{}
	words, right := 0, 0
	for i, labels := range truth {
		if len(labels) != len(predicted[i]) {
			return nil, fmt.Errorf("metrics: sentence %d has %d labels and %d predicted ones", i, len(labels), len(predicted[i]))
		}
		for k, label := range labels {
			words++
			if label == predicted[i][k] {
				right++
			}
		}
		there, err := entities(labels)
		if err != nil {
			return nil, fmt.Errorf("sentence %d: %w", i, err)
		}
		said, err := entities(predicted[i])
		if err != nil {
			return nil, fmt.Errorf("sentence %d, predicted: %w", i, err)
		}
		all := map[Entity]bool{}
		for _, e := range there {
			c := types[e.Type]
			c.truth++
			types[e.Type], all[e] = c, true
		}
		for _, e := range said {
			c := types[e.Type]
			c.predicted++
			if all[e] {
				c.found++
			}
			types[e.Type] = c
		}
	}
	return summarize(types, ratio(right, words)), nil
}

func summarize(types map[string]counts, accuracy float64) *EntityScores {
	r := &EntityScores{Types: map[string]Score{}, Accuracy: accuracy}
	var sum counts
	for _, name := range slices.Sorted(maps.Keys(types)) { // sums have an order
		c := types[name]
		sum.found, sum.predicted, sum.truth = sum.found+c.found, sum.predicted+c.predicted, sum.truth+c.truth
		s := c.score()
		r.Types[name] = s
		add(&r.Macro, s, 1)
		add(&r.Weighted, s, float64(s.Support))
	}
	r.Micro = sum.score()
	divide(&r.Macro, len(types), sum.truth)
	divide(&r.Weighted, sum.truth, sum.truth)
	return r
}

// add adds a score so many times.
func add(to *Score, s Score, weight float64) {
	to.Precision += weight * s.Precision
	to.Recall += weight * s.Recall
	to.F1 += weight * s.F1
}

// divide makes a mean of a sum.
func divide(s *Score, n, support int) {
	if s.Support = support; n > 0 {
		s.Precision, s.Recall, s.F1 = s.Precision/float64(n), s.Recall/float64(n), s.F1/float64(n)
	}
}
