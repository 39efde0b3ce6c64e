package roberta

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/goroberta/goroberta/internal/simd"
	"github.com/goroberta/goroberta/weights"
)

// Names of fairseq's parameters today.
const (
	stack       = "encoder.sentence_encoder."
	lmPrefix    = "encoder.lm_head."
	headPrefix  = "classification_heads."
	embedWeight = stack + "embed_tokens.weight"
	lmWeight    = lmPrefix + "weight"
)

// packedSuffix marks a tensor that holds a matrix already cut into panels,
// [panels, K, 16] (roberta.Convert with Packed).
const packedSuffix = ".packed16"

// A checkpoint is a file under fairseq's names, whatever names the file has:
// settings, parameters, heads and labels. newCheckpoint makes it from the file's
// headers. Every tensor that the settings ask for is there and has the shape that
// they ask for.
type checkpoint struct {
	file     *weights.Checkpoint
	config   Config
	settings map[string]any // fairseq's, without groups; empty if the file has none
	tensors  map[string]*weights.Tensor
	heads    map[string]*headShape
	hasLM    bool
	notes    []string
	guess    string // the note on what was assumed without settings, or ""

	hf         bool                // the file has Hugging Face's names
	labels     []string            // class names of a head that the file does not name
	headLabels map[string][]string // class names by head
}

// newCheckpoint reads a file's headers and checks that they make a model. The error
// wraps ErrModel or is a *weights.FileError.
func newCheckpoint(file *weights.Checkpoint) (*checkpoint, error) {
	c, err := translate(file)
	if err != nil {
		return nil, err
	}
	if err := c.configure(); err != nil {
		return nil, modelError(err)
	}
	if err := c.check(); err != nil {
		return nil, modelError(err)
	}
	return c, nil
}

// modelError makes an error that is no *weights.FileError one that wraps ErrModel.
func modelError(err error) error {
	var file *weights.FileError
	if errors.As(err, &file) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrModel, err)
}

// named puts the path of a checkpoint in front of an error that does not have it.
func named(path string, err error) error {
	var file *weights.FileError
	if path == "" || errors.As(err, &file) && file.Path != "" {
		return err
	}
	return fmt.Errorf("%s: %w", path, err)
}

// translate gives a file's tensors, settings and labels fairseq's names. It does not
// check whether they fit together.
func translate(file *weights.Checkpoint) (*checkpoint, error) {
	c := &checkpoint{file: file, notes: slices.Clone(file.Notes), tensors: map[string]*weights.Tensor{}}
	ts := file.Tensors()
	c.hf = slices.ContainsFunc(ts, func(t *weights.Tensor) bool { return isHuggingFaceName(t.Name) })
	read := c.fairseq
	if c.hf {
		read = c.huggingFace
	}
	if err := read(ts); err != nil {
		return nil, err
	}
	return c, c.readLabels()
}

func (c *checkpoint) note(format string, args ...any) {
	c.notes = append(c.notes, fmt.Sprintf(format, args...))
}

func (c *checkpoint) has(name string) bool {
	_, ok := c.tensors[name]
	return ok
}

// add puts a tensor of the file under fairseq's name.
func (c *checkpoint) add(name string, t *weights.Tensor) error {
	if c.has(name) {
		return &weights.FileError{Tensor: t.Name, Offset: -1, Err: fmt.Errorf("%w: the checkpoint has two tensors for %.100s", weights.ErrCorrupt, name)}
	}
	c.tensors[name] = t
	return nil
}

// sideFile reads a file that came with the tensors; ok is false if it is not there.
func (c *checkpoint) sideFile(name string) (data []byte, ok bool, err error) {
	data, err = c.file.File(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, false, nil
	}
	return data, err == nil, err
}

// inFile is an error about the content of a file beside the tensors.
func (c *checkpoint) inFile(name string, err error) error {
	return &weights.FileError{Entry: c.file.FileName(name), Offset: -1, Err: err}
}

// configure completes Config from settings and headers. The only element that it
// reads is the version of a pre-norm checkpoint.
func (c *checkpoint) configure() error {
	settings := c.settings
	if len(settings) == 0 {
		var err error
		if settings, c.guess, err = c.sizes(); err != nil {
			return err
		}
		c.notes = append(c.notes, c.guess)
	}
	cfg, err := configFrom(settings)
	if err != nil {
		return err
	}
	embed, ok := c.tensors[embedWeight]
	if !ok || len(embed.Shape) != 2 || embed.Shape[0] < 1 {
		return fmt.Errorf("tensor %s is missing or no matrix", embedWeight)
	}
	cfg.VocabSize = embed.Shape[0]
	// fairseq loads both names of a tied weight into one parameter, lm_head's last.
	// So lm_head's counts where the two differ in a file.
	if lm, ok := c.tensors[lmWeight]; ok && cfg.Tied {
		c.tensors[embedWeight] = lm
		delete(c.tensors, lmWeight)
	}
	if cfg.PreNorm {
		if cfg.FinalLayerNorm, err = c.finalLayerNorm(); err != nil {
			return err
		}
	}
	c.config = cfg
	return nil
}

// lastNorm is the LayerNorm after a pre-norm stack.
const lastNorm = stack + "layer_norm"

// finalLayerNorm reports whether a LayerNorm follows a pre-norm stack. fairseq
// drops it if the checkpoint's version is below 2 or missing, even where the file
// has its weights (fairseq/models/transformer, upgrade_state_dict_named).
func (c *checkpoint) finalLayerNorm() (bool, error) {
	if t, ok := c.tensors[stack+"version"]; ok && t.Len() == 1 {
		var v [1]float32
		if err := t.Float32s(v[:]); err != nil {
			return false, err
		}
		if v[0] >= 2 {
			return true, nil
		}
	}
	if c.has(lastNorm + ".weight") {
		c.note("the final LayerNorm is left out, as fairseq does for a checkpoint without %sversion of 2 or more", stack)
	}
	return false, nil
}

// check compares the settings with the tensors' shapes and describes the heads. It
// ends at the first fault, and allocates nothing because a setting asks for it.
func (c *checkpoint) check() error {
	k := &checker{checkpoint: c, used: map[string]bool{}}
	k.encoder()
	k.lmHead()
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
		k.fail("tensor %.200s is missing", name)
	case !slices.Equal(t.Shape, shape):
		k.fail("tensor %s has shape %s, the settings ask for %v", k.describe(name), shapeText(t.Shape), shape)
	case !t.DType.IsFloat():
		k.fail("tensor %s holds %v, want floating-point numbers", k.describe(name), t.DType)
	default:
		k.used[name] = true
	}
}

// describe is a tensor's name for a message, and its name in the file if that differs.
func (c *checkpoint) describe(name string) string {
	if t := c.tensors[name]; t != nil && t.Name != name {
		return fmt.Sprintf("%.100s (%.100s in the file)", name, t.Name)
	}
	return fmt.Sprintf("%.200s", name)
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
	k.tensor(packed, simd.Panels(out), in, simd.PanelWidth)
	if t := k.tensors[packed]; t.DType != weights.F16 && t.DType != weights.F32 {
		k.fail("tensor %s holds %v, want F16 or F32", packed, t.DType)
	}
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
	k.tensor(embedWeight, c.VocabSize, c.Dim)
	if c.Positions == LearnedPositions {
		k.tensor(stack+"embed_positions.weight", c.MaxPositions+firstPosition, c.Dim)
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
		if qkv := p + "self_attn.qkv_proj.weight"; k.has(qkv + packedSuffix) {
			k.matrix(qkv, 3*part, c.Dim)
			for _, name := range projections {
				k.tensor(p+"self_attn."+name+".bias", c.Dim)
			}
		} else {
			for _, name := range projections {
				k.linear(p+"self_attn."+name, c.Dim, c.Dim)
			}
		}
		k.linear(p+"self_attn.out_proj", c.Dim, c.Dim)
		k.norm(p + "self_attn_layer_norm")
		k.linear(p+"fc1", c.FFNDim, c.Dim)
		k.linear(p+"fc2", c.Dim, c.FFNDim)
		k.norm(p + "final_layer_norm")
	}
	if c.FinalLayerNorm {
		k.norm(lastNorm)
	}
}

// projections are the parts of a fused projection, in its order.
var projections = [3]string{"q_proj", "k_proj", "v_proj"}

// tokenTypes is what Hugging Face's models add to each token for its type.
const tokenTypes = stack + "token_type_embeddings.weight"

func (k *checker) lmHead() {
	c := &k.config
	const dense = lmPrefix + "dense"
	k.hasLM = k.has(dense+".weight") || k.has(dense+".weight"+packedSuffix) || k.has(lmPrefix+"layer_norm.weight") || k.has(lmPrefix+"bias")
	if !k.hasLM {
		return
	}
	k.linear(dense, c.Dim, c.Dim)
	k.norm(lmPrefix + "layer_norm")
	k.tensor(lmPrefix+"bias", c.VocabSize)
	if !c.Tied {
		k.tensor(lmWeight, c.VocabSize, c.Dim)
	}
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
	settings, err := readHeadSettings(k.file)
	if err != nil {
		k.fail("%w", err)
	}
	k.heads = make(map[string]*headShape, len(dense))
	for _, name := range slices.Sorted(maps.Keys(dense)) {
		prefix := headPrefix + name + "."
		h := &headShape{Head: Head{Name: name, Reads: settings[name].Reads}, activation: cmp.Or(settings[name].Activation, k.config.PoolerActivation)}
		in := k.config.Dim
		if dense[name] {
			h.InnerDim = k.outputs(prefix + "dense")
			k.linear(prefix+"dense", h.InnerDim, in)
			in = h.InnerDim
		}
		h.Classes = k.outputs(prefix + "out_proj")
		k.matrix(prefix+"out_proj.weight", h.Classes, in)
		if h.noBias = !k.has(prefix + "out_proj.bias"); !h.noBias {
			k.tensor(prefix+"out_proj.bias", h.Classes)
		} else {
			// fairseq would fill it with random numbers.
			k.note("classification head %.100q has no out_proj.bias; zeros are used", name)
		}
		if h.Reads == ReadsSpans && h.Classes != 2 {
			k.fail("classification head %.100q has %d outputs, want 2 for the start and the end of a span", name, h.Classes)
		}
		if k.err != nil {
			return
		}
		h.Labels = k.labelsOf(h, len(dense))
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
	k.fail("tensor %.200s.weight is missing or no matrix", prefix)
	return 0
}

// leftover looks at the tensors that no part of the model asked for. A layer beyond
// the settings' number is an error: settings and tensors disagree. Others get a note.
func (k *checker) leftover() {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(k.tensors)) {
		if k.used[name] || strings.HasSuffix(name, ".version") || strings.HasPrefix(name, lmPrefix) {
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
