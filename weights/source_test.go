package weights

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/fstest"
)

// A readerFunc is an io.ReaderAt.
type readerFunc func(p []byte, off int64) (int, error)

func (f readerFunc) ReadAt(p []byte, off int64) (int, error) { return f(p, off) }

// TestReaderAt: an io.ReaderAt may return io.EOF with the last bytes, and may have
// more bytes than the checkpoint.
func TestReaderAt(t *testing.T) {
	for name, data := range forms(t) {
		want, err := load(data)
		if err != nil {
			t.Fatal(err)
		}
		r := readerFunc(func(p []byte, off int64) (int, error) {
			n, err := bytes.NewReader(data).ReadAt(p, off)
			if off+int64(n) == int64(len(data)) {
				err = io.EOF
			}
			return n, err
		})
		got, err := Load(r, int64(len(data)), name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		sameCheckpoint(t, got, want)
		got, err = Load(bytes.NewReader(append(bytes.Clone(data), "more"...)), int64(len(data)), name)
		if err != nil {
			t.Errorf("%s with more behind: %v", name, err)
			continue
		}
		sameCheckpoint(t, got, want)
	}
}

// TestReaderFails: an error of the reader is passed on.
func TestReaderFails(t *testing.T) {
	want := errors.New("no connection")
	for name, data := range forms(t) {
		for _, at := range []int64{0, int64(len(data)) / 2, int64(len(data)) - 1} {
			r := readerFunc(func(p []byte, off int64) (int, error) {
				if off <= at && at < off+int64(len(p)) {
					return 0, want
				}
				return bytes.NewReader(data).ReadAt(p, off)
			})
			c, err := Load(r, int64(len(data)), name)
			if err == nil {
				for _, x := range c.Tensors() {
					if _, err2 := x.Bytes(); err2 != nil {
						err = err2
					}
				}
				if err == nil && name == "tar" {
					continue // the second of the blocks of zeros at its end
				}
			}
			if !errors.Is(err, want) {
				t.Errorf("%s, from byte %d on: %v", name, at, err)
			}
		}
	}
}

// TestWithContext: opening ends where it is when the context does, at whichever
// read that is; an open checkpoint does not use it.
func TestWithContext(t *testing.T) {
	for name, data := range forms(t) {
		for reads := 0; ; reads++ {
			ctx, cancel := context.WithCancel(context.Background())
			left := reads
			r := readerFunc(func(p []byte, off int64) (int, error) {
				if left--; left < 0 {
					cancel()
				}
				return bytes.NewReader(data).ReadAt(p, off)
			})
			c, err := Load(r, int64(len(data)), name, WithContext(ctx))
			canceled := ctx.Err() != nil
			cancel()
			if err == nil {
				readAll(t, c)
				if !canceled {
					break
				}
			} else if !errors.Is(err, context.Canceled) {
				t.Errorf("%s, canceled after %d reads: %v", name, reads, err)
			}
			if reads > 200 {
				t.Fatalf("%s takes more than %d reads", name, reads)
			}
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	path := golden(t, "tiny/model.pt")
	if _, err := Open(path, WithContext(ctx)); !errors.Is(err, context.Canceled) {
		t.Errorf("Open = %v", err)
	}
	if _, err := OpenFS(os.DirFS(filepath.Dir(path)), "model.pt", WithContext(ctx)); !errors.Is(err, context.Canceled) {
		t.Errorf("OpenFS = %v", err)
	}
	if err := Write(io.Discard, nil, nil, WithContext(ctx)); !errors.Is(err, context.Canceled) {
		t.Errorf("Write = %v", err)
	}
}

// TestWithoutMap: the same is read with and without a map, and from a file system
// whose files can only be read from their beginning.
func TestWithoutMap(t *testing.T) {
	for _, name := range []string{"tiny/model.pt", "tiny/legacy.pt", "tiny/shared_storage.pt", "tiny/roberta.tiny.tar.gz", "hf/tiny-mnli"} {
		path := golden(t, name)
		want, got := open(t, path), func() *Checkpoint {
			c, err := Open(path, WithoutMap())
			if err != nil {
				t.Fatal(err)
			}
			return c
		}()
		defer got.Close()
		sameCheckpoint(t, got, want)
		if slices.ContainsFunc(got.sources, func(s *source) bool { return s.mapped }) {
			t.Errorf("%s is mapped", name)
		}
		if info, err := os.Stat(path); err != nil || info.IsDir() {
			continue
		}
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		streams := streamFS{fstest.MapFS{"file": {Data: data}}}
		c, err := OpenFS(streams, "file")
		if err != nil {
			t.Errorf("%s as a stream: %v", name, err)
			continue
		}
		sameCheckpoint(t, c, want)
	}
}

// A streamFS gives files that can only be read from their beginning.
type streamFS struct{ fs.FS }

func (s streamFS) Open(name string) (fs.File, error) {
	f, err := s.FS.Open(name)
	return struct{ fs.File }{f}, err
}

// TestErrorPath: an error names the file at fault, also that in a directory or in an
// archive, from where the user's path begins.
func TestErrorPath(t *testing.T) {
	bad := tinyZip()[:200]
	index := []byte(`{"weight_map":{"w":"one.bin"}}`)
	archive := gzipped(tarFiles(entry{"m/model.pt", bad}))
	dir := t.TempDir()
	writeFiles(t, dir, map[string][]byte{"d/model.pt": bad, "s/model.safetensors.index.json": index, "s/one.bin": bad, "a.tar.gz": archive, "in/inner/model.pt": bad})
	for name, want := range map[string]string{
		"d": "d/model.pt", "d/model.pt": "d/model.pt", "s": "s/one.bin", "s/model.safetensors.index.json": "s/one.bin",
		"a.tar.gz": "a.tar.gz/m/model.pt", "in": "in/inner/model.pt",
	} {
		var fe *FileError
		if _, err := Open(filepath.Join(dir, name)); !errors.As(err, &fe) || fe.Path != filepath.Join(dir, filepath.FromSlash(want)) {
			t.Errorf("Open of %s: %v, want %s", name, err, want)
		}
		if _, err := OpenFS(os.DirFS(dir), name); !errors.As(err, &fe) || filepath.ToSlash(fe.Path) != want {
			t.Errorf("OpenFS of %s: %v, want %s", name, err, want)
		}
	}
	var fe *FileError
	if _, err := Load(bytes.NewReader(archive), int64(len(archive)), "name"); !errors.As(err, &fe) || fe.Path != "name/m/model.pt" {
		t.Errorf("Load: %v", err)
	}
}
