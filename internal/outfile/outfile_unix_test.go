//go:build unix

package outfile

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// TestPipe: a pipe is written to as it is, and waiting for its reader ends with the
// context.
func TestPipe(t *testing.T) {
	dir := t.TempDir()
	lonely, path := filepath.Join(dir, "lonely"), filepath.Join(dir, "pipe")
	if err := errors.Join(syscall.Mkfifo(lonely, 0o600), syscall.Mkfifo(path, 0o600)); err != nil {
		t.Skip(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	// This goes on opening the pipe in the background, so the next reader needs another.
	if _, err := Create(ctx, lonely); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want context.Canceled", err)
	}

	got := make(chan string)
	go func() {
		r, err := os.Open(path)
		if err != nil {
			t.Error(err)
		}
		defer r.Close()
		b, _ := io.ReadAll(r)
		got <- string(b)
	}()
	f, err := Create(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if f.Replaces() {
		t.Error("a pipe is not replaced")
	}
	f.WriteString("through")
	if err := f.Commit(); err != nil {
		t.Error(err)
	}
	if s := <-got; s != "through" {
		t.Errorf("read %q", s)
	}
	if info, err := os.Stat(path); err != nil || info.Mode()&os.ModeNamedPipe == 0 {
		t.Errorf("it is no pipe any more: %v", err)
	}
}
