package roberta

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

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

// Names of what fairseq's models do not have and Hugging Face's do.
const (
	tokenTypes = stack + "token_type_embeddings.weight" // added to each token for its type
	pooler     = stack + "pooler.dense"
)

// packedSuffix marks a tensor that holds a matrix already cut into panels,
// [panels, K, 16], or of bfloat16 [panels, K/2, 16, 2] (roberta.Convert with Packed).
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
	left     []string // those notes that say what is left out; a converted file does not hold it
	differ   []string // tensors that are not used, as the file has others for their parameters

	hasPooler bool
	int8      bool   // the file holds the encoder's matrices in Int8
	bf16      bool   // the file has matrices in panels of bfloat16
	quantized string // how Hugging Face's weights are quantised; "": they are not
	guess     string // the note on what was assumed without settings, or ""

	hf             bool                    // the model came from Hugging Face
	named          *family                 // how the file calls parameters; nil: as fairseq does
	headNames      map[string]string       // and those of heads, by fairseq's names
	labels         []string                // class names that the file does not give by head
	spareLabels    []string                // labels, with those that fairseq fills a dictionary up with
	labelsFrom     string                  // the file that they are from
	labelsHead     string                  // the head that they are of; "": not known
	headLabels     map[string][]string     // class names by head
	headLabelsFrom string                  // the file that they are from
	headSettings   map[string]headSettings // what heads read, and others of their settings
}

// newCheckpoint reads a file's headers and checks that they make a model. The error
// wraps ErrModel or is a *weights.FileError.
func newCheckpoint(file *weights.Checkpoint) (*checkpoint, error) {
	c, err := translate(file)
	if err != nil {
		return nil, err
	}
	if !c.hf && !slices.ContainsFunc(slices.Collect(maps.Keys(c.tensors)), func(name string) bool { return strings.HasPrefix(name, stack) }) {
		return nil, c.noRoBERTa(slices.Sorted(maps.Keys(c.tensors)))
	}
	if err := c.configure(); err != nil {
		return nil, modelError(err)
	}
	if err := c.check(); err != nil {
		if c.quantized != "" {
			err = fmt.Errorf("%w: quantised weights (quant_method %s): %w", weights.ErrUnsupported, quote(c.quantized), err)
		}
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
	ts := c.unwrapped()
	c.hf = slices.ContainsFunc(ts, func(t namedTensor) bool { return isHuggingFaceName(t.name) })
	read := c.fairseq
	if c.hf {
		read = c.huggingFace
	}
	if err := read(ts); err != nil {
		return nil, err
	}
	if len(c.differ) > 0 {
		c.leave("the checkpoint has two tensors for a parameter, which differ; these are not used: %s", enumerate(c.differ))
	}
	return c, c.readLabels()
}

// A namedTensor is a tensor with its name in the model, which is that in the file
// without the prefix of what the model was wrapped in.
type namedTensor struct {
	name string
	*weights.Tensor
}

// unwrapped lists the file's tensors, sorted by their names in the file. A prefix is taken
// off where the rest is a RoBERTa.
func (c *checkpoint) unwrapped() []namedTensor {
	var names []string
	ts := make([]namedTensor, 0, len(c.file.Tensors()))
	for _, t := range c.file.Tensors() {
		names = append(names, t.Name)
		ts = append(ts, namedTensor{t.Name, t})
	}
	prefix := wrapper(names)
	if prefix == "" {
		return ts
	}
	c.note("the prefix %s of the tensors' names is left out", short(prefix))
	inside := ts[:0]
	var outside []string
	for _, t := range ts {
		if name, ok := strings.CutPrefix(t.name, prefix); ok {
			inside = append(inside, namedTensor{name, t.Tensor})
		} else {
			outside = append(outside, short(t.name))
		}
	}
	if len(outside) > 0 {
		c.leave("tensors without the prefix %s are left out: %s", short(prefix), enumerate(outside))
	}
	return inside
}

func (c *checkpoint) note(format string, args ...any) {
	c.notes = append(c.notes, fmt.Sprintf(format, args...))
}

// leave is note for what is left out of the model.
func (c *checkpoint) leave(format string, args ...any) {
	c.note(format, args...)
	c.left = append(c.left, c.notes[len(c.notes)-1])
}

func (c *checkpoint) has(name string) bool {
	_, ok := c.tensors[name]
	return ok
}

// put gives a parameter its tensor. Of two the first counts, or t if over is set: what
// the reference computes with. A difference is noted.
func (c *checkpoint) put(name string, t *weights.Tensor, over bool) error {
	used, ok := c.tensors[name]
	if !ok {
		c.tensors[name] = t
		return nil
	}
	other := t
	if over {
		used, other = t, used
	}
	c.tensors[name] = used
	equal, err := equalTensors(used, other)
	if err == nil && !equal {
		c.differ = append(c.differ, fmt.Sprintf("%s (%s is)", short(other.Name), short(used.Name)))
	}
	return err
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
	if t, ok := c.tensors[tokenTypes]; ok {
		if len(t.Shape) == 2 {
			cfg.TokenTypes = t.Shape[0]
		}
		cfg.LMActivation = "gelu" // also in files that were converted before settings had a model_type
	}
	if cfg.VocabSize = c.rows(); cfg.VocabSize < 1 {
		return fmt.Errorf("tensor %s is missing or no matrix", c.describe(embedWeight))
	}
	// fairseq loads both names of a tied weight into one parameter, lm_head's last.
	// So lm_head's counts where the two differ in a file.
	if lm, ok := c.tensors[lmWeight]; ok && cfg.Tied && c.has(embedWeight) {
		if equal, err := equalTensors(lm, c.tensors[embedWeight]); err != nil {
			return err
		} else if !equal {
			c.note("tensor %s differs from the token embedding, to which it is tied; it counts for both, as in fairseq", c.describe(lmWeight))
		}
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
	if c.settings[modelTypeKey] != nil {
		return true, nil // Hugging Face's have it
	}
	if t, ok := c.tensors[stack+"version"]; ok && t.Len() == 1 && t.DType.Size() > 0 {
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
