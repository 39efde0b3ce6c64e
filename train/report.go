package train

import (
	"cmp"
	"math"
	"slices"

	"github.com/goroberta/goroberta/metrics"
)

// A Report says how good a head is at some examples.
type Report struct {
	Examples  int     // texts, or words of sentences
	Accuracy  float64 // the share of examples whose class is the likeliest
	MacroF1   float64 // the mean of the classes' F1
	LogLoss   float64 // the mean of −log p of the examples' classes, without weights or penalty
	Confusion *metrics.Confusion
	Worst     []Verdict             // on the examples whose own class is least likely, the worst first
	Entities  *metrics.EntityScores // of sentences; else nil
}

// A Verdict is what a head says of an example.
type Verdict struct {
	Example     int     // its index, from 0
	Word        int     // of a sentence, from 0; -1: the example is a text
	Label       string  // its class
	Predicted   string  // the likeliest class
	Probability float64 // of its own class
}

// report compares logits [rows, classes] with the classes of a part. Of a word the first
// token counts.
func (o *options) report(p *part, logits []float32) *Report {
	k := len(p.Labels)
	r := &Report{Confusion: metrics.NewConfusion(p.Labels)}
	z, probs := make([]float64, k), make([]float64, k)
	said := map[place]string{} // the words' labels
	for i, y := range p.Class {
		at := place{i, -1, true}
		if p.places != nil {
			at = p.places[i]
		}
		if !at.first {
			continue
		}
		best := 0
		for c, v := range logits[i*k:][:k] {
			z[c] = float64(v)
			if v > logits[i*k+best] {
				best = c
			}
		}
		loss, _ := likelihood(probs, z, y)
		r.LogLoss += loss
		r.Confusion.Add(y, best)
		r.Worst = append(r.Worst, Verdict{at.example, at.word, p.Labels[y], p.Labels[best], math.Exp(-loss)})
		if p.sentences != nil {
			said[at] = p.Labels[best]
		}
	}
	slices.SortStableFunc(r.Worst, func(a, b Verdict) int { return cmp.Compare(a.Probability, b.Probability) })
	if r.Examples = len(r.Worst); r.Examples > 0 {
		r.LogLoss /= float64(r.Examples)
	}
	r.Worst = slices.Clone(r.Worst[:min(o.worst, len(r.Worst))])
	r.Accuracy, r.MacroF1 = r.Confusion.Accuracy(), r.Confusion.MacroF1()
	if p.sentences != nil {
		r.Entities = p.entities(said)
	}
	return r
}

// entities scores what was said of words. A word without a token has no label, and is
// taken for no entity's.
func (p *part) entities(said map[place]string) *metrics.EntityScores {
	truth, predicted := make([][]string, len(p.examples)), make([][]string, len(p.examples))
	for i, e := range p.examples {
		truth[i] = p.sentences[e].Labels
		predicted[i] = make([]string, len(truth[i]))
		for k := range predicted[i] {
			predicted[i][k] = cmp.Or(said[place{e, k, true}], "O")
		}
	}
	scores, err := metrics.ScoreEntities(truth, predicted)
	if err != nil {
		panic(err) // the lists are as long as each other
	}
	return scores
}
