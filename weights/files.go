package weights

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
)

// Prefixes of the names of tensors that hold a file. The second is of files that
// were written before 1.0.
var filePrefixes = []string{"files/", "vocab/"}

// FileEntry is an entry that holds a file in a safetensors file, where
// Checkpoint.File finds it by name. data must not change until it is written.
func FileEntry(name string, data []byte) Entry {
	return Entry{Name: filePrefixes[0] + name, DType: U8, Shape: []int{len(data)}, Write: func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	}}
}

// fileName is the name of the file that a tensor holds.
func fileName(t *Tensor) (string, bool) {
	if t.DType != U8 || len(t.Shape) != 1 {
		return "", false
	}
	for _, prefix := range filePrefixes {
		if name, ok := strings.CutPrefix(t.Name, prefix); ok {
			return name, true
		}
	}
	return "", false
}

// Files lists the names of the files that the checkpoint's own file holds, as a
// converted one does. Those that lie beside it are not listed.
func (c *Checkpoint) Files() []string { return slices.Sorted(maps.Keys(c.files)) }

// File reads a file that came with the tensors, by a name such as "config.json"
// or "input0/dict.txt". It looks inside the checkpoint's own file first, then in
// the archive and in the directory in which that lies. The caller owns the result.
//
// The error is a *FileError that names the file as it is called on disk: it wraps
// fs.ErrNotExist if there is no regular file of that name, ErrTooLarge if the file
// has more than 64 MiB, and ErrClosed after Close.
func (c *Checkpoint) File(name string) ([]byte, error) {
	data, err := c.file(name)
	if err != nil {
		return nil, inFile(c.Path, &FileError{Entry: c.FileName(name), Offset: -1, Err: err})
	}
	return data, nil
}

func (c *Checkpoint) file(name string) ([]byte, error) {
	if c.closed {
		return nil, ErrClosed
	}
	if t, ok := c.files[name]; ok {
		if t.data.size > maxFile {
			return nil, errLargeFile
		}
		return t.data.src.read(t.data.off, t.data.size)
	}
	for _, f := range c.folders {
		data, err := f.read(name)
		if !errors.Is(err, fs.ErrNotExist) {
			return data, err
		}
	}
	return nil, fs.ErrNotExist
}

// FileName is what the file of that name is called on disk, for messages: its path
// from the directory or archive that was opened, or its tensor's name. If the file
// does not exist, it is the path that File looks at.
func (c *Checkpoint) FileName(name string) string {
	if t, ok := c.files[name]; ok {
		return t.Name
	}
	for _, f := range c.folders {
		if f.has(name) {
			return path.Join(f.dir, name)
		}
	}
	if len(c.folders) > 0 {
		return path.Join(c.folders[0].dir, name)
	}
	return name
}

var errLargeFile = fmt.Errorf("%w: more than %d bytes", ErrTooLarge, maxFile)

// has reports whether the folder holds a regular file of that name.
func (f *folder) has(name string) bool {
	info, err := fs.Stat(f.fsys, path.Join(f.dir, name))
	return err == nil && info.Mode().IsRegular()
}

// read reads a regular file of at most maxFile bytes.
func (f *folder) read(name string) ([]byte, error) {
	name = path.Join(f.dir, name)
	// Before Open, which would wait for a pipe's writer.
	info, err := fs.Stat(f.fsys, name)
	if err != nil {
		return nil, err
	}
	switch {
	case info.IsDir():
		return nil, fs.ErrNotExist
	case !info.Mode().IsRegular(): // not read, and not passed over either
		return nil, fmt.Errorf("%w: a pipe or device, want a regular file", ErrUnsupported)
	}
	file, err := f.fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	if err == nil && len(data) > maxFile {
		err = errLargeFile
	}
	return data, err
}
