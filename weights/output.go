package weights

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Create writes a file through write, whole or not at all: the content goes to a new
// file in the same directory, which gets the name when it is complete and on disk.
// If anything fails or the context ends, the new file is removed and an old one of
// that name is untouched.
//
// A file that is replaced passes its permissions on; if it is write-protected, the
// error is fs.ErrPermission. A symbolic link stays, and what it leads to is
// replaced. A device, a pipe, and an open file by a name such as /dev/stdout are
// written to directly, the latter at its end. WithContext is the option that counts.
func Create(path string, write func(w io.Writer) error, opts ...Option) error {
	o, err := newOptions(opts)
	if err != nil {
		return err
	}
	info, err := os.Stat(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	exists := err == nil
	if exists && info.IsDir() {
		return &fs.PathError{Op: "create", Path: path, Err: errors.New("is a directory")}
	}
	target, err := followed(path)
	if err != nil {
		return err
	}
	if exists && (!info.Mode().IsRegular() || descriptor.MatchString(target)) {
		return writeDirectly(o.ctx, path, write)
	}
	if exists {
		if info.Mode().Perm()&0o222 == 0 { // the superuser could open it
			return &fs.PathError{Op: "create", Path: path, Err: fs.ErrPermission}
		}
		f, err := os.OpenFile(target, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		f.Close()
	}
	f, err := createBeside(target)
	if err != nil {
		return err
	}
	complete := false
	defer func() {
		if !complete { // also if write panics
			f.Close()
			os.Remove(f.Name())
		}
	}()
	if exists {
		if err := os.Chmod(f.Name(), info.Mode().Perm()); err != nil {
			return err
		}
	}
	if err := write(&contextWriter{o.ctx, f}); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := o.ctx.Err(); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), target); err != nil {
		return err
	}
	complete = true
	return nil
}

// createBeside creates a new file in path's directory, with the permissions that
// path itself would get.
func createBeside(path string) (*os.File, error) {
	for try := 0; ; try++ {
		name := fmt.Sprintf(".%s.%08x", cut(filepath.Base(path), 200), rand.Uint32())
		f, err := os.OpenFile(filepath.Join(filepath.Dir(path), name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
		if !os.IsExist(err) || try == 100 {
			return f, err
		}
	}
}

// writeDirectly writes to a device, a pipe or an open file. Opening a pipe waits for
// a reader, and writing for that to read, but not longer than the context.
func writeDirectly(ctx context.Context, path string, write func(w io.Writer) error) error {
	type result struct {
		f   *os.File
		err error
	}
	opened := make(chan result, 1)
	go func() {
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
		opened <- result{f, err}
	}()
	var f *os.File
	select {
	case r := <-opened:
		if r.err != nil {
			return r.err
		}
		f = r.f
	case <-ctx.Done():
		go func() { // a reader may still come
			if r := <-opened; r.err == nil {
				r.f.Close()
			}
		}()
		return ctx.Err()
	}
	stop := context.AfterFunc(ctx, func() { _ = f.SetWriteDeadline(time.Unix(0, 0)) })
	defer stop()
	if err := write(&contextWriter{ctx, f}); err != nil {
		f.Close()
		if ctx.Err() != nil && errors.Is(err, os.ErrDeadlineExceeded) {
			return ctx.Err()
		}
		return err
	}
	return f.Close()
}

// A contextWriter fails once the context is done.
type contextWriter struct {
	ctx context.Context
	w   io.Writer
}

func (c *contextWriter) Write(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.w.Write(p)
}

// descriptor matches the names of files that the process has open.
var descriptor = regexp.MustCompile(`^(/dev|/proc/[^/]+|/proc/[^/]+/task/[^/]+)/fd/\d+$`)

// followed is where the last part of a path leads to if that is a symbolic link. The
// end need not exist. Names of open files are not followed.
func followed(path string) (string, error) {
	for range 40 { // as many as Linux follows
		if descriptor.MatchString(path) {
			return path, nil
		}
		to, err := os.Readlink(path)
		if err != nil {
			return path, nil // not a link
		}
		if !filepath.IsAbs(to) {
			// Not cleaned: a/.. is another directory than . if a is a link.
			to = filepath.Dir(path) + string(filepath.Separator) + to
		}
		path = to
	}
	return "", &fs.PathError{Op: "open", Path: path, Err: errors.New("too many symbolic links")}
}

// CheckOutput returns a *FileError that wraps ErrSameFile and names both if writing
// out would change what opening one of inputs reads: the input itself, whatever it
// is called (through links, by the name of an open file), its shards, or a file such
// as config.json or dict.txt that lies beside the tensors. For an input that is a
// directory, also a file that would be taken for its model. out need not exist.
// Inputs that do not exist are passed over: opening them fails.
func CheckOutput(out string, inputs ...string) error {
	target, err := followed(out)
	if err != nil {
		return err
	}
	info, err := os.Stat(out)
	if err != nil {
		info = nil
	} else if !info.Mode().IsRegular() {
		return nil
	}
	for _, in := range inputs {
		source, err := os.Stat(in)
		if err != nil {
			continue
		}
		if info != nil && os.SameFile(source, info) {
			return &FileError{Path: out, Offset: -1, Err: fmt.Errorf("%w: %s", ErrSameFile, shorten(in, 3*maxQuote))}
		}
		if isPartOf(in, source.IsDir(), target, info) {
			return &FileError{Path: out, Offset: -1, Err: fmt.Errorf("%w: opening %s reads it", ErrSameFile, shorten(in, 3*maxQuote))}
		}
	}
	return nil
}

// sideFiles are how the names of files end that checkpoints have beside the tensors.
var sideFiles = []string{".json", ".txt", ".bpe", ".model", ".codes"}

// isPartOf says whether the file at target, which is info unless that is nil, is one
// that opening in reads.
func isPartOf(in string, isDir bool, target string, info fs.FileInfo) bool {
	dir, model := in, ""
	if !isDir {
		dir, model = filepath.Dir(in), filepath.Base(in)
	}
	f := &folder{fsys: os.DirFS(dir), dir: "."}
	if isDir {
		var err error
		if model, err = f.find(); err != nil {
			return false // nothing that opens
		}
		f.dir, model = path.Dir(model), path.Base(model)
	}
	names := []string{model}
	if strings.HasSuffix(model, ".index.json") {
		shards, _ := f.shards(model)
		names = append(names, shards...)
	}
	if isDir {
		names = append(names, modelFiles...)
	}
	onlyOne := isDir && !slices.Contains(modelFiles, model)
	reads := func(name string) bool {
		return slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, name) }) ||
			slices.Contains(sideFiles, strings.ToLower(path.Ext(name))) || onlyOne && isModelFile(name)
	}
	parent, err := os.Stat(filepath.Dir(target))
	if err != nil {
		return false
	}
	// The model's directory, and those in it: fairseq has input0/dict.txt.
	entries, _ := fs.ReadDir(f.fsys, f.dir)
	dirs := []string{f.dir}
	for _, e := range entries {
		if e.IsDir() {
			dirs = append(dirs, path.Join(f.dir, e.Name()))
		}
	}
	for _, d := range dirs {
		if i, err := fs.Stat(f.fsys, d); err == nil && os.SameFile(i, parent) && reads(filepath.Base(target)) {
			return true
		}
		if info == nil {
			continue
		}
		entries, _ := fs.ReadDir(f.fsys, d)
		for _, e := range entries {
			if !e.IsDir() && reads(e.Name()) {
				if i, err := fs.Stat(f.fsys, path.Join(d, e.Name())); err == nil && os.SameFile(i, info) {
					return true
				}
			}
		}
	}
	return false
}
