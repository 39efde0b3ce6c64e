//go:build linux || darwin

package weights

import (
	"errors"
	"io/fs"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// TestPipes: a pipe, whose opening would wait for a writer, is no checkpoint and
// no dictionary.
func TestPipes(t *testing.T) {
	dir := t.TempDir()
	writeFiles(t, dir, map[string][]byte{"model.pt": tinyZip()})
	for _, name := range []string{"dict.txt", "config.json", "pipe.pt"} {
		if err := syscall.Mkfifo(filepath.Join(dir, name), 0o644); err != nil {
			t.Skip(err)
		}
	}
	done := make(chan error, 2)
	go func() {
		c, err := Open(dir)
		if err == nil {
			if _, err2 := c.File("dict.txt"); !errors.Is(err2, fs.ErrNotExist) {
				err = errors.New("a dictionary from a pipe")
			}
			c.Close()
		}
		done <- err
		_, err = Open(filepath.Join(dir, "pipe.pt"))
		done <- err
	}()
	for _, want := range []error{nil, ErrNotCheckpoint} {
		select {
		case err := <-done:
			if !errors.Is(err, want) {
				t.Errorf("%v, want %v", err, want)
			}
		case <-time.After(10 * time.Second):
			t.Fatal("Open waits for a pipe's writer")
		}
	}
}
