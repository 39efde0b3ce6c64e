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
	"regexp"
	"sync"
	"time"
)

// A File is a file that is being written. It is not safe for concurrent use.
type File struct {
	*os.File
	ctx    context.Context
	stop   func() bool // ends the watch on ctx of a file that is written directly
	path   string      // what Commit names the file
	old    fs.FileInfo // the file that Commit replaces, nil if there is none
	name   string      // the hidden name until Commit, "" if it has none
	direct bool        // a device, pipe or open file that is written in place
}

// Create begins a file that is to replace path. Writing and Commit fail with the
// error of ctx once that is done.
//
// The file behind a symbolic link is replaced, the link stays. A device or a pipe is
// written to directly, and an open file, by a name such as /dev/stdout, at its end.
// Opening a pipe waits for its reader, but not longer than ctx.
//
// Create fails if Commit could not replace path: path is a directory, is
// write-protected (fs.ErrPermission, also for a superuser, who could open it), or
// its directory does not exist or may not be written to.
func Create(ctx context.Context, path string) (*File, error) {
	if path == "" {
		return nil, errors.New("the output file has no name")
	}
	target, open, err := Follow(path)
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
	case open || !old.Mode().IsRegular():
		return createDirect(ctx, path)
	default:
		if err := checkWritable(path, old); err != nil {
			return nil, err
		}
	}
	dir := filepath.Dir(target)
	f, name, err := create(dir)
	if e, ok := errors.AsType[*fs.PathError](err); ok { // the hidden name says nothing
		return nil, &fs.PathError{Op: "write to", Path: dir, Err: e.Err}
	}
	if err != nil {
		return nil, err
	}
	return &File{File: f, ctx: ctx, path: target, old: old, name: name}, nil
}

// Write writes to the file, until its context ends. Its errors name what Commit would.
func (f *File) Write(p []byte) (int, error) {
	if err := f.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := f.File.Write(p)
	if errors.Is(err, os.ErrDeadlineExceeded) && f.ctx.Err() != nil {
		err = f.ctx.Err()
	} else if e, ok := errors.AsType[*fs.PathError](err); ok {
		err = &fs.PathError{Op: e.Op, Path: f.path, Err: e.Err}
	}
	return n, err
}

// Replaces reports whether the file appears on Commit, rather than being written
// in place.
func (f *File) Replaces() bool { return !f.direct }

// Commit gives the file its name; Close then does nothing. The file has the mode
// of the one that it replaces, and its owner where the system permits.
func (f *File) Commit() error {
	if err := f.ctx.Err(); err != nil {
		return err
	}
	if f.direct {
		return f.File.Close()
	}
	if f.old != nil {
		f.keepOwner() // before the mode: changing the owner clears some of its bits
		if err := f.Chmod(f.old.Mode()); err != nil {
			return err
		}
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

// renameHidden closes the file and turns its hidden name into its own.
func (f *File) renameHidden() error {
	if err := f.File.Close(); err != nil {
		return err
	}
	if err := os.Rename(f.name, f.path); err != nil {
		return err
	}
	delete(hidden, f.name)
	return nil
}

// Close abandons a file that was not committed. What was written to a device or
// pipe cannot be taken back.
func (f *File) Close() error {
	if f.stop != nil {
		f.stop()
	}
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
	return &File{File: f, ctx: context.Background(), name: name}, nil
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

// descriptor matches the names of files that the process has open.
var descriptor = regexp.MustCompile(`^(/dev|/proc/[^/]+|/proc/[^/]+/task/[^/]+)/fd/\d+$`)

// Follow returns where the last part of a path leads to if it is a symbolic link,
// whether or not there is a file, and whether that is the name of an open file.
func Follow(path string) (target string, open bool, err error) {
	for range 40 { // as many as Linux follows
		if descriptor.MatchString(path) {
			return path, true, nil
		}
		to, err := os.Readlink(path)
		if err != nil {
			return path, false, nil // not a link
		}
		if !filepath.IsAbs(to) {
			// Not cleaned: a/.. is another directory than . if a is a link.
			to = filepath.Dir(path) + string(filepath.Separator) + to
		}
		path = to
	}
	return "", false, &fs.PathError{Op: "open", Path: path, Err: errors.New("too many symbolic links")}
}

// checkWritable returns an error if path may not be written to.
func checkWritable(path string, info fs.FileInfo) error {
	if info.Mode().Perm()&0o222 == 0 {
		return &fs.PathError{Op: "replace", Path: path, Err: fs.ErrPermission}
	}
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	return f.Close()
}

// createDirect opens a device, a pipe or an open file. Opening a pipe may wait, and
// a system call cannot be called off: its goroutine is left behind if ctx ends.
func createDirect(ctx context.Context, path string) (*File, error) {
	type opened struct {
		f   *os.File
		err error
	}
	done := make(chan opened)
	go func() {
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
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
		if o.err != nil {
			return nil, o.err
		}
		// Writing waits for a pipe's reader, but not longer than ctx.
		stop := context.AfterFunc(ctx, func() { _ = o.f.SetWriteDeadline(time.Unix(0, 0)) })
		return &File{File: o.f, ctx: ctx, stop: stop, path: path, direct: true}, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
