package weights

import (
	"bytes"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"
)

// A memoryFS is the content of an archive by name, with the folders that lead
// to its files.
type memoryFS map[string]*memoryFile

type memoryFile struct {
	name string
	data []byte
	dir  bool
	in   []*memoryFile // a folder's content
	bytes.Reader
}

// add adds a file and its folders.
func (m memoryFS) add(name string, data []byte) {
	f := &memoryFile{name: name, data: data}
	m[name] = f
	for dir := path.Dir(name); f.name != "."; dir = path.Dir(dir) {
		above, ok := m[dir]
		if !ok {
			above = &memoryFile{name: dir, dir: true}
			m[dir] = above
		}
		above.in = append(above.in, f)
		if ok {
			break
		}
		f = above
	}
}

// forget drops the content of files of more than n bytes.
func (m memoryFS) forget(n int) {
	for name, f := range m {
		if len(f.data) > n {
			f.data = nil
			delete(m, name)
		}
	}
}

// Open implements fs.FS.
func (m memoryFS) Open(name string) (fs.File, error) {
	f, ok := m[name]
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	opened := *f
	opened.Reset(f.data)
	return &opened, nil
}

// ReadDir implements fs.ReadDirFS.
func (m memoryFS) ReadDir(dir string) ([]fs.DirEntry, error) {
	f, ok := m[dir]
	switch {
	case !ok && dir == ".":
		return nil, nil // an empty archive
	case !ok || !f.dir:
		return nil, &fs.PathError{Op: "readdir", Path: dir, Err: fs.ErrNotExist}
	}
	entries := make([]fs.DirEntry, len(f.in))
	for i, inner := range f.in {
		entries[i] = fs.FileInfoToDirEntry(inner)
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return entries, nil
}

func (f *memoryFile) Stat() (fs.FileInfo, error) { return f, nil }
func (f *memoryFile) Close() error               { return nil }
func (f *memoryFile) Name() string               { return path.Base(f.name) }
func (f *memoryFile) IsDir() bool                { return f.dir }
func (f *memoryFile) ModTime() time.Time         { return time.Time{} }
func (f *memoryFile) Sys() any                   { return nil }

func (f *memoryFile) Mode() fs.FileMode {
	if f.dir {
		return fs.ModeDir | 0o555
	}
	return 0o444
}

func (f *memoryFile) Size() int64 { return int64(len(f.data)) }

var _ io.ReaderAt = (*memoryFile)(nil)
