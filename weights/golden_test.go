package weights

import (
	"bytes"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// goldens is the folder of checkpoints that fairseq, torch and transformers
// wrote: the whole set if GOROBERTA_GOLDENS names it, else the part of it that
// the repository carries (see testdata/README.md).
func goldens() string {
	if dir := os.Getenv("GOROBERTA_GOLDENS"); dir != "" {
		return dir
	}
	return filepath.Join("..", "testdata", "goldens")
}

// golden is the path of a file of goldens, or skips the test.
func golden(t testing.TB, name string) string {
	t.Helper()
	path := filepath.Join(goldens(), filepath.FromSlash(name))
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) && os.Getenv("GOROBERTA_GOLDENS") == "" {
		t.Skipf("%s is not in the repository; GOROBERTA_GOLDENS names the whole set", name)
	}
	return path
}

func open(t testing.TB, path string) *Checkpoint {
	t.Helper()
	c, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

func float32s(t testing.TB, x *Tensor) []float32 {
	t.Helper()
	v := make([]float32, x.Len())
	if err := x.Float32s(v); err != nil {
		t.Fatal(err)
	}
	return v
}

// fileOf is the content of a file that came with c, or "" if it is not there.
func fileOf(t testing.TB, c *Checkpoint, name string) string {
	t.Helper()
	data, err := c.File(name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	return string(data)
}

// args are the settings that fairseq keeps as args, or in cfg's groups.
func args(c *Checkpoint) map[string]any {
	if m, ok := c.Settings()["args"].(map[string]any); ok {
		return m
	}
	cfg, _ := c.Settings()["cfg"].(map[string]any)
	model, _ := cfg["model"].(map[string]any)
	return model
}

func names(c *Checkpoint) []string { return slices.Sorted(maps.Keys(c.tensors)) }

// Parts of a checkpoint that are no parameters and that some forms lack.
func isVersion(name string) bool { return strings.HasSuffix(name, "sentence_encoder.version") }

// TestFormsOfOneModel: one model in every form on disk gives the same bits.
func TestFormsOfOneModel(t *testing.T) {
	want := open(t, golden(t, "tiny/model.pt"))
	half, err := Open(golden(t, "tiny/fp16.pt"))
	if err != nil {
		t.Fatal(err)
	}
	defer half.Close()
	dictionary, err := os.ReadFile(golden(t, "tiny/dict.txt"))
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		file   string
		format Format
		dtype  DType
		rounds bool // its elements are those of model.pt, rounded
	}{
		{"cfg.pt", TorchZip, F32, false},
		{"legacy.pt", TorchLegacy, F32, false},
		{"shared_storage.pt", TorchZip, F32, false},
		{"shared_storage_legacy.pt", TorchLegacy, F32, false},
		{"optimizer_state.pt", TorchZip, F32, false},
		{"fp64.pt", TorchZip, F64, false},
		{"fp16.pt", TorchZip, F16, true},
		{"bf16.pt", TorchZip, BF16, true},
	} {
		t.Run(tc.file, func(t *testing.T) {
			c := open(t, golden(t, "tiny/"+tc.file))
			if c.Format != tc.format {
				t.Errorf("Format = %q, want %q", c.Format, tc.format)
			}
			if got := fileOf(t, c, "dict.txt"); got != string(dictionary) {
				t.Errorf("dict.txt has %d bytes, want %d", len(got), len(dictionary))
			}
			for key, n := range map[string]int64{"encoder_layers": 3, "encoder_embed_dim": 64, "encoder_ffn_embed_dim": 128, "encoder_attention_heads": 4, "max_positions": 40} {
				if got := args(c)[key]; got != n {
					t.Errorf("Settings: %q = %#v, want %d", key, got, n)
				}
			}
			for _, x := range want.Tensors() {
				if isVersion(x.Name) {
					continue
				}
				y, ok := c.Tensor(x.Name)
				if !ok {
					t.Errorf("%s is missing", x.Name)
					continue
				}
				if y.DType != tc.dtype || !slices.Equal(y.Shape, x.Shape) {
					t.Errorf("%s: %v %v, want %v %v", x.Name, y.DType, y.Shape, tc.dtype, x.Shape)
					continue
				}
				a, b := float32s(t, x), float32s(t, y)
				if tc.rounds {
					// fp16 keeps 11 bits, bf16 8; the rounding was torch's.
					ulp := map[DType]float32{F16: 0x1p-11, BF16: 0x1p-8}[tc.dtype]
					for i := range a {
						if d := a[i] - b[i]; max(d, -d) > max(ulp*max(a[i], -a[i]), 0x1p-25) {
							t.Errorf("%s[%d] = %v, want %v rounded", x.Name, i, b[i], a[i])
							break
						}
					}
					if h, ok := half.Tensor(x.Name); ok && tc.dtype == F16 && !slices.Equal(b, float32s(t, h)) {
						t.Errorf("%s: other bits than fp16.pt's", x.Name)
					}
					continue
				}
				if !slices.Equal(a, b) {
					t.Errorf("%s: other bits than model.pt's", x.Name)
				}
			}
			for _, name := range names(c) {
				if _, ok := want.Tensor(name); !ok {
					t.Errorf("%s is not in model.pt", name)
				}
			}
			if got := slices.ContainsFunc(c.Notes, func(s string) bool { return strings.Contains(s, "optimizer") }); got != (tc.file == "optimizer_state.pt") {
				t.Errorf("Notes = %q", c.Notes)
			}
		})
	}
}

// TestEveryGolden opens every checkpoint of the set and reads every tensor.
func TestEveryGolden(t *testing.T) {
	found := 0
	err := filepath.WalkDir(goldens(), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name := filepath.ToSlash(strings.TrimPrefix(path, goldens()+string(filepath.Separator)))
		switch {
		case strings.HasPrefix(d.Name(), "expected"):
			return nil
		case strings.HasSuffix(name, ".pt"), strings.HasSuffix(name, ".tar.gz"), strings.HasSuffix(name, ".safetensors"):
		default:
			return nil
		}
		found++
		t.Run(name, func(t *testing.T) {
			c := open(t, path)
			for _, x := range c.Tensors() {
				b, err := x.Bytes()
				if err != nil || len(b) != x.Len()*x.DType.Size() {
					t.Errorf("%s: %d bytes, %v; shape %v of %v", x.Name, len(b), err, x.Shape, x.DType)
				}
			}
			if len(c.Tensors()) == 0 {
				t.Error("no tensors")
			}
			_, args := c.Settings()["args"].(map[string]any)
			_, cfg := c.Settings()["cfg"].(map[string]any)
			if !args && !cfg && fileOf(t, c, "config.json") == "" {
				t.Errorf("Settings = %v, and no config.json", c.Settings())
			}
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if found < 10 {
		t.Errorf("only %d checkpoints in %s", found, goldens())
	}
}

// TestFilesBeside: files are found in the checkpoint's folder and in folders of it.
func TestFilesBeside(t *testing.T) {
	for _, path := range []string{"finetuned", "finetuned/model.pt"} {
		c := open(t, golden(t, path))
		for _, name := range []string{"input0/dict.txt", "label/dict.txt"} {
			want, err := os.ReadFile(golden(t, "finetuned/"+name))
			if err != nil {
				t.Fatal(err)
			}
			if got, err := c.File(name); err != nil || !bytes.Equal(got, want) {
				t.Errorf("%s: %s has %d bytes, %v, want %d", path, name, len(got), err, len(want))
			}
			if got := c.FileName(name); got != name {
				t.Errorf("%s: FileName(%q) = %q", path, name, got)
			}
		}
		var fe *FileError
		if _, err := c.File("dict.txt"); !errors.Is(err, fs.ErrNotExist) || !errors.As(err, &fe) || fe.Entry != "dict.txt" {
			t.Errorf("%s: dict.txt: %v", path, err)
		}
	}
}

// opaqueFS hides everything of files but fs.File, as archives and embedded
// files may do.
type opaqueFS struct{ fs.FS }

type opaqueFile struct{ fs.File }

func (o opaqueFS) Open(name string) (fs.File, error) {
	f, err := o.FS.Open(name)
	if err != nil {
		return nil, err
	}
	if d, ok := f.(fs.ReadDirFile); ok {
		if info, err := f.Stat(); err == nil && info.IsDir() {
			return d, nil
		}
	}
	return opaqueFile{f}, nil
}

// TestWaysToOpen: Open, OpenFS on several kinds of file systems and Load agree.
func TestWaysToOpen(t *testing.T) {
	dir := golden(t, "tiny")
	content := map[string][]byte{}
	for _, name := range []string{"model.pt", "dict.txt", "legacy.pt", "roberta.tiny.tar.gz"} {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		content[name] = b
	}
	memory := fstest.MapFS{}
	for name, b := range content {
		memory["models/tiny/"+name] = &fstest.MapFile{Data: b}
	}
	for _, file := range []string{"model.pt", "legacy.pt", "roberta.tiny.tar.gz"} {
		want := open(t, filepath.Join(dir, file))
		for _, tc := range []struct {
			name string
			open func() (*Checkpoint, error)
			dict bool // found beside the file
		}{
			{"Open", func() (*Checkpoint, error) { return Open(filepath.Join(dir, file)) }, true},
			{"DirFS", func() (*Checkpoint, error) { return OpenFS(os.DirFS(dir), file) }, true},
			{"MapFS", func() (*Checkpoint, error) { return OpenFS(memory, "models/tiny/"+file) }, true},
			{"NoReaderAt", func() (*Checkpoint, error) { return OpenFS(opaqueFS{memory}, "models/tiny/"+file) }, true},
			{"Load", func() (*Checkpoint, error) { return load(content[file]) }, file == "roberta.tiny.tar.gz"},
		} {
			t.Run(tc.name+"/"+file, func(t *testing.T) {
				c, err := tc.open()
				if err != nil {
					t.Fatal(err)
				}
				if got := fileOf(t, c, "dict.txt"); tc.dict != (got == string(content["dict.txt"])) {
					t.Errorf("dict.txt has %d bytes", len(got))
				}
				var last *Tensor
				for _, x := range want.Tensors() {
					y, ok := c.Tensor(x.Name)
					if !ok || !slices.Equal(float32s(t, x), float32s(t, y)) {
						t.Fatalf("%s is missing or differs", x.Name)
					}
					last = y
				}
				if err := c.Close(); err != nil {
					t.Error(err)
				}
				if err := c.Close(); err != nil {
					t.Errorf("second Close: %v", err)
				}
				checkClosed(t, last)
				if _, err := c.File("dict.txt"); !errors.Is(err, ErrClosed) {
					t.Errorf("File after Close: %v", err)
				}
			})
		}
	}
	t.Run("directory of MapFS", func(t *testing.T) {
		c, err := OpenFS(memory, "models/tiny")
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if !slices.Equal(names(c), names(open(t, filepath.Join(dir, "model.pt")))) {
			t.Error("other tensors than model.pt's")
		}
	})
}

func checkClosed(t *testing.T, x *Tensor) {
	t.Helper()
	if _, err := x.Bytes(); !errors.Is(err, ErrClosed) {
		t.Errorf("Bytes after Close: %v, want ErrClosed", err)
	}
	if err := x.Float32s(make([]float32, x.Len())); !errors.Is(err, ErrClosed) {
		t.Errorf("Float32s after Close: %v, want ErrClosed", err)
	}
	if len(x.Shape) > 0 {
		if err := x.RowsFloat32(make([]float32, x.Len()), 0, x.Shape[0]); !errors.Is(err, ErrClosed) {
			t.Errorf("RowsFloat32 after Close: %v, want ErrClosed", err)
		}
	}
	if _, ok := x.AliasedFloat32s(); ok {
		t.Error("AliasedFloat32s after Close gives memory")
	}
}
