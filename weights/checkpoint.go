package weights

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// A Checkpoint is a model's parameters and what came with them. Tensors and
// settings have fairseq's present-day names, whatever the file calls them.
type Checkpoint struct {
	Path     string         // as given
	Format   Format         // of the file that holds the tensors
	Settings map[string]any // fairseq's args: bool, int64, float64, string or nil; empty if the file has none

	Dict                  []byte // fairseq's dict.txt; nil if none was found
	EncoderJSON, VocabBPE []byte // GPT-2's BPE; nil unless they came with the checkpoint
	VocabJSON, Merges     []byte // Hugging Face's names for the same
	LookedAt              []string
	Labels                []string            // class names in order, of the one head that is not named
	HeadLabels            map[string][]string // class names by head
	Notes                 []string            // remarks for the user, such as parts that were left out
	tensors               map[string]*Tensor
	sources               []*source
	hf                    *huggingFaceConfig // nil if the tensors are not Hugging Face's
}

// Open opens a checkpoint: a file or a directory. Its form shows in its content:
//
//	model.pt             torch.save's two forms, with fairseq's settings
//	.tar.gz, .tar        a release archive with model.pt and dict.txt
//	.safetensors         with the settings inside (see Convert), or config.json beside it
//	any of them in zstd
//	a directory          with one of these, or with Hugging Face's config.json,
//	                     model.safetensors or pytorch_model.bin, whole or in shards
//
// dict.txt is looked for beside the file and in input0, label names in
// label/dict.txt and labels.json.
//
// Errors are those of the operating system and a *FileError of one of the kinds
// that this package's Err variables name.
func Open(path string, opts ...Option) (*Checkpoint, error) {
	o, err := newOptions(opts)
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	dir, name := path, ""
	if !info.IsDir() {
		dir, name = filepath.Split(path)
		if dir == "" {
			dir = "."
		}
	}
	f := &folder{fsys: os.DirFS(dir), dir: ".", open: func(name string) (*source, error) { return openFile(filepath.Join(dir, filepath.FromSlash(name)), &o) }}
	c, err := f.checkpoint(name)
	if err != nil {
		return nil, inFile(path, err)
	}
	c.Path = path
	return c, nil
}

// OpenFS is Open for a file or directory of a file system.
func OpenFS(fsys fs.FS, name string) (*Checkpoint, error) {
	info, err := fs.Stat(fsys, name)
	if err != nil {
		return nil, err
	}
	dir, file := name, ""
	if !info.IsDir() {
		dir, file = path.Dir(name), path.Base(name)
	}
	c, err := folderOf(fsys, dir).checkpoint(file)
	if err != nil {
		return nil, inFile(name, err)
	}
	c.Path = name
	return c, nil
}

// Load opens a checkpoint file from r, which must stay readable until Close.
// name is for messages. Nothing is looked for beside it.
func Load(r io.ReaderAt, size int64, name string) (*Checkpoint, error) {
	c := &Checkpoint{tensors: map[string]*Tensor{}}
	src, err := readerSource(r, size)
	if err == nil {
		err = c.add(src, nil)
	}
	if err != nil {
		return nil, inFile(name, err)
	}
	c.Path = name
	return c, nil
}

// Tensors lists the tensors by name.
func (c *Checkpoint) Tensors() []*Tensor {
	ts := make([]*Tensor, 0, len(c.tensors))
	for _, name := range slices.Sorted(maps.Keys(c.tensors)) {
		ts = append(ts, c.tensors[name])
	}
	return ts
}

// Tensor finds a tensor by its name.
func (c *Checkpoint) Tensor(name string) (*Tensor, bool) {
	t, ok := c.tensors[name]
	return t, ok
}

// DropPages gives back the memory of a mapped file's pages that were read: for
// a caller that has made its own copy of most tensors. Pages that are used again
// come back from the file.
func (c *Checkpoint) DropPages() {
	for _, s := range c.sources {
		if s.mapped {
			dropPages(s.mem)
		}
	}
}

// Close gives back files and mapped memory. Tensors return ErrClosed from then
// on; memory that they handed out must no longer be used. Close must not run
// beside other uses.
func (c *Checkpoint) Close() error {
	var errs []error
	for _, s := range c.sources {
		errs = append(errs, s.close())
	}
	c.sources = nil
	return errors.Join(errs...)
}

func (c *Checkpoint) note(format string, args ...any) {
	c.Notes = append(c.Notes, fmt.Sprintf(format, args...))
}

// add reads a file of any single-file form into c. hf is what config.json says,
// if there is one.
func (c *Checkpoint) add(src *source, hf *huggingFaceConfig) error {
	c.sources = append(c.sources, src)
	head, err := src.read(0, min(src.size, 512))
	if err != nil {
		return err
	}
	switch {
	case bytes.HasPrefix(head, zstdMagic):
		if src.expanded || src.inArchive {
			return errNested
		}
		inner, err := unzstd(src)
		if err != nil {
			return inEntry("zstd", -1, err)
		}
		src.close() // its content is in memory now
		return c.add(inner, hf)
	case bytes.HasPrefix(head, gzipMagic), isTar(head):
		gzipped := bytes.HasPrefix(head, gzipMagic)
		if src.inArchive || gzipped && src.expanded {
			return errNested
		}
		files, err := openArchive(src, gzipped)
		if err != nil {
			return err
		}
		src.close()
		inner, err := files.checkpoint("")
		if err != nil {
			return err
		}
		inner.sources = append(inner.sources, c.sources...)
		*c = *inner
		return nil
	case bytes.HasPrefix(head, zipMagic), bytes.HasPrefix(head, zipEmpty):
		c.Format = TorchZip
		v, st, err := readZip(src)
		if err != nil {
			return err
		}
		return c.addTorch(v, st, hf)
	case bytes.HasPrefix(head, legacyMagic):
		c.Format = TorchLegacy
		v, st, err := readLegacy(src)
		if err != nil {
			return err
		}
		return c.addTorch(v, st, hf)
	case isSafetensors(src):
		c.Format = Safetensors
		ts, metadata, err := readSafetensors(src)
		if err != nil {
			return err
		}
		return c.addSafetensors(ts, metadata, hf)
	}
	return unknown(head)
}

// addTorch takes the tensors and settings of an object that torch.save wrote.
func (c *Checkpoint) addTorch(v any, st storages, hf *huggingFaceConfig) error {
	root := attributes(v)
	if root == nil {
		return fmt.Errorf("%w: torch file without a state dict", ErrNotCheckpoint)
	}
	state := root
	for _, key := range []string{"model", "state_dict", "model_state_dict"} {
		if m, ok := root.get(key); ok && attributes(m) != nil {
			state = attributes(m)
			break
		}
	}
	if v, _ := root.get("last_optimizer_state"); v != nil {
		c.note("the optimizer's state is left out")
	}
	var ts []*Tensor
	for i, k := range state.keys {
		name, ok := k.(string)
		if !ok {
			continue
		}
		p, ok := state.values[i].(*pyTensor)
		if !ok {
			continue
		}
		data, err := st.storage(p.storage)
		if err != nil {
			return inTensor(name, err)
		}
		if n := p.storage.numel * int64(p.storage.dtype.Size()); p.storage.viewOffset == 0 && (p.storage.numel > data.size || n > data.size) {
			return inTensor(name, fmt.Errorf("%w: storage %s has %d bytes, not %d", ErrTruncated, p.storage.key, data.size, n))
		}
		t, err := newTensor(name, p.storage.dtype, p.shape, p.strides, p.offset, data)
		if err != nil {
			return err
		}
		ts = append(ts, t)
	}
	if len(ts) == 0 {
		return fmt.Errorf("%w: torch file without tensors", ErrNotCheckpoint)
	}
	hf, err := hf.of(ts)
	if err != nil {
		return err
	}
	if c.Settings == nil && hf == nil {
		c.Settings = fairseqSettings(root)
	}
	return c.addTensors(ts, hf)
}

// addSafetensors takes the tensors of a safetensors file and, if Convert wrote
// it, settings, labels and vocabulary.
func (c *Checkpoint) addSafetensors(ts []*Tensor, metadata map[string]string, hf *huggingFaceConfig) error {
	if s, ok := metadata[settingsKey]; ok {
		settings, err := settingsFromJSON(s)
		if err != nil {
			return err
		}
		c.Settings = settings
	}
	if s, ok := metadata[labelsKey]; ok {
		labels, err := readLabels([]byte(s))
		if err != nil {
			return inEntry(labelsKey, -1, err)
		}
		c.HeadLabels = labels
	}
	var rest []*Tensor
	for _, t := range ts {
		name, ok := strings.CutPrefix(t.Name, vocabularyPrefix)
		if !ok {
			rest = append(rest, t)
			continue
		}
		b, err := t.Bytes()
		if err != nil {
			return err
		}
		c.setVocabulary(name, bytes.Clone(b))
	}
	hf, err := hf.of(rest)
	if err != nil {
		return err
	}
	return c.addTensors(rest, hf)
}

// setVocabulary keeps a vocabulary file by its name.
func (c *Checkpoint) setVocabulary(name string, data []byte) {
	switch name {
	case "dict.txt":
		c.Dict = data
	case "encoder.json":
		c.EncoderJSON = data
	case "vocab.bpe":
		c.VocabBPE = data
	case "vocab.json":
		c.VocabJSON = data
	case "merges.txt":
		c.Merges = data
	}
}

// addTensors adds tensors under fairseq's names.
func (c *Checkpoint) addTensors(ts []*Tensor, hf *huggingFaceConfig) error {
	if hf != nil {
		c.hf = hf
	}
	var left []string
	for _, t := range ts {
		if hf == nil && strings.HasSuffix(t.Name, "embeddings.word_embeddings.weight") {
			return inTensor(t.Name, fmt.Errorf("%w: a Hugging Face model without its config.json", ErrUnsupported))
		}
		if hf != nil {
			name, ok := huggingFaceName(t.Name, hf.head)
			if !ok {
				if !strings.HasSuffix(name, "position_ids") && !strings.HasSuffix(name, "token_type_ids") {
					left = append(left, t.Name)
				}
				continue
			}
			t.Name = name
		} else {
			t.Name = fairseqName(t.Name)
		}
		parts, err := splitAttention(t)
		if err != nil {
			return err
		}
		if parts == nil {
			parts = []*Tensor{t}
		}
		for _, p := range parts {
			if _, ok := c.tensors[p.Name]; ok {
				if hf != nil && strings.HasPrefix(p.Name, "encoder.lm_head.") {
					continue // lm_head.bias and lm_head.decoder.bias are one
				}
				return inTensor(p.Name, fmt.Errorf("%w: the checkpoint has it twice", ErrCorrupt))
			}
			c.tensors[p.Name] = p
		}
	}
	if len(left) > 0 {
		slices.Sort(left)
		c.note("tensors that have no place in fairseq's model are left out: %s", strings.Join(left, ", "))
	}
	return nil
}
