package roberta

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/goroberta/goroberta/internal/simd"
	"github.com/goroberta/goroberta/weights"
)

// check compares the settings with the tensors' shapes and describes the heads. It
// ends at the first fault, and allocates nothing because a setting asks for it.
func (c *checkpoint) check() error {
	k := &checker{checkpoint: c, used: map[string]bool{}}
	k.encoder()
	k.lmHead()
	k.poolerLayer()
	k.classificationHeads()
	if k.err == nil {
		k.leftover()
	}
	return k.err
}

// A checker looks for the tensors that the settings ask for. It keeps the first fault
// as err and looks no further.
type checker struct {
	*checkpoint
	used map[string]bool
	err  error
}

func (k *checker) fail(format string, args ...any) {
	if k.err == nil {
		k.err = fmt.Errorf(format, args...)
	}
}

// tensor looks for a tensor of exactly this shape.
func (k *checker) tensor(name string, shape ...int) {
	t, ok := k.tensors[name]
	switch {
	case k.err != nil:
	case !ok:
		k.fail("tensor %s is missing", k.describe(name))
	case !slices.Equal(t.Shape, shape):
		k.fail("tensor %s has shape %s, the settings ask for %v", k.describe(name), shapeText(t.Shape), shape)
	case !t.DType.IsFloat():
		k.fail("tensor %s holds %s, want floating-point numbers", k.describe(name), t.Type())
	default:
		k.used[name] = true
	}
}

// describe is a tensor's name for a message, and its name in the file if that differs.
func (c *checkpoint) describe(name string) string {
	called := ""
	if t := c.tensors[name]; t != nil {
		called = t.Name
	} else {
		called = c.wouldBe(name)
	}
	if called != "" && called != name {
		return fmt.Sprintf("%.100s (%.100s in the file)", name, called)
	}
	return fmt.Sprintf("%.200s", name)
}

// hfName is what Hugging Face calls a parameter; "" if the file is fairseq's.
func (c *checkpoint) hfName(name string) string {
	if s := c.headNames[name]; s != "" || c.named == nil {
		return s
	}
	return c.named.hfName(name)
}

// wouldBe is what the file would call a tensor that is missing, "" if nothing tells.
func (c *checkpoint) wouldBe(name string) string {
	if called := c.hfName(name); called != "" {
		// What the file puts before the names of this part of a model.
		part := name[:strings.IndexByte(name, '.')+1]
		if strings.HasPrefix(name, lmPrefix) {
			part = lmPrefix
		}
		for _, other := range slices.Sorted(maps.Keys(c.tensors)) {
			if !strings.HasPrefix(other, part) || part != lmPrefix && strings.HasPrefix(other, lmPrefix) {
				continue
			}
			if like := c.hfName(other); like != "" {
				if prefix, ok := strings.CutSuffix(c.tensors[other].Name, like); ok {
					return prefix + called
				}
			}
		}
		return called
	}
	if n, ok := layerNumber(name); ok {
		number := fmt.Sprintf(".%d.", n)
		for _, first := range []string{".0.", ".1."} { // layers that a file has, unless it lacks this tensor in all
			like := strings.Replace(name, number, first, 1)
			if t := c.tensors[like]; t != nil && t.Name != like && strings.Contains(t.Name, first) {
				return strings.Replace(t.Name, first, number, 1)
			}
		}
	}
	return ""
}

// shapeText is a shape for a message: a file's tensor may have any number of dimensions.
func shapeText(shape []int) string {
	if len(shape) > 8 {
		return fmt.Sprintf("of %d dimensions", len(shape))
	}
	return fmt.Sprint(shape)
}

// matrix looks for a weight [out, in], packed or not.
func (k *checker) matrix(name string, out, in int) {
	packed := name + packedSuffix
	if !k.has(packed) {
		k.tensor(name, out, in)
		return
	}
	switch t := k.tensors[packed]; t.DType {
	case weights.BF16:
		k.tensor(packed, simd.Panels(out), (in+1)/2, simd.PanelWidth, 2)
	case weights.F16, weights.F32:
		k.tensor(packed, simd.Panels(out), in, simd.PanelWidth)
	default:
		k.fail("tensor %s holds %v, want F16, BF16 or F32", packed, t.Type())
	}
}

// rounded looks for a weight [out, in] of the encoder: in Int8 if the file has its
// vocabulary so.
func (k *checker) rounded(name string, out, in int) {
	if !k.int8 {
		k.matrix(name, out, in)
		if t := k.tensors[name+packedSuffix]; t != nil && t.DType == weights.BF16 {
			k.bf16 = true
		}
		return
	}
	panels := simd.Panels(out)
	large := 0
	if t := k.tensors[name+largeSuffix]; t != nil && len(t.Shape) == 2 {
		large = t.Shape[0]
	}
	if in > simd.MaxInt8Terms {
		k.fail("tensor %s has rows of %d weights, more than %d", name+int8Suffix, in, simd.MaxInt8Terms)
	}
	k.typed(name+int8Suffix, weights.I8, panels, (in+3)/4, simd.PanelWidth, 4)
	k.typed(name+scalesSuffix, weights.F32, out)
	k.typed(name+largeSuffix, weights.I32, large, 3)
	if k.has(name + inSuffix) {
		k.typed(name+inSuffix, weights.F32, in)
	}
}

// typed looks for a tensor of exactly this element type and shape.
func (k *checker) typed(name string, d weights.DType, shape ...int) {
	t, ok := k.tensors[name]
	switch {
	case k.err != nil:
	case !ok:
		k.fail("tensor %s is missing", k.describe(name))
	case t.DType != d || !slices.Equal(t.Shape, shape):
		k.fail("tensor %s holds %v of shape %s, want %v of %v", k.describe(name), t.Type(), shapeText(t.Shape), d, shape)
	default:
		k.used[name] = true
	}
}

func (k *checker) layer(prefix string, out, in int) {
	k.rounded(prefix+".weight", out, in)
	k.tensor(prefix+".bias", out)
}

func (k *checker) linear(prefix string, out, in int) {
	k.matrix(prefix+".weight", out, in)
	k.tensor(prefix+".bias", out)
}

func (k *checker) norm(prefix string) {
	k.tensor(prefix+".weight", k.config.Dim)
	k.tensor(prefix+".bias", k.config.Dim)
}

func (k *checker) encoder() {
	c := &k.config
	k.int8 = k.has(embedWeight + int8Suffix)
	if k.int8 {
		k.rounded(embedWeight, c.VocabSize, c.Dim)
	} else {
		k.tensor(embedWeight, c.VocabSize, c.Dim)
	}
	if c.Positions == LearnedPositions {
		k.tensor(stack+"embed_positions.weight", c.MaxPositions+c.firstPosition(), c.Dim)
	}
	if t, ok := k.tensors[tokenTypes]; ok {
		if len(t.Shape) != 2 || t.Shape[0] < 1 {
			k.fail("tensor %s has shape %s, want [types, %d]", k.describe(tokenTypes), shapeText(t.Shape), c.Dim)
			return
		}
		k.tensor(tokenTypes, t.Shape[0], c.Dim)
	}
	if c.LayerNormEmbedding {
		k.norm(stack + "layernorm_embedding")
	}
	for i := 0; i < c.Layers && k.err == nil; i++ {
		p := c.layerPrefix(i)
		part := simd.Panels(c.Dim) * simd.PanelWidth
		if qkv := p + "self_attn.qkv_proj.weight"; k.int8 || k.has(qkv+packedSuffix) {
			k.rounded(qkv, 3*part, c.Dim)
			for _, name := range projections {
				k.tensor(p+"self_attn."+name+".bias", c.Dim)
			}
		} else {
			for _, name := range projections {
				k.linear(p+"self_attn."+name, c.Dim, c.Dim)
			}
		}
		k.layer(p+"self_attn.out_proj", c.Dim, c.Dim)
		k.norm(p + "self_attn_layer_norm")
		k.layer(p+"fc1", c.FFNDim, c.Dim)
		k.layer(p+"fc2", c.Dim, c.FFNDim)
		k.norm(p + "final_layer_norm")
	}
	if c.FinalLayerNorm {
		k.norm(lastNorm)
	}
}

// projections are the parts of a fused projection, in its order.
var projections = [3]string{"q_proj", "k_proj", "v_proj"}

func (k *checker) lmHead() {
	c := &k.config
	const dense = lmPrefix + "dense"
	k.hasLM = k.has(dense+".weight") || k.has(dense+".weight"+packedSuffix) || k.has(lmPrefix+"layer_norm.weight") || k.has(lmPrefix+"bias")
	if !k.hasLM {
		return
	}
	k.optional("the language-model head", func(k *checker) {
		k.linear(dense, c.Dim, c.Dim)
		k.norm(lmPrefix + "layer_norm")
		k.tensor(lmPrefix+"bias", c.VocabSize)
		if !c.Tied && k.int8 {
			k.rounded(lmWeight, c.VocabSize, c.Dim)
		} else if !c.Tied {
			k.tensor(lmWeight, c.VocabSize, c.Dim)
		}
	}, func() {
		k.hasLM = false
		maps.DeleteFunc(k.tensors, func(name string, _ *weights.Tensor) bool { return strings.HasPrefix(name, lmPrefix) })
	})
}

func (k *checker) poolerLayer() {
	if !k.has(pooler+".weight") && !k.has(pooler+".weight"+packedSuffix) {
		return
	}
	k.hasPooler = true
	k.optional("the pooler", func(k *checker) { k.linear(pooler, k.config.Dim, k.config.Dim) }, func() {
		k.hasPooler = false
		maps.DeleteFunc(k.tensors, func(name string, _ *weights.Tensor) bool { return strings.HasPrefix(name, pooler+".") })
	})
}

// optional checks a part of a model. Of a Hugging Face model a part that is not whole is
// dropped with a note: transformers reads such a file, and others of its parts are right.
func (k *checker) optional(part string, check func(k *checker), drop func()) {
	if k.err != nil {
		return
	}
	p := &checker{checkpoint: k.checkpoint, used: k.used}
	if check(p); p.err == nil {
		return
	}
	if !k.hf {
		k.err = p.err
		return
	}
	drop()
	k.leave("%s is left out: %v", part, p.err)
}

// A headShape is what the headers say of a classification head. InnerDim is 0 for a
// head of one linear layer.
type headShape struct {
	Head
	activation string // between its layers, by fairseq's name
	noBias     bool   // out_proj has no bias
}

// isHeadTensor reports whether a tensor belongs to a classification head, and to which
// layer of which.
func isHeadTensor(name string) (head, layer string, ok bool) {
	rest, ok := strings.CutPrefix(name, headPrefix)
	if !ok {
		return "", "", false
	}
	head, rest, _ = strings.Cut(rest, ".")
	layer, kind, _ := strings.Cut(rest, ".")
	kind, _ = strings.CutSuffix(kind, packedSuffix)
	return head, layer, head != "" && (layer == "dense" || layer == "out_proj") && (kind == "weight" || kind == "bias")
}

// classificationHeads describes every head that the checkpoint holds. Its sizes
// are those of its tensors. A head without any tensor of dense is one linear layer.
func (k *checker) classificationHeads() {
	dense := map[string]bool{} // heads, with a tensor of dense or without
	for name := range k.tensors {
		if head, layer, ok := isHeadTensor(name); ok {
			dense[head] = dense[head] || layer == "dense"
		}
	}
	k.heads = make(map[string]*headShape, len(dense))
	for _, name := range slices.Sorted(maps.Keys(dense)) {
		k.optional(fmt.Sprintf("classification head %.100q", name), func(k *checker) { k.classificationHead(name, dense[name]) }, func() {
			for _, part := range []string{"dense.weight", "dense.bias", "out_proj.weight", "out_proj.bias"} {
				delete(k.tensors, headPrefix+name+"."+part)
				delete(k.tensors, headPrefix+name+"."+part+packedSuffix)
			}
		})
		if k.err != nil {
			return
		}
	}
	k.giveLabels()
}

// classificationHead describes a head, of two layers or one.
func (k *checker) classificationHead(name string, dense bool) {
	prefix, s := headPrefix+name+".", k.headSettings[name]
	h := &headShape{Head: Head{Name: name, Reads: s.Reads, Function: s.Function}, activation: cmp.Or(s.Activation, k.config.PoolerActivation)}
	in := k.config.Dim
	if dense {
		h.InnerDim = k.outputs(prefix + "dense")
		k.linear(prefix+"dense", h.InnerDim, in)
		in = h.InnerDim
	}
	h.Classes = k.outputs(prefix + "out_proj")
	k.matrix(prefix+"out_proj.weight", h.Classes, in)
	if h.noBias = !k.has(prefix + "out_proj.bias"); !h.noBias {
		k.tensor(prefix+"out_proj.bias", h.Classes)
	} else if k.err == nil {
		// fairseq would fill it with random numbers.
		k.note("classification head %.100q has no out_proj.bias; zeros are used", name)
	}
	if h.Reads == ReadsSpans && h.Classes != 2 {
		k.fail("classification head %.100q has %d outputs, want 2 for the start and the end of a span", name, h.Classes)
	}
	if h.Reads == ReadsChoices && h.Classes != 1 {
		k.fail("classification head %.100q has %d outputs, want 1 for a choice", name, h.Classes)
	}
	if k.err == nil {
		k.heads[name] = h
	}
}

// outputs is the number of outputs of a head's linear layer: the rows of its weight,
// or, where the weight is packed, the length of its bias.
func (k *checker) outputs(prefix string) int {
	if t, ok := k.tensors[prefix+".weight"]; ok && len(t.Shape) == 2 && t.Shape[0] > 0 {
		return t.Shape[0]
	}
	if t, ok := k.tensors[prefix+".bias"]; ok && len(t.Shape) == 1 && t.Shape[0] > 0 && k.has(prefix+".weight"+packedSuffix) {
		return t.Shape[0]
	}
	k.fail("tensor %s is missing or no matrix", k.describe(prefix+".weight"))
	return 0
}

// leftover looks at the tensors that no part of the model asked for. A layer beyond
// the settings' number is an error: settings and tensors disagree. Others get a note.
func (k *checker) leftover() {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(k.tensors)) {
		if k.used[name] || strings.HasSuffix(name, ".version") || strings.HasSuffix(name, "._float_tensor") || strings.HasPrefix(name, lmPrefix) {
			continue
		}
		if k.config.PreNorm && strings.HasPrefix(name, lastNorm+".") {
			continue // finalLayerNorm has said so
		}
		if n, ok := layerNumber(name); ok {
			if k.config.LayersKept != nil {
				continue // a layer that encoder_layers_to_keep drops
			}
			if n >= k.config.Layers {
				k.fail("tensor %s is there, but the settings have %d layers", k.describe(name), k.config.Layers)
				return
			}
		}
		names = append(names, k.describe(name))
	}
	if len(names) > 0 {
		k.note("tensors of no use to the model: %s", enumerate(names))
	}
}

// enumerate lists names for a message, five at most.
func enumerate(names []string) string {
	if n := len(names); n > 5 {
		names = append(slices.Clone(names[:5]), fmt.Sprintf("and %d more", n-5))
	}
	return strings.Join(names, ", ")
}
