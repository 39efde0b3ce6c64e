package synth

import (
	"fmt"
	"hash/fnv"
	"strings"
)

// A Model is the architecture of a model with post-norm, GELU, learned
// positions, a tied language-model head and classification heads, as the
// released models are.
type Model struct {
	Arch                     string // fairseq's name for it
	Layers, Dim, FFN, Heads  int
	MaxPositions, Vocabulary int
	Classifiers              []Classifier
}

// A Classifier is a classification head.
type Classifier struct {
	Name            string
	Classes, Hidden int
}

// Arch returns one of the released architectures, roberta.base or roberta.large,
// with a head mnli of three classes.
func Arch(name string) (Model, error) {
	m := Model{MaxPositions: 512, Vocabulary: 50265}
	switch name {
	case "roberta.base":
		m.Arch, m.Layers, m.Dim, m.FFN, m.Heads = "roberta_base", 12, 768, 3072, 12
	case "roberta.large":
		m.Arch, m.Layers, m.Dim, m.FFN, m.Heads = "roberta_large", 24, 1024, 4096, 16
	default:
		return Model{}, fmt.Errorf("synth: unknown architecture %q, want roberta.base or roberta.large", name)
	}
	m.Classifiers = []Classifier{{"mnli", 3, m.Dim}}
	return m, nil
}

// Settings returns the model's sizes under fairseq's names.
func (m Model) Settings() map[string]any {
	return map[string]any{
		"arch":                    m.Arch,
		"encoder_layers":          m.Layers,
		"encoder_embed_dim":       m.Dim,
		"encoder_ffn_embed_dim":   m.FFN,
		"encoder_attention_heads": m.Heads,
		"max_positions":           m.MaxPositions,
	}
}

// padRows is how many rows of the position embedding come before position 0.
const padRows = 2

// Tensors lists the model's parameters. They are computed only when filled.
func (m Model) Tensors(seed uint64) []Tensor {
	var ts []Tensor
	add := func(name string, shape ...int) {
		h := fnv.New64a()
		h.Write([]byte(name))
		a, gain := amplitude(name)
		ts = append(ts, Tensor{Name: name, Shape: shape, state: h.Sum64() ^ seed, a: a, gain: gain})
	}
	linear := func(name string, out, in int) {
		add(name+".weight", out, in)
		add(name+".bias", out)
	}
	norm := func(name string) {
		add(name+".weight", m.Dim)
		add(name+".bias", m.Dim)
	}
	const encoder = "encoder.sentence_encoder."
	add(encoder+"embed_tokens.weight", m.Vocabulary, m.Dim)
	add(encoder+"embed_positions.weight", m.MaxPositions+padRows, m.Dim)
	norm(encoder + "layernorm_embedding")
	for i := range m.Layers {
		layer := fmt.Sprintf("%slayers.%d.", encoder, i)
		for _, p := range []string{"k_proj", "v_proj", "q_proj", "out_proj"} {
			linear(layer+"self_attn."+p, m.Dim, m.Dim)
		}
		norm(layer + "self_attn_layer_norm")
		linear(layer+"fc1", m.FFN, m.Dim)
		linear(layer+"fc2", m.Dim, m.FFN)
		norm(layer + "final_layer_norm")
	}
	add("encoder.lm_head.bias", m.Vocabulary)
	linear("encoder.lm_head.dense", m.Dim, m.Dim)
	norm("encoder.lm_head.layer_norm")
	for _, c := range m.Classifiers {
		linear("classification_heads."+c.Name+".dense", c.Hidden, m.Dim)
		linear("classification_heads."+c.Name+".out_proj", c.Classes, c.Hidden)
	}
	return ts
}

// amplitude is the factor a of a parameter, and whether it is a LayerNorm's gain.
func amplitude(name string) (a float32, gain bool) {
	part := func(s string) bool { return strings.HasSuffix(name, s+".weight") }
	switch {
	case strings.HasSuffix(name, ".bias"):
		return 1. / 8, false
	case part("layer_norm"), part("layernorm_embedding"):
		return 1. / 4, true
	case part("embed_tokens"), part("embed_positions"):
		return 1. / 8, false
	case part("q_proj"), part("k_proj"):
		return 9. / 64, false
	case part("v_proj"), part("fc1"), part("dense"):
		return 1. / 16, false
	case part("self_attn.out_proj"):
		return 1. / 64, false
	case part("fc2"):
		return 1. / 128, false
	case part("out_proj"): // a classification head's
		return 1. / 16, false
	}
	panic("synth: parameter without an amplitude: " + name)
}

// A Tensor is a parameter that is computed when it is asked for.
type Tensor struct {
	Name  string // fairseq's name
	Shape []int

	state uint64
	a     float32
	gain  bool
}

// Len is the number of elements.
func (t Tensor) Len() int {
	n := 1
	for _, d := range t.Shape {
		n *= d
	}
	return n
}

// Fill sets dst to the elements first, first+1, … in row-major order. Any number of
// goroutines may fill parts of one tensor.
func (t Tensor) Fill(dst []float32, first int) {
	z0 := t.state + uint64(first)*golden
	for i := range dst {
		z0 += golden
		z := z0
		z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
		z = (z ^ z>>27) * 0x94d049bb133111eb
		z ^= z >> 31
		w := (float32(z>>40)*0x1p-23 - 1) * t.a
		if t.gain {
			// a is a power of two, so a fused multiply-add gives the same.
			w = 1 + w
		}
		dst[i] = w
	}
}

// golden is 2⁶⁴ divided by the golden ratio, made odd: SplitMix64's step.
const golden = 0x9e3779b97f4a7c15
