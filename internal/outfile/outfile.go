// Package outfile writes files that appear under their name only when they are
// complete:
//
//	f, err := outfile.Create(ctx, path)
//	defer f.Close()
//	… f.Write …
//	err = f.Commit()
//
// Until Commit the file has no name, where the system can do that (Linux), or a
// hidden one beside path. So a process that dies, even by SIGKILL, leaves no
// half file. Elsewhere a hidden file may stay after SIGKILL; a program that is
// about to exit on a signal calls RemoveAll.
package outfile

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
)

// ErrWriteProtected is returned, wrapped in an *fs.PathError, by Create for an
// existing file that nobody may write to.
var ErrWriteProtected = errors.New("the file is write-protected")

// A File is a file that is being written. It is not safe for concurrent use.
type File struct {
	*os.File
	path   string      // what Commit names the file
	old    fs.FileInfo // the file that Commit replaces, nil if there is none
	name   string      // the hidden name until Commit, "" if it has none
	direct bool        // a device, pipe or other file that is written to in place
}

// Create begins a file that is to replace path. The file behind a symbolic link
// is replaced, the link stays. A device or a pipe is opened and written to
// directly; opening a pipe waits for its reader until ctx ends.
//
// Create fails if Commit could not replace path: path is a directory, is
// write-protected, or its directory does not exist or may not be written to.
func Create(ctx context.Context, path string) (*File, error) {
	path, err := follow(path)
	if err != nil {
		return nil, err
	}
	old, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		old = nil
	case err != nil:
		return nil, err
	case old.IsDir():
		return nil, fmt.Errorf("%s is a directory", path)
	case !old.Mode().IsRegular():
		f, err := openDirect(ctx, path)
		if err != nil {
			return nil, err
		}
		return &File{File: f, path: path, direct: true}, nil
	default:
		if err := checkWritable(path, old); err != nil {
			return nil, err
		}
	}
	dir := filepath.Dir(path)
	f, name, err := create(dir)
	if e, ok := errors.AsType[*fs.PathError](err); ok { // the hidden name says nothing
		return nil, &fs.PathError{Op: "write to", Path: dir, Err: e.Err}
	}
	if err != nil {
		return nil, err
	}
	return &File{File: f, path: path, old: old, name: name}, nil
}

// Replaces reports whether the file appears on Commit, rather than being written
// in place.
func (f *File) Replaces() bool { return !f.direct }

// Commit gives the file its name; Close then does nothing. The file has the mode
// of the one that it replaces, and its owner where the system permits.
func (f *File) Commit() error {
	if f.direct {
		return f.File.Close()
	}
	if err := f.keepAttributes(); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	naming.Lock() // RemoveAll must not come between two steps
	defer naming.Unlock()
	if err := f.rename(); err != nil {
		return err
	}
	f.name, f.direct = "", true // there is nothing left to remove
	return nil
}

// Close abandons a file that was not committed. What was written to a device or
// pipe cannot be taken back.
func (f *File) Close() error {
	err := f.File.Close()
	naming.Lock()
	defer naming.Unlock()
	if f.name != "" {
		err = errors.Join(err, os.Remove(f.name))
		delete(hidden, f.name)
		f.name = ""
	}
	if errors.Is(err, os.ErrClosed) {
		return nil
	}
	return err
}

// Scratch opens a file for reading and writing that disappears when it is
// closed, in dir, or where the system keeps such files if dir is "".
func Scratch(dir string) (*File, error) {
	if dir == "" {
		dir = os.TempDir()
	}
	f, name, err := create(dir)
	if err != nil {
		return nil, err
	}
	// A file that is open can lose its name, except on Windows: there Close
	// removes it.
	if naming.Lock(); name != "" && os.Remove(name) == nil {
		delete(hidden, name)
		name = ""
	}
	naming.Unlock()
	return &File{File: f, name: name}, nil
}

var (
	naming sync.Mutex
	hidden = map[string]bool{} // names that disappear unless their files are committed
)

// RemoveAll removes the hidden files of this process, for a program that is about
// to exit. Files that are written at the time cannot be committed any more.
func RemoveAll() {
	naming.Lock() // and never unlocked
	for name := range hidden {
		os.Remove(name)
	}
}

// createNamed creates a hidden file in dir.
func createNamed(dir string) (*os.File, string, error) {
	naming.Lock()
	defer naming.Unlock()
	for try := 0; ; try++ {
		name := filepath.Join(dir, hiddenName())
		f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666)
		if err == nil {
			hidden[name] = true
			return f, name, nil
		}
		if !errors.Is(err, fs.ErrExist) || try == 100 {
			return nil, "", err
		}
	}
}

func hiddenName() string { return fmt.Sprintf(".unfinished-%016x", rand.Uint64()) }

// follow returns the file that the last element of path links to, if it is a
// link, whether or not that file exists.
func follow(path string) (string, error) {
	for range 40 {
		info, err := os.Lstat(path)
		if err != nil || info.Mode()&fs.ModeSymlink == 0 {
			return path, nil
		}
		if target, err := filepath.EvalSymlinks(path); err == nil {
			return target, nil
		}
		// The file does not exist, or the link is one of the kernel's own, as
		// /dev/stdout to a pipe, whose target is no path.
		if _, err := os.Stat(path); err == nil {
			return path, nil
		}
		target, err := os.Readlink(path)
		if err != nil {
			return "", err
		}
		if !filepath.IsAbs(target) {
			target = filepath.Join(filepath.Dir(path), target)
		}
		path = target
	}
	return "", fmt.Errorf("%s: too many links", path)
}

// checkWritable returns an error if path may not be written to. The mode counts
// also for a superuser, who protects files from himself.
func checkWritable(path string, info fs.FileInfo) error {
	if info.Mode().Perm()&0o222 == 0 {
		return &fs.PathError{Op: "replace", Path: path, Err: ErrWriteProtected}
	}
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	return f.Close()
}

// openDirect opens a device or pipe. Opening a pipe may wait, and a system call
// cannot be called off: the goroutine that waits is left behind if ctx ends.
func openDirect(ctx context.Context, path string) (*os.File, error) {
	type opened struct {
		f   *os.File
		err error
	}
	done := make(chan opened)
	go func() {
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		select {
		case done <- opened{f, err}:
		case <-ctx.Done():
			if err == nil {
				f.Close()
			}
		}
	}()
	select {
	case o := <-done:
		return o.f, o.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
