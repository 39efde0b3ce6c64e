package weights

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// exported lists what a safetensors file of the same content holds.
func exported(t testing.TB, c *Checkpoint) (map[string]string, []Entry) {
	t.Helper()
	var entries []Entry
	for _, x := range c.Tensors() {
		entries = append(entries, x.Entry(x.Name))
	}
	for _, name := range c.Files() {
		data, err := c.File(name)
		if err != nil {
			t.Fatal(err)
		}
		entries = append(entries, FileEntry(name, data))
	}
	return c.Metadata(), entries
}

// rewrite writes a checkpoint as a safetensors file.
func rewrite(t testing.TB, in, out string, opts ...Option) error {
	t.Helper()
	c, err := Open(in)
	if err != nil {
		return err
	}
	defer c.Close()
	metadata, entries := exported(t, c)
	return WriteFile(out, metadata, entries, opts...)
}

// sameCheckpoint says what differs between two checkpoints.
func sameCheckpoint(t *testing.T, got, want *Checkpoint) {
	t.Helper()
	if g, w := names(got), names(want); !slices.Equal(g, w) {
		t.Errorf("tensors %q, want %q", g, w)
	}
	for _, x := range want.Tensors() {
		y, ok := got.Tensor(x.Name)
		if !ok {
			continue
		}
		if x.DType != y.DType || !slices.Equal(x.Shape, y.Shape) || !bytes.Equal(mustBytes(t, x), mustBytes(t, y)) {
			t.Errorf("%s: %v %v differs from %v %v", x.Name, y.DType, y.Shape, x.DType, x.Shape)
		}
	}
	if !maps.Equal(got.Metadata(), want.Metadata()) {
		t.Errorf("Metadata = %q, want %q", got.Metadata(), want.Metadata())
	}
	if !slices.Equal(got.Files(), want.Files()) {
		t.Errorf("Files = %q, want %q", got.Files(), want.Files())
	}
	for _, name := range want.Files() {
		if g, w := fileOf(t, got, name), fileOf(t, want, name); g != w {
			t.Errorf("%s has %d bytes, want the other %d", name, len(g), len(w))
		}
	}
}

// TestRewrite: every form of checkpoint can be written as one safetensors file
// that says the same.
func TestRewrite(t *testing.T) {
	for _, file := range []string{
		"tiny", "tiny/cfg.pt", "tiny/legacy.pt", "tiny/old2019_zip.pt", "tiny/roberta.tiny.tar.gz", "tiny/shared_storage.pt", "tiny/shared_storage_legacy.pt",
		"tiny/optimizer_state.pt", "tiny/fp64.pt", "tiny/fp16.pt", "tiny/bf16.pt", "variants/untied", "variants/sinusoidal", "variants/prenorm", "finetuned", "wsc",
		"hf/tiny-mnli", "hf/tiny-maskedlm", "trained", "sapiens-vh",
	} {
		for form, opts := range map[string][]Option{"": nil, "/zstd": {WithZstd()}} {
			t.Run(file+form, func(t *testing.T) {
				in := golden(t, file)
				out := filepath.Join(t.TempDir(), "model.safetensors")
				if err := rewrite(t, in, out, opts...); err != nil {
					t.Fatal(err)
				}
				got := open(t, out)
				if got.Format != Safetensors || got.Path != out {
					t.Errorf("Format = %q, Path = %q", got.Format, got.Path)
				}
				sameCheckpoint(t, got, open(t, in))

				// A file that was written is written again as it is.
				again := filepath.Join(t.TempDir(), "again")
				if err := rewrite(t, out, again, opts...); err != nil {
					t.Fatal(err)
				}
				a, err := os.ReadFile(out)
				if err != nil {
					t.Fatal(err)
				}
				b, err := os.ReadFile(again)
				if err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(a, b) {
					t.Error("writing it again gives other bytes")
				}
			})
		}
	}
}

// TestAlignment: data begins at a page, tensors at a cache line.
func TestAlignment(t *testing.T) {
	out := filepath.Join(t.TempDir(), "model.safetensors")
	if err := rewrite(t, golden(t, "tiny/model.pt"), out); err != nil {
		t.Fatal(err)
	}
	c := open(t, out)
	aligned := 0
	for _, x := range c.Tensors() {
		at := x.data.off
		if size := int64(x.Len() * x.DType.Size()); size%lineSize == 0 {
			aligned++
			if at%lineSize != 0 {
				t.Errorf("%s of %d bytes lies at %d", x.Name, size, at)
			}
		}
	}
	if aligned < 40 {
		t.Errorf("only %d tensors of whole cache lines", aligned)
	}
	first := slices.MinFunc(c.Tensors(), func(a, b *Tensor) int { return int(a.data.off - b.data.off) })
	if first.data.off%pageSize != 0 {
		t.Errorf("data begins at %d", first.data.off)
	}
}

// checkOnly: a directory holds these files and none that was left behind.
func checkOnly(t *testing.T, dir string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if !slices.Equal(got, want) {
		t.Errorf("%s holds %q, want %q", filepath.Base(dir), got, want)
	}
}

// TestFailureLeavesNothing: what cannot be written leaves no file, and an old
// one as it was.
func TestFailureLeavesNothing(t *testing.T) {
	errWrite := errors.New("no more data")
	for _, tc := range []struct {
		name  string
		entry Entry
		is    error
	}{
		{"writer fails", Entry{"w", F32, []int{2}, func(w io.Writer) error { w.Write([]byte("1234")); return errWrite }}, errWrite},
		{"too few bytes", Entry{"w", F32, []int{2}, func(w io.Writer) error { _, err := w.Write([]byte("1234")); return err }}, nil},
		{"too many bytes", Entry{"w", F32, []int{0}, func(w io.Writer) error { _, err := w.Write([]byte("1234")); return err }}, nil},
		{"negative shape", Entry{"w", F32, []int{-1}, nil}, nil},
		{"no type", Entry{"w", 0, []int{1}, nil}, nil},
		{"size overflows", Entry{"w", F32, []int{1 << 30, 1 << 30, 1 << 30}, nil}, nil},
	} {
		for _, compress := range [][]Option{nil, {WithZstd()}} {
			dir := t.TempDir()
			err := WriteFile(filepath.Join(dir, "new"), nil, []Entry{tc.entry}, compress...)
			var fe *FileError
			if !errors.As(err, &fe) || fe.Tensor != "w" || tc.is != nil && !errors.Is(err, tc.is) {
				t.Errorf("%s: %v", tc.name, err)
			}
			writeFiles(t, dir, map[string][]byte{"old": []byte("as it was")})
			if err := WriteFile(filepath.Join(dir, "old"), nil, []Entry{tc.entry}, compress...); err == nil {
				t.Errorf("%s: no error", tc.name)
			}
			checkOnly(t, dir, "old")
			if b, err := os.ReadFile(filepath.Join(dir, "old")); err != nil || string(b) != "as it was" {
				t.Errorf("%s: the old file is now %q, %v", tc.name, b, err)
			}
		}
	}
	t.Run("two of one name", func(t *testing.T) {
		e := Entry{"w", U8, []int{0}, func(io.Writer) error { return nil }}
		if err := Write(io.Discard, nil, []Entry{e, e}); err == nil || !strings.Contains(err.Error(), "w") {
			t.Errorf("Write = %v", err)
		}
	})
	t.Run("unreadable tensor", func(t *testing.T) {
		// Cut within the storage, which legacy files check, and zip ones by their directory.
		b := torchLegacy(small(), 4, entry{"0", floats(6)})
		dir := t.TempDir()
		writeFiles(t, dir, map[string][]byte{"in": b[:len(b)-1], "out": []byte("as it was")})
		if err := rewrite(t, filepath.Join(dir, "in"), filepath.Join(dir, "out")); !errors.Is(err, ErrTruncated) {
			t.Errorf("rewrite = %v", err)
		}
		checkOnly(t, dir, "in", "out")
		if b, err := os.ReadFile(filepath.Join(dir, "out")); err != nil || string(b) != "as it was" {
			t.Errorf("the old file is now %q, %v", b, err)
		}
	})
	t.Run("no such directory", func(t *testing.T) {
		out := filepath.Join(t.TempDir(), "none", "out")
		if err := rewrite(t, golden(t, "tiny/model.pt"), out); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("rewrite = %v", err)
		}
	})
	t.Run("onto a directory", func(t *testing.T) {
		dir := t.TempDir()
		if err := rewrite(t, golden(t, "tiny/model.pt"), dir); err == nil {
			t.Error("no error")
		}
		checkOnly(t, dir)
	})
}

// TestWriteToDevice: a device is written to, not replaced.
func TestWriteToDevice(t *testing.T) {
	info, err := os.Stat(os.DevNull)
	if err != nil || info.Mode().IsRegular() || runtime.GOOS == "windows" {
		t.Skip("no null device among the files")
	}
	if err := rewrite(t, golden(t, "tiny/model.pt"), os.DevNull); err != nil {
		t.Fatal(err)
	}
	after, err := os.Stat(os.DevNull)
	if err != nil || after.Mode() != info.Mode() {
		t.Errorf("%s is now %v, %v", os.DevNull, after.Mode(), err)
	}
}
