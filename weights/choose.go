package weights

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// A choice is the file of a folder that holds the tensors.
type choice struct {
	folder *folder // which has the file
	name   string
	above  []*folder // where Checkpoint.File looks next
	notes  []string
}

// modelFiles are the names that a directory's checkpoint goes by, best first. The same
// with .zst come next.
var modelFiles = []string{
	"model.pt", "model.safetensors", "model.safetensors.index.json", "pytorch_model.bin", "pytorch_model.bin.index.json",
	"checkpoint_best.pt", "checkpoint_last.pt",
}

// weightNames are how the names of files end that may hold tensors. Those of the second
// group count where there is none of the first.
var weightNames = [][]string{{".pt", ".pth", ".ckpt", ".safetensors"}, {".bin"}}

// besideNames are how the names of files begin that training programs and other
// libraries leave beside a model.
var besideNames = []string{
	"training_args.", "optimizer.", "scheduler.", "scaler.", "sampler.", "rng_state", "random_states", "adapter_", "pytorch_adapter.", "pytorch_model_head.",
	"openvino_", "ggml", "colbert_linear.", "sparse_linear.",
}

// besideFolders are folders that lie beside a model and do not hold it.
var besideFolders = []string{"onnx", "openvino", "coreml", "runs", "logs", "wandb", "lightning_logs", "assets", "images", "eval"}

// isModelFile says whether a directory's only file of that name is its model.
func isModelFile(name string) bool { return weightGroup(name) >= 0 }

// weightGroup is the group of weightNames that a file is of, or -1.
func weightGroup(name string) int {
	if slices.ContainsFunc(besideNames, func(prefix string) bool { return strings.HasPrefix(name, prefix) }) || isShard(strings.TrimSuffix(name, ".zst")) {
		return -1
	}
	ext := path.Ext(strings.TrimSuffix(name, ".zst"))
	if isIndex(name) {
		before, _, _ := strings.Cut(name, ".index.")
		ext = path.Ext(before)
	}
	return slices.IndexFunc(weightNames, func(group []string) bool { return slices.Contains(group, ext) })
}

// pick finds the file of a folder's own that holds the tensors, and "" if there is
// none.
func (f *folder) pick(l *listing) (string, error) {
	if name, err := f.explicit(l); name != "" || err != nil {
		return name, err
	}
	for _, end := range []string{"", ".zst"} {
		for _, name := range modelFiles {
			if l.has(name+end) && f.has(name+end) {
				return name + end, nil
			}
		}
	}
	for group := range weightNames {
		var names []string
		for _, name := range l.files {
			// OpenVINO keeps the weights of a network beside its description.
			if weightGroup(name) == group && !l.has(strings.TrimSuffix(name, ".bin")+".xml") {
				names = append(names, name)
			}
		}
		switch len(names) {
		case 0:
			continue
		case 1:
			return names[0], nil
		}
		return "", fmt.Errorf("%w: a directory with several: %s; name one", ErrNotCheckpoint, someOf(names))
	}
	if i := slices.IndexFunc(l.files, isOnlyShard); i >= 0 { // without an index
		return l.files[i], nil
	}
	return "", nil
}

// explicit is the file that config.json names in transformers_weights, which counts
// before all others in transformers, and here before those of its names.
func (f *folder) explicit(l *listing) (string, error) {
	if !l.has("config.json") || l.has(modelFiles[0]) {
		return "", nil
	}
	data, err := f.read("config.json")
	if err != nil {
		return "", nil // it is an error where its content is needed
	}
	var v struct {
		Name string `json:"transformers_weights"`
	}
	if json.Unmarshal(data, &v) != nil || v.Name == "" {
		return "", nil
	}
	if v.Name != path.Base(v.Name) || !l.has(v.Name) {
		return "", inEntry(path.Join(f.dir, "config.json"), -1, fmt.Errorf("%w: transformers_weights names %s, which is not in this folder", ErrNotCheckpoint, quote(v.Name)))
	}
	return v.Name, nil
}

// mostFolders is how many folders are looked into for the one that holds a model.
const mostFolders = 32

// choose finds the file that holds the tensors: in the folder that modules.json names
// (sentence-transformers), in a snapshot (a hub cache), in the folder itself, or in its
// only folder with one.
func (f *folder) choose() (*choice, error) {
	l, err := f.list()
	if err != nil {
		return nil, err
	}
	if f.main != "" || slices.Contains(l.dirs, snapshotsName) && (slices.Contains(l.dirs, "refs") || slices.Contains(l.dirs, "blobs")) {
		return f.snapshot(l)
	}
	module, isModules, err := f.module(l)
	if err != nil {
		return nil, err
	}
	if module != "" {
		inner := f.in(module)
		il, err := inner.list()
		if err != nil {
			return nil, inEntry(path.Join(f.dir, "modules.json"), -1, fmt.Errorf("%w: module %s: %w", ErrNotCheckpoint, quote(module), err))
		}
		name, err := inner.pick(il)
		if err == nil && name == "" {
			err = inner.nothing(il)
		}
		if err != nil {
			return nil, fmt.Errorf("%s, of modules.json: %w", shorten(module, maxQuote), err)
		}
		return &choice{folder: inner, name: name, above: []*folder{f}}, nil
	}
	name, err := f.pick(l)
	if err != nil {
		return nil, err
	}
	if name != "" {
		return &choice{folder: f, name: name}, nil
	}
	if _, isAdapter := f.adapter(l); !isModules && !isAdapter && len(foreignFiles(l)) == 0 {
		if c, err := f.inside(l); c != nil || err != nil {
			return c, err
		}
	}
	return nil, f.nothing(l)
}

// inside chooses among the folders within f: the only one, however deep, or the only
// one of several with a model.
func (f *folder) inside(l *listing) (*choice, error) {
	var dirs []string
	for _, dir := range l.dirs {
		// 1_Pooling, 2_Dense: modules of sentence-transformers behind the transformer.
		_, module, ok := strings.Cut(dir, "_")
		isModule := ok && dir[0] >= '1' && dir[0] <= '9' && module != "" && 'A' <= module[0] && module[0] <= 'Z'
		if !slices.Contains(besideFolders, dir) && !isModule {
			dirs = append(dirs, dir)
		}
	}
	if len(dirs) == 1 {
		return f.in(dirs[0]).choose()
	}
	if len(dirs) > mostFolders {
		return nil, nil
	}
	var choices []*choice
	var names []string
	for _, dir := range dirs {
		inner := f.in(dir)
		il, err := inner.list()
		if err != nil {
			continue // it may not be the user's
		}
		name, err := inner.pick(il)
		if name != "" || err != nil {
			choices, names = append(choices, &choice{folder: inner, name: name}), append(names, path.Join(dir, name))
		}
	}
	switch {
	case len(choices) == 0:
		return nil, nil
	case len(choices) > 1 || choices[0].name == "":
		return nil, fmt.Errorf("%w: a directory of several: %s; name one", ErrNotCheckpoint, someOf(names))
	}
	return choices[0], nil
}

// module is the folder that holds the transformer of a sentence-transformers model, ""
// for the folder itself; ok is whether it is such a model.
func (f *folder) module(l *listing) (dir string, ok bool, err error) {
	if !l.has("modules.json") {
		return "", false, nil
	}
	data, err := f.read("modules.json")
	if err != nil {
		return "", false, inEntry(path.Join(f.dir, "modules.json"), -1, err)
	}
	var modules []struct {
		Path string `json:"path"`
	}
	if json.Unmarshal(data, &modules) != nil || len(modules) == 0 {
		return "", false, nil // the folder's own files count
	}
	dir = path.Clean("./" + strings.ReplaceAll(modules[0].Path, `\`, "/"))
	if dir == "." {
		return "", true, nil
	}
	if !fs.ValidPath(dir) {
		return "", false, inEntry(path.Join(f.dir, "modules.json"), -1, fmt.Errorf("%w: a module outside the folder, %s", ErrCorrupt, quote(modules[0].Path)))
	}
	return dir, true, nil
}

// snapshot chooses in a folder of Hugging Face's hub cache:
//
//	models--org--name/refs/main          the name of a snapshot
//	models--org--name/snapshots/NAME/…   links into blobs
func (f *folder) snapshot(l *listing) (*choice, error) {
	snapshots, main := f, f.main
	if main == "" {
		data, err := f.read("refs/main")
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, inEntry(path.Join(f.dir, "refs/main"), -1, err)
		}
		main, snapshots = strings.TrimSpace(string(data)), f.in(snapshotsName)
		if l, err = snapshots.list(); err != nil {
			return nil, err
		}
	}
	switch {
	case slices.Contains(l.dirs, main):
		return snapshots.in(main).choose()
	case len(l.dirs) == 1:
		c, err := snapshots.in(l.dirs[0]).choose()
		if err == nil && main != "" {
			c.notes = append(c.notes, fmt.Sprintf("this is snapshot %s, the only one here; refs/main names %s", shorten(l.dirs[0], maxQuote), shorten(main, maxQuote)))
		}
		return c, err
	case len(l.dirs) == 0:
		return nil, fmt.Errorf("%w: a Hugging Face cache folder without a snapshot", ErrNotCheckpoint)
	}
	why := "no refs/main"
	if main != "" {
		why = "none of them " + shorten(main, maxQuote) + ", as refs/main says"
	}
	return nil, fmt.Errorf("%w: a Hugging Face cache folder with several snapshots (%s), %s; name one", ErrNotCheckpoint, someOf(l.dirs), why)
}

const snapshotsName = "snapshots"

// snapshotsMain is what refs/main says beside a directory called snapshots, or "".
func snapshotsMain(dir string) string {
	if abs, err := filepath.Abs(dir); err != nil || filepath.Base(abs) != snapshotsName {
		return ""
	}
	return mainBeside(os.DirFS(filepath.Join(dir, "..")), ".")
}

// mainBeside is what refs/main in a folder says, for one who opens the snapshots that
// lie beside it.
func mainBeside(fsys fs.FS, parent string) string {
	data, err := (&folder{fsys: fsys, dir: parent}).read("refs/main")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(data))
}
