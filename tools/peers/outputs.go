package main

import (
	"context"
	"encoding/binary"
	"math"

	"github.com/goroberta/goroberta/roberta"
)

// An outputs is the peer whose results are compared in full, by quality.py. Its check
// answers texts with tokens, and tokens with float32 in little-endian bytes.
type outputs struct{ m *roberta.Model }

func openOutputs(path string, threads int, precision roberta.Precision) (peer, error) {
	m, err := roberta.Open(path, roberta.WithThreads(threads), roberta.WithPrecision(precision))
	return outputs{m}, err
}

func (o outputs) first() error { return nil }

func (o outputs) pass(request) error { return nil }

// check gives what q.Want names for each sequence: its "features", the logits of a
// head by its name, or with "masked" the language model's logits of the token at q.At.
func (o outputs) check(q request) (reply, error) {
	ctx := context.Background()
	if q.Texts != nil {
		ids := make([][]int, len(q.Texts))
		for i, t := range q.Texts {
			ids[i] = o.m.Encode(t.Text)
			if t.Pair != "" {
				ids[i] = o.m.Encode(t.Text, t.Pair)
			}
		}
		return reply{"ids": ids}, nil
	}
	out := make([][]byte, len(q.IDs))
	switch q.Want {
	case "features":
		f, err := o.m.ExtractFeatures(ctx, q.IDs...)
		if err != nil {
			return nil, err
		}
		for i, ids := range q.IDs {
			for t := range ids {
				out[i] = appendFloats(out[i], f.Row(i, t))
			}
		}
	case "masked":
		r, err := o.m.Compute(ctx, roberta.Request{Inputs: roberta.Inputs(q.IDs...), Want: roberta.WantLogits})
		if err != nil {
			return nil, err
		}
		for i, t := range q.At {
			out[i] = appendFloats(nil, r.Logits.Row(i, t))
		}
	default:
		l, err := o.m.PredictLogits(ctx, q.Want, q.IDs...)
		if err != nil {
			return nil, err
		}
		for i := range out {
			out[i] = appendFloats(nil, l.Row(i))
		}
	}
	return reply{"out": out}, nil
}

func appendFloats(b []byte, values []float32) []byte {
	for _, v := range values {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
	}
	return b
}
