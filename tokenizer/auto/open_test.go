package auto

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goroberta/goroberta/tokenizer"
)

// write writes files into a new folder.
func write(t *testing.T, files mapFiles) string {
	t.Helper()
	dir := t.TempDir()
	for name, data := range files {
		at := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(at), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at, []byte(data), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// in puts files into a folder.
func in(folder string, files mapFiles) mapFiles {
	moved := mapFiles{}
	for name, data := range files {
		moved[folder+"/"+name] = data
	}
	return moved
}

func TestOpen(t *testing.T) {
	json := mapFiles{"tokenizer.json": tokJSON}
	const modules = `[{"idx":0,"path":"0_Transformer","type":"sentence_transformers.models.Transformer"},{"idx":1,"path":"1_Pooling","type":"sentence_transformers.models.Pooling"}]`
	for _, c := range []struct {
		name  string
		files mapFiles
		path  string
		want  []int // of "ab"
		file  string
		says  string // of the error
	}{
		{"a folder", hfFolder, "", []int{0, 7, 2}, "vocab.json", ""},
		{"tokenizer.json alone counts as it is", json.with(mapFiles{"tokenizer_config.json": `{"tokenizer_class":"RobertaTokenizer"}`}), "tokenizer.json", []int{0, 8, 2}, "tokenizer.json", ""},
		{"its folder", json.with(mapFiles{"tokenizer_config.json": `{"tokenizer_class":"RobertaTokenizer"}`}), "", []int{0, 7, 2}, "tokenizer.json", ""},
		{"tokenizer.json by another name", mapFiles{"x.json": tokJSON}, "x.json", []int{0, 8, 2}, "x.json", ""},
		{"a model", spFolder.with(json), "sentencepiece.bpe.model", []int{1, 3, 2}, "sentencepiece.bpe.model", ""},
		{"a model by another name", mapFiles{"x.model": model}, "x.model", []int{1, 3, 2}, "x.model", ""},
		{"a model without an ending", mapFiles{"x": model}, "x", []int{1, 3, 2}, "x", ""},
		{"a folder with a model alone", mapFiles{"spm.model": model}, "", []int{1, 3, 2}, "spm.model", ""},
		{"a model and its dictionary", mapFiles{"sentencepiece.bpe.model": model, "dict.txt": words}, "", []int{0, 4, 2}, "sentencepiece.bpe.model", ""},
		{"vocab.json", hfFolder, "vocab.json", []int{0, 7, 2}, "vocab.json", ""},
		{"merges.txt", hfFolder, "merges.txt", []int{0, 7, 2}, "vocab.json", ""},
		{"bpe.codes", fastFolder, "bpe.codes", []int{0, 4, 2}, "vocab.txt", ""},
		{"sentence-transformers", in("0_Transformer", hfFolder).with(mapFiles{"modules.json": modules, "config.json": "{}"}), "", []int{0, 7, 2}, "0_Transformer/vocab.json", ""},
		{"without modules.json", in("0_Transformer", hfFolder), "", []int{0, 7, 2}, "0_Transformer/vocab.json", ""},
		{"a transformer at the root", hfFolder.with(mapFiles{"modules.json": strings.ReplaceAll(modules, "0_Transformer", "")}), "", []int{0, 7, 2}, "vocab.json", ""},
		{"today's type", in("t", hfFolder).with(mapFiles{"modules.json": `[{"path":"t","type":"sentence_transformers.base.modules.transformer.Transformer"}]`}), "", []int{0, 7, 2}, "t/vocab.json", ""},
		{"a path that leads out", mapFiles{"modules.json": `[{"path":"../x","type":"Transformer"}]`}, "", nil, "", "leads out"},
		{"modules.json that is none", mapFiles{"modules.json": "x"}, "", nil, "", "modules.json"},
		{"a cache with one snapshot", in("snapshots/abc", hfFolder), "", []int{0, 7, 2}, "snapshots/abc/vocab.json", ""},
		{"a cache with a main one", in("snapshots/abc", hfFolder).with(in("snapshots/def", json)).with(mapFiles{"refs/main": "abc\n"}), "", []int{0, 7, 2}, "snapshots/abc/vocab.json", ""},
		{"a cache with two", in("snapshots/abc", hfFolder).with(in("snapshots/def", json)), "", nil, "", "2 snapshots"},
		{"junk", mapFiles{"x": "junk"}, "x", nil, "", "no tokenizer"},
		{"an empty file", mapFiles{"x": ""}, "x", nil, "", "no tokenizer"},
		{"an empty folder", mapFiles{"y/x": "junk"}, "", nil, "", "tokenizer.json"},
		{"a wrong ending", mapFiles{"x.model": "junk"}, "x.model", nil, "", "x.model"},
		{"a folder of a file's name", mapFiles{"tokenizer.json/x": "1", "vocab.json": vocabJSON, "merges.txt": mergesTxt}, "", []int{0, 7, 2}, "vocab.json", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := write(t, c.files)
			tok, info, err := Open(filepath.Join(dir, filepath.FromSlash(c.path)))
			if c.says != "" {
				if err == nil || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), dir) {
					t.Errorf("error %v, want one that says %q and %s", err, c.says, dir)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := tokenizer.Encode(tok, "ab"); !slices.Equal(got, c.want) {
				t.Errorf("%v, want %v", got, c.want)
			}
			if want := filepath.Join(dir, filepath.FromSlash(c.file)); info.File != want {
				t.Errorf("file %s, want %s", info.File, want)
			}
		})
	}
	if _, _, err := Open(filepath.Join(t.TempDir(), "missing")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing file: %v", err)
	}
	if _, _, err := Open(os.DevNull); !errors.Is(err, ErrNone) {
		t.Errorf("a device: %v", err)
	}
}
