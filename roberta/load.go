package roberta

import (
	"context"
	"encoding/binary"
	"sync"

	"github.com/goroberta/goroberta/internal/nn"
	"github.com/goroberta/goroberta/internal/parallel"
	"github.com/goroberta/goroberta/internal/simd"
	"github.com/goroberta/goroberta/weights"
)

// network is the parts of a model that compute.
type network struct {
	enc    *nn.Encoder
	lm     *nn.LMHead // nil without
	pooler *nn.Linear // of Hugging Face's models, before its tanh; nil without
	heads  map[string]*head
}

// load reads a checkpoint's tensors into the parts of a model. Matrices are packed into
// new memory, unless the file has them packed; embeddings stay in the file's memory. A
// calibration that is not nil says how they are rounded.
// Errors are those of package weights and the context's.
func load(ctx context.Context, c *checkpoint, p Precision, pool *parallel.Pool, k *calibration) (*network, error) {
	l := &loader{checkpoint: c, ctx: ctx, precision: p, pool: pool, calibration: k}
	elements := 0
	for _, t := range c.tensors {
		elements += t.Len()
	}
	// As much memory as the layers need, but not more elements than the file has.
	l.float32s.Want = min(elements, c.config.Layers*(4*simd.PackedLen(c.config.Dim, c.config.Dim)+
		simd.PackedLen(c.config.FFNDim, c.config.Dim)+simd.PackedLen(c.config.Dim, c.config.FFNDim)))
	l.float16s.Want, l.bytes.Want = l.float32s.Want, l.float32s.Want
	n := &network{enc: l.encoder(pool)}
	n.lm = l.lmHead(n.enc.Tokens)
	n.pooler = l.poolerLayer()
	n.heads = l.classificationHeads()
	if l.err != nil {
		return nil, l.err
	}
	return n, nil
}

// A loader reads tensors of a checkpoint, which has checked that they are there
// and have the right shapes. It keeps the first error and then reads no more.
type loader struct {
	*checkpoint
	ctx       context.Context
	precision Precision
	pool      *parallel.Pool
	float32s  nn.Slab[float32] // matrices in float32
	float16s  nn.Slab[uint16]  // in float16 or bfloat16
	bytes     nn.Slab[uint8]   // and in 8 bits

	calibration *calibration // nil without

	mu  sync.Mutex
	err error
}

func (l *loader) fail(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err == nil {
		l.err = err
	}
}

// failed says whether reading has ended: by an error or by the context.
func (l *loader) failed() bool {
	if err := l.ctx.Err(); err != nil {
		l.fail(err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.err != nil
}

func (l *loader) encoder(pool *parallel.Pool) *nn.Encoder {
	c := &l.config
	e := &nn.Encoder{
		Config: nn.Config{
			Dim: c.Dim, FFNDim: c.FFNDim, Heads: c.Heads, Activation: activations[c.Activation],
			LayerNormEps: c.LayerNormEps, PreNorm: c.PreNorm, HiddenNorm: c.HiddenNorm, ScaleEmbedding: c.ScaleEmbedding,
		},
		Tokens: l.vocabulary(embedWeight),
		Layers: make([]nn.Layer, c.Layers),
	}
	switch c.Positions {
	case LearnedPositions:
		e.Positions = nn.LearnedPositions(l.float32Table(stack+"embed_positions.weight"), c.firstPosition())
	case SinusoidalPositions:
		e.Positions = nn.SinusoidalPositions(c.Dim, c.firstPosition())
	}
	if l.has(tokenTypes) {
		e.Types = l.float32Table(tokenTypes)
	}
	if c.LayerNormEmbedding {
		n := l.norm(stack + "layernorm_embedding")
		e.EmbedNorm = &n
	}
	if c.FinalLayerNorm {
		n := l.norm(lastNorm)
		e.LastNorm = &n
	}
	pool.Run(c.Layers, func(_, i int) {
		if l.failed() {
			return
		}
		p := c.layerPrefix(i)
		e.Layers[i] = nn.Layer{
			QKV:      l.attention(p + "self_attn."),
			Out:      l.layer(p+"self_attn.out_proj", c.Dim, c.Dim),
			AttnNorm: l.norm(p + "self_attn_layer_norm"),
			FC1:      l.layer(p+"fc1", c.FFNDim, c.Dim),
			FC2:      l.layer(p+"fc2", c.Dim, c.FFNDim),
			FFNNorm:  l.norm(p + "final_layer_norm"),
		}
	})
	return e
}

func (l *loader) lmHead(tokens *nn.Table) *nn.LMHead {
	if !l.hasLM {
		return nil
	}
	h := &nn.LMHead{
		Dense: l.linear(lmPrefix+"dense", l.config.Dim, l.config.Dim), Activation: activations[l.config.LMActivation],
		Norm: l.norm(lmPrefix + "layer_norm"),
		Bias: l.vector(lmPrefix+"bias", l.config.VocabSize),
		W:    tokens,
	}
	if !l.config.Tied {
		h.W = l.vocabulary(lmWeight)
	}
	return h
}

func (l *loader) poolerLayer() *nn.Linear {
	if !l.hasPooler {
		return nil
	}
	p := l.linear(pooler, l.config.Dim, l.config.Dim)
	return &p
}

func (l *loader) classificationHeads() map[string]*head {
	heads := make(map[string]*head, len(l.heads))
	for name, shape := range l.heads {
		if l.failed() {
			return nil
		}
		prefix := headPrefix + name + "."
		h := &head{Head: shape.Head, activation: shape.activation}
		in := l.config.Dim
		if h.InnerDim > 0 {
			dense := l.linear(prefix+"dense", h.InnerDim, in)
			h.net.Dense, h.net.Activation = &dense, activations[h.activation]
			in = h.InnerDim
		}
		h.net.Out.W = l.matrix(prefix+"out_proj.weight", h.Classes, in)
		if shape.noBias {
			h.net.Out.Bias = make([]float32, simd.Panels(h.Classes)*simd.PanelWidth)
		} else {
			h.net.Out.Bias = l.vector(prefix+"out_proj.bias", h.Classes)
		}
		heads[name] = h
	}
	return heads
}

// vector reads a tensor of n elements, with room for whole panels.
func (l *loader) vector(name string, n int) []float32 {
	v := make([]float32, simd.Panels(n)*simd.PanelWidth)
	l.read(v[:n], name)
	return v
}

func (l *loader) read(dst []float32, name string) {
	if err := l.tensors[name].Float32s(dst); err != nil {
		l.fail(err)
	}
}

func (l *loader) norm(prefix string) nn.Norm {
	n := nn.Norm{Gain: make([]float32, l.config.Dim), Bias: make([]float32, l.config.Dim)}
	l.read(n.Gain, prefix+".weight")
	l.read(n.Bias, prefix+".bias")
	return n
}

// linear reads the layer prefix.weight [out, in], prefix.bias [out].
func (l *loader) linear(prefix string, out, in int) nn.Linear {
	return nn.Linear{W: l.matrix(prefix+".weight", out, in), Bias: l.vector(prefix+".bias", out)}
}

// layer is linear for the encoder's layers, which are in the model's precision.
func (l *loader) layer(prefix string, out, in int) nn.Linear {
	switch l.precision {
	case Int8:
		return nn.Linear{W: l.int8(prefix+".weight", out, in), Bias: l.vector(prefix+".bias", out)}
	case BFloat16:
		return nn.Linear{W: l.bf16Matrix(prefix+".weight", out, in), Bias: l.vector(prefix+".bias", out)}
	}
	return l.linear(prefix, out, in)
}

// attention reads the projections of queries, keys and values as one layer.
func (l *loader) attention(prefix string) nn.Linear {
	C := l.config.Dim
	part := simd.Panels(C) * simd.PanelWidth
	y := nn.Linear{Bias: make([]float32, 3*part)}
	for i, name := range projections {
		l.read(y.Bias[i*part:][:C], prefix+name+".bias")
	}
	qkv := prefix + "qkv_proj.weight"
	packed := l.has(qkv+packedSuffix) || l.has(qkv+int8Suffix)
	switch {
	case packed && l.precision == Int8:
		y.W = l.int8(qkv, 3*part, C)
	case packed && l.precision == BFloat16:
		y.W = l.bf16Matrix(qkv, 3*part, C)
	case packed:
		y.W = l.packed(qkv+packedSuffix, 3*part, C)
	case l.precision != Float32:
		var ws [][]float32
		for _, name := range projections {
			ws = append(ws, l.values(prefix+name+".weight"))
		}
		if l.precision == Int8 {
			y.W = l.packInt8(qkv, C, C, ws...)
		} else {
			y.W = l.packBF16(C, C, ws...)
		}
	default:
		var ts []*weights.Tensor
		for _, name := range projections {
			ts = append(ts, l.tensors[prefix+name+".weight"])
		}
		y.W = l.pack(C, C, ts...)
	}
	return y
}

// matrix reads a weight [out, in] and packs it, unless the file has it packed.
func (l *loader) matrix(name string, out, in int) simd.Matrix {
	if l.has(name + packedSuffix) {
		return l.packed(name+packedSuffix, out, in)
	}
	return l.pack(out, in, l.tensors[name])
}

// packed returns a matrix that the file holds in panels already. Of bfloat16 it has the
// values in float32.
func (l *loader) packed(name string, out, in int) simd.Matrix {
	if l.tensors[name].DType == weights.BF16 {
		m := simd.Matrix{N: out, K: in, F32: l.float32s.Take(simd.PackedLen(out, in))}
		simd.Pack(m.F32, l.unpacked(name, out, in), in, out, in)
		return m
	}
	t := l.table(name) // of panels, whose shape does not matter here
	m := simd.Matrix{N: out, K: in, F32: t.F32, F16: t.F16}
	if t.F16 != nil {
		m.Format = simd.Float16
	}
	return m
}

// pack packs tensors [out, in] into one matrix. Each begins at a panel. The matrix is
// float16 if float16 holds every weight exactly, as in most published checkpoints:
// with half the bytes, short inputs are nearly twice as fast.
func (l *loader) pack(out, in int, ts ...*weights.Tensor) simd.Matrix {
	n := simd.PackedLen(out, in)
	m := simd.Matrix{N: out, K: in}
	if len(ts) > 1 {
		m.N = len(ts) * simd.Panels(out) * simd.PanelWidth
	}
	half, err := float16s(ts)
	switch {
	case err != nil:
		l.fail(err)
	case half != nil:
		m.Format = simd.Float16
		m.F16 = l.float16s.Take(len(ts) * n)
		for i, w := range half {
			simd.PackF16(m.F16[i*n:], w, in, out, in)
		}
	default:
		m.F32 = l.float32s.Take(len(ts) * n)
		for i, t := range ts {
			w, err := float32s(t)
			if err != nil {
				l.fail(err)
				break
			}
			simd.Pack(m.F32[i*n:], w, in, out, in)
		}
	}
	return m
}

// values are the values of a tensor as float32.
func (l *loader) values(name string) []float32 {
	w, err := float32s(l.tensors[name])
	if err != nil {
		l.fail(err)
	}
	return w
}

// unpacked are the rows of a matrix that the file holds in panels.
func (l *loader) unpacked(name string, out, in int) []float32 {
	panels, w := l.values(name), make([]float32, out*in)
	if l.tensors[name].DType == weights.BF16 {
		for n := range out {
			for k := range in {
				w[n*in+k] = panels[simd.PairAt(n, k, in)]
			}
		}
		return w
	}
	for n := range out {
		for k := range in {
			w[n*in+k] = panels[(n/simd.PanelWidth*in+k)*simd.PanelWidth+n%simd.PanelWidth]
		}
	}
	return w
}

// blockFeatures is how many output features are rounded at a time, by one thread.
const blockFeatures = 64 * simd.PanelWidth

func featureBlocks(out int) int { return (out + blockFeatures - 1) / blockFeatures }

// eachBlock calls f for blocks of n rows of matrices [out, in], on the loader's threads.
// Blocks are numbered through all matrices.
func (l *loader) eachBlock(out, in int, ws [][]float32, f func(block int, w []float32, n int)) {
	blocks := featureBlocks(out)
	l.pool.Run(blocks*len(ws), func(_, block int) {
		lo := block % blocks * blockFeatures
		f(block, ws[block/blocks][lo*in:], min(out-lo, blockFeatures))
	})
}

// float32Table reads a tensor as float32, if possible without a copy.
func (l *loader) float32Table(name string) *nn.Table {
	t := l.tensors[name]
	v, err := float32s(t)
	if err != nil {
		l.fail(err)
	}
	return &nn.Table{Rows: t.Shape[0], Cols: t.Shape[1], F32: v}
}

// table is float32Table, but leaves float16 as it is.
func (l *loader) table(name string) *nn.Table {
	t := l.tensors[name]
	if t.DType != weights.F16 {
		return l.float32Table(name)
	}
	v, err := uint16s(t)
	if err != nil {
		l.fail(err)
	}
	return &nn.Table{Rows: t.Shape[0], Cols: t.Shape[1], F16: v}
}

// float16s returns the tensors as float16, or nil if it does not hold every weight
// exactly.
func float16s(ts []*weights.Tensor) ([][]uint16, error) {
	var all [][]uint16
	for _, t := range ts {
		if t.DType == weights.F16 {
			h, err := uint16s(t)
			if err != nil {
				return nil, err
			}
			all = append(all, h)
			continue
		}
		w, err := float32s(t)
		if err != nil {
			return nil, err
		}
		h := make([]uint16, min(len(w), 4096))
		// The beginning of most float32 files shows it, which saves allocating all of h.
		if !simd.ToF16Exact(h, w[:len(h)]) {
			return nil, nil
		}
		h = make([]uint16, len(w))
		if !simd.ToF16Exact(h, w) {
			return nil, nil
		}
		all = append(all, h)
	}
	return all, nil
}

// float32s returns a tensor's values, in the file's memory if possible.
func float32s(t *weights.Tensor) ([]float32, error) {
	if v, ok := t.AliasedFloat32s(); ok {
		return v, nil
	}
	v := make([]float32, t.Len())
	return v, t.Float32s(v)
}

// uint16s returns the bits of a tensor of float16 or bfloat16, in the file's memory if possible.
func uint16s(t *weights.Tensor) ([]uint16, error) {
	if v, ok := t.AliasedUint16s(); ok {
		return v, nil
	}
	b, err := t.Bytes()
	if err != nil {
		return nil, err
	}
	v := make([]uint16, len(b)/2)
	_, err = binary.Decode(b, binary.LittleEndian, v)
	return v, err
}
