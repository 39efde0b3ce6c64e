package main

import (
	"bufio"
	"context"
	"fmt"
	"iter"
	"maps"
	"os"
	"slices"

	"github.com/goroberta/goroberta/datasets"
	"github.com/goroberta/goroberta/metrics"
	"github.com/goroberta/goroberta/pipeline"
	"github.com/goroberta/goroberta/roberta"
)

// A tagsLine is the result of --task ner.
type tagsLine struct {
	metricsLine
	Words  int                   `json:"words"`
	Scores *metrics.EntityScores `json:"entities"`
	Strict *metrics.EntityScores `json:"strict,omitempty"`
}

// A taggedLine is what a model says of a sentence.
type taggedLine struct {
	Words  []string `json:"words"`
	Labels []string `json:"labels"`
	Gold   []string `json:"gold"`
}

// evaluateTags evaluates a tagger on words with labels.
func (c *evaluateCmd) evaluateTags(ctx context.Context, m *roberta.Model, s *session) (any, error) {
	opts, err := c.limitFlags.options(m)
	if err != nil {
		return nil, err
	}
	if c.Head != "" {
		opts = append(opts, pipeline.WithHead(c.Head))
	}
	tagger, err := pipeline.NewTagger(m, opts...)
	if err != nil {
		return nil, headNeeded(err)
	}
	h := tagger.Head()
	names, err := c.classNames(h)
	if err != nil {
		return nil, err
	}
	if unnamed(names) {
		return nil, fmt.Errorf("the classes of head %s have no names: --labels names them in the order of the head", clip(h.Name))
	}
	means := map[string]string{}
	for k, name := range names {
		if h.Labels != nil {
			means[h.Labels[k]] = name
		} else {
			means[fmt.Sprintf("LABEL_%d", k)] = name
		}
	}
	file, err := os.Open(c.File)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	sentences, err := c.sentences(ctx, s, file)
	if err != nil {
		return nil, err
	}
	out, err := c.predictions(ctx, s)
	if err != nil {
		return nil, err
	}
	defer out.close()

	line := tagsLine{metricsLine: metricsLine{Task: c.Task}}
	var truth, predicted [][]string
	strange, without := map[string]int{}, 0
	input := func(e datasets.Sentence) (pipeline.Input, string) {
		return pipeline.Words(e.Words...), fmt.Sprintf("line %d", e.Line)
	}
	err = evaluateEach(ctx, c.File, sentences, input, tagger.TagSeq, func(e datasets.Sentence, tagging pipeline.Tagging) error {
		said := make([]string, len(e.Words))
		for k, label := range tagging.Words {
			if said[k] = means[label]; label == "" {
				said[k] = "O"
				without++
			}
			if !slices.Contains(names, e.Labels[k]) {
				strange[e.Labels[k]]++
			}
		}
		truth, predicted = append(truth, e.Labels), append(predicted, said)
		line.N++
		line.Words += len(e.Words)
		s.progress.show(func() string { return count(line.N) + " sentences" })
		return out.write(taggedLine{e.Words, said, e.Labels})
	})
	switch {
	case err != nil:
		return nil, err
	case line.N == 0:
		return nil, fmt.Errorf("%s holds no sentences", c.File)
	}
	if line.Scores, err = metrics.ScoreEntities(truth, predicted); err != nil {
		return nil, err
	}
	if c.Scheme != "" {
		if line.Strict, err = metrics.ScoreEntitiesStrictly(truth, predicted, metrics.Scheme(c.Scheme)); err != nil {
			return nil, fmt.Errorf("%s: %w", c.File, err)
		}
	}
	micro := line.Scores.Micro
	line.Metrics = map[string]*float64{"precision": &micro.Precision, "recall": &micro.Recall, "f1": &micro.F1, "acc": &line.Scores.Accuracy}
	for _, label := range slices.Sorted(maps.Keys(strange)) {
		line.Notes = append(line.Notes, fmt.Sprintf("%d words have the label %s, which the head does not have", strange[label], clip(label)))
	}
	if without > 0 {
		line.Notes = append(line.Notes, fmt.Sprintf("%d words have no token in the model's input and count as O", without))
	}
	return line, out.commit()
}

// sentences reads lines of JSON if the file begins with one, else CoNLL's columns.
func (c *evaluateCmd) sentences(ctx context.Context, s *session, file *os.File) (iter.Seq2[datasets.Sentence, error], error) {
	r := bufio.NewReader(file)
	for n := 1; n <= r.Size(); n++ {
		head, err := r.Peek(n)
		if err != nil {
			break
		}
		switch head[n-1] {
		case ' ', '\t', '\r', '\n', 0xef, 0xbb, 0xbf: // a byte order mark
			continue
		case '{':
			x, err := c.read(ctx, s, c.File, "")
			if err != nil {
				return nil, err
			}
			if x.sentences == nil {
				return nil, fmt.Errorf("%s has texts: --task ner wants words with labels", c.File)
			}
			return func(yield func(datasets.Sentence, error) bool) {
				for i, e := range x.sentences {
					if !yield(datasets.Sentence{Words: e.Words, Labels: e.Labels, Line: x.lines[i]}, nil) {
						return
					}
				}
			}, nil
		}
		break
	}
	return datasets.CoNLL(c.File, r), nil
}
