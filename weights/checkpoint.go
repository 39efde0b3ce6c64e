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
)

// A Checkpoint is a file's tensors by name, and what came with them. Its methods
// may be called by several goroutines at once; Close may not run beside them.
type Checkpoint struct {
	Path   string // as given
	Format Format // of the file that holds the tensors
	// Source is the file that holds the tensors, or the index of those that do: its
	// path from the directory that was opened, or in the archive. Load leaves it empty.
	Source string
	Notes  []string // remarks for the user, such as parts that were left out

	tensors  map[string]*Tensor
	settings map[string]any
	metadata map[string]string
	files    map[string]*Tensor // what File finds inside the checkpoint's own file
	folders  []*folder          // where File looks next, innermost first
	sources  []*source
	closed   bool
	shards   bool     // it is read from several files, which may hold a tensor twice
	twice    []string // tensors that they hold with different values
}

func newCheckpoint() *Checkpoint {
	return &Checkpoint{tensors: map[string]*Tensor{}, files: map[string]*Tensor{}}
}

// Open opens a checkpoint: a file or a directory. The form is found from the
// content; the name does not matter:
//
//	model.pt             torch.save's two forms
//	.tar.gz, .tar        an archive of a directory as below
//	.safetensors         the safetensors library's form
//	any of them in zstd
//	a directory          with one of these, whole or in shards that an index names;
//	                     a sentence-transformers folder; a folder of Hugging Face's
//	                     hub cache
//
// Errors are those of the operating system, the context's, and a *FileError of one
// of the kinds that this package's Err variables name.
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
	if info.IsDir() {
		f.main = snapshotsMain(dir)
	}
	return f.opened(path, name, dir, &o)
}

// OpenFS is Open for a file or directory of a file system.
func OpenFS(fsys fs.FS, name string, opts ...Option) (*Checkpoint, error) {
	o, err := newOptions(opts)
	if err != nil {
		return nil, err
	}
	info, err := fs.Stat(fsys, name)
	if err != nil {
		return nil, err
	}
	dir, file := name, ""
	if !info.IsDir() {
		dir, file = path.Dir(name), path.Base(name)
	}
	f := &folder{fsys: fsys, dir: dir, open: func(name string) (*source, error) { return openFSFile(fsys, name, &o) }}
	if info.IsDir() && path.Base(name) == snapshotsName {
		f.main = mainBeside(fsys, path.Dir(name))
	}
	return f.opened(name, file, "", &o)
}

// opened opens a file of f, or whichever holds the tensors if file is "". path is what
// the user gave; root is the path of f.fsys, for messages.
func (f *folder) opened(path, file, root string, o *options) (*Checkpoint, error) {
	c, err := f.checkpoint(file, o)
	if fe, ok := errors.AsType[*FileError](err); ok && fe.Path != "" {
		fe.Path = filepath.Join(root, fe.Path)
	}
	if err != nil {
		return nil, o.failed(path, err)
	}
	c.ready(path)
	return c, nil
}

// ready ends the opening: the context no longer counts.
func (c *Checkpoint) ready(path string) {
	c.Path = path
	for _, s := range c.sources {
		s.ctx = nil
	}
}

// Load opens a checkpoint file from r, which must stay readable until Close.
// name is for messages. Nothing is looked for beside it.
func Load(r io.ReaderAt, size int64, name string, opts ...Option) (*Checkpoint, error) {
	o, err := newOptions(opts)
	if err != nil {
		return nil, err
	}
	src, err := readerSource(r, size)
	if err != nil {
		return nil, inFile(name, err)
	}
	c := newCheckpoint()
	if err := c.add(src, &o); err != nil {
		c.Close()
		return nil, o.failed(name, inPart(name, err))
	}
	c.ready(name)
	return c, nil
}

// Settings is what torch.save kept beside the tensors, nil if nothing: bool, int64,
// float64, string, nil, and map[string]any of these under the names that the file
// has ("args", "cfg", …). Other values are left out. One map may be in several
// places. Do not change it.
func (c *Checkpoint) Settings() map[string]any { return c.settings }

// Metadata is a safetensors file's __metadata__, nil if it has none. Do not change it.
func (c *Checkpoint) Metadata() map[string]string { return c.metadata }

// Tensors lists the tensors, sorted by name. Names are as the file has them. No
// tensor's elements have been read.
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

// Close gives back files and mapped memory. Tensors and File return ErrClosed from
// then on; memory that tensors handed out must no longer be used. Close must not
// run beside other uses.
func (c *Checkpoint) Close() error {
	c.closed, c.folders = true, nil
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

// add reads a file of any single-file form into c.
func (c *Checkpoint) add(src *source, o *options) error {
	c.sources = append(c.sources, src)
	src.ctx = o.ctx
	head, err := src.read(0, min(src.size, 512))
	if err != nil {
		return err
	}
	switch {
	case isZstd(head):
		if src.expanded || src.inArchive {
			return errNested
		}
		inner, err := unzstd(src)
		if err != nil {
			return inEntry("zstd", -1, err)
		}
		src.close() // its content is in memory now
		return c.add(inner, o)
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
		inner, err := files.checkpoint("", o)
		if err != nil {
			return err
		}
		if all, ok := files.fsys.(memoryFS); ok {
			// File gives the small ones. Of the others only tensors' memory is kept.
			all.forget(maxFile)
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
		return c.addTorch(v, st)
	case bytes.HasPrefix(head, legacyMagic):
		c.Format = TorchLegacy
		v, st, err := readLegacy(src)
		if err != nil {
			return err
		}
		return c.addTorch(v, st)
	case isSafetensors(head):
		c.Format = Safetensors
		ts, metadata, err := readSafetensors(src)
		if err != nil {
			return err
		}
		return c.addSafetensors(ts, metadata)
	}
	return unknown(head)
}

// stateKeys are where the state dict is in what training programs save, and
// optimizerKeys where the optimizer's is.
var (
	stateKeys     = []string{"model", "state_dict", "model_state_dict", "module", "model_state"}
	optimizerKeys = []string{"last_optimizer_state", "optimizer_states", "optimizer_state_dict", "optimizer_state", "optimizer"}
)

// stateDict is v if that is a dict with names.
func stateDict(v any) *pyDict {
	d, ok := v.(*pyDict)
	if !ok || len(d.keys) > 0 && len(d.index) == 0 {
		return nil
	}
	return d
}

// addTorch takes the tensors and settings of an object that torch.save wrote.
func (c *Checkpoint) addTorch(v any, st storages) error {
	root := stateDict(v)
	if root == nil {
		if o, ok := v.(*pyObject); ok {
			return fmt.Errorf("%w: a whole object, %s; save its state_dict() instead", ErrUnsupported, describe(o))
		}
		return fmt.Errorf("%w: torch file without a state dict", ErrNotCheckpoint)
	}
	state := root
	for _, key := range stateKeys {
		m, _ := root.get(key)
		if d := stateDict(m); d.hasTensor() {
			state = d
			break
		}
		if o, ok := m.(*pyObject); ok && o.isModule() {
			return fmt.Errorf("%w: %s is a whole object, %s; save its state_dict() instead", ErrUnsupported, quote(key), describe(o))
		}
	}
	for _, key := range optimizerKeys {
		if v, _ := root.get(key); v != nil {
			c.note("the optimizer's state is left out")
			break
		}
	}
	var ts []*Tensor
	var unread []string
	for i, k := range state.keys {
		name, ok := k.(string)
		if !ok {
			continue
		}
		p, ok := state.values[i].(*pyTensor)
		if !ok {
			if o, ok := state.values[i].(*pyObject); ok && o.class.module == "torch._utils" {
				unread = append(unread, fmt.Sprintf("%s (%s)", shorten(name, maxQuote), describe(o)))
			}
			continue
		}
		data, err := st.storage(p.storage)
		if err != nil {
			return inTensor(name, err)
		}
		if n, ok := p.storage.dtype.bytes(p.storage.numel); p.storage.viewOffset == 0 && (!ok || n > data.size) {
			return inTensor(name, fmt.Errorf("%w: storage %s has %d bytes, not %d of %v", ErrTruncated, quote(p.storage.key), data.size, p.storage.numel, p.storage.dtype))
		}
		var t *Tensor
		if p.storage.dtype.isRead() {
			t, err = newTensor(name, p.storage.dtype, p.shape, p.strides, p.offset, data)
		} else {
			t, err = newUnreadTensor(name, p.storage.dtype, "", p.shape, data)
		}
		if err != nil {
			return err
		}
		ts = append(ts, t)
	}
	if n := len(unread); n > 0 {
		c.note("tensors of kinds that are not read are left out: %s", someOf(unread))
	}
	if len(ts) == 0 {
		return fmt.Errorf("%w: torch file without tensors", ErrNotCheckpoint)
	}
	if c.settings == nil {
		c.settings = settingsOf(root, state)
	}
	return c.addTensors(ts)
}

// addSafetensors takes the tensors of a safetensors file, the files inside it and
// its metadata. Of shards' metadata the first of a name counts.
func (c *Checkpoint) addSafetensors(ts []*Tensor, metadata map[string]string) error {
	if c.metadata == nil {
		c.metadata = metadata
	}
	for name, v := range metadata {
		if _, ok := c.metadata[name]; !ok {
			c.metadata[name] = v
		}
	}
	rest := ts[:0]
	for _, t := range ts {
		if name, ok := fileName(t); ok {
			if _, ok := c.files[name]; ok {
				return inTensor(t.Name, errTwice)
			}
			c.files[name] = t
		} else {
			rest = append(rest, t)
		}
	}
	return c.addTensors(rest)
}

var errTwice = fmt.Errorf("%w: the checkpoint has it twice", ErrCorrupt)

func (c *Checkpoint) addTensors(ts []*Tensor) error {
	for _, t := range ts {
		if old, ok := c.tensors[t.Name]; ok {
			switch {
			case !c.shards:
				return inTensor(t.Name, errTwice)
			case sameElements(old, t):
				continue
			}
			c.twice = append(c.twice, t.Name)
		}
		c.tensors[t.Name] = t
	}
	return nil
}
