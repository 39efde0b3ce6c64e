package weights

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
)

// A folder is where a checkpoint's files lie: a directory of the operating
// system, of any file system, or an archive.
type folder struct {
	fsys fs.FS
	dir  string
	open func(name string) (*source, error) // name from fsys' root
}

func folderOf(fsys fs.FS, dir string) *folder {
	return &folder{fsys: fsys, dir: dir, open: func(name string) (*source, error) { return openFSFile(fsys, name, &options{ctx: context.Background()}) }}
}

// sideFile is the most that is read of a vocabulary, settings or label file.
const sideFile = 64 << 20

// read reads a small file; ok is false if it is not there.
func (f *folder) read(name string) (data []byte, ok bool, err error) {
	// Before Open, which would wait for a pipe's writer.
	info, err := fs.Stat(f.fsys, path.Join(f.dir, name))
	if errors.Is(err, fs.ErrNotExist) || err == nil && !info.Mode().IsRegular() {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, inEntry(name, -1, err)
	}
	file, err := f.fsys.Open(path.Join(f.dir, name))
	if err != nil {
		return nil, false, inEntry(name, -1, err)
	}
	defer file.Close()
	data, err = io.ReadAll(io.LimitReader(file, sideFile+1))
	if err != nil {
		return nil, false, inEntry(name, -1, err)
	}
	if len(data) > sideFile {
		return nil, false, inEntry(name, -1, fmt.Errorf("%w: more than %d bytes", ErrTooLarge, sideFile))
	}
	return data, true, nil
}

func (f *folder) has(name string) bool {
	info, err := fs.Stat(f.fsys, path.Join(f.dir, name))
	return err == nil && !info.IsDir()
}

// modelFiles are the names that a directory's checkpoint goes by, best first.
var modelFiles = []string{
	"model.pt", "model.safetensors", "model.safetensors.index.json", "pytorch_model.bin", "pytorch_model.bin.index.json",
	"checkpoint_best.pt", "checkpoint_last.pt",
}

// isModelFile says whether a directory's only file of that name is its model.
func isModelFile(name string) bool {
	return path.Ext(name) == ".pt" || path.Ext(name) == ".safetensors" || strings.HasSuffix(name, ".safetensors.zst")
}

// find says which file of the folder holds the tensors.
func (f *folder) find() (string, error) {
	for _, name := range modelFiles {
		if f.has(name) {
			return name, nil
		}
	}
	entries, err := fs.ReadDir(f.fsys, f.dir)
	if err != nil {
		return "", err
	}
	var models, dirs []string
	for _, e := range entries {
		switch {
		case strings.HasPrefix(e.Name(), "."):
		case e.IsDir():
			dirs = append(dirs, e.Name())
		case isModelFile(e.Name()):
			models = append(models, e.Name())
		}
	}
	switch {
	case len(models) == 1:
		return models[0], nil
	case len(models) > 1:
		return "", fmt.Errorf("%w: a directory with several: %s; name one", ErrNotCheckpoint, strings.Join(models, ", "))
	case len(dirs) == 1:
		// An archive's one folder.
		inner := &folder{fsys: f.fsys, dir: path.Join(f.dir, dirs[0]), open: f.open}
		name, err := inner.find()
		return path.Join(dirs[0], name), err
	}
	return "", fmt.Errorf("%w: a directory without any of %s or another .pt or .safetensors file", ErrNotCheckpoint, strings.Join(modelFiles, ", "))
}

// checkpoint opens a file of the folder, or whichever holds the tensors.
func (f *folder) checkpoint(name string) (_ *Checkpoint, err error) {
	if name == "" {
		if name, err = f.find(); err != nil {
			return nil, err
		}
	}
	f = &folder{fsys: f.fsys, dir: path.Join(f.dir, path.Dir(name)), open: f.open}
	name = path.Base(name)

	c := &Checkpoint{tensors: map[string]*Tensor{}}
	defer func() {
		if err != nil {
			c.Close()
		}
	}()
	shards := []string{name}
	if strings.HasSuffix(name, ".index.json") {
		if shards, err = f.shards(name); err != nil {
			return nil, err
		}
	}
	hf, err := f.huggingFace()
	if err != nil {
		return nil, err
	}
	if hf != nil {
		hf.sharded = strings.HasSuffix(name, ".index.json")
	}
	for _, shard := range shards {
		src, err := f.open(path.Join(f.dir, shard))
		if err != nil {
			return nil, err
		}
		if err := c.add(src, hf); err != nil {
			return nil, inFile(shard, err)
		}
	}
	if c.hf != nil {
		c.Settings, c.Labels = c.hf.settings, c.hf.labels
		if err := c.untie(); err != nil {
			return nil, err
		}
	}
	return c, f.besides(c)
}

// untie looks at a Hugging Face model's second copy of a tied weight: an equal
// one goes, with another one the model is not tied, whatever config.json says.
func (c *Checkpoint) untie() error {
	lm, ok := c.tensors[lmWeight]
	embed, ok2 := c.tensors[embedWeight]
	if !ok || !ok2 {
		return nil
	}
	a, err := lm.Bytes()
	if err != nil {
		return err
	}
	b, err := embed.Bytes()
	if err != nil {
		return err
	}
	if bytes.Equal(a, b) && lm.DType == embed.DType {
		delete(c.tensors, lmWeight)
		c.Settings["untie_weights_roberta"] = false
		return nil
	}
	if untied, _ := c.Settings["untie_weights_roberta"].(bool); !untied {
		c.Settings["untie_weights_roberta"] = true
		c.note("lm_head.decoder.weight differs from the token embedding, so the two are not tied")
	}
	return nil
}

// huggingFace reads config.json, if it is there. Whether it is about this
// checkpoint shows in the tensors' names; see huggingFaceConfig.of.
func (f *folder) huggingFace() (*huggingFaceConfig, error) {
	data, ok, err := f.read("config.json")
	if err != nil || !ok {
		return nil, err
	}
	hf, err := readHuggingFaceConfig(data)
	if err != nil {
		return &huggingFaceConfig{err: err}, nil
	}
	return hf, nil
}

// shards reads the names of the files that hold a sharded checkpoint.
func (f *folder) shards(index string) ([]string, error) {
	data, _, err := f.read(index)
	if err != nil {
		return nil, err
	}
	var v struct {
		Map map[string]string `json:"weight_map"`
	}
	if err := json.Unmarshal(data, &v); err != nil || len(v.Map) == 0 {
		return nil, inEntry(index, -1, fmt.Errorf("%w: no weight_map", ErrCorrupt))
	}
	names := map[string]bool{}
	for tensor, name := range v.Map {
		if name != path.Base(name) || name == "." || !fs.ValidPath(name) {
			return nil, inEntry(index, -1, inTensor(tensor, fmt.Errorf("%w: shard %q is no file of the same directory", ErrCorrupt, name)))
		}
		names[name] = true
	}
	return slices.Sorted(maps.Keys(names)), nil
}

// besides reads vocabulary and labels that lie beside the tensors. What the
// checkpoint itself holds counts first.
func (f *folder) besides(c *Checkpoint) error {
	if c.Dict == nil && c.VocabJSON == nil {
		for _, name := range []string{"dict.txt", "input0/dict.txt"} {
			data, ok, err := f.read(name)
			if err != nil {
				return err
			}
			if ok {
				c.Dict = data
				break
			}
			c.LookedAt = append(c.LookedAt, path.Join(f.dir, name))
		}
		names := []string{"encoder.json", "vocab.bpe"}
		if c.hf != nil && c.Dict == nil {
			names = []string{"vocab.json", "merges.txt"}
		}
		for _, name := range names {
			data, ok, err := f.read(name)
			if err != nil {
				return err
			}
			if ok {
				c.setVocabulary(name, data)
			} else if c.hf != nil {
				c.LookedAt = append(c.LookedAt, path.Join(f.dir, name))
			}
		}
	}
	if c.Labels == nil {
		data, ok, err := f.read("label/dict.txt")
		if err != nil {
			return err
		}
		if ok {
			c.Labels = labelNames(data)
		}
	}
	if c.HeadLabels == nil {
		data, ok, err := f.read("labels.json")
		if err != nil {
			return err
		}
		if ok {
			if c.HeadLabels, err = readLabels(data); err != nil {
				c.note("labels.json beside the checkpoint holds no lists of labels and is left out")
			}
		}
	}
	return nil
}

// readLabels reads {"head": ["class", …], …}.
func readLabels(data []byte) (map[string][]string, error) {
	var m map[string][]string
	if err := json.Unmarshal(data, &m); err != nil {
		return nil, fmt.Errorf("%w: %v", ErrCorrupt, err)
	}
	return m, nil
}
