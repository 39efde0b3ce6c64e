package weights

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

func writeText(s string) func(w io.Writer) error {
	return func(w io.Writer) error { _, err := io.WriteString(w, s); return err }
}

func checkContent(t *testing.T, path, want string) {
	t.Helper()
	if b, err := os.ReadFile(path); err != nil || string(b) != want {
		t.Errorf("%s holds %.40q, %v, want %q", filepath.Base(path), b, err, want)
	}
}

// TestCreate: what a file that is made passes on from the one it replaces.
func TestCreate(t *testing.T) {
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	writeFiles(t, dir, map[string][]byte{"old": []byte("old"), "shielded": []byte("old"), "real/target": []byte("old")})
	if err := Create(path("new"), writeText("new")); err != nil {
		t.Fatal(err)
	}
	checkContent(t, path("new"), "new")

	if runtime.GOOS != "windows" {
		if err := os.Chmod(path("old"), 0o640); err != nil {
			t.Fatal(err)
		}
		if err := Create(path("old"), writeText("new")); err != nil {
			t.Fatal(err)
		}
		checkContent(t, path("old"), "new")
		if info, err := os.Stat(path("old")); err != nil || info.Mode() != 0o640 {
			t.Errorf("mode %v, %v, want that of the file that was replaced", info.Mode(), err)
		}
	}

	if err := os.Chmod(path("shielded"), 0o444); err != nil {
		t.Fatal(err)
	}
	if err := Create(path("shielded"), writeText("new")); !errors.Is(err, fs.ErrPermission) || !strings.Contains(err.Error(), "shielded") {
		t.Errorf("write-protected: %v, want fs.ErrPermission", err)
	}
	checkContent(t, path("shielded"), "old")

	if err := Create(dir, writeText("new")); err == nil || !strings.Contains(err.Error(), dir) {
		t.Errorf("a directory: %v", err)
	}

	// Links in a linked directory, one of them to a file that is not there yet.
	for link, to := range map[string]string{"linked": "real", "real/link": "target", "real/dangling": "../linked/made", "real/loop": "loop"} {
		if err := os.Symlink(to, path(link)); err != nil {
			t.Skip(err)
		}
	}
	for _, tc := range []struct{ out, target string }{{"linked/link", "real/target"}, {"linked/dangling", "real/made"}} {
		if err := Create(path(tc.out), writeText("new")); err != nil {
			t.Error(err)
		}
		checkContent(t, path(tc.target), "new")
		if info, err := os.Lstat(path(tc.out)); err != nil || info.Mode().Type() != fs.ModeSymlink {
			t.Errorf("%s is no link any more, %v", tc.out, err)
		}
	}
	if err := Create(path("real/loop"), writeText("new")); err == nil {
		t.Error("a link to itself: no error")
	}
	checkOnly(t, dir, "linked", "new", "old", "real", "shielded")
	checkOnly(t, path("real"), "dangling", "link", "loop", "made", "target")
}

// TestCreateEnds: a context that ends, a write that fails and one that panics leave
// the old file and nothing else.
func TestCreateEnds(t *testing.T) {
	dir := t.TempDir()
	writeFiles(t, dir, map[string][]byte{"out": []byte("old")})
	out := filepath.Join(dir, "out")
	for name, end := range map[string]func(cancel func(), w io.Writer) error{
		"while writing": func(cancel func(), w io.Writer) error {
			cancel()
			_, err := w.Write([]byte("more"))
			return err
		},
		"after the last byte": func(cancel func(), w io.Writer) error { cancel(); return nil },
		"panic":               func(cancel func(), w io.Writer) error { cancel(); panic(context.Canceled) },
	} {
		ctx, cancel := context.WithCancel(context.Background())
		err := func() (err error) {
			defer func() {
				if r := recover(); r != nil {
					err = r.(error)
				}
			}()
			return Create(out, func(w io.Writer) error {
				if _, err := w.Write(make([]byte, 1<<20)); err != nil {
					return err
				}
				return end(cancel, w)
			}, WithContext(ctx))
		}()
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v, want context.Canceled", name, err)
		}
		checkContent(t, out, "old")
		checkOnly(t, dir, "out")
	}
	ctx, cancel := context.WithCancel(context.Background())
	e := Entry{"w", U8, []int{64 << 20}, func(w io.Writer) error {
		for range 64 {
			if _, err := w.Write(make([]byte, 1<<20)); err != nil {
				return err
			}
			cancel()
		}
		t.Error("all was written")
		return nil
	}}
	for _, opts := range [][]Option{{WithContext(ctx)}, {WithContext(ctx), WithZstd()}} {
		if err := WriteFile(out, nil, []Entry{e}, opts...); !errors.Is(err, context.Canceled) {
			t.Errorf("WriteFile = %v, want context.Canceled", err)
		}
	}
	checkContent(t, out, "old")
	checkOnly(t, dir, "out")
}

// TestZeros: what WriteFile compresses, Open unpacks, also if it is all zeros.
func TestZeros(t *testing.T) {
	zeros := make([]byte, 1<<20)
	for _, size := range []int{0, 1 << 20, 15 << 20, 17 << 20, 96 << 20} {
		path := filepath.Join(t.TempDir(), "zeros")
		err := WriteFile(path, nil, []Entry{{"w", U8, []int{size}, func(w io.Writer) error {
			for range size >> 20 {
				if _, err := w.Write(zeros); err != nil {
					return err
				}
			}
			return nil
		}}}, WithZstd())
		if err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil || info.Size() > int64(size)/unpackRatio+4096 {
			t.Errorf("%d zeros take %d bytes, %v", size, info.Size(), err)
		}
		c, err := Open(path)
		if err != nil {
			t.Errorf("%d zeros: %v", size, err)
			continue
		}
		if w, ok := c.Tensor("w"); !ok || w.Len() != size {
			t.Errorf("%d zeros come back as %v", size, c.Tensors())
		}
		c.Close()
	}
}

// TestCheckOutput: an output is an input by any of its names, and what opening the
// input reads is the input's too.
func TestCheckOutput(t *testing.T) {
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, filepath.FromSlash(name)) }
	st := tinyZip()
	writeFiles(t, dir, map[string][]byte{
		"m/model.pt": st, "m/dict.txt": st, "m/notes.md": st, "m/label/dict.txt": st,
		"s/model.safetensors.index.json": []byte(`{"weight_map":{"a":"one.bin","b":"two.bin"}}`), "s/one.bin": st,
		"one/mine.pt": st, "out/x.safetensors": st, "texts.jsonl": st, "nested/inner/pytorch_model.bin": st,
	})
	type check struct {
		in, out string
		same    bool
	}
	checks := []check{
		{"m/model.pt", "m/model.pt", true}, {"m/model.pt", "m/../m/./model.pt", true}, {"m", "m/model.pt", true}, {"m", "m/model.safetensors", true},
		{"m", "m/pytorch_model.bin", true}, {"m", "m/dict.txt", true}, {"m", "m/config.json", true}, {"m", "m/vocab.json", true}, {"m", "m/Config.JSON", true},
		{"m", "m/label/dict.txt", true}, {"m/model.pt", "m/dict.txt", true}, {"m/model.pt", "m/config.json", true}, {"m", "m/sentencepiece.bpe.model", true},
		{"m/model.pt", "m/model.safetensors", false}, {"m", "m/converted.safetensors", false}, {"m", "m/notes.md", false},
		{"m", "m/results.json", false}, {"m/model.pt", "m/results.json", false}, {"m/model.pt", "m/results.txt", false}, {"m", "m/label/results.json", false}, {"m", "m/my_tokenizer.json", false},
		{"m", "m/tokenizer_config.json", true}, {"m", "m/sentence_bert_config.json", true}, {"m", "m/spm.MODEL", true}, {"m", "m/bpe.codes", true}, {"m", "m/code", true},
		{"m", "out/new.safetensors", false}, {"m", "none/model.pt", false}, {"none", "m/model.pt", false}, {"m", "out", false},
		{"s", "s/one.bin", true}, {"s", "s/two.bin", true}, {"s", "s/three.bin", false}, {"s/model.safetensors.index.json", "s/two.bin", true},
		{"one", "one/mine.pt", true}, {"one", "one/other.safetensors", true}, {"one", "one/x.safetensors.zst", true}, {"one", "one/x.npy", false},
		{"nested", "nested/inner/pytorch_model.bin", true}, {"nested", "nested/inner/config.json", true}, {"nested", "nested/x.npy", false},
		{"texts.jsonl", "texts.jsonl", true}, {"texts.jsonl", "x.safetensors", false},
	}
	links := map[string]string{"link.pt": "m/model.pt", "dir": "m", "out/dangling": "../m/config.json", "out/twice": "../link.pt", "m/vocab.txt": "../out/x.safetensors"}
	for name, to := range links {
		if err := os.Symlink(filepath.FromSlash(to), path(name)); err != nil {
			t.Skip(err)
		}
	}
	if err := os.Link(path("m/model.pt"), path("out/hard")); err != nil {
		t.Skip(err)
	}
	checks = append(checks, check{"m/model.pt", "link.pt", true}, check{"link.pt", "m/model.pt", true}, check{"dir", "m/model.pt", true}, check{"m", "dir/merges.txt", true},
		check{"m", "out/dangling", true}, check{"m", "out/twice", true}, check{"m", "out/hard", true}, check{"m", "out/x.safetensors", true})
	for _, tc := range checks {
		err := CheckOutput(path(tc.out), path("texts.none"), path(tc.in))
		if tc.same != errors.Is(err, ErrSameFile) || !tc.same && err != nil {
			t.Errorf("CheckOutput(%s, %s) = %v, want same %v", tc.out, tc.in, err, tc.same)
		}
		if err != nil && (!strings.Contains(err.Error(), path(tc.in)) || !strings.Contains(err.Error(), path(tc.out))) {
			t.Errorf("%v does not name %s and %s", err, tc.in, tc.out)
		}
	}
	if err := CheckOutput(os.DevNull, path("m")); err != nil {
		t.Errorf("%s: %v", os.DevNull, err)
	}
	t.Chdir(path("m"))
	for _, in := range []string{".", "model.pt"} {
		for _, out := range []string{"model.pt", "./dict.txt", "../m/model.pt"} {
			if err := CheckOutput(out, in); !errors.Is(err, ErrSameFile) {
				t.Errorf("CheckOutput(%s, %s) = %v", out, in, err)
			}
		}
	}
}

// TestStandardOutput: a name of an open file is that file, and is written to at its
// end, never replaced.
func TestStandardOutput(t *testing.T) {
	if in := os.Getenv("WEIGHTS_TEST_INPUT"); in != "" {
		os.Stdout.WriteString("before\n")
		if err := CheckOutput("/dev/stdout", in); err != nil {
			os.Stderr.WriteString(err.Error())
			os.Exit(3)
		}
		if err := Create("/dev/stdout", writeText("content\n")); err != nil {
			os.Stderr.WriteString(err.Error())
			os.Exit(4)
		}
		os.Exit(0)
	}
	if _, err := os.Stat("/dev/stdout"); err != nil {
		t.Skip(err)
	}
	if runtime.GOOS == "js" {
		t.Skip("no processes can be started")
	}
	dir := t.TempDir()
	in := filepath.Join(dir, "in")
	writeFiles(t, dir, map[string][]byte{"in": tinyZip()})
	run := func(stdout *os.File) (string, error) {
		cmd := exec.Command(os.Args[0], "-test.run=^TestStandardOutput$")
		cmd.Env = append(os.Environ(), "WEIGHTS_TEST_INPUT="+in)
		var stderr strings.Builder
		cmd.Stdout, cmd.Stderr = stdout, &stderr
		err := cmd.Run()
		stdout.Close()
		return stderr.String(), err
	}
	out, err := os.Create(filepath.Join(dir, "out"))
	if err != nil {
		t.Fatal(err)
	}
	if s, err := run(out); err != nil {
		t.Errorf("into a file: %v, %s", err, s)
	}
	checkContent(t, out.Name(), "before\ncontent\n")

	same, err := os.OpenFile(in, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	if s, err := run(same); err == nil || !strings.Contains(s, ErrSameFile.Error()) {
		t.Errorf("into the input: %v, %s, want ErrSameFile", err, s)
	}

	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if s, err := run(w); err != nil {
		t.Errorf("into a pipe: %v, %s", err, s)
	}
	if b, err := io.ReadAll(r); err != nil || string(b) != "before\ncontent\n" {
		t.Errorf("a pipe gives %q, %v", b, err)
	}
}
