package roberta

import (
	"github.com/goroberta/goroberta/internal/nn"
)

// The engine's types as those of this package, until the engine computes itself.

func (c *checkpoint) engine(enc *nn.Encoder, lm *nn.LMHead, hs map[string]*head) (*encoder, *lmHead, map[string]*classificationHead) {
	lin := func(l nn.Linear) linear { return linear{w: l.W, b: l.Bias} }
	nrm := func(n nn.Norm) norm { return norm{n.Gain, n.Bias} }
	ptr := func(n *nn.Norm) *norm {
		if n == nil {
			return nil
		}
		m := nrm(*n)
		return &m
	}
	tab := func(t *nn.Table) *table { return &table{rows: t.Rows, cols: t.Cols, f32: t.F32, f16: t.F16} }
	e := &encoder{cfg: c.config, act: enc.Activation, tokens: tab(enc.Tokens), embLN: ptr(enc.EmbedNorm), lastLN: ptr(enc.LastNorm)}
	switch c.config.Positions {
	case LearnedPositions:
		v, _ := float32s(c.tensors[stack+"embed_positions.weight"])
		e.pos = &table{rows: c.config.MaxPositions + firstPosition, cols: c.config.Dim, f32: v}
	case SinusoidalPositions:
		e.pos = sinusoids(c.config.MaxPositions+firstPosition, c.config.Dim)
	}
	if enc.Types != nil {
		e.types = make([]float32, c.config.Dim)
		tab(enc.Types).copyRow(e.types, 0)
	}
	for _, l := range enc.Layers {
		e.layers = append(e.layers, layer{qkv: lin(l.QKV), out: lin(l.Out), fc1: lin(l.FC1), fc2: lin(l.FC2), attnLN: nrm(l.AttnNorm), ffnLN: nrm(l.FFNNorm)})
	}
	var h *lmHead
	if lm != nil {
		h = &lmHead{dense: lin(lm.Dense), ln: nrm(lm.Norm), w: tab(lm.W), bias: lm.Bias}
	}
	heads := map[string]*classificationHead{}
	for name, h := range hs {
		if h.layers.Dense != nil {
			heads[name] = &classificationHead{Head: h.Head, dense: lin(*h.layers.Dense), out: lin(h.layers.Out)}
		}
	}
	return e, h, heads
}
