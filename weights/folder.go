package weights

import (
	"errors"
	"fmt"
	"io/fs"
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
	deep int                                // folders that were entered on the way
	main string                             // of a hub cache's snapshots: what refs/main says; or ""
}

// in is a folder within f.
func (f *folder) in(dir string) *folder {
	return &folder{fsys: f.fsys, dir: path.Join(f.dir, dir), open: f.open, deep: f.deep + 1}
}

// A listing is what a folder holds, sorted, without what is hidden.
type listing struct {
	files, dirs []string
	lost        []string // links that lead nowhere
}

func (f *folder) list() (*listing, error) {
	if f.deep > maxDepth { // links can lead in circles
		return nil, fmt.Errorf("%w: more than %d folders within each other", ErrTooLarge, maxDepth)
	}
	entries, err := fs.ReadDir(f.fsys, f.dir)
	if err != nil {
		return nil, err
	}
	l := &listing{}
	for _, e := range entries {
		name, isDir := e.Name(), e.IsDir()
		if strings.HasPrefix(name, ".") {
			continue
		}
		if e.Type()&fs.ModeSymlink != 0 { // as in a hub cache
			info, err := fs.Stat(f.fsys, path.Join(f.dir, name))
			if err != nil {
				l.lost = append(l.lost, name)
				continue
			}
			isDir = info.IsDir()
		}
		if isDir {
			l.dirs = append(l.dirs, name)
		} else {
			l.files = append(l.files, name)
		}
	}
	return l, nil
}

func (l *listing) has(name string) bool { return slices.Contains(l.files, name) }

// checkpoint opens a file of the folder, or whichever holds the tensors.
func (f *folder) checkpoint(name string, o *options) (_ *Checkpoint, err error) {
	chosen := &choice{folder: f, name: name}
	if name == "" {
		if chosen, err = f.choose(); err != nil {
			return nil, err
		}
	}
	f, name = chosen.folder, chosen.name

	c := newCheckpoint()
	defer func() {
		if err != nil {
			c.Close()
		}
	}()
	if isIndex(name) {
		err = c.addShards(f, name, o)
	} else {
		err = c.addFile(f, name, o)
	}
	if err != nil {
		return nil, err
	}
	if c.Source == "" { // else it is an archive
		c.Source = path.Join(f.dir, name)
	}
	c.folders = append(append(c.folders, f), chosen.above...)
	c.Notes = append(c.Notes, chosen.notes...)
	return c, nil
}

// addFile reads a file of f into c.
func (c *Checkpoint) addFile(f *folder, name string, o *options) error {
	src, err := f.open(path.Join(f.dir, name))
	if err != nil {
		return err
	}
	if err := c.add(src, o); err != nil {
		return inPart(path.Join(f.dir, name), err)
	}
	return nil
}

// addShards reads the files that an index names into c.
func (c *Checkpoint) addShards(f *folder, index string, o *options) error {
	ix, err := f.readIndex(index)
	if err != nil {
		return err
	}
	c.shards = true
	for _, shard := range ix.shards {
		err := c.addFile(f, shard, o)
		if errors.Is(err, fs.ErrNotExist) {
			err = &FileError{Path: path.Join(f.dir, shard), Offset: -1, Err: fmt.Errorf("%w: a shard that %s names", fs.ErrNotExist, index)}
		}
		if err != nil {
			return err
		}
	}
	if missing := ix.missing(c); len(missing) > 0 {
		c.note("tensors that %s names are not in their shards: %s", index, someOf(missing))
	}
	if len(c.twice) > 0 {
		c.note("tensors that several shards hold with different values: %s; those of the last shard count, as in transformers", someOf(c.twice))
	}
	return nil
}
