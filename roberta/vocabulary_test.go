package roberta

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goroberta/goroberta/tokenizer"
	"github.com/goroberta/goroberta/tokenizer/auto"
	"github.com/goroberta/goroberta/weights"
)

// tinyWith is a Hugging Face model of 1,005 tokens without a tokenizer, and these files.
func tinyWith(t *testing.T, files map[string]string) string {
	t.Helper()
	all := map[string][]byte{}
	for _, name := range []string{"model.safetensors", "config.json"} {
		all[name] = must[[]byte](t)(os.ReadFile(golden(t, "hf", "tiny-mnli", name)))
	}
	for name, data := range files {
		all[name] = []byte(data)
	}
	return writeFiles(t, t.TempDir(), all)
}

// smallVocabulary has ten tokens.
var smallVocabulary = map[string]string{
	"vocab.json": `{"<s>":0,"<pad>":1,"</s>":2,"<unk>":3,"a":4,"b":5,"Ġ":6,"ab":7,"Ġab":8,"<mask>":9}`, "merges.txt": "a b\nĠ ab\n",
}

func withFile(files map[string]string, name, data string) map[string]string {
	all := map[string]string{name: data}
	for n, d := range files {
		if n != name {
			all[n] = d
		}
	}
	return all
}

// TestHuggingFaceVocabularies: vocabularies as they lie around. Whatever is wrong with
// one, the model takes tokens.
func TestHuggingFaceVocabularies(t *testing.T) {
	for _, c := range []struct {
		name  string
		files map[string]string
		text  string
		want  []int
		says  []string
	}{
		{"rows to spare", smallVocabulary, "ab ab", []int{0, 7, 8, 2}, nil},
		{"added tokens", withFile(smallVocabulary, "added_tokens.json", `{"<e1>":10,"<e2>":11}`), "<e1>ab<e2> ab", []int{0, 10, 7, 11, 8, 2}, nil},
		{"a merge without its token", withFile(smallVocabulary, "merges.txt", "a b\nb b\n"), "ab", nil, []string{"merges.txt", "vocab.json"}},
		{"more tokens than rows", withFile(smallVocabulary, "vocab.json", `{"<s>":0,"<pad>":1,"</s>":2,"<unk>":3,"a":4,"b":5,"Ġ":6,"ab":7,"Ġab":2000}`), "ab", nil, []string{"vocab.json", "2001", "1005"}},
		{"none", nil, "ab", nil, []string{"no vocabulary", "tokenizer.json"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := tinyWith(t, c.files)
			m, err := Open(dir)
			if err != nil {
				t.Fatal(err)
			}
			defer m.Close()
			if _, err := m.ExtractFeatures(t.Context(), []int{0, 5, 6, 2}); err != nil {
				t.Errorf("tokens: %v", err)
			}
			tok, err := m.Tokenizer()
			alone, _, aloneErr := OpenTokenizer(dir)
			for _, e := range []error{err, aloneErr} {
				if (e != nil) != (c.says != nil) || e != nil && !errors.Is(e, ErrNoVocabulary) {
					t.Fatalf("error %v, want one that says %q", e, c.says)
				}
				for _, s := range c.says {
					if !strings.Contains(e.Error(), s) {
						t.Errorf("error %q does not say %q", e, s)
					}
				}
			}
			if c.says != nil {
				if m.Encode(c.text) != nil || m.TokenizerInfo().Kind != "" {
					t.Errorf("text has tokens %v by %+v", m.Encode(c.text), m.TokenizerInfo())
				}
				return
			}
			if got := m.Encode(c.text); !slices.Equal(got, c.want) || !slices.Equal(tokenizer.Encode(alone, c.text), c.want) {
				t.Errorf("%v, alone %v, want %v", got, tokenizer.Encode(alone, c.text), c.want)
			}
			if info := m.TokenizerInfo(); info.File != "vocab.json" || tok.Len() > 1005 {
				t.Errorf("info %+v", info)
			}
		})
	}
}

func TestWithPlainText(t *testing.T) {
	dir := tinyWith(t, smallVocabulary)
	for _, opts := range [][]Option{nil, {WithPlainText()}} {
		m, err := Open(dir, opts...)
		if err != nil {
			t.Fatal(err)
		}
		defer m.Close()
		tok, _, err := OpenTokenizer(dir, opts...)
		if err != nil {
			t.Fatal(err)
		}
		for _, ids := range [][]int{m.Encode("ab<mask>"), tokenizer.Encode(tok, "ab<mask>")} {
			if slices.Contains(ids, 9) != (opts == nil) {
				t.Errorf("tokens %v with %d options", ids, len(opts))
			}
		}
	}
}

// TestOpenTokenizer: a tokenizer opens with its model, beside one that cannot be read, and
// alone.
func TestOpenTokenizer(t *testing.T) {
	dir := tinyWith(t, withFile(smallVocabulary, "tokenizer_config.json", `{"model_max_length":1000}`))
	m, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if _, info, err := OpenTokenizer(dir); err != nil || info.MaxLength != m.Config().MaxPositions {
		t.Errorf("longest input %d, %v, want %d, the model's positions", info.MaxLength, err, m.Config().MaxPositions)
	}
	files := map[string][]byte{"model.safetensors": []byte("not one")}
	for name, data := range smallVocabulary {
		files[name] = []byte(data)
	}
	for _, name := range []string{"model.safetensors", "vocab.json"} {
		dir := writeFiles(t, t.TempDir(), files)
		tok, info, err := OpenTokenizer(dir)
		if err != nil || !slices.Equal(tokenizer.Encode(tok, "ab"), []int{0, 7, 2}) || info.File != filepath.Join(dir, "vocab.json") {
			t.Errorf("%+v, %v", info, err)
		}
		if _, _, err := OpenTokenizer(filepath.Join(dir, name)); (err != nil) != (name == "model.safetensors") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, _, err := OpenTokenizer(filepath.Join(t.TempDir(), "missing")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing: %v", err)
	}
	if _, _, err := OpenTokenizer(t.TempDir()); !errors.Is(err, weights.ErrNotCheckpoint) {
		t.Errorf("an empty folder: %v", err)
	}
}

// TestHFByteBPE: fairseq's bpe hf_byte_bpe looks the ids of vocab.json up in dict.txt.
func TestHFByteBPE(t *testing.T) {
	var vocab, dict strings.Builder
	vocab.WriteString(`{"ab":256`)
	dict.WriteString("256 1\n")
	other := rune(0x100)
	for b := range 256 {
		r := rune(b)
		if !('!' <= b && b <= '~' || 0xA1 <= b && b <= 0xAC || b >= 0xAE) {
			r = other
			other++
		}
		fmt.Fprintf(&vocab, ",%q:%d", string(r), b)
		fmt.Fprintf(&dict, "%d 1\n", b)
	}
	for i := range 1005 - 1 - 4 - 257 {
		fmt.Fprintf(&dict, "madeupword%04d 0\n", i)
	}
	path := changed(t, golden(t, "tiny", "model.pt"), func(s map[string]any, e map[string]*weights.Entry) {
		s["bpe"] = "hf_byte_bpe"
		for name, text := range map[string]string{"dict.txt": dict.String(), "vocab.json": vocab.String() + "}", "merges.txt": "a b\n"} {
			entry := weights.FileEntry(name, []byte(text))
			e[entry.Name] = &entry
		}
	})
	m, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if got, want := m.Encode("ab<"), []int{0, 4, 5 + '<', 2}; !slices.Equal(got, want) || m.Decode(want) != "ab<" {
		_, err := m.Tokenizer()
		t.Errorf("%v, want %v; %q; %v", got, want, m.Decode(want), err)
	}
}

// TestCompanionsAreNoOutput: no file that a model may be opened with is written over.
func TestCompanionsAreNoOutput(t *testing.T) {
	dir := tinyWith(t, nil)
	names := slices.Concat(auto.Names(), sentenceFiles, []string{"config.json", "labels.json", "label/dict.txt", adapterConfig, modulesFile, "config_sentence_transformers.json", "1_Pooling/config.json"})
	for _, name := range names {
		out := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(out), 0o777); err != nil {
			t.Fatal(err)
		}
		for _, in := range []string{dir, filepath.Join(dir, "model.safetensors")} {
			if err := weights.CheckOutput(out, in); !errors.Is(err, weights.ErrSameFile) {
				t.Errorf("%s beside %s: %v", name, in, err)
			}
		}
	}
}
