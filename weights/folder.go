package weights

import (
	"encoding/json"
	"fmt"
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
		const most = 5
		more := ""
		if n := len(models) - most; n > 0 {
			models, more = models[:most], fmt.Sprintf(" and %d more", n)
		}
		return "", fmt.Errorf("%w: a directory with several: %s%s; name one", ErrNotCheckpoint, strings.Join(models, ", "), more)
	case len(dirs) == 1:
		// An archive's one folder.
		inner := &folder{fsys: f.fsys, dir: path.Join(f.dir, dirs[0]), open: f.open}
		name, err := inner.find()
		return path.Join(dirs[0], name), err
	}
	return "", fmt.Errorf("%w: a directory without any of %s or another .pt or .safetensors file", ErrNotCheckpoint, strings.Join(modelFiles, ", "))
}

// checkpoint opens a file of the folder, or whichever holds the tensors.
func (f *folder) checkpoint(name string, o *options) (_ *Checkpoint, err error) {
	if name == "" {
		if name, err = f.find(); err != nil {
			return nil, err
		}
	}
	f = &folder{fsys: f.fsys, dir: path.Join(f.dir, path.Dir(name)), open: f.open}
	name = path.Base(name)

	c := newCheckpoint()
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
	for _, shard := range shards {
		src, err := f.open(path.Join(f.dir, shard))
		if err != nil {
			return nil, err
		}
		if err := c.add(src, o); err != nil {
			return nil, inPart(path.Join(f.dir, shard), err)
		}
	}
	c.folders = append(c.folders, f)
	return c, nil
}

// shards reads the names of the files that hold a sharded checkpoint.
func (f *folder) shards(index string) ([]string, error) {
	data, err := f.read(index)
	if err != nil {
		return nil, inEntry(index, -1, err)
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
