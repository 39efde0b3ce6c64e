package weights

import (
	"errors"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// bytesEntry is a tensor of one dimension with these elements.
func bytesEntry(name, content string) Entry {
	return Entry{name, U8, []int{len(content)}, func(w io.Writer) error { _, err := io.WriteString(w, content); return err }}
}

// namedEntries are tensors whose elements are their names'.
func namedEntries(names ...string) []Entry {
	var es []Entry
	for _, name := range names {
		es = append(es, bytesEntry(name, name))
	}
	return es
}

// namedPickle is a torch file of the same.
func namedPickle(names ...string) []byte {
	var items []any
	var storages []entry
	for i, name := range names {
		key := string(rune('a' + i))
		items = append(items, name, view{"ByteStorage", key, len(name), 0, tuple{len(name)}, tuple{1}}.value())
		storages = append(storages, entry{key, []byte(name)})
	}
	return torchZip(orderedDict(items...), storages...)
}

// TestFolders: each way in which a checkpoint's files lie in a directory, also as
// an archive of it.
func TestFolders(t *testing.T) {
	want := []string{"a.weight", "b.bias", "b.weight", "c"}
	index := func(files map[string][]string) []byte {
		m := map[string]string{}
		for file, names := range files {
			for _, name := range names {
				m[name] = file
			}
		}
		return jsonOf(map[string]any{"metadata": map[string]int{"total_size": 1}, "weight_map": m})
	}
	a, b := want[:1], want[1:]
	for _, tc := range []struct {
		name  string
		files map[string][]byte
	}{
		{"model.pt", map[string][]byte{"model.pt": namedPickle(want...), "checkpoint_last.pt": []byte("x")}},
		{"checkpoint_best.pt", map[string][]byte{"checkpoint_best.pt": namedPickle(want...), "checkpoint_last.pt": []byte("x"), "checkpoint1.pt": []byte("x")}},
		{"another name", map[string][]byte{"tiny.pt": namedPickle(want...)}},
		{"safetensors", map[string][]byte{"model.safetensors": safetensorsOf(t, map[string]string{"format": "pt"}, namedEntries(want...)...)}},
		{"zstd", map[string][]byte{"x.safetensors.zst": zstandard(safetensorsOf(t, nil, namedEntries(want...)...))}},
		{"pytorch_model.bin", map[string][]byte{"pytorch_model.bin": namedPickle(want...)}},
		{"shards", map[string][]byte{
			"model.safetensors.index.json":     index(map[string][]string{"model-00001-of-00002.safetensors": a, "model-00002-of-00002.safetensors": b}),
			"model-00001-of-00002.safetensors": safetensorsOf(t, nil, namedEntries(a...)...),
			"model-00002-of-00002.safetensors": safetensorsOf(t, nil, namedEntries(b...)...)}},
		{"shards of pickles", map[string][]byte{
			"pytorch_model.bin.index.json":     index(map[string][]string{"pytorch_model-00001-of-00002.bin": a, "pytorch_model-00002-of-00002.bin": b}),
			"pytorch_model-00001-of-00002.bin": namedPickle(a...), "pytorch_model-00002-of-00002.bin": namedPickle(b...)}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := t.TempDir()
			tc.files["vocab.json"], tc.files["1_Pooling/config.json"] = []byte(`{"a":0}`), []byte("{}")
			writeFiles(t, dir, tc.files)
			check := func(c *Checkpoint, in string) {
				t.Helper()
				if got := names(c); !slices.Equal(got, want) {
					t.Errorf("tensors %q, want %q", got, want)
				}
				for _, x := range c.Tensors() {
					if got := string(mustBytes(t, x)); got != x.Name {
						t.Errorf("%s holds %q", x.Name, got)
					}
				}
				for name, content := range map[string]string{"vocab.json": `{"a":0}`, "1_Pooling/config.json": "{}", "merges.txt": ""} {
					if got := fileOf(t, c, name); got != content {
						t.Errorf("%s = %q, want %q", name, got, content)
					}
					if got := c.FileName(name); got != in+name {
						t.Errorf("FileName(%q) = %q, want %q", name, got, in+name)
					}
				}
				if len(c.Notes) > 0 {
					t.Errorf("Notes = %q", c.Notes)
				}
			}
			check(open(t, dir), "")
			if tc.name == "zstd" {
				return // which is for files alone
			}
			var files []entry
			for _, name := range slices.Sorted(maps.Keys(tc.files)) {
				files = append(files, entry{"m/" + name, tc.files[name]})
			}
			fromTar, err := load(gzipped(tarFiles(files...)))
			if err != nil {
				t.Fatal(err)
			}
			check(fromTar, "m/")
		})
	}
}

// TestFiles: which file counts, and what is none.
func TestFiles(t *testing.T) {
	dir := t.TempDir()
	inside := safetensorsOf(t, nil, bytesEntry("w", "abc"), FileEntry("dict.txt", []byte("in")), bytesEntry("vocab/vocab.bpe", "old"), bytesEntry("files", "x"),
		Entry{"files/no file", F32, []int{0}, func(io.Writer) error { return nil }})
	writeFiles(t, dir, map[string][]byte{
		"converted/model.safetensors": inside, "converted/dict.txt": []byte("out"), "converted/encoder.json": []byte("{}"),
		"beside/m.tar":    tarFiles(entry{"m/model.safetensors", inside}, entry{"m/dict.txt", []byte("archive")}, entry{"m/config.json", []byte("archive")}),
		"beside/dict.txt": []byte("out"), "beside/config.json": []byte("out"), "beside/labels.json": []byte("out"), "beside/label/is a folder": nil,
	})
	for _, tc := range []struct{ path, name, want, called string }{
		{"converted", "dict.txt", "in", "files/dict.txt"}, {"converted", "vocab.bpe", "old", "vocab/vocab.bpe"}, {"converted", "encoder.json", "{}", "encoder.json"},
		{"beside/m.tar", "dict.txt", "in", "files/dict.txt"}, {"beside/m.tar", "config.json", "archive", "m/config.json"},
		{"beside/m.tar", "labels.json", "out", "labels.json"}, {"beside/m.tar", "label", "", "m/label"}, {"beside/m.tar", "no file", "", "m/no file"},
	} {
		c := open(t, filepath.Join(dir, tc.path))
		if got := fileOf(t, c, tc.name); got != tc.want {
			t.Errorf("%s: %s = %q, want %q", tc.path, tc.name, got, tc.want)
		}
		if got := c.FileName(tc.name); got != tc.called {
			t.Errorf("%s: FileName(%q) = %q, want %q", tc.path, tc.name, got, tc.called)
		}
		if got := c.Files(); !slices.Equal(got, []string{"dict.txt", "vocab.bpe"}) {
			t.Errorf("%s: Files = %q", tc.path, got)
		}
		if got := names(c); !slices.Equal(got, []string{"files", "files/no file", "w"}) {
			t.Errorf("%s: tensors %q", tc.path, got)
		}
		if _, err := c.File("../m.tar"); err == nil {
			t.Errorf("%s: a file outside the folder is read", tc.path)
		}
	}
	if _, err := load(safetensorsOf(t, nil, bytesEntry("files/a", "x"), bytesEntry("vocab/a", "y"))); !errors.Is(err, ErrCorrupt) {
		t.Errorf("a file twice: %v", err)
	}
	// Larger than any file that is read so.
	writeFiles(t, dir, map[string][]byte{"converted/big.json": nil})
	if err := os.Truncate(filepath.Join(dir, "converted", "big.json"), maxFile+1); err != nil {
		t.Fatal(err)
	}
	var fe *FileError
	if _, err := open(t, filepath.Join(dir, "converted")).File("big.json"); !errors.Is(err, ErrTooLarge) || !errors.As(err, &fe) || fe.Entry != "big.json" {
		t.Errorf("huge file: %v", err)
	}
	c, err := load(inside)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.File("encoder.json"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("nothing lies beside a reader: %v", err)
	}
}

// TestShardIndex: an index names files of its own directory, which are there.
func TestShardIndex(t *testing.T) {
	inside := safetensorsOf(t, nil, bytesEntry("w", "abc"))
	for _, tc := range []struct {
		name, index string
		says        string
	}{
		{"parent", `{"weight_map":{"w":"../x.safetensors"}}`, "../x.safetensors"},
		{"absolute", `{"weight_map":{"w":"/etc/passwd"}}`, "/etc/passwd"},
		{"folder", `{"weight_map":{"w":"a/x.safetensors"}}`, "a/x.safetensors"},
		{"itself", `{"weight_map":{"w":"."}}`, `"."`},
		{"parent itself", `{"weight_map":{"w":".."}}`, ".."},
		{"no name", `{"weight_map":{"w":""}}`, `""`},
		{"missing", `{"weight_map":{"w":"none.safetensors"}}`, "none.safetensors"},
		{"empty", `{"weight_map":{}}`, "weight_map"},
		{"none", `{}`, "weight_map"},
		{"numbers", `{"weight_map":{"w":1}}`, "weight_map"},
		{"no JSON", `weight_map`, "weight_map"},
		{"the index", `{"weight_map":{"w":"model.safetensors.index.json"}}`, "JSON"},
	} {
		dir := t.TempDir()
		writeFiles(t, dir, map[string][]byte{"m/model.safetensors.index.json": []byte(tc.index), "x.safetensors": inside, "m/a/x.safetensors": inside})
		for way, open := range map[string]func() (*Checkpoint, error){
			"Open": func() (*Checkpoint, error) { return Open(filepath.Join(dir, "m")) }, "OpenFS": func() (*Checkpoint, error) { return OpenFS(os.DirFS(dir), "m") },
		} {
			if c, err := open(); err == nil || !strings.Contains(err.Error(), tc.says) {
				t.Errorf("%s, %s: %v, %v, want an error that says %q", tc.name, way, c, err, tc.says)
			}
		}
	}
}

// TestShardsTwice: a tensor that several shards hold counts once, and as in transformers
// the last shard's if they differ.
func TestShardsTwice(t *testing.T) {
	for name, tc := range map[string]struct {
		first, last Entry
		note        bool
	}{
		"equal":         {bytesEntry("w", "abc"), bytesEntry("w", "abc"), false},
		"values":        {bytesEntry("w", "abd"), bytesEntry("w", "abc"), true},
		"shape":         {bytesEntry("w", "ab"), bytesEntry("w", "abc"), true},
		"element types": {Entry{"w", I8, []int{3}, writeText("abc")}, bytesEntry("w", "abc"), true},
	} {
		dir := t.TempDir()
		writeFiles(t, dir, map[string][]byte{
			"a.safetensors": safetensorsOf(t, nil, bytesEntry("v", "v"), tc.first), "b.safetensors": safetensorsOf(t, nil, tc.last),
			"model.safetensors.index.json": []byte(`{"weight_map":{"w":"a.safetensors","v":"b.safetensors"}}`)})
		for _, opts := range [][]Option{nil, {WithoutMap()}} {
			c, err := Open(dir, opts...)
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			x, _ := c.Tensor("w")
			if got := string(mustBytes(t, x)); got != "abc" || len(names(c)) != 2 {
				t.Errorf("%s: w = %q, tensors %q", name, got, names(c))
			}
			if got := strings.Join(c.Notes, "; "); (got != "") != tc.note || tc.note && !strings.Contains(got, "different values: w;") {
				t.Errorf("%s: notes %q", name, got)
			}
			readAll(t, c)
		}
	}
	// In one file it is a contradiction.
	if _, err := load(rawSafetensors(`{"w":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"w":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}`, []byte("aa"))); !errors.Is(err, ErrCorrupt) {
		t.Errorf("twice in a file: %v", err)
	}
}

// TestShardsMissing: what an index names and its shards do not have is said.
func TestShardsMissing(t *testing.T) {
	dir := t.TempDir()
	writeFiles(t, dir, map[string][]byte{"model-00001-of-00001.safetensors": safetensorsOf(t, nil, bytesEntry("v", "v")), "model-00002-of-00002.safetensors": []byte("not read"),
		"model.safetensors.index.json": []byte(`{"weight_map":{"w":"model-00001-of-00001.safetensors","v":"model-00001-of-00001.safetensors"}}`)})
	c := open(t, dir)
	if len(c.Notes) != 1 || !strings.Contains(c.Notes[0], "w (model-00001-of-00001.safetensors)") {
		t.Errorf("notes %q", c.Notes)
	}
	writeFiles(t, dir, map[string][]byte{"model.safetensors.index.json": []byte(`{"weight_map":{"w":"model-00002-of-00003.safetensors","v":"model-00001-of-00001.safetensors"}}`)})
	if _, err := Open(dir); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "model-00002-of-00003.safetensors") || !strings.Contains(err.Error(), "model.safetensors.index.json names") {
		t.Errorf("a missing shard: %v", err)
	}
}
