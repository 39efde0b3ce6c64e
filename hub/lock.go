package hub

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"

	"github.com/goroberta/goroberta/internal/filelock"
)

// lock waits until no other process, and no other goroutine, holds the lock of that
// file. The locks are those of Python's filelock: see package filelock.
// ok is false where files cannot be locked; the caller then works without.
func lock(ctx context.Context, path string) (unlock func(), ok bool, err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return nil, false, err
	}
	for wait := 10 * time.Millisecond; ; wait = min(2*wait, 250*time.Millisecond) {
		f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o664)
		if err != nil {
			return nil, false, err
		}
		locked, err := filelock.TryLock(f)
		if locked && isAt(f, path) {
			return func() {
				filelock.Unlock(f)
				f.Close()
			}, true, nil
		}
		f.Close()
		if errors.Is(err, filelock.ErrUnsupported) {
			return func() {}, false, nil
		}
		if err != nil {
			return nil, false, err
		}
		if locked {
			continue // the file was removed and made anew by another process
		}
		if err := pause(ctx, wait); err != nil {
			return nil, false, err
		}
	}
}

// isAt says whether f is still the file of that name.
func isAt(f *os.File, path string) bool {
	a, err1 := f.Stat()
	b, err2 := os.Stat(path)
	return err1 == nil && err2 == nil && os.SameFile(a, b)
}
