//go:build linux || darwin

package weights

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestPipes: a pipe, whose opening would wait for a writer, and a device are no
// checkpoint, no part of one and no dictionary. If this fails, it hangs.
func TestPipes(t *testing.T) {
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	writeFiles(t, dir, map[string][]byte{"model.pt": tinyZip(), "s/model.safetensors.index.json": []byte(`{"weight_map":{"w":"pipe.bin"}}`)})
	for _, name := range []string{"dict.txt", "config.json", "pipe.pt", "s/pipe.bin"} {
		if err := syscall.Mkfifo(path(name), 0o644); err != nil {
			t.Skip(err)
		}
	}
	if err := os.Symlink("/dev/zero", path("zero.pt")); err != nil {
		t.Fatal(err)
	}
	c, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.File("dict.txt"); !errors.Is(err, ErrUnsupported) || !isTyped(err) || !strings.Contains(err.Error(), "dict.txt") {
		t.Errorf("a dictionary from a pipe: %v, want a *FileError of ErrUnsupported that names it", err)
	}
	for name, says := range map[string]string{"pipe.pt": "pipe", "zero.pt": "device", "s": "pipe"} {
		_, fromFile := Open(path(name))
		_, fromFS := OpenFS(os.DirFS(dir), name)
		for way, err := range map[string]error{"Open": fromFile, "OpenFS": fromFS} {
			if !errors.Is(err, ErrNotCheckpoint) || !isTyped(err) || !strings.Contains(err.Error(), says) {
				t.Errorf("%s of %s: %v, want a *FileError of ErrNotCheckpoint that says %q", way, name, err, says)
			}
		}
	}
}

// TestCreatePipe: a pipe is written to; waiting for its reader ends with the context.
// If this fails, it hangs.
func TestCreatePipe(t *testing.T) {
	dir := t.TempDir()
	lonely, path := filepath.Join(dir, "lonely"), filepath.Join(dir, "pipe")
	if err := errors.Join(syscall.Mkfifo(lonely, 0o644), syscall.Mkfifo(path, 0o644)); err != nil {
		t.Skip(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	go cancel()
	// This goes on opening the pipe in the background, so the next reader needs another.
	if err := Create(lonely, writeText("content"), WithContext(ctx)); !errors.Is(err, context.Canceled) {
		t.Errorf("without a reader: %v", err)
	}

	read := make(chan string)
	go func() {
		f, err := os.Open(path)
		if err != nil {
			t.Error(err)
		}
		defer f.Close()
		b, err := io.ReadAll(f)
		if err != nil {
			t.Error(err)
		}
		read <- string(b)
	}()
	if err := Create(path, writeText("content")); err != nil {
		t.Error(err)
	}
	if s := <-read; s != "content" {
		t.Errorf("a pipe gives %q", s)
	}

	// A reader that does not read: the pipe is full at some time.
	r, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	ctx, cancel = context.WithCancel(context.Background())
	err = Create(path, func(w io.Writer) error {
		go cancel()
		_, err := w.Write(make([]byte, 1<<20))
		return err
	}, WithContext(ctx))
	if !errors.Is(err, context.Canceled) {
		t.Errorf("without reading: %v", err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().IsRegular() {
		t.Errorf("the pipe was replaced, %v", err)
	}
}
