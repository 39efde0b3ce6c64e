package roberta

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/goroberta/goroberta/weights"
)

// textEntry is a tensor of bytes.
func textEntry(name, content string) weights.Entry {
	return weights.Entry{Name: name, DType: weights.U8, Shape: []int{len(content)}, Write: func(w io.Writer) error {
		_, err := io.WriteString(w, content)
		return err
	}}
}

// textEntries are tensors whose elements are their names'.
func textEntries(names ...string) []weights.Entry {
	var es []weights.Entry
	for _, name := range names {
		es = append(es, textEntry(name, name))
	}
	return es
}

// floatEntry is a tensor of the values 0, 1, …
func floatEntry(name string, shape ...int) weights.Entry {
	e := weights.Entry{Name: name, DType: weights.F32, Shape: shape}
	e.Write = func(w io.Writer) error {
		var b []byte
		for i := range e.Size() / 4 {
			b = binary.LittleEndian.AppendUint32(b, math.Float32bits(float32(i)))
		}
		_, err := w.Write(b)
		return err
	}
	return e
}

// safetensorsOf is a safetensors file.
func safetensorsOf(t testing.TB, metadata map[string]string, entries ...weights.Entry) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := weights.Write(&b, metadata, entries); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// writeFiles fills a directory.
func writeFiles(t testing.TB, dir string, files map[string][]byte) string {
	t.Helper()
	for name, data := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, data, 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// translated is what translate makes of a file or directory.
func translated(t testing.TB, path string) (*checkpoint, error) {
	t.Helper()
	file, err := weights.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	return translate(file)
}

// translatedFile is what translate makes of a file's content, with nothing beside it.
func translatedFile(t testing.TB, data []byte) (*checkpoint, error) {
	t.Helper()
	file, err := weights.Load(bytes.NewReader(data), int64(len(data)), "file")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	return translate(file)
}

func tensorNames(c *checkpoint) []string {
	var names []string
	for name := range c.tensors {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func tensorBytes(t testing.TB, x *weights.Tensor) []byte {
	t.Helper()
	b, err := x.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func tensorValues(t testing.TB, x *weights.Tensor) []float32 {
	t.Helper()
	v := make([]float32, x.Len())
	if err := x.Float32s(v); err != nil {
		t.Fatal(err)
	}
	return v
}

// TestSplitAttention: a fused projection becomes views of its thirds.
func TestSplitAttention(t *testing.T) {
	const layer = "decoder.sentence_encoder.layers.0.self_attn."
	c, err := translatedFile(t, safetensorsOf(t, nil, floatEntry(layer+"in_proj_weight", 6, 2), floatEntry(layer+"in_proj_bias", 6)))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string][]float32{
		"q_proj.weight": {0, 1, 2, 3}, "k_proj.weight": {4, 5, 6, 7}, "v_proj.weight": {8, 9, 10, 11},
		"q_proj.bias": {0, 1}, "k_proj.bias": {2, 3}, "v_proj.bias": {4, 5},
	} {
		x := c.tensors[stack+"layers.0.self_attn."+name]
		if x == nil {
			t.Fatalf("no %s among %q", name, tensorNames(c))
		}
		if got := tensorValues(t, x); !slices.Equal(got, want) {
			t.Errorf("%s = %v, want %v", name, got, want)
		}
	}
	for _, bad := range [][]weights.Entry{
		{floatEntry(layer + "in_proj_bias")}, {floatEntry(layer+"in_proj_bias", 4)},
	} {
		_, err := translatedFile(t, safetensorsOf(t, nil, bad...))
		var fe *weights.FileError
		if !errors.Is(err, weights.ErrCorrupt) || !errors.As(err, &fe) || fe.Tensor == "" {
			t.Errorf("%d tensors of shape %v: %v", len(bad), bad[0].Shape, err)
		}
	}
}

// TestFairseqSettings: settings without their groups, in the forms that fairseq's
// versions have.
func TestFairseqSettings(t *testing.T) {
	type m = map[string]any
	for _, tc := range []struct {
		name      string
		raw, want m
	}{
		{"args", m{"args": m{"arch": "roberta_base", "encoder_layers": int64(3), "dropout": 0.5, "seen": true, "x": nil, "group": m{"y": 1}}, "extra_state": m{"n": 1}},
			m{"arch": "roberta_base", "encoder_layers": int64(3), "dropout": 0.5, "seen": true, "x": nil}},
		{"args before cfg", m{"args": m{"a": int64(1)}, "cfg": m{"model": m{"a": int64(2)}}}, m{"a": int64(1)}},
		{"cfg, args None", m{"args": nil, "cfg": m{"task": m{"t": int64(1)}, "model": m{"a": int64(2), "_name": "roberta"}}},
			m{"t": int64(1), "a": int64(2), "_name": "roberta", "arch": "roberta"}},
		{"model before task", m{"cfg": m{"model": m{"a": int64(2)}, "task": m{"a": int64(1)}}}, m{"a": int64(2)}},
		{"arch before _name", m{"cfg": m{"model": m{"arch": "xlm", "_name": "roberta"}}}, m{"arch": "xlm", "_name": "roberta"}},
		{"bpe in args", m{"args": m{"bpe": "gpt2", "gpt2_vocab_bpe": "/x/vocab.bpe"}}, m{"bpe": "gpt2", "gpt2_vocab_bpe": "/x/vocab.bpe"}},
		{"the group bpe", m{"cfg": m{"bpe": m{"_name": "sentencepiece", "sentencepiece_model": "/x/spm.model", "arch": "x", "dropout": 1.0}, "model": m{"_name": "roberta"}}},
			m{"_name": "roberta", "arch": "roberta", "bpe": "sentencepiece", "sentencepiece_model": "/x/spm.model"}},
		{"a group bpe without a name", m{"cfg": m{"bpe": m{"_name": nil, "bpe_codes": "codes"}, "model": m{"a": int64(1)}}}, m{"a": int64(1), "bpe_codes": "codes"}},
		{"no group bpe", m{"cfg": m{"bpe": nil, "model": m{"a": int64(1)}}}, m{"a": int64(1)}},
		{"bpe, a name", m{"cfg": m{"bpe": "gpt2"}}, m{"bpe": "gpt2"}},
		{"none", nil, m{}},
	} {
		if got := fairseqSettings(tc.raw); !reflect.DeepEqual(got, tc.want) {
			t.Errorf("%s: %v, want %v", tc.name, got, tc.want)
		}
	}
}

// TestMetadata: what a converted file says must be settings, labels and heads.
func TestMetadata(t *testing.T) {
	for _, tc := range []struct {
		key, text string
		is        error
	}{
		{settingsKey, `{"a":1,"b":[1],"c":{"d":1}}`, nil}, {settingsKey, `[]`, weights.ErrCorrupt}, {settingsKey, `{"a":`, weights.ErrCorrupt}, {settingsKey, ``, weights.ErrCorrupt},
		{labelsKey, `[]`, weights.ErrCorrupt}, {labelsKey, `{"a":["x"]}`, nil},
		{headsKey, `{"a":{"reads":"tokens","activation":"relu"}}`, nil}, {headsKey, `{"a":{"reads":"words"}}`, weights.ErrUnsupported}, {headsKey, `{"a":{"activation":"mish"}}`, weights.ErrUnsupported}, {headsKey, `[]`, weights.ErrCorrupt},
	} {
		data := safetensorsOf(t, map[string]string{tc.key: tc.text}, textEntry("w", "abc"))
		file, err := weights.Load(bytes.NewReader(data), int64(len(data)), "file")
		if err != nil {
			t.Fatal(err)
		}
		c, err := translate(file)
		if err == nil {
			_, err = readHeadSettings(file)
		}
		var fe *weights.FileError
		if !errors.Is(err, tc.is) || err != nil && (!errors.As(err, &fe) || fe.Entry != tc.key) {
			t.Errorf("%s %q: %v, want %v", tc.key, tc.text, err, tc.is)
		}
		if err == nil && tc.key == settingsKey && !reflect.DeepEqual(c.settings, map[string]any{"a": int64(1)}) {
			t.Errorf("settings %q: %v", tc.text, c.settings)
		}
	}
}

// TestFormsOfOneModel: one model in every form on disk gives the same bits under the
// same names, and the same settings.
func TestFormsOfOneModel(t *testing.T) {
	want, err := translated(t, golden(t, "tiny", "model.pt"))
	if err != nil {
		t.Fatal(err)
	}
	half, err := translated(t, golden(t, "tiny", "fp16.pt"))
	if err != nil {
		t.Fatal(err)
	}
	isVersion := func(name string) bool { return name == stack+"version" } // which some forms lack
	for _, tc := range []struct {
		file   string
		dtype  weights.DType
		rounds bool // its elements are those of model.pt, rounded
	}{
		{"cfg.pt", weights.F32, false},
		{"legacy.pt", weights.F32, false},
		{"old2019.pt", weights.F32, false},
		{"old2019_zip.pt", weights.F32, false},
		{"roberta.tiny.tar.gz", weights.F32, false},
		{"shared_storage.pt", weights.F32, false},
		{"shared_storage_legacy.pt", weights.F32, false},
		{"optimizer_state.pt", weights.F32, false},
		{"fp64.pt", weights.F64, false},
		{"fp16.pt", weights.F16, true},
		{"old2019_fp16.pt", weights.F16, true},
		{"bf16.pt", weights.BF16, true},
	} {
		t.Run(tc.file, func(t *testing.T) {
			c, err := translated(t, golden(t, "tiny", tc.file))
			if err != nil {
				t.Fatal(err)
			}
			for key, n := range map[string]int64{"encoder_layers": 3, "encoder_embed_dim": 64, "encoder_ffn_embed_dim": 128, "encoder_attention_heads": 4, "max_positions": 40} {
				if c.settings[key] != n {
					t.Errorf("settings[%q] = %#v, want %d", key, c.settings[key], n)
				}
			}
			for name, x := range want.tensors {
				if isVersion(name) {
					continue
				}
				y := c.tensors[name]
				if y == nil {
					t.Errorf("%s is missing", name)
					continue
				}
				if y.DType != tc.dtype || !slices.Equal(y.Shape, x.Shape) {
					t.Errorf("%s: %v %v, want %v %v", name, y.DType, y.Shape, tc.dtype, x.Shape)
					continue
				}
				a, b := tensorValues(t, x), tensorValues(t, y)
				if !tc.rounds {
					if !slices.Equal(a, b) {
						t.Errorf("%s: other bits than model.pt's", name)
					}
					continue
				}
				// fp16 keeps 11 bits, bf16 8; the rounding was torch's.
				ulp := map[weights.DType]float32{weights.F16: 0x1p-11, weights.BF16: 0x1p-8}[tc.dtype]
				for i := range a {
					if d := a[i] - b[i]; max(d, -d) > max(ulp*max(a[i], -a[i]), 0x1p-25) {
						t.Errorf("%s[%d] = %v, want %v rounded", name, i, b[i], a[i])
						break
					}
				}
				if h := half.tensors[name]; h != nil && tc.dtype == weights.F16 && !slices.Equal(b, tensorValues(t, h)) {
					t.Errorf("%s: other bits than fp16.pt's", name)
				}
			}
			for name := range c.tensors {
				if want.tensors[name] == nil {
					t.Errorf("%s is not in model.pt", name)
				}
			}
			if got := slices.ContainsFunc(c.notes, func(s string) bool { return strings.Contains(s, "optimizer") }); got != (tc.file == "optimizer_state.pt") {
				t.Errorf("notes %q", c.notes)
			}
		})
	}
}

// TestLabelDictionary: class c is the c-th line.
func TestLabelDictionary(t *testing.T) {
	for _, tc := range []struct {
		dict      string
		want, all []string
	}{
		{"", nil, nil},
		{"yes 10\nno 9\n", []string{"yes", "no"}, nil},
		{"yes 10\r\nno 9\r\n", []string{"yes", "no"}, nil},
		{"not at all 10\nno 9", []string{"not at all", "no"}, nil},
		{"<s> 10 #fairseq:overwrite\nno 9", []string{"<s>", "no"}, nil},
		{"1 5\n0 5\nmadeupword0000 0\n", []string{"1", "0"}, []string{"1", "0", "madeupword0000"}},
		{"madeupword0000 5\n0 5\nmadeupword0001 0\nmadeupword0002 0\n", []string{"madeupword0000", "0"}, []string{"madeupword0000", "0", "madeupword0001", "madeupword0002"}},
	} {
		if got, all := labelNames([]byte(tc.dict)); !slices.Equal(got, tc.want) || !slices.Equal(all, tc.all) {
			t.Errorf("labelNames(%q) = %q, %q, want %q, %q", tc.dict, got, all, tc.want, tc.all)
		}
	}
}

// TestFineTuned: dictionary and labels lie where fairseq-preprocess puts them.
func TestFineTuned(t *testing.T) {
	for _, path := range [][]string{{"finetuned"}, {"finetuned", "model.pt"}} {
		c, err := translated(t, golden(t, path...))
		if err != nil {
			t.Fatal(err)
		}
		dictionary, err := os.ReadFile(golden(t, "finetuned", "input0", "dict.txt"))
		if err != nil {
			t.Fatal(err)
		}
		v, err := c.vocabularyFiles()
		if err != nil || !bytes.Equal(v.files["dict.txt"], dictionary) {
			t.Errorf("%q: the dictionary has %d bytes, %v", path, len(v.files["dict.txt"]), err)
		}
		if _, info, err := c.tokenizer(false); err != nil || info.File != "input0/dict.txt" {
			t.Errorf("%q: the tokenizer is %+v, %v", path, info, err)
		}
		file, err := os.ReadFile(golden(t, "finetuned", "label", "dict.txt"))
		if err != nil {
			t.Fatal(err)
		}
		var want []string
		for _, f := range strings.Split(strings.TrimSpace(string(file)), "\n") {
			if name := strings.Fields(f)[0]; !strings.HasPrefix(name, "madeupword") {
				want = append(want, name)
			}
		}
		if len(want) == 0 || !slices.Equal(c.labels, want) {
			t.Errorf("%q: labels %q, want %q", path, c.labels, want)
		}
	}
}

// TestSideFiles: which vocabulary and which labels count.
func TestSideFiles(t *testing.T) {
	model := safetensorsOf(t, nil, textEntry("w", "abc"))
	hf := safetensorsOf(t, nil, textEntries(hfTensors...)...)
	converted := safetensorsOf(t, map[string]string{settingsKey: `{"encoder_layers":2}`, labelsKey: `{"topic":["in"]}`},
		textEntry("w", "abc"), weights.FileEntry("dict.txt", []byte("in 1\n")))
	fromHF := safetensorsOf(t, nil, textEntry("w", "abc"), textEntry("vocab/vocab.json", `{"old":0}`), textEntry("vocab/merges.txt", "old"))
	files := func(model []byte, rest ...string) map[string][]byte {
		m := map[string][]byte{"model.safetensors": model, "config.json": hfConfig(nil)}
		for _, name := range rest {
			m[name] = []byte(name)
		}
		return m
	}
	all := []string{"dict.txt", "input0/dict.txt", "encoder.json", "vocab.bpe", "vocab.json", "merges.txt"}
	for _, tc := range []struct {
		name  string
		files map[string][]byte
		want  map[string]string // name: its content
	}{
		{"fairseq's", files(model, all...), map[string]string{"dict.txt": "dict.txt", "encoder.json": "encoder.json", "vocab.bpe": "vocab.bpe"}},
		{"input0", files(model, all[1:2]...), map[string]string{"dict.txt": "input0/dict.txt"}},
		{"Hugging Face's", files(hf, all[2:]...), map[string]string{"vocab.json": "vocab.json", "merges.txt": "merges.txt"}},
		{"Hugging Face's with a dictionary", files(hf, all...), map[string]string{"vocab.json": "vocab.json", "merges.txt": "merges.txt"}},
		{"Hugging Face's with a dictionary alone", files(hf, all[:4]...), map[string]string{"dict.txt": "dict.txt", "encoder.json": "encoder.json", "vocab.bpe": "vocab.bpe"}},
		{"another model's", files(model, all[4:]...), nil},
		{"inside", files(converted, all...), map[string]string{"dict.txt": "in 1\n"}},
		{"inside, of old", files(fromHF, all...), map[string]string{"vocab.json": `{"old":0}`, "merges.txt": "old"}},
		{"in a folder", map[string][]byte{"m/model.safetensors": model, "m/dict.txt": []byte("m"), "dict.txt": nil}, map[string]string{"dict.txt": "m"}},
	} {
		c, err := translated(t, writeFiles(t, t.TempDir(), tc.files))
		if err != nil {
			t.Errorf("%s: %v", tc.name, err)
			continue
		}
		v, err := c.vocabularyFiles()
		got := map[string]string{}
		for name, data := range v.files {
			if name != "config.json" { // of Hugging Face's, and tested where it is read
				got[name] = string(data)
			}
		}
		if err != nil || !maps.Equal(got, tc.want) {
			t.Errorf("%s: %q, %v; want %q", tc.name, got, err, tc.want)
		}
	}
	for _, tc := range []struct {
		name  string
		files map[string][]byte
		want  []string
		heads map[string][]string
		notes int
	}{
		{"beside", map[string][]byte{"label/dict.txt": []byte("yes 2\nno 1\n"), "labels.json": []byte(`{"topic":["x","y"]}`)}, []string{"yes", "no"}, map[string][]string{"topic": {"x", "y"}}, 0},
		{"none", nil, nil, nil, 0},
		{"odd", map[string][]byte{"dict.txt/is a folder": nil, "labels.json": []byte("[1]")}, nil, nil, 1},
		{"half", map[string][]byte{"labels.json": []byte(`{"topic":["x"],"other":1}`)}, nil, nil, 1},
	} {
		dir := writeFiles(t, t.TempDir(), map[string][]byte{"model.safetensors": model})
		c, err := translated(t, writeFiles(t, dir, tc.files))
		if err != nil || !slices.Equal(c.labels, tc.want) || !reflect.DeepEqual(c.headLabels, tc.heads) || len(c.notes) != tc.notes {
			t.Errorf("labels %s: %q, %q, notes %q, %v", tc.name, c.labels, c.headLabels, c.notes, err)
		}
	}
	c, err := translated(t, writeFiles(t, t.TempDir(), map[string][]byte{"model.safetensors": converted, "labels.json": []byte(`{"topic":["out"]}`)}))
	if err != nil || !slices.Equal(c.headLabels["topic"], []string{"in"}) {
		t.Errorf("labels inside: %q, %v", c.headLabels, err)
	}
}

// TestVocabularyErrors: a fault of the vocabulary stops text with an error that names
// the file as it is called on disk, and nothing else.
func TestVocabularyErrors(t *testing.T) {
	tiny, err := os.ReadFile(golden(t, "tiny", "model.pt"))
	if err != nil {
		t.Fatal(err)
	}
	dict, err := os.ReadFile(golden(t, "tiny", "dict.txt"))
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name  string
		files map[string][]byte
		says  string
	}{
		{"dict.txt", map[string][]byte{"dict.txt": []byte("a\n")}, "dict.txt"},
		{"input0", map[string][]byte{"input0/dict.txt": []byte("a\n")}, "input0/dict.txt"},
		{"encoder.json", map[string][]byte{"dict.txt": dict, "encoder.json": []byte("{"), "vocab.bpe": []byte("x")}, "encoder.json"},
		{"vocab.bpe", map[string][]byte{"dict.txt": dict, "encoder.json": []byte(`{"a":0}`), "vocab.bpe": []byte("x")}, "vocab.bpe"},
		{"another size", map[string][]byte{"dict.txt": []byte("1 1\n")}, "dict.txt"},
	} {
		dir := writeFiles(t, t.TempDir(), map[string][]byte{"m/model.pt": tiny})
		writeFiles(t, filepath.Join(dir, "m"), tc.files)
		m, err := Open(dir)
		if err != nil {
			t.Errorf("%s: %v", tc.name, err)
			continue
		}
		defer m.Close()
		_, err = m.Tokenizer()
		if !errors.Is(err, ErrNoVocabulary) || !strings.Contains(err.Error(), "m/"+tc.says+":") || len(err.Error()) > 400 {
			t.Errorf("%s: %v, want an error that names m/%s", tc.name, err, tc.says)
		}
		if _, err := m.FillMask(t.Context(), "a <mask>", 1); !errors.Is(err, ErrNoVocabulary) {
			t.Errorf("%s: FillMask: %v", tc.name, err)
		}
		if _, err := m.ExtractFeatures(t.Context(), []int{0, 5, 2}); err != nil {
			t.Errorf("%s: tokens: %v", tc.name, err)
		}
		if notes := strings.Join(m.Notes(), "\n"); !strings.Contains(notes, "m/"+tc.says) {
			t.Errorf("%s: notes %q", tc.name, notes)
		}
	}
}

// TestLargeSideFile: an error about a file beside the tensors names both, once.
func TestLargeSideFile(t *testing.T) {
	model, err := os.ReadFile(golden(t, "tiny", "model.pt"))
	if err != nil {
		t.Fatal(err)
	}
	dir := writeFiles(t, t.TempDir(), map[string][]byte{"model.pt": model, "dict.txt": nil})
	if err := os.Truncate(filepath.Join(dir, "dict.txt"), 64<<20+1); err != nil {
		t.Fatal(err)
	}
	m, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	for what, err := range map[string]error{"Tokenizer": second(m.Tokenizer()), "Convert": Convert(t.Context(), dir, filepath.Join(t.TempDir(), "out"))} {
		if !errors.Is(err, weights.ErrTooLarge) || strings.Count(err.Error(), dir) != 1 || !strings.Contains(err.Error(), "dict.txt") {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

// manyHeads is a small model with so many classification heads beside its own.
func manyHeads(t testing.TB, n int) []byte {
	t.Helper()
	file, err := weights.Open(golden(t, "variants", "head_dim_5", "model.pt"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	c, err := newCheckpoint(file)
	if err != nil {
		t.Fatal(err)
	}
	f := modelFile{checkpoint: c}
	metadata, err := f.metadata()
	if err != nil {
		t.Fatal(err)
	}
	entries := f.entries()
	for i := range n {
		prefix := fmt.Sprintf("%smany%d.out_proj.", headPrefix, i)
		entries = append(entries, floatEntry(prefix+"weight", 2, c.config.Dim), floatEntry(prefix+"bias", 2))
	}
	return safetensorsOf(t, metadata, entries...)
}

// TestManyHeads: a file may have any number of heads. BenchmarkManyHeads shows that
// opening it takes time in proportion.
func TestManyHeads(t *testing.T) {
	n := 20_000
	if testing.Short() {
		n = 2_000
	}
	data := manyHeads(t, n)
	m, err := Load(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if got := len(m.Heads()); got < n {
		t.Errorf("%d heads, want %d and the model's own", got, n)
	}
	if _, err := m.Head(fmt.Sprintf("many%d", n-1)); err != nil {
		t.Error(err)
	}
	w, err := m.HeadWeights("many7")
	if err != nil || w.Dense != nil || w.Out.Out != 2 || w.Out.W[len(w.Out.W)-1] != float32(len(w.Out.W)-1) {
		t.Errorf("head of one layer: %d × %d, %v", w.Out.Out, w.Out.In, err)
	}
}

// BenchmarkManyHeads: ns/head is the same whatever the number of heads.
func BenchmarkManyHeads(b *testing.B) {
	for _, n := range []int{2_000, 20_000} {
		data := manyHeads(b, n)
		b.Run(fmt.Sprintf("heads=%d", n), func(b *testing.B) {
			for b.Loop() {
				m, err := Load(bytes.NewReader(data), int64(len(data)))
				if err != nil {
					b.Fatal(err)
				}
				m.Close()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/head")
		})
	}
}
