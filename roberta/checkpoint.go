package roberta

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"

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
