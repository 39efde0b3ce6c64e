package main

import (
	"context"

	"github.com/goroberta/goroberta/roberta"
)

// features are hidden states as a padded array: the row of token t of sentence s
// begins at (s*seq+t)*width.
type features struct {
	data       []float32
	seq, width int
}

// An encoder is the peer that makes features of tokens.
type encoder func(ids [][]int) (features, error)

func openEncoder(path string, threads int, precision roberta.Precision) (peer, error) {
	m, err := roberta.Open(path, roberta.WithThreads(threads), roberta.WithPrecision(precision))
	if err != nil {
		return nil, err
	}
	return encoder(func(ids [][]int) (features, error) {
		f, err := m.ExtractFeatures(context.Background(), ids...)
		if err != nil {
			return features{}, err
		}
		return features{data: f.Float32s(), seq: f.Shape()[1], width: f.Shape()[2]}, nil
	}), nil
}

func (encode encoder) first() error {
	_, err := encode([][]int{{0, 10, 11, 12, 13, 14, 15, 2}})
	return err
}

// check gives the first 8 features of every token.
func (encode encoder) check(q request) (reply, error) {
	f, err := encode(q.IDs)
	if err != nil {
		return nil, err
	}
	out := make([][][]float32, len(q.IDs))
	for s := range q.IDs {
		for t := range q.IDs[s] {
			row := f.data[(s*f.seq+t)*f.width:]
			out[s] = append(out[s], row[:min(8, f.width)])
		}
	}
	return reply{"out": out}, nil
}

func (encode encoder) pass(q request) error {
	if !q.Each {
		_, err := encode(q.IDs)
		return err
	}
	for i := range q.IDs {
		if _, err := encode(q.IDs[i : i+1]); err != nil {
			return err
		}
	}
	return nil
}
