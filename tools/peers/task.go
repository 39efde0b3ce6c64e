package main

import (
	"context"
	"fmt"

	"github.com/goroberta/goroberta/pipeline"
	"github.com/goroberta/goroberta/roberta"
	"github.com/goroberta/goroberta/tokenizer"
)

// A text is what a pipeline is given, or a pair.
type text struct {
	Text string `json:"text"`
	Pair string `json:"pair"`
}

// A task is the peer that answers texts as a pipeline does. It returns a few numbers of
// each answer.
type task func(ctx context.Context, texts []text) ([][]float32, error)

// sparseFirst is how many values of a sparse vector are compared.
const sparseFirst = 100

func openTask(name, path string, threads int, precision roberta.Precision) (peer, error) {
	m, err := roberta.Open(path, roberta.WithThreads(threads), roberta.WithPrecision(precision))
	if err != nil {
		return nil, err
	}
	cut := pipeline.WithLimit(tokenizer.Limit{Truncation: tokenizer.LongestFirst})
	inputs := func(texts []text) []pipeline.Input {
		in := make([]pipeline.Input, len(texts))
		for i, t := range texts {
			in[i] = pipeline.Text(t.Text)
			if t.Pair != "" {
				in[i] = pipeline.Text(t.Text, t.Pair)
			}
		}
		return in
	}
	switch name {
	case "embed":
		e, err := pipeline.NewEmbedder(m, cut)
		if err != nil {
			return nil, err
		}
		return task(func(ctx context.Context, texts []text) ([][]float32, error) { return e.EmbedAll(ctx, inputs(texts)) }), nil
	case "embed-sparse":
		e, err := pipeline.NewSparseEmbedder(m, cut)
		if err != nil {
			return nil, err
		}
		return task(func(ctx context.Context, texts []text) ([][]float32, error) {
			vectors, err := e.EmbedAll(ctx, inputs(texts))
			out := make([][]float32, len(vectors))
			for i, v := range vectors {
				out[i] = v.Values[:min(sparseFirst, len(v.Values))]
			}
			return out, err
		}), nil
	case "classify", "rank":
		c, err := pipeline.NewClassifier(m, cut)
		if err != nil {
			return nil, err
		}
		return task(func(ctx context.Context, texts []text) ([][]float32, error) {
			answers, err := c.ClassifyAll(ctx, inputs(texts))
			out := make([][]float32, len(answers))
			for i, labels := range answers {
				out[i] = []float32{labels[0].Score}
			}
			return out, err
		}), nil
	case "tag":
		t, err := pipeline.NewTagger(m, cut)
		if err != nil {
			return nil, err
		}
		return task(func(ctx context.Context, texts []text) ([][]float32, error) {
			answers, err := t.TagAll(ctx, inputs(texts))
			out := make([][]float32, len(answers))
			for i := range answers {
				for _, e := range answers[i].Entities {
					out[i] = append(out[i], e.Score)
				}
			}
			return out, err
		}), nil
	case "zero-shot":
		z, err := pipeline.NewZeroShot(m, cut, pipeline.WithLabels("politics", "science", "sport"))
		if err != nil {
			return nil, err
		}
		return task(func(ctx context.Context, texts []text) ([][]float32, error) {
			all := make([]pipeline.Candidates, len(texts))
			for i := range texts {
				all[i].Text = texts[i].Text
			}
			answers, err := z.ClassifyAll(ctx, all)
			out := make([][]float32, len(answers))
			for i, labels := range answers {
				for _, l := range labels {
					out[i] = append(out[i], l.Score)
				}
			}
			return out, err
		}), nil
	case "fill-mask":
		return task(func(ctx context.Context, texts []text) ([][]float32, error) {
			all := make([]string, len(texts))
			for i := range texts {
				all[i] = texts[i].Text
			}
			answers, err := m.FillMasks(ctx, all, 5)
			out := make([][]float32, len(answers))
			for i, fills := range answers {
				for _, f := range fills {
					out[i] = append(out[i], f.Score)
				}
			}
			return out, err
		}), nil
	}
	return nil, fmt.Errorf("no task %q", name)
}

func (t task) first() error {
	_, err := t(context.Background(), []text{{Text: "A first <mask>."}})
	return err
}

// check gives all numbers of the answers.
func (t task) check(q request) (reply, error) {
	out, err := t(context.Background(), q.Texts)
	return reply{"out": out}, err
}

func (t task) pass(q request) error {
	_, err := t(context.Background(), q.Texts)
	return err
}
