package roberta_test

import (
	"bytes"
	"encoding/json"
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

	"github.com/goroberta/goroberta/roberta"
	"github.com/goroberta/goroberta/weights"
)

// families are the models in testdata/families, made by transformers.
var families = []string{"camembert-ner", "gelu-new", "own-ids", "roberta-prelayernorm", "segments", "xlmr-xl"}

func familyDir(name string) string { return filepath.Join("..", "testdata", "families", name) }

// A folder is a Hugging Face model in memory, which a test changes before it opens it.
type hfFolder struct {
	config  map[string]any
	tensors map[string]tensor
	files   map[string]string // besides config.json and the tensors
}

type tensor struct {
	dtype weights.DType
	shape []int
	data  []byte
}

// floatTensor is a tensor of these values.
func floatTensor(values []float32, shape ...int) tensor {
	t := tensor{dtype: weights.F32, shape: shape}
	for _, v := range values {
		bits := math.Float32bits(v)
		t.data = append(t.data, byte(bits), byte(bits>>8), byte(bits>>16), byte(bits>>24))
	}
	return t
}

// filled is a tensor of values that are all different.
func filled(shape ...int) tensor {
	n := 1
	for _, d := range shape {
		n *= d
	}
	v := make([]float32, n)
	for i := range v {
		v[i] = float32(math.Sin(float64(i + n)))
	}
	return floatTensor(v, shape...)
}

// readFolder reads a model of testdata/families.
func readFolder(t testing.TB, name string) *hfFolder {
	t.Helper()
	f := &hfFolder{config: map[string]any{}, tensors: map[string]tensor{}, files: map[string]string{}}
	data, err := os.ReadFile(filepath.Join(familyDir(name), "config.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &f.config); err != nil {
		t.Fatal(err)
	}
	file, err := weights.Open(filepath.Join(familyDir(name), "model.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for _, x := range file.Tensors() {
		b, err := x.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		f.tensors[x.Name] = tensor{x.DType, x.Shape, bytes.Clone(b)}
	}
	return f
}

// write writes the folder.
func (f *hfFolder) write(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	if f.config != nil {
		data, err := json.Marshal(f.config)
		if err != nil {
			t.Fatal(err)
		}
		f.files["config.json"] = string(data)
	}
	for name, data := range f.files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(data), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	var entries []weights.Entry
	for name, x := range f.tensors {
		entries = append(entries, weights.Entry{Name: name, DType: x.dtype, Shape: x.shape, Write: func(w io.Writer) error { _, err := w.Write(x.data); return err }})
	}
	if err := weights.WriteFile(filepath.Join(dir, "model.safetensors"), map[string]string{"format": "pt"}, entries); err != nil {
		t.Fatal(err)
	}
	return dir
}

func openModel(t testing.TB, path string) *roberta.Model {
	t.Helper()
	m, err := roberta.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	return m
}

// everything is all that a model computes of some tokens, by name. types may be nil.
func everything(t testing.TB, m *roberta.Model, tokens, types []int) map[string][]float32 {
	t.Helper()
	want := roberta.WantFeatures | roberta.WantHiddens
	if m.HasLMHead() {
		want |= roberta.WantLogits
	}
	all := map[string][]float32{}
	compute := func(q roberta.Request) *roberta.Result {
		q.Inputs = []roberta.Input{{Tokens: tokens, Types: types}}
		r, err := m.Compute(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	r := compute(roberta.Request{Want: want})
	all["features"] = r.Features.Float32s()
	for l, x := range r.Hidden {
		all[fmt.Sprintf("hidden.%d", l)] = x.Float32s()
	}
	if r.Logits != nil {
		all["logits"] = r.Logits.Float32s()
	}
	if r, err := m.Compute(t.Context(), roberta.Request{Inputs: []roberta.Input{{Tokens: tokens, Types: types}}, Want: roberta.WantPooler}); err == nil {
		all["pooler_output"] = r.Pooler.Float32s()
	} else if !errors.Is(err, roberta.ErrNoPooler) {
		t.Fatal(err)
	}
	for _, h := range m.Heads() {
		if r := compute(roberta.Request{Head: h.Name}); r.HeadTokenLogits != nil {
			all["head "+h.Name] = r.HeadTokenLogits.Float32s()
		} else {
			all["head "+h.Name] = r.HeadLogits.Float32s()
		}
	}
	return all
}

// equal compares all that two models compute, bit for bit.
func equal(t *testing.T, what string, got, want map[string][]float32) {
	t.Helper()
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if !slices.Equal(got[name], want[name]) {
			t.Errorf("%s: other values of %s", what, name)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%s: values of %q, want %q", what, slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want)))
	}
}

// TestFamilies holds models of each family to what transformers computes, and converted
// files to the folders, bit for bit.
func TestFamilies(t *testing.T) {
	for _, name := range families {
		t.Run(name, func(t *testing.T) {
			m := openModel(t, familyDir(name))
			file, err := weights.Open(filepath.Join(familyDir(name), "expected.safetensors"))
			if err != nil {
				t.Fatal(err)
			}
			defer file.Close()
			read := func(name string) []float32 {
				x, ok := file.Tensor(name)
				if !ok {
					return nil
				}
				v := make([]float32, x.Len())
				if err := x.Float32s(v); err != nil {
					t.Fatal(err)
				}
				return v
			}
			ints := func(name string) (ids []int) {
				for _, v := range read(name) {
					ids = append(ids, int(v))
				}
				return ids
			}
			tokens, types := ints("tokens"), ints("types")
			got := everything(t, m, tokens, nil)
			if types != nil {
				r, err := m.Compute(t.Context(), roberta.Request{Inputs: []roberta.Input{{Tokens: tokens, Types: types}}, Want: roberta.WantFeatures})
				if err != nil {
					t.Fatal(err)
				}
				got["segments"] = r.Features.Float32s()
			}
			for _, h := range m.Heads() {
				got["logits"] = got["head "+h.Name]
			}
			got["last_hidden_state"] = got["features"]
			if got["hidden.3"] == nil || !slices.Equal(got["hidden.3"], got["features"]) {
				t.Error("the last hidden state is not the features")
			}
			compared := 0
			for _, x := range file.Tensors() {
				if x.Name == "tokens" || x.Name == "types" {
					continue
				}
				want := read(x.Name)
				if len(got[x.Name]) != len(want) {
					t.Errorf("%s: %d values, want %d", x.Name, len(got[x.Name]), len(want))
					continue
				}
				for i, w := range want {
					if d := math.Abs(float64(got[x.Name][i] - w)); !(d <= 2e-5) {
						t.Errorf("%s[%d] = %v, want %v", x.Name, i, got[x.Name][i], w)
						break
					}
				}
				compared++
			}
			if compared < 5 {
				t.Errorf("only %d tensors are compared", compared)
			}

			all := everything(t, m, tokens, types)
			for form, opts := range map[string][]roberta.ConvertOption{"plain": nil, "packed": {roberta.Packed()}, "zstd": {roberta.Zstd()}} {
				out, saved := filepath.Join(t.TempDir(), "model.safetensors"), filepath.Join(t.TempDir(), "saved.safetensors")
				if err := errors.Join(roberta.Convert(t.Context(), familyDir(name), out, opts...), m.Save(t.Context(), saved, opts...)); err != nil {
					t.Fatal(err)
				}
				c := openModel(t, out)
				equal(t, form, everything(t, c, tokens, types), all)
				if !reflect.DeepEqual(c.Heads(), m.Heads()) || !reflect.DeepEqual(c.Config(), m.Config()) {
					t.Errorf("%s: %+v %+v, want %+v %+v", form, c.Heads(), c.Config(), m.Heads(), m.Config())
				}
				a, err := os.ReadFile(out)
				b, err2 := os.ReadFile(saved)
				if err != nil || err2 != nil || !bytes.Equal(a, b) {
					t.Errorf("%s: Save and Convert write different files", form)
				}
			}
		})
	}
}

// tokensOf are some tokens of a model's.
func tokensOf(m *roberta.Model) []int { return []int{0, 7, 11, 5, 20, 4, 2} }

// TestNames opens one model under the names and prefixes that its tensors may have, with
// the settings that they may come with.
func TestNames(t *testing.T) {
	plain := openModel(t, familyDir("gelu-new"))
	want := everything(t, plain, tokensOf(plain), nil)
	prefix := func(p string) func(f *hfFolder) {
		return func(f *hfFolder) {
			renamed := map[string]tensor{}
			for name, x := range f.tensors {
				renamed[p+name] = x
			}
			f.tensors = renamed
		}
	}
	set := func(key string, v any) func(f *hfFolder) {
		return func(f *hfFolder) {
			if f.config[key] = v; v == nil {
				delete(f.config, key)
			}
		}
	}
	for _, tc := range []struct {
		name   string
		change []func(f *hfFolder)
		note   string // "": none
	}{
		{"roberta.", []func(*hfFolder){prefix("roberta.")}, ""},
		{"data2vec-text", []func(*hfFolder){prefix("data2vec_text."), set("model_type", "data2vec-text")}, ""},
		{"xlm-roberta", []func(*hfFolder){prefix("roberta."), set("model_type", "xlm-roberta")}, ""},
		{"module.", []func(*hfFolder){prefix("module.roberta.")}, "prefix module."},
		{"model.", []func(*hfFolder){prefix("model.")}, "prefix model."},
		{"sentence-transformers", []func(*hfFolder){prefix("0.auto_model.")}, "prefix 0.auto_model."},
		{"several wrappers", []func(*hfFolder){prefix("module._orig_mod.model.module.roberta.")}, "prefix module._orig_mod.model.module."},
		{"two models", []func(*hfFolder){prefix("model."), func(f *hfFolder) {
			f.tensors["model.teacher.embeddings.word_embeddings.weight"] = filled(3, 2)
			f.tensors["loss.weight"] = filled(3, 2)
		}}, "prefix model. are left out: loss.weight"},
		{"no model_type", []func(*hfFolder){prefix("roberta."), set("model_type", nil)}, "no model_type"},
		{"no model_type and no prefix", []func(*hfFolder){set("model_type", nil)}, "no model_type"},
		{"no model_type and no class", []func(*hfFolder){set("model_type", nil), set("architectures", nil)}, "no model_type"},
		{"NaN", []func(*hfFolder){set("initializer_range", json.RawMessage(`"\"NaN"`)), set("x", []any{1.5, map[string]any{"NaN": "-Infinity"}})}, ""},
		{"pad", []func(*hfFolder){set("pad_token_id", nil)}, ""},
		{"odd classes", []func(*hfFolder){set("architectures", []any{1, nil}), set("id2label", []any{[]any{1}})}, ""},
		{"position_ids", []func(*hfFolder){func(f *hfFolder) {
			f.tensors["embeddings.position_ids"] = tensor{weights.I64, []int{1, 2}, make([]byte, 16)}
			f.tensors["embeddings.token_type_ids"] = tensor{weights.Bool, []int{3}, make([]byte, 3)}
		}}, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f := readFolder(t, "gelu-new")
			for _, change := range tc.change {
				change(f)
			}
			m := openModel(t, f.write(t))
			equal(t, tc.name, everything(t, m, tokensOf(m), nil), want)
			var notes []string
			for _, n := range m.Notes() {
				if !strings.Contains(n, "vocabulary") {
					notes = append(notes, n)
				}
			}
			if all := strings.Join(notes, "\n"); (all == "") != (tc.note == "") || !strings.Contains(all, tc.note) {
				t.Errorf("notes %q, want one that says %q", notes, tc.note)
			}
		})
	}

	// A number that JSON does not have.
	f := readFolder(t, "gelu-new")
	data, err := json.Marshal(f.config)
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		from, to string
		says     string
	}{
		{`"initializer_range":0.02`, `"initializer_range":NaN,"x":[-Infinity,Infinity]`, ""},
		{`"layer_norm_eps":0.00001`, `"layer_norm_eps":NaN`, "layer_norm_eps"},
	} {
		f.config = nil
		if f.files["config.json"] = strings.Replace(string(data), tc.from, tc.to, 1); f.files["config.json"] == string(data) {
			t.Fatalf("config.json has no %s: %s", tc.from, data)
		}
		m, err := roberta.Open(f.write(t))
		if tc.says != "" {
			if err == nil || !strings.Contains(err.Error(), tc.says) {
				t.Errorf("%s: %v, want an error that says %q", tc.to, err, tc.says)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", tc.to, err)
			continue
		}
		equal(t, tc.to, everything(t, m, tokensOf(m), nil), want)
		m.Close()
	}
}

// TestWrappedFairseq: the prefixes of wrappers are taken off fairseq's names too.
func TestWrappedFairseq(t *testing.T) {
	path := filepath.Join(goldens(), "tiny", "model.pt")
	plain := openModel(t, path)
	file, err := weights.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	converted := filepath.Join(t.TempDir(), "converted.safetensors")
	if err := roberta.Convert(t.Context(), path, converted); err != nil {
		t.Fatal(err)
	}
	meta, err := weights.Open(converted)
	if err != nil {
		t.Fatal(err)
	}
	defer meta.Close()
	for _, prefix := range []string{"module.", "_orig_mod.", "model.module._orig_mod."} {
		var entries []weights.Entry
		for _, x := range file.Tensors() {
			entries = append(entries, x.Entry(prefix+x.Name))
		}
		out := filepath.Join(t.TempDir(), "model.safetensors")
		if err := weights.WriteFile(out, meta.Metadata(), entries); err != nil {
			t.Fatal(err)
		}
		m := openModel(t, out)
		equal(t, prefix, everything(t, m, tokensOf(m), nil), everything(t, plain, tokensOf(plain), nil))
		if notes := strings.Join(m.Notes(), "\n"); !strings.Contains(notes, "prefix "+prefix+" ") {
			t.Errorf("%s: notes %q", prefix, notes)
		}
	}
}

// TestForeign: what is no RoBERTa is named for what it is, in one line.
func TestForeign(t *testing.T) {
	conf := func(modelType string) map[string]any { return map[string]any{"model_type": modelType} }
	const layer = "encoder.layer.0.attention."
	for _, tc := range []struct {
		name    string
		config  map[string]any
		tensors []string
		files   map[string]string
		says    string
	}{
		{"bert", conf("bert"), []string{"bert.embeddings.word_embeddings.weight"}, nil, `model_type "bert": a BERT model`},
		{"bert without a prefix", conf("bert"), []string{"embeddings.word_embeddings.weight"}, nil, "a BERT model"},
		{"bert, tensors alone", nil, []string{"bert.embeddings.word_embeddings.weight", "cls.predictions.bias"}, nil, "a BERT model (tensor bert.emb"},
		{"bert without model_type", map[string]any{"type_vocab_size": 2, "max_position_embeddings": 512}, []string{"embeddings.word_embeddings.weight"}, nil, "whether this is a RoBERTa or a BERT"},
		{"bert in a wrapper", map[string]any{}, []string{"module.bert.embeddings.word_embeddings.weight"}, nil, "a BERT model"},
		{"electra", conf("electra"), []string{"electra.embeddings.word_embeddings.weight"}, nil, "an ELECTRA model"},
		{"electra, tensors alone", nil, []string{"discriminator_predictions.dense.weight", "electra.embeddings.word_embeddings.weight"}, nil, "an ELECTRA model"},
		{"mpnet", nil, []string{"embeddings.word_embeddings.weight", layer + "attn.q.weight"}, nil, "an MPNet model"},
		{"longformer", conf("longformer"), []string{"longformer.embeddings.word_embeddings.weight"}, nil, "a Longformer"},
		{"RobertaLong", conf("roberta"), []string{"roberta.embeddings.word_embeddings.weight", "roberta." + layer + "self.query_global.weight"}, nil, "a Longformer"},
		{"deberta", nil, []string{"deberta.embeddings.word_embeddings.weight", "deberta." + layer + "self.in_proj.weight"}, nil, "a DeBERTa model"},
		{"deberta-v2", conf("deberta-v2"), []string{"deberta.embeddings.word_embeddings.weight"}, nil, "a DeBERTa-v2 model"},
		{"deberta-v2, tensors alone", nil, []string{"deberta." + layer + "self.query_proj.weight", "deberta.embeddings.word_embeddings.weight"}, nil, "a DeBERTa-v2 model"},
		{"albert", nil, []string{"albert.encoder.albert_layer_groups.0.x", "albert.embeddings.word_embeddings.weight"}, nil, "an ALBERT model"},
		{"distilbert", nil, []string{"distilbert.embeddings.word_embeddings.weight"}, nil, "a DistilBERT model"},
		{"gpt2", nil, []string{"h.0.attn.c_attn.weight", "wte.weight"}, nil, "a GPT-2 model"},
		{"gpt2 by its config", conf("gpt2"), []string{"x.weight"}, nil, `model_type "gpt2": a GPT-2 model`},
		{"t5", nil, []string{"encoder.block.0.layer.0.x", "shared.weight"}, nil, "a T5 model"},
		{"bart", nil, []string{"model.encoder.layers.0.fc1.weight", "model.shared.weight"}, nil, "BART"},
		{"a translation model of fairseq's", nil, []string{"decoder.layers.0.fc1.weight", "encoder.layers.0.fc1.weight"}, nil, "an encoder-decoder"},
		{"xlm", nil, []string{"attentions.0.q_lin.weight", "embeddings.weight"}, nil, "an XLM model"},
		{"xmod", conf("xmod"), []string{"roberta.embeddings.word_embeddings.weight"}, nil, "an X-MOD model"},
		{"xmod, tensors alone", nil, []string{"roberta.embeddings.word_embeddings.weight", "roberta.encoder.layer.0.output.adapter_modules.en_XX.dense1.weight"}, nil, "an X-MOD model"},
		{"unheard of", conf("frob"), []string{"frob.embeddings.word_embeddings.weight"}, nil, `model_type "frob"`},
		{"adapter", nil, []string{"base_model.model.roberta." + layer + "self.query.lora_A.weight"},
			map[string]string{"adapter_config.json": `{"peft_type":"LORA","base_model_name_or_path":"FacebookAI/roberta-base"}`}, `an adapter (LORA) for "FacebookAI/roberta-base"`},
		{"adapter without its config", nil, []string{"base_model.model.roberta." + layer + "self.query.lora_A.weight"}, nil, "an adapter"},
		{"AdapterHub's", nil, []string{"roberta.encoder.layer.0.output.adapters.x.adapter_down.0.weight"}, map[string]string{"adapter_config.json": `{"model_name":"roberta-base"}`}, `an adapter for "roberta-base"`},
		{"an adapter that is not merged", conf("roberta"), []string{"roberta.embeddings.word_embeddings.weight", "roberta." + layer + "self.query.lora_A.default.weight"}, nil, "an adapter"},
		{"an unknown prefix", conf("roberta"), []string{"backbone.roberta.embeddings.word_embeddings.weight"}, nil, `prefix "backbone.roberta."`},
		{"nothing known", nil, []string{"a", "b", "c", "d", "e"}, nil, "no RoBERTa encoder among the tensors a, b, c, and 2 more"},
		{"no config", nil, []string{"roberta.embeddings.word_embeddings.weight"}, nil, "without its config.json"},
	} {
		f := &hfFolder{config: tc.config, tensors: map[string]tensor{}, files: tc.files}
		if f.files == nil {
			f.files = map[string]string{}
		}
		for _, name := range tc.tensors {
			f.tensors[name] = filled(2, 2)
		}
		_, err := roberta.Open(f.write(t))
		if err == nil || !strings.Contains(err.Error(), tc.says) || len(err.Error()) > 600 || strings.Contains(err.Error(), "\n") || errors.Is(err, weights.ErrCorrupt) {
			t.Errorf("%s: %v, want one line that says %q", tc.name, err, tc.says)
		}
	}
}

// TestTwoTensors: of two tensors for one parameter that counts which the reference
// computes with, and a difference is said.
func TestTwoTensors(t *testing.T) {
	opened := func(f *hfFolder) (*roberta.Model, string) {
		m := openModel(t, f.write(t))
		return m, strings.Join(m.Notes(), "\n")
	}
	plain := readFolder(t, "own-ids") // not tied, with two different biases
	m, notes := opened(plain)
	want := everything(t, m, tokensOf(m), nil)
	if !strings.Contains(notes, "lm_head.bias (lm_head.decoder.bias is)") {
		t.Errorf("two biases: notes %q", notes)
	}
	f := readFolder(t, "own-ids")
	f.tensors["lm_head.bias"] = filled(f.tensors["lm_head.bias"].shape...)
	m, _ = opened(f)
	equal(t, "another lm_head.bias", everything(t, m, tokensOf(m), nil), want)
	f.tensors["lm_head.bias"] = f.tensors["lm_head.decoder.bias"]
	m, notes = opened(f)
	equal(t, "two equal biases", everything(t, m, tokensOf(m), nil), want)
	if strings.Contains(notes, "bias") {
		t.Errorf("two equal biases: notes %q", notes)
	}
	delete(f.tensors, "lm_head.bias")
	m, _ = opened(f)
	equal(t, "lm_head.decoder.bias alone", everything(t, m, tokensOf(m), nil), want)
	f.tensors["lm_head.bias"] = f.tensors["lm_head.decoder.bias"]
	delete(f.tensors, "lm_head.decoder.bias")
	m, _ = opened(f)
	equal(t, "lm_head.bias alone", everything(t, m, tokensOf(m), nil), want)

	// A weight that is not tied counts even where config.json says that it is.
	f = readFolder(t, "own-ids")
	f.config["tie_word_embeddings"] = true
	m, notes = opened(f)
	equal(t, "tied by config.json", everything(t, m, tokensOf(m), nil), want)
	if !strings.Contains(notes, "not tied") {
		t.Errorf("tied by config.json: notes %q", notes)
	}
	delete(f.tensors, "lm_head.decoder.weight")
	tied := everything(t, openModel(t, f.write(t)), tokensOf(m), nil)
	if slices.Equal(tied["logits"], want["logits"]) || !slices.Equal(tied["features"], want["features"]) {
		t.Error("without lm_head.decoder.weight: not the token embedding's logits")
	}
	f.tensors["lm_head.decoder.weight"] = f.tensors["roberta.embeddings.word_embeddings.weight"]
	delete(f.tensors, "roberta.embeddings.word_embeddings.weight")
	m, _ = opened(f)
	equal(t, "a tied weight under the LM head's name", everything(t, m, tokensOf(m), nil), tied)
	f = readFolder(t, "own-ids") // untied, and the weight is not there
	delete(f.tensors, "lm_head.decoder.weight")
	m, notes = opened(f)
	if m.HasLMHead() || !strings.Contains(notes, "language-model head is left out") {
		t.Errorf("an untied head without its weight: notes %q", notes)
	}

	// The encoder with a prefix and without: transformers takes the first in the order of names.
	f = readFolder(t, "own-ids")
	const name = "encoder.layer.1.output.dense.bias"
	f.tensors[name] = f.tensors["roberta."+name]
	f.tensors["roberta."+name] = filled(16)
	m, notes = opened(f)
	equal(t, "with a prefix and without", everything(t, m, tokensOf(m), nil), want)
	if !strings.Contains(notes, "roberta."+name+" ("+name+" is)") {
		t.Errorf("with a prefix and without: notes %q", notes)
	}
}

// TestFewerLayers: transformers leaves out layers that config.json does not count.
func TestFewerLayers(t *testing.T) {
	f := readFolder(t, "gelu-new")
	f.config["num_hidden_layers"] = 2
	m := openModel(t, f.write(t))
	if notes := strings.Join(m.Notes(), "\n"); m.Config().Layers != 2 || !strings.Contains(notes, "2 layers; the tensors of further ones are left out: encoder.layer.2.") {
		t.Errorf("%d layers, notes %q", m.Config().Layers, notes)
	}
	for name := range f.tensors {
		if strings.HasPrefix(name, "encoder.layer.2.") {
			delete(f.tensors, name)
		}
	}
	short := openModel(t, f.write(t))
	want := everything(t, short, tokensOf(short), nil)
	equal(t, "layers beyond the settings'", everything(t, m, tokensOf(m), nil), want)
	out := filepath.Join(t.TempDir(), "out.safetensors")
	if err := m.Save(t.Context(), out); err != nil {
		t.Fatal(err)
	}
	c := openModel(t, out)
	equal(t, "saved", everything(t, c, tokensOf(c), nil), want)
	f.config["num_hidden_layers"] = 3
	if _, err := roberta.Open(f.write(t)); !errors.Is(err, roberta.ErrModel) {
		t.Errorf("a layer too few: %v", err)
	}
}

// TestPrunedHeads: heads that a file lacks add nothing.
func TestPrunedHeads(t *testing.T) {
	gone := map[string][]int{"0": {1}, "2": {3, 0, 3}}
	whole, cut := readFolder(t, "gelu-new"), readFolder(t, "gelu-new")
	heads := int(whole.config["num_attention_heads"].(float64))
	C := int(whole.config["hidden_size"].(float64))
	d := C / heads
	for layer, hs := range gone {
		p := "encoder.layer." + layer + ".attention."
		kept := 0
		for h := range heads {
			if !slices.Contains(hs, h) {
				kept += d
			}
		}
		for _, part := range []string{"self.query", "self.key", "self.value"} {
			for kind, width := range map[string]int{".weight": C * d * 4, ".bias": d * 4} {
				x := whole.tensors[p+part+kind]
				var data []byte
				for h := range heads {
					if slices.Contains(hs, h) {
						clear(x.data[h*width:][:width])
					} else {
						data = append(data, x.data[h*width:][:width]...)
					}
				}
				y := cut.tensors[p+part+kind]
				y.data, y.shape = data, slices.Clone(y.shape)
				y.shape[0] = kept
				cut.tensors[p+part+kind] = y
			}
		}
		x, y := whole.tensors[p+"output.dense.weight"], cut.tensors[p+"output.dense.weight"]
		y.data, y.shape = nil, []int{C, kept}
		for row := range C {
			for h := range heads {
				part := x.data[(row*C+h*d)*4:][:d*4]
				if slices.Contains(hs, h) {
					clear(part)
				} else {
					y.data = append(y.data, part...)
				}
			}
		}
		cut.tensors[p+"output.dense.weight"] = y
	}
	cut.config["pruned_heads"] = gone
	m, want := openModel(t, cut.write(t)), openModel(t, whole.write(t))
	equal(t, "pruned", everything(t, m, tokensOf(m), nil), everything(t, want, tokensOf(m), nil))
	if notes := strings.Join(m.Notes(), "\n"); !strings.Contains(notes, "prunes 3 attention heads") {
		t.Errorf("notes %q", notes)
	}
	for _, opts := range [][]roberta.ConvertOption{nil, {roberta.Packed()}} {
		out := filepath.Join(t.TempDir(), "out.safetensors")
		if err := m.Save(t.Context(), out, opts...); err != nil {
			t.Fatal(err)
		}
		c := openModel(t, out)
		equal(t, "saved", everything(t, c, tokensOf(m), nil), everything(t, m, tokensOf(m), nil))
	}
	for name, v := range map[string]any{
		"other shapes": map[string][]int{"0": {1, 2}}, "no layer": map[string][]int{"3": {1}}, "no head": map[string][]int{"0": {4}},
		"negative": map[string][]int{"0": {-1}}, "no list": map[string]int{"0": 1}, "no map": []int{1}, "no number": map[string][]string{"0": {"1"}},
	} {
		cut.config["pruned_heads"] = v
		if _, err := roberta.Open(cut.write(t)); !errors.Is(err, roberta.ErrModel) || !strings.Contains(err.Error(), "pruned_heads") {
			t.Errorf("%s: %v", name, err)
		}
	}
	delete(cut.config, "pruned_heads")
	if _, err := roberta.Open(cut.write(t)); !errors.Is(err, roberta.ErrModel) {
		t.Errorf("without pruned_heads: %v", err)
	}
}

// TestClassesOfModels: which head a classifier is follows from its layers and
// config.json's class. A head that is not whole is left out of its model.
func TestClassesOfModels(t *testing.T) {
	const C = 16
	dense := map[string]tensor{"classifier.dense.weight": filled(C, C), "classifier.dense.bias": filled(C), "classifier.out_proj.weight": filled(3, C), "classifier.out_proj.bias": filled(3)}
	linear := map[string]tensor{"classifier.weight": filled(3, C), "classifier.bias": filled(3)}
	one := map[string]tensor{"classifier.weight": filled(1, C), "classifier.bias": filled(1)}
	spans := map[string]tensor{"qa_outputs.weight": filled(2, C), "qa_outputs.bias": filled(2)}
	without := func(m map[string]tensor, name string) map[string]tensor {
		m = maps.Clone(m)
		delete(m, name)
		return m
	}
	type m = map[string]any
	names := m{"0": "x", "1": "y", "2": "z"}
	for _, tc := range []struct {
		name    string
		class   string
		config  m
		tensors []map[string]tensor
		want    []roberta.Head
		note    string
	}{
		{"sequence", "XLMRobertaForSequenceClassification", m{"id2label": names}, []map[string]tensor{dense},
			[]roberta.Head{{Name: "sentence_classification_head", Classes: 3, InnerDim: C, Labels: []string{"x", "y", "z"}}}, ""},
		{"sequence without a class", "", m{"finetuning_task": "mnli", "problem_type": "multi_label_classification"}, []map[string]tensor{dense},
			[]roberta.Head{{Name: "mnli", Classes: 3, InnerDim: C, Function: roberta.Sigmoid}}, ""},
		{"sequence, one layer", "RobertaForSequenceClassification", nil, []map[string]tensor{linear}, nil, "no place in the model are left out: classifier.bias, classifier.weight"},
		{"tokens", "CamembertForTokenClassification", m{"id2label": names}, []map[string]tensor{linear},
			[]roberta.Head{{Name: "token_classification_head", Reads: roberta.ReadsTokens, Classes: 3, Labels: []string{"x", "y", "z"}}}, ""},
		{"tokens without a class", "", m{"finetuning_task": "ner"}, []map[string]tensor{linear}, []roberta.Head{{Name: "ner", Reads: roberta.ReadsTokens, Classes: 3}}, ""},
		{"tokens of one class", "RobertaForTokenClassification", nil, []map[string]tensor{one}, []roberta.Head{{Name: "token_classification_head", Reads: roberta.ReadsTokens, Classes: 1}}, ""},
		{"spans", "RobertaForQuestionAnswering", m{"id2label": m{"0": "a", "1": "b"}}, []map[string]tensor{spans}, []roberta.Head{{Name: "question_answering_head", Reads: roberta.ReadsSpans, Classes: 2}}, ""},
		{"choices", "RobertaForMultipleChoice", nil, []map[string]tensor{one}, []roberta.Head{{Name: "multiple_choice_head", Reads: roberta.ReadsChoices, Classes: 1, InnerDim: C}}, ""},
		{"choices without a class", "", nil, []map[string]tensor{one}, []roberta.Head{{Name: "multiple_choice_head", Reads: roberta.ReadsChoices, Classes: 1, InnerDim: C}}, "taken for one of multiple choice"},
		{"two heads", "RobertaForQuestionAnswering", nil, []map[string]tensor{spans, dense},
			[]roberta.Head{{Name: "question_answering_head", Reads: roberta.ReadsSpans, Classes: 2}, {Name: "sentence_classification_head", Classes: 3, InnerDim: C}}, ""},
		{"half a head", "RobertaForSequenceClassification", nil, []map[string]tensor{without(dense, "classifier.out_proj.weight")}, nil, `head "sentence_classification_head" is left out: tensor`},
		{"no bias", "RobertaForTokenClassification", nil, []map[string]tensor{without(linear, "classifier.bias")}, []roberta.Head{{Name: "token_classification_head", Reads: roberta.ReadsTokens, Classes: 3}}, "no out_proj.bias"},
		{"another width", "RobertaForTokenClassification", nil, []map[string]tensor{{"classifier.weight": filled(3, C+1), "classifier.bias": filled(3)}}, nil, "is left out: tensor"},
		{"integers", "RobertaForTokenClassification", nil, []map[string]tensor{{"classifier.weight": {weights.I8, []int{3, C}, make([]byte, 3*C)}, "classifier.bias": filled(3)}}, nil, "holds I8"},
		{"three outputs for spans", "RobertaForQuestionAnswering", nil, []map[string]tensor{{"qa_outputs.weight": filled(3, C), "qa_outputs.bias": filled(3)}}, nil, "3 outputs"},
		{"names of another number", "RobertaForTokenClassification", m{"id2label": m{"0": "x"}}, []map[string]tensor{linear}, []roberta.Head{{Name: "token_classification_head", Reads: roberta.ReadsTokens, Classes: 3}}, "config.json has 1 labels"},
		{"odd names", "RobertaForTokenClassification", m{"id2label": []any{m{}, 1}, "label2id": m{"x": 0, "y": 2, "z": 1}}, []map[string]tensor{linear},
			[]roberta.Head{{Name: "token_classification_head", Reads: roberta.ReadsTokens, Classes: 3, Labels: []string{"x", "z", "y"}}}, "id2label"},
		{"numbers for names", "RobertaForTokenClassification", m{"id2label": m{"0": 1, "1": 2.5, "2": true}}, []map[string]tensor{linear},
			[]roberta.Head{{Name: "token_classification_head", Reads: roberta.ReadsTokens, Classes: 3, Labels: []string{"1", "2.5", "true"}}}, ""},
		{"a list of names", "RobertaForTokenClassification", m{"id2label": []any{"a", "b", "c"}}, []map[string]tensor{linear},
			[]roberta.Head{{Name: "token_classification_head", Reads: roberta.ReadsTokens, Classes: 3, Labels: []string{"a", "b", "c"}}}, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f := readFolder(t, "gelu-new")
			maps.Copy(f.config, tc.config)
			if f.config["architectures"] = []string{tc.class}; tc.class == "" {
				delete(f.config, "architectures")
			}
			for _, ts := range tc.tensors {
				maps.Copy(f.tensors, ts)
			}
			m := openModel(t, f.write(t))
			if !reflect.DeepEqual(m.Heads(), tc.want) {
				t.Errorf("heads %+v, want %+v", m.Heads(), tc.want)
			}
			if notes := strings.Join(m.Notes(), "\n"); !strings.Contains(notes, tc.note) {
				t.Errorf("notes %q, want one that says %q", notes, tc.note)
			}
			for _, h := range m.Heads() {
				w, err := m.HeadWeights(h.Name)
				if err != nil || w.Reads != h.Reads || w.Function != h.Function || (w.Dense != nil) != (h.InnerDim > 0) || w.Out.Out != h.Classes {
					t.Errorf("HeadWeights(%s): %+v, %v", h.Name, w, err)
				}
				if _, err := m.Predict(t.Context(), h.Name, tokensOf(m)); (err == nil) != (h.Reads == roberta.ReadsFirst) || err != nil && (!errors.Is(err, roberta.ErrHeadReads) || !strings.Contains(err.Error(), h.Name)) {
					t.Errorf("Predict(%s): %v", h.Name, err)
				}
			}
			out := filepath.Join(t.TempDir(), "out.safetensors")
			if err := roberta.Convert(t.Context(), f.write(t), out, roberta.Packed()); err != nil {
				t.Fatal(err)
			}
			c := openModel(t, out)
			equal(t, "converted", everything(t, c, tokensOf(m), nil), everything(t, m, tokensOf(m), nil))
			if !reflect.DeepEqual(c.Heads(), tc.want) && tc.want != nil {
				t.Errorf("converted: heads %+v, want %+v", c.Heads(), tc.want)
			}
		})
	}
}

// TestFunctions: what makes scores of a head's logits, as transformers' pipeline and
// sentence-transformers' CrossEncoder have it.
func TestFunctions(t *testing.T) {
	type m = map[string]any
	for _, tc := range []struct {
		classes int
		config  m
		want    roberta.Function
		note    string
	}{
		{1, m{}, roberta.Sigmoid, ""},
		{2, m{}, roberta.Softmax, ""},
		{1, m{"problem_type": "regression"}, roberta.Identity, ""},
		{3, m{"problem_type": "regression"}, roberta.Identity, ""},
		{3, m{"problem_type": "multi_label_classification"}, roberta.Sigmoid, ""},
		{3, m{"problem_type": "single_label_classification"}, roberta.Softmax, ""},
		{1, m{"problem_type": "single_label_classification"}, roberta.Sigmoid, ""},
		{3, m{"problem_type": "other"}, roberta.Softmax, `problem_type "other"`},
		{3, m{"problem_type": nil}, roberta.Softmax, ""},
		{3, m{"problem_type": 1}, roberta.Softmax, ""},
		{1, m{"sentence_transformers": m{"activation_fn": "torch.nn.modules.linear.Identity"}}, roberta.Identity, ""},
		{1, m{"sentence_transformers": m{"activation_fn": "torch.nn.modules.activation.Sigmoid"}}, roberta.Sigmoid, ""},
		{1, m{"sbert_ce_default_activation_function": "torch.nn.modules.linear.Identity"}, roberta.Identity, ""},
		{3, m{"sbert_ce_default_activation_function": "torch.nn.modules.linear.Identity"}, roberta.Softmax, ""},
		{3, m{"sentence_transformers": m{"activation_fn": "torch.nn.modules.activation.Sigmoid"}}, roberta.Sigmoid, ""},
		{1, m{"sentence_transformers": m{"activation_fn": "torch.nn.modules.activation.Tanh"}}, roberta.Sigmoid, "Tanh"},
		{1, m{"sentence_transformers": 1, "sbert_ce_default_activation_function": m{}}, roberta.Sigmoid, ""},
	} {
		f := readFolder(t, "gelu-new")
		maps.Copy(f.config, tc.config)
		f.config["architectures"] = []string{"RobertaForSequenceClassification"}
		f.tensors["classifier.dense.weight"], f.tensors["classifier.dense.bias"] = filled(16, 16), filled(16)
		f.tensors["classifier.out_proj.weight"], f.tensors["classifier.out_proj.bias"] = filled(tc.classes, 16), filled(tc.classes)
		m := openModel(t, f.write(t))
		notes := strings.Join(m.Notes(), "\n")
		if h := m.Heads(); len(h) != 1 || h[0].Function != tc.want || !strings.Contains(notes, tc.note) || (tc.note == "") != !strings.Contains(notes, "config.json") {
			t.Errorf("%d classes, %v: %+v, notes %q, want %q and %q", tc.classes, tc.config, h, notes, tc.want, tc.note)
		}
	}
}

// TestPrunedClaims: pruned_heads cannot make a file ask for much memory.
func TestPrunedClaims(t *testing.T) {
	const C = 1 << 16
	f := readFolder(t, "gelu-new")
	heads := make([]int, C-1)
	for i := range heads {
		heads[i] = i
	}
	f.config["hidden_size"], f.config["num_attention_heads"], f.config["pruned_heads"] = C, C, map[string][]int{"0": heads}
	for _, part := range []string{"query", "key", "value"} {
		f.tensors["encoder.layer.0.attention.self."+part+".weight"] = tensor{weights.F32, []int{1, C}, make([]byte, 4*C)}
		f.tensors["encoder.layer.0.attention.self."+part+".bias"] = tensor{weights.F32, []int{1}, make([]byte, 4)}
	}
	if _, err := roberta.Open(f.write(t)); !errors.Is(err, weights.ErrTooLarge) || !strings.Contains(err.Error(), "pruned_heads") {
		t.Errorf("%v, want ErrTooLarge", err)
	}
}

// TestQuantized: weights that are no floating-point numbers are named for what they are.
func TestQuantized(t *testing.T) {
	f := readFolder(t, "gelu-new")
	f.config["quantization_config"] = map[string]any{"quant_method": "bitsandbytes"}
	m := openModel(t, f.write(t)) // none of its weights is quantised
	m.Close()
	const name = "encoder.layer.0.output.dense.weight"
	f.tensors[name] = tensor{weights.I8, []int{16, 40}, make([]byte, 640)}
	if _, err := roberta.Open(f.write(t)); !errors.Is(err, weights.ErrUnsupported) || !strings.Contains(err.Error(), "bitsandbytes") || !strings.Contains(err.Error(), name) {
		t.Errorf("%v", err)
	}
}
