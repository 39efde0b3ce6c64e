package roberta

import (
	"fmt"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"
	"sync"

	"github.com/goroberta/goroberta/internal/nn"
	"github.com/goroberta/goroberta/internal/parallel"
	"github.com/goroberta/goroberta/internal/simd"
	"github.com/goroberta/goroberta/weights"
)

// Names of fairseq's parameters (today's; package weights translates older ones).
const (
	stack      = "encoder.sentence_encoder."
	lmPrefix   = "encoder.lm_head."
	headPrefix = "classification_heads."
)

// packedSuffix marks a tensor that holds a matrix already cut into panels,
// [panels, K, 16] (roberta.Convert with Packed).
const packedSuffix = ".packed16"

// A loader builds a model's parts from a checkpoint's tensors. The first
// problem is kept as err; what follows it is skipped.
type loader struct {
	cfg   Config
	ckpt  *weights.Checkpoint
	pool  *parallel.Pool
	notes []string

	full nn.Slab[float32] // weights of layers, in float32
	half nn.Slab[uint16]  // and in float16

	mu   sync.Mutex
	err  error
	used map[string]bool
}

func (l *loader) fail(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err == nil {
		l.err = err
	}
}

func (l *loader) note(format string, args ...any) {
	l.notes = append(l.notes, fmt.Sprintf(format, args...))
}

func (l *loader) has(name string) bool {
	_, ok := l.ckpt.Tensor(name)
	return ok
}

// tensor returns a tensor of exactly this shape, or nil after a failure.
func (l *loader) tensor(name string, shape ...int) *weights.Tensor {
	t, ok := l.ckpt.Tensor(name)
	if !ok {
		l.fail(fmt.Errorf("%w: tensor %s is missing", ErrModel, name))
		return nil
	}
	if !slices.Equal(t.Shape, shape) {
		l.fail(fmt.Errorf("%w: tensor %s has shape %v, the settings ask for %v", ErrModel, name, t.Shape, shape))
		return nil
	}
	if !t.DType.IsFloat() {
		l.fail(fmt.Errorf("%w: tensor %s holds %v, want floating-point numbers", ErrModel, name, t.DType))
		return nil
	}
	l.mu.Lock()
	l.used[name] = true
	l.mu.Unlock()
	return t
}

// vector reads a one-dimensional tensor, with room for whole panels.
func (l *loader) vector(name string, n int) []float32 {
	v := make([]float32, simd.Panels(n)*simd.PanelWidth)
	l.vectorInto(v, name, n)
	return v
}

func (l *loader) vectorInto(dst []float32, name string, n int) {
	if t := l.tensor(name, n); t != nil {
		if err := t.Float32s(dst[:n]); err != nil {
			l.fail(err)
		}
	}
}

func (l *loader) norm(prefix string) nn.Norm {
	n := nn.Norm{Gain: l.vector(prefix+".weight", l.cfg.Dim), Bias: l.vector(prefix+".bias", l.cfg.Dim)}
	return nn.Norm{Gain: n.Gain[:l.cfg.Dim], Bias: n.Bias[:l.cfg.Dim]}
}

// linear reads the layer prefix.weight [out, in], prefix.bias [out].
func (l *loader) linear(prefix string, out, in int) nn.Linear {
	return nn.Linear{W: l.matrix(prefix+".weight", out, in), Bias: l.vector(prefix+".bias", out)}
}

// matrix packs the weights that stack up to [out, in·…]; names' parts each begin
// at a whole panel.
func (l *loader) matrix(name string, out, in int) simd.Matrix {
	if m, ok := l.packed(name, out, in); ok {
		return m
	}
	t := l.tensor(name, out, in)
	if t == nil {
		return simd.Matrix{}
	}
	m, err := l.pack(out, in, t)
	if err != nil {
		l.fail(err)
	}
	return m
}

// attention reads the projections of queries, keys and values as one layer.
func (l *loader) attention(prefix string) nn.Linear {
	C := l.cfg.Dim
	part := simd.Panels(C) * simd.PanelWidth
	y := nn.Linear{Bias: make([]float32, 3*part)}
	var ts []*weights.Tensor
	m, packed := l.packed(prefix+"qkv_proj.weight", 3*part, C)
	for i, name := range []string{"q_proj", "k_proj", "v_proj"} {
		l.vectorInto(y.Bias[i*part:], prefix+name+".bias", C)
		if !packed {
			ts = append(ts, l.tensor(prefix+name+".weight", C, C))
		}
	}
	if packed {
		y.W = m
		return y
	}
	if slices.Contains(ts, nil) {
		return y
	}
	var err error
	if y.W, err = l.pack(C, C, ts...); err != nil {
		l.fail(err)
	}
	return y
}

// packed returns a matrix that the file holds in panels already.
func (l *loader) packed(name string, out, in int) (simd.Matrix, bool) {
	name += packedSuffix
	if !l.has(name) {
		return simd.Matrix{}, false
	}
	m := simd.Matrix{N: out, K: in}
	t := l.tensor(name, simd.Panels(out), in, simd.PanelWidth)
	if t == nil {
		return m, true
	}
	var err error
	switch t.DType {
	case weights.F16:
		m.Format = simd.Float16
		m.F16, err = uint16s(t)
	case weights.F32:
		m.F32, err = float32s(t)
	default:
		err = fmt.Errorf("%w: tensor %s holds %v, want F16 or F32", ErrModel, name, t.DType)
	}
	if err != nil {
		l.fail(err)
	}
	return m, true
}

// pack packs tensors [out, in] into one matrix, each from a panel's start.
// The matrix is float16 if every weight is one; most published checkpoints are,
// and half the bytes make short inputs nearly twice as fast.
func (l *loader) pack(out, in int, ts ...*weights.Tensor) (simd.Matrix, error) {
	n := simd.PackedLen(out, in)
	m := simd.Matrix{N: out, K: in}
	if len(ts) > 1 {
		m.N = len(ts) * simd.Panels(out) * simd.PanelWidth
	}
	if half, err := halves(ts); err != nil {
		return m, err
	} else if half != nil {
		m.Format = simd.Float16
		m.F16 = l.half.Take(len(ts) * n)
		for i, w := range half {
			simd.PackF16(m.F16[i*n:], w, in, out, in)
		}
		return m, nil
	}
	m.F32 = l.full.Take(len(ts) * n)
	for i, t := range ts {
		w, err := float32s(t)
		if err != nil {
			return m, err
		}
		simd.Pack(m.F32[i*n:], w, in, out, in)
	}
	return m, nil
}

// halves returns the tensors as float16, or nil if a weight does not survive that.
func halves(ts []*weights.Tensor) ([][]uint16, error) {
	var hs [][]uint16
	for _, t := range ts {
		if t.DType == weights.F16 {
			h, err := uint16s(t)
			if err != nil {
				return nil, err
			}
			hs = append(hs, h)
			continue
		}
		w, err := float32s(t)
		if err != nil {
			return nil, err
		}
		h := make([]uint16, min(len(w), 4096))
		// A look at the beginning spares most float32 files the whole pass.
		if !simd.ToF16Exact(h, w[:len(h)]) {
			return nil, nil
		}
		h = make([]uint16, len(w))
		if !simd.ToF16Exact(h, w) {
			return nil, nil
		}
		hs = append(hs, h)
	}
	return hs, nil
}

// float32s returns a tensor's values: the mapped file's memory where it can.
func float32s(t *weights.Tensor) ([]float32, error) {
	if v, ok := t.AliasedFloat32s(); ok {
		return v, nil
	}
	v := make([]float32, t.Len())
	return v, t.Float32s(v)
}

// uint16s returns a float16 tensor's bits: the mapped file's memory where it can.
func uint16s(t *weights.Tensor) ([]uint16, error) {
	if v, ok := t.AliasedUint16s(); ok {
		return v, nil
	}
	b, err := t.Bytes()
	if err != nil {
		return nil, err
	}
	v := make([]uint16, len(b)/2)
	for i := range v {
		v[i] = uint16(b[2*i]) | uint16(b[2*i+1])<<8
	}
	return v, nil
}

// table reads an embedding matrix.
func (l *loader) table(name string, rows, cols int) *nn.Table {
	t := l.tensor(name, rows, cols)
	if t == nil {
		return nil
	}
	tab := &nn.Table{Rows: rows, Cols: cols}
	var err error
	if t.DType == weights.F16 {
		tab.F16, err = uint16s(t)
	} else {
		tab.F32, err = float32s(t)
	}
	if err != nil {
		l.fail(err)
	}
	return tab
}

// encoder builds the stack of layers.
func (l *loader) encoder() *nn.Encoder {
	c := &l.cfg
	embed := stack + "embed_tokens.weight"
	t, ok := l.ckpt.Tensor(embed)
	if !ok || len(t.Shape) != 2 {
		l.fail(fmt.Errorf("%w: tensor %s is missing or no matrix", ErrModel, embed))
		return nil
	}
	c.VocabSize = t.Shape[0]
	e := &nn.Encoder{}
	// fairseq loads both names of a tied weight into one parameter, lm_head's
	// last, so that one counts where a file's two differ.
	lm := lmPrefix + "weight"
	if c.Tied && l.has(lm) {
		l.used[embed] = true
		embed = lm
	}
	e.Tokens = l.table(embed, c.VocabSize, c.Dim)

	rows := c.MaxPositions + firstPosition
	switch c.Positions {
	case LearnedPositions:
		if t := l.tensor(stack+"embed_positions.weight", rows, c.Dim); t != nil {
			v, err := float32s(t)
			if err != nil {
				l.fail(err)
			}
			e.Positions = nn.LearnedPositions(&nn.Table{Rows: rows, Cols: c.Dim, F32: v}, firstPosition)
		}
	case SinusoidalPositions:
		e.Positions = nn.SinusoidalPositions(c.Dim, firstPosition)
	}
	if name := stack + "token_type_embeddings.weight"; l.has(name) {
		e.Types = &nn.Table{Rows: 1, Cols: c.Dim, F32: l.tokenTypes(name)}
	}
	if c.LayerNormEmbedding {
		n := l.norm(stack + "layernorm_embedding")
		e.EmbedNorm = &n
	}
	// As many weights as the settings ask for, but no more than the file has.
	room := c.Layers * (4*simd.PackedLen(c.Dim, c.Dim) + simd.PackedLen(c.FFNDim, c.Dim) + simd.PackedLen(c.Dim, c.FFNDim))
	elements := 0
	for _, t := range l.ckpt.Tensors() {
		elements += t.Len()
	}
	l.full.Want, l.half.Want = min(room, elements), min(room, elements)
	e.Layers = make([]nn.Layer, c.Layers)
	l.pool.Run(c.Layers, func(_, i int) {
		p := stack + "layers." + strconv.Itoa(c.layer(i)) + "."
		e.Layers[i] = nn.Layer{
			QKV:      l.attention(p + "self_attn."),
			Out:      l.linear(p+"self_attn.out_proj", c.Dim, c.Dim),
			AttnNorm: l.norm(p + "self_attn_layer_norm"),
			FC1:      l.linear(p+"fc1", c.FFNDim, c.Dim),
			FC2:      l.linear(p+"fc2", c.Dim, c.FFNDim),
			FFNNorm:  l.norm(p + "final_layer_norm"),
		}
	})
	if c.PreNorm {
		e.LastNorm = l.lastNorm()
	}
	c.FinalLayerNorm = e.LastNorm != nil
	e.Config = nn.Config{Dim: c.Dim, FFNDim: c.FFNDim, Heads: c.Heads, Activation: activations[c.Activation], LayerNormEps: c.LayerNormEps, PreNorm: c.PreNorm, ScaleEmbedding: c.ScaleEmbedding}
	return e
}

// lastNorm is the LayerNorm after a pre-norm stack. fairseq drops it if the
// checkpoint's version is below 2 or missing, even where the file has its weights
// (fairseq/models/transformer, upgrade_state_dict_named).
func (l *loader) lastNorm() *nn.Norm {
	name := stack + "layer_norm"
	if t, ok := l.ckpt.Tensor(stack + "version"); ok && t.Len() > 0 {
		v := make([]float32, t.Len())
		if err := t.Float32s(v); err != nil {
			l.fail(err)
			return nil
		}
		if v[0] >= 2 {
			n := l.norm(name)
			return &n
		}
	}
	if l.has(name + ".weight") {
		l.used[name+".weight"], l.used[name+".bias"] = true, true
		l.note("the final LayerNorm is left out, as fairseq does for a checkpoint without %sversion of 2 or more", stack)
	}
	return nil
}

// tokenTypes is the embedding of token type 0, which Hugging Face's models add
// to every token.
func (l *loader) tokenTypes(name string) []float32 {
	t, _ := l.ckpt.Tensor(name)
	if len(t.Shape) != 2 || t.Shape[0] < 1 {
		l.fail(fmt.Errorf("%w: tensor %s has shape %v, want [types, %d]", ErrModel, name, t.Shape, l.cfg.Dim))
		return nil
	}
	if t = l.tensor(name, t.Shape[0], l.cfg.Dim); t == nil {
		return nil
	}
	v := make([]float32, l.cfg.Dim)
	if err := t.RowsFloat32(v, 0, 1); err != nil {
		l.fail(err)
	}
	return v
}

// lmHead builds the language-model head; nil if the checkpoint has none.
func (l *loader) lmHead(tokens *nn.Table) *nn.LMHead {
	if !slices.ContainsFunc([]string{"dense.weight", "layer_norm.weight", "bias"}, func(s string) bool { return l.has(lmPrefix + s) }) &&
		!l.has(lmPrefix+"dense.weight"+packedSuffix) {
		return nil
	}
	h := &nn.LMHead{
		Dense: l.linear(lmPrefix+"dense", l.cfg.Dim, l.cfg.Dim),
		Norm:  l.norm(lmPrefix + "layer_norm"),
		Bias:  l.vector(lmPrefix+"bias", l.cfg.VocabSize),
		W:     tokens,
	}
	if !l.cfg.Tied {
		h.W = l.table(lmPrefix+"weight", l.cfg.VocabSize, l.cfg.Dim)
	}
	return h
}

var headTensor = regexp.MustCompile(`^classification_heads\.([^.]+)\.(dense|out_proj)\.(weight|bias)(\.packed16)?$`)

// heads builds every classification head that the checkpoint holds. Their sizes
// are those of their tensors.
func (l *loader) heads() map[string]*head {
	var names []string
	for _, t := range l.ckpt.Tensors() {
		if m := headTensor.FindStringSubmatch(t.Name); m != nil && !slices.Contains(names, m[1]) {
			names = append(names, m[1])
		}
	}
	heads := map[string]*head{}
	for _, name := range names {
		prefix := headPrefix + name + "."
		inner, classes := l.rows(prefix+"dense"), l.rows(prefix+"out_proj")
		if l.err != nil {
			return nil
		}
		dense := l.linear(prefix+"dense", inner, l.cfg.Dim)
		h := &head{
			Head:       Head{Name: name, Classes: classes, InnerDim: inner},
			net:        nn.Head{Dense: &dense, Activation: activations[l.cfg.PoolerActivation]},
			activation: l.cfg.PoolerActivation,
		}
		if l.has(prefix + "out_proj.bias") {
			h.net.Out = l.linear(prefix+"out_proj", classes, inner)
		} else {
			// fairseq would fill it with random numbers.
			l.note("classification head %q has no out_proj.bias; zeros are used", name)
			h.net.Out = nn.Linear{W: l.matrix(prefix+"out_proj.weight", classes, inner), Bias: make([]float32, simd.Panels(classes)*simd.PanelWidth)}
		}
		h.Labels = l.labels(name, classes, len(names))
		heads[name] = h
	}
	return heads
}

// rows is the number of outputs of a head's linear layer: its weight's rows.
func (l *loader) rows(prefix string) int {
	if t, ok := l.ckpt.Tensor(prefix + ".weight"); ok && len(t.Shape) == 2 && t.Shape[0] > 0 {
		return t.Shape[0]
	}
	if t, ok := l.ckpt.Tensor(prefix + ".bias"); ok && len(t.Shape) == 1 && t.Shape[0] > 0 && l.has(prefix+".weight"+packedSuffix) {
		return t.Shape[0]
	}
	l.fail(fmt.Errorf("%w: tensor %s.weight is missing or no matrix", ErrModel, prefix))
	return 0
}

// labels are the class names that the checkpoint gives for a head.
func (l *loader) labels(name string, classes, heads int) []string {
	labels := l.ckpt.HeadLabels[name]
	if labels == nil && (heads == 1 || name == "sentence_classification_head") {
		labels = l.ckpt.Labels
	}
	if labels == nil {
		return nil
	}
	if len(labels) != classes {
		l.note("classification head %q has %d classes, but %d labels came with the checkpoint; they are left out", name, classes, len(labels))
		return nil
	}
	return labels
}

var layerTensor = regexp.MustCompile(`^encoder\.sentence_encoder\.layers\.(\d+)\.`)

// leftover deals with tensors that no part of the model asked for. Layers
// beyond the settings' number mean that settings and tensors disagree; other
// tensors are of no use to the model, which is worth a note.
func (l *loader) leftover() {
	var names []string
	for _, t := range l.ckpt.Tensors() {
		if l.used[t.Name] || strings.HasSuffix(t.Name, ".version") || strings.HasPrefix(t.Name, lmPrefix) {
			continue
		}
		if m := layerTensor.FindStringSubmatch(t.Name); m != nil && l.cfg.LayersKept == nil {
			if n, err := strconv.Atoi(m[1]); err != nil || n >= l.cfg.Layers {
				l.fail(fmt.Errorf("%w: tensor %s is there, but the settings have %d layers", ErrModel, t.Name, l.cfg.Layers))
				return
			}
		} else if m != nil {
			continue // a layer that encoder_layers_to_keep drops
		}
		names = append(names, t.Name)
	}
	sort.Strings(names)
	if n := len(names); n > 5 {
		names = append(names[:5], fmt.Sprintf("and %d more", n-5))
	}
	if len(names) > 0 {
		l.note("tensors of no use to the model: %s", strings.Join(names, ", "))
	}
}

// withSizes completes the settings of a checkpoint that has none (a bare state
// dict) from its tensors. What tensors do not show is taken as in RoBERTa's
// published models: heads of 64, exact GELU, post-norm.
func withSizes(ckpt *weights.Checkpoint) (map[string]any, string, error) {
	m := map[string]any{}
	shape := func(name string) []int {
		if t, ok := ckpt.Tensor(stack + name); ok && len(t.Shape) == 2 {
			return t.Shape
		}
		return nil
	}
	embed, fc1, pos := shape("embed_tokens.weight"), shape("layers.0.fc1.weight"), shape("embed_positions.weight")
	if embed == nil || fc1 == nil || pos == nil {
		return nil, "", fmt.Errorf("%w: no settings and no RoBERTa encoder among the tensors", ErrModel)
	}
	layers := 0
	for shape("layers."+strconv.Itoa(layers)+".fc1.weight") != nil {
		layers++
	}
	C := embed[1]
	if C%64 != 0 {
		return nil, "", fmt.Errorf("%w: no settings, and encoder_attention_heads cannot be told from a width of %d", ErrModel, C)
	}
	m["encoder_layers"], m["encoder_embed_dim"], m["encoder_ffn_embed_dim"] = layers, C, fc1[0]
	m["encoder_attention_heads"], m["max_positions"] = C/64, pos[0]-firstPosition
	_, norm := ckpt.Tensor(stack + "layernorm_embedding.weight")
	m["layernorm_embedding"] = norm
	return m, fmt.Sprintf("the checkpoint has no settings; sizes are taken from its tensors and %d attention heads of 64 are assumed", C/64), nil
}
