package outfile

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// write writes a file whole.
func write(path, content string) error {
	f, err := Create(context.Background(), path)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := f.WriteString(content); err != nil {
		return err
	}
	return f.Commit()
}

// names lists what is in a folder.
func names(t *testing.T, dir string) (all []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}

func check(t *testing.T, path, want string) {
	t.Helper()
	if got, err := os.ReadFile(path); err != nil || string(got) != want {
		t.Errorf("%s holds %q, %v, want %q", filepath.Base(path), got, err, want)
	}
}

// eachWay runs a test for files without a name and for files with a hidden one.
func eachWay(t *testing.T, test func(t *testing.T, begin func(path string) (*File, error))) {
	t.Run("unnamed", func(t *testing.T) {
		test(t, func(path string) (*File, error) { return Create(t.Context(), path) })
	})
	t.Run("hidden", func(t *testing.T) {
		test(t, func(path string) (*File, error) {
			f, err := Create(t.Context(), path)
			if err != nil {
				return nil, err
			}
			if err := f.Close(); err != nil {
				return nil, err
			}
			f.File, f.name, err = createNamed(filepath.Dir(path))
			return f, err
		})
	})
}

// TestCommit: the file appears with Commit, and nothing else before or after.
func TestCommit(t *testing.T) {
	eachWay(t, func(t *testing.T, begin func(path string) (*File, error)) {
		dir := t.TempDir()
		path := filepath.Join(dir, "a")
		for _, content := range []string{"first", "second"} {
			f, err := begin(path)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := f.WriteString(content); err != nil {
				t.Fatal(err)
			}
			if content == "first" && slices.Contains(names(t, dir), "a") {
				t.Error("the file is there before Commit")
			}
			if err := f.Commit(); err != nil {
				t.Fatal(err)
			}
			if err := f.Close(); err != nil {
				t.Errorf("Close after Commit: %v", err)
			}
			check(t, path, content)
			if got := names(t, dir); !slices.Equal(got, []string{"a"}) {
				t.Errorf("in the folder: %v", got)
			}
		}
		if len(hidden) != 0 {
			t.Errorf("hidden names left: %v", hidden)
		}
	})
}

// TestClose: a file that is abandoned leaves the old one and nothing else.
// A file without a name must not be called that in an error.
func TestWriteError(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out.txt")
	f, err := Create(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
	_, err = f.Write([]byte("text"))
	if e, ok := errors.AsType[*fs.PathError](err); !ok || e.Path != path {
		t.Errorf("Write to a closed file: %v, want an error for %s", err, path)
	}
}

func TestClose(t *testing.T) {
	eachWay(t, func(t *testing.T, begin func(path string) (*File, error)) {
		dir := t.TempDir()
		path := filepath.Join(dir, "a")
		if err := write(path, "old"); err != nil {
			t.Fatal(err)
		}
		f, err := begin(path)
		if err != nil {
			t.Fatal(err)
		}
		f.WriteString("new")
		if err := f.Close(); err != nil {
			t.Error(err)
		}
		check(t, path, "old")
		if got := names(t, dir); !slices.Equal(got, []string{"a"}) || len(hidden) != 0 {
			t.Errorf("in the folder: %v; hidden: %v", got, hidden)
		}
	})
}

// TestMode: an old file's mode stays, and a new file has the usual one.
func TestMode(t *testing.T) {
	dir := t.TempDir()
	usual := filepath.Join(dir, "usual")
	if err := os.WriteFile(usual, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	mode := func(path string) fs.FileMode {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		return info.Mode()
	}
	path := filepath.Join(dir, "a")
	if err := write(path, "x"); err != nil || mode(path) != mode(usual) {
		t.Errorf("a new file: mode %v, %v, want %v", mode(path), err, mode(usual))
	}
	for _, want := range []fs.FileMode{0o600, 0o640, 0o755, 0o222} {
		if err := os.Chmod(path, want); err != nil {
			t.Fatal(err)
		}
		want = mode(path) // as the system has it
		if err := write(path, "y"); err != nil || mode(path) != want {
			t.Errorf("mode %v, %v, want %v", mode(path), err, want)
		}
	}
}

// TestRefused: what cannot be replaced is refused before anything is written.
func TestRefused(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a")
	if err := os.WriteFile(path, []byte("old"), 0o444); err != nil {
		t.Fatal(err)
	}
	if err := write(path, "new"); !errors.Is(err, fs.ErrPermission) || !strings.Contains(err.Error(), path) {
		t.Errorf("a write-protected file: %v", err)
	}
	check(t, path, "old")
	if err := write(dir, "new"); err == nil {
		t.Error("a directory was replaced")
	}
	if err := write(filepath.Join(dir, "nowhere", "a"), "new"); !errors.Is(err, fs.ErrNotExist) || strings.Contains(err.Error(), "unfinished") {
		t.Errorf("a folder that is not there: %v", err)
	}
	os.Chmod(path, 0o644) // Windows removes nothing that is write-protected
}

// TestLinks: a link stays a link, whether its file exists or not.
func TestLinks(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "sub"), 0o777); err != nil {
		t.Fatal(err)
	}
	target, link, chain := filepath.Join(dir, "sub", "target"), filepath.Join(dir, "link"), filepath.Join(dir, "chain")
	if err := os.Symlink(filepath.Join("sub", "target"), link); err != nil {
		t.Skip(err)
	}
	if err := os.Symlink(link, chain); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{chain, link} { // the first time nothing is there
		if err := write(path, path); err != nil {
			t.Fatal(err)
		}
		check(t, target, path)
		if info, err := os.Lstat(path); err != nil || info.Mode()&fs.ModeSymlink == 0 {
			t.Errorf("%s is no link any more", path)
		}
	}
	loop := filepath.Join(dir, "loop")
	if err := os.Symlink(loop, loop); err != nil {
		t.Fatal(err)
	}
	if err := write(loop, "x"); err == nil {
		t.Error("a link to itself was written to")
	}
}

// TestScratch: a scratch file can be read back, and is gone when it is closed.
func TestScratch(t *testing.T) {
	dir := t.TempDir()
	f, err := Scratch(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString("some"); err != nil {
		t.Fatal(err)
	}
	var b [4]byte
	if _, err := f.ReadAt(b[:], 0); err != nil || string(b[:]) != "some" {
		t.Errorf("read %q, %v", b, err)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	if got := names(t, dir); len(got) != 0 {
		t.Errorf("left behind: %v", got)
	}
}

// TestRemoveAll: a process that is about to exit takes its hidden files along. The
// test runs itself as that process.
func TestRemoveAll(t *testing.T) {
	if dir := os.Getenv("OUTFILE_TEST_DIR"); dir != "" {
		for range 3 {
			if _, _, err := createNamed(dir); err != nil {
				t.Fatal(err)
			}
		}
		if len(names(t, dir)) != 3 {
			t.Error("the files have no names")
		}
		RemoveAll()
		return
	}
	dir := t.TempDir()
	cmd := exec.Command(os.Args[0], "-test.run=^TestRemoveAll$")
	cmd.Env = append(os.Environ(), "OUTFILE_TEST_DIR="+dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if left := names(t, dir); len(left) != 0 && runtime.GOOS != "windows" { // which removes no open file
		t.Errorf("left behind: %v", left)
	}
}
