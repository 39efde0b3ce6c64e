package weights

import (
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// hfConfig is a config.json with some values changed; nil takes one out.
func hfConfig(changes map[string]any) []byte {
	c := map[string]any{
		"model_type": "roberta", "num_hidden_layers": 1, "hidden_size": 2, "intermediate_size": 3, "num_attention_heads": 1,
		"max_position_embeddings": 7, "hidden_act": "gelu", "layer_norm_eps": 1e-5, "pad_token_id": 1,
	}
	for k, v := range changes {
		if c[k] = v; v == nil {
			delete(c, k)
		}
	}
	return jsonOf(c)
}

// hfTensors are some of a model's parameters by Hugging Face's names, and
// hfWant the names that fairseq gives them.
var (
	hfTensors = []string{
		"roberta.embeddings.word_embeddings.weight", "roberta.embeddings.position_embeddings.weight", "roberta.embeddings.token_type_embeddings.weight",
		"roberta.embeddings.LayerNorm.weight", "roberta.embeddings.LayerNorm.bias",
		"roberta.encoder.layer.0.attention.self.query.weight", "roberta.encoder.layer.0.attention.output.dense.bias",
		"roberta.encoder.layer.11.attention.output.LayerNorm.weight", "roberta.encoder.layer.11.output.LayerNorm.bias", "roberta.encoder.layer.3.intermediate.dense.weight",
	}
	hfWant = []string{
		"encoder.sentence_encoder.embed_positions.weight", "encoder.sentence_encoder.embed_tokens.weight",
		"encoder.sentence_encoder.layernorm_embedding.bias", "encoder.sentence_encoder.layernorm_embedding.weight",
		"encoder.sentence_encoder.layers.0.self_attn.out_proj.bias", "encoder.sentence_encoder.layers.0.self_attn.q_proj.weight",
		"encoder.sentence_encoder.layers.11.final_layer_norm.bias", "encoder.sentence_encoder.layers.11.self_attn_layer_norm.weight",
		"encoder.sentence_encoder.layers.3.fc1.weight", "encoder.sentence_encoder.token_type_embeddings.weight",
	}
)

// bytesEntry is a tensor of one dimension whose elements are its name's.
func bytesEntry(name, content string) Entry {
	return Entry{name, U8, []int{len(content)}, func(w io.Writer) error { _, err := io.WriteString(w, content); return err }}
}

func hfEntries(names ...string) []Entry {
	var es []Entry
	for _, name := range names {
		es = append(es, bytesEntry(name, name))
	}
	return es
}

// hfPickle is a pytorch_model.bin.
func hfPickle(names ...string) []byte {
	var items []any
	var storages []entry
	for i, name := range names {
		key := string(rune('a' + i))
		items = append(items, name, view{"ByteStorage", key, len(name), 0, tuple{len(name)}, tuple{1}}.value())
		storages = append(storages, entry{key, []byte(name)})
	}
	return torchZip(orderedDict(items...), storages...)
}

// TestHuggingFaceLayouts: each way in which Hugging Face's models lie on disk.
func TestHuggingFaceLayouts(t *testing.T) {
	replace := func(names []string, pairs ...string) []string {
		r := strings.NewReplacer(pairs...)
		var out []string
		for _, name := range names {
			out = append(out, r.Replace(name))
		}
		return out
	}
	index := func(files map[string][]string) []byte {
		m := map[string]string{}
		for file, names := range files {
			for _, name := range names {
				m[name] = file
			}
		}
		return jsonOf(map[string]any{"metadata": map[string]int{"total_size": 1}, "weight_map": m})
	}
	old := replace(hfTensors, "LayerNorm.weight", "LayerNorm.gamma", "LayerNorm.bias", "LayerNorm.beta")
	base := replace(hfTensors, "roberta.", "")
	a, b := hfTensors[:4], hfTensors[4:]
	for _, tc := range []struct {
		name  string
		files map[string][]byte
	}{
		{"safetensors", map[string][]byte{"model.safetensors": safetensorsOf(t, map[string]string{"format": "pt"}, hfEntries(hfTensors...)...)}},
		{"pytorch_model.bin", map[string][]byte{"pytorch_model.bin": hfPickle(hfTensors...)}},
		{"names of before 2019", map[string][]byte{"pytorch_model.bin": hfPickle(old...)}},
		{"base model", map[string][]byte{"model.safetensors": safetensorsOf(t, nil, hfEntries(base...)...)}},
		{"shards", map[string][]byte{
			"model.safetensors.index.json":     index(map[string][]string{"model-00001-of-00002.safetensors": a, "model-00002-of-00002.safetensors": b}),
			"model-00001-of-00002.safetensors": safetensorsOf(t, nil, hfEntries(a...)...),
			"model-00002-of-00002.safetensors": safetensorsOf(t, nil, hfEntries(b...)...)}},
		{"shards of pickles", map[string][]byte{
			"pytorch_model.bin.index.json":     index(map[string][]string{"pytorch_model-00001-of-00002.bin": a, "pytorch_model-00002-of-00002.bin": b}),
			"pytorch_model-00001-of-00002.bin": hfPickle(a...), "pytorch_model-00002-of-00002.bin": hfPickle(b...)}},
		{"buffers", map[string][]byte{"model.safetensors": safetensorsOf(t, nil, hfEntries(append(slices.Clone(hfTensors), "roberta.embeddings.position_ids")...)...)}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := t.TempDir()
			tc.files["config.json"] = hfConfig(nil)
			tc.files["vocab.json"], tc.files["merges.txt"] = []byte(`{"a":0}`), []byte("#version: 0.2\n")
			writeFiles(t, dir, tc.files)
			check := func(c *Checkpoint) {
				t.Helper()
				if got := names(c); !slices.Equal(got, hfWant) {
					t.Errorf("tensors %q, want %q", got, hfWant)
				}
				if x, ok := c.Tensor(embedWeight); !ok || !strings.HasSuffix(string(mustBytes(t, x)), "embeddings.word_embeddings.weight") {
					t.Error("embed_tokens is another tensor")
				}
				if c.Settings["encoder_layers"] != int64(1) || c.Settings["max_positions"] != int64(5) {
					t.Errorf("Settings = %v", c.Settings)
				}
				if string(c.VocabJSON) != `{"a":0}` || c.Merges == nil {
					t.Errorf("VocabJSON = %q, Merges = %q", c.VocabJSON, c.Merges)
				}
				if len(c.Notes) > 0 {
					t.Errorf("Notes = %q", c.Notes)
				}
			}
			c := open(t, dir)
			check(c)
			out := filepath.Join(t.TempDir(), "model.safetensors")
			if err := Convert(dir, out, ConvertOptions{}); err != nil {
				t.Fatal(err)
			}
			check(open(t, out))
			// As an archive of the same files.
			var files []entry
			for _, name := range slices.Sorted(maps.Keys(tc.files)) {
				files = append(files, entry{"m/" + name, tc.files[name]})
			}
			fromTar, err := load(gzipped(tarFiles(files...)))
			if err != nil {
				t.Fatal(err)
			}
			check(fromTar)
		})
	}
}

// TestHuggingFaceConfig: what config.json says becomes fairseq's settings, and
// what fairseq cannot do is refused by its name.
func TestHuggingFaceConfig(t *testing.T) {
	for _, tc := range []struct {
		change map[string]any
		key    string
		want   any
	}{
		{nil, "encoder_layers", int64(1)}, {nil, "encoder_embed_dim", int64(2)}, {nil, "encoder_ffn_embed_dim", int64(3)}, {nil, "encoder_attention_heads", int64(1)},
		{nil, "max_positions", int64(5)}, {nil, "layer_norm_eps", 1e-5}, {nil, "activation_fn", "gelu"}, {nil, "untie_weights_roberta", nil},
		{map[string]any{"layer_norm_eps": nil}, "layer_norm_eps", 1e-12}, {map[string]any{"num_hidden_layers": nil}, "encoder_layers", nil},
		{map[string]any{"hidden_act": "gelu_new"}, "activation_fn", "gelu_accurate"}, {map[string]any{"hidden_act": "relu"}, "activation_fn", "relu"},
		{map[string]any{"tie_word_embeddings": false}, "untie_weights_roberta", true}, {map[string]any{"model_type": "xlm-roberta"}, "encoder_layers", int64(1)},
		{map[string]any{"position_embedding_type": "absolute"}, "encoder_layers", int64(1)}, {map[string]any{"architectures": []int{1}}, "encoder_layers", int64(1)},
	} {
		hf, err := readHuggingFaceConfig(hfConfig(tc.change))
		if err != nil {
			t.Errorf("%v: %v", tc.change, err)
		} else if got := hf.settings[tc.key]; got != tc.want {
			t.Errorf("%v: %s = %#v, want %#v", tc.change, tc.key, got, tc.want)
		}
	}
	for _, tc := range []struct {
		change map[string]any
		is     error
		says   string
	}{
		{map[string]any{"model_type": "bert"}, ErrUnsupported, `"bert"`},
		{map[string]any{"model_type": "roberta-prelayernorm"}, ErrUnsupported, `"roberta-prelayernorm"`},
		{map[string]any{"model_type": nil}, ErrUnsupported, "model_type"},
		{map[string]any{"hidden_act": "swish"}, ErrUnsupported, `"swish"`},
		{map[string]any{"position_embedding_type": "relative_key"}, ErrUnsupported, `"relative_key"`},
		{map[string]any{"pad_token_id": 0}, ErrUnsupported, "pad_token_id"},
		{map[string]any{"is_decoder": true}, ErrUnsupported, "is_decoder"},
		{map[string]any{"num_hidden_layers": "12"}, ErrCorrupt, "num_hidden_layers"},
		{map[string]any{"hidden_size": 1.5}, ErrCorrupt, "hidden_size"},
		{map[string]any{"hidden_size": 1e300}, ErrCorrupt, "hidden_size"},
		{map[string]any{"id2label": []string{"a"}}, ErrCorrupt, "id2label"},
	} {
		dir := t.TempDir()
		writeFiles(t, dir, map[string][]byte{"config.json": hfConfig(tc.change), "model.safetensors": safetensorsOf(t, nil, hfEntries(hfTensors...)...)})
		_, err := Open(dir)
		var fe *FileError
		if !errors.Is(err, tc.is) || !errors.As(err, &fe) || fe.Entry != "config.json" || !strings.Contains(err.Error(), tc.says) {
			t.Errorf("%v: %v, want a *FileError of %v about config.json that says %q", tc.change, err, tc.is, tc.says)
		}
	}
	for _, text := range []string{"", "{", "null", "[]", "1", `"x"`, strings.Repeat("[", 20000), `{"model_type":"roberta"}{}`} {
		if _, err := readHuggingFaceConfig([]byte(text)); !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrUnsupported) {
			t.Errorf("config.json %.20q: %v", text, err)
		}
	}
}

// TestHuggingFaceLabels: label names are names, unless they are the defaults or
// leave one out.
func TestHuggingFaceLabels(t *testing.T) {
	for _, tc := range []struct {
		labels map[string]string
		want   []string
	}{
		{nil, nil},
		{map[string]string{"0": "CONTRADICTION", "1": "NEUTRAL", "2": "ENTAILMENT"}, []string{"CONTRADICTION", "NEUTRAL", "ENTAILMENT"}},
		{map[string]string{"0": "LABEL_0", "1": "LABEL_1"}, nil},
		{map[string]string{"0": "no", "1": "LABEL_1"}, nil},
		{map[string]string{"0": "no", "2": "yes"}, nil},
		{map[string]string{"0": "LABEL_1", "1": "LABEL_0"}, []string{"LABEL_1", "LABEL_0"}},
		{map[string]string{"x": "no"}, nil},
		{map[string]string{"0": "0", "1": "1", "2": "2", "3": "3", "4": "4", "5": "5", "6": "6", "7": "7", "8": "8", "9": "9", "10": "ten"},
			[]string{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "ten"}},
	} {
		dir := t.TempDir()
		head := []string{"classifier.dense.weight", "classifier.dense.bias", "classifier.out_proj.weight", "classifier.out_proj.bias"}
		for _, task := range []any{nil, "mnli"} {
			writeFiles(t, dir, map[string][]byte{
				"config.json":       hfConfig(map[string]any{"id2label": tc.labels, "finetuning_task": task}),
				"model.safetensors": safetensorsOf(t, nil, hfEntries(append(slices.Clone(hfTensors), head...)...)...),
			})
			c := open(t, dir)
			if !slices.Equal(c.Labels, tc.want) {
				t.Errorf("id2label %v: Labels = %q, want %q", tc.labels, c.Labels, tc.want)
			}
			name := "sentence_classification_head"
			if task != nil {
				name = "mnli"
			}
			if x, ok := c.Tensor("classification_heads." + name + ".out_proj.weight"); !ok || string(mustBytes(t, x)) != "classifier.out_proj.weight" {
				t.Errorf("no head %s among %q", name, names(c))
			}
			out := filepath.Join(t.TempDir(), "out")
			if err := Convert(dir, out, ConvertOptions{}); err != nil {
				t.Fatal(err)
			}
			if got := open(t, out).HeadLabels[name]; !slices.Equal(got, tc.want) {
				t.Errorf("id2label %v, converted: %q, want %q", tc.labels, got, tc.want)
			}
		}
	}
}

// TestHuggingFaceTies: a second copy of the tied weight goes if it is equal; if
// not, the model is not tied, whatever config.json says.
func TestHuggingFaceTies(t *testing.T) {
	for _, tc := range []struct {
		copy   string
		config any
		untied any
		both   bool
	}{
		{"abc", nil, false, false}, {"abc", true, false, false}, {"abd", nil, true, true}, {"abd", true, true, true}, {"abd", false, true, true},
	} {
		dir := t.TempDir()
		writeFiles(t, dir, map[string][]byte{
			"config.json": hfConfig(map[string]any{"tie_word_embeddings": tc.config}),
			"model.safetensors": safetensorsOf(t, nil, bytesEntry("roberta.embeddings.word_embeddings.weight", "abc"), bytesEntry("lm_head.decoder.weight", tc.copy),
				bytesEntry("lm_head.bias", "b"), bytesEntry("lm_head.decoder.bias", "b")),
		})
		c := open(t, dir)
		if _, both := c.Tensor(lmWeight); both != tc.both || c.Settings["untie_weights_roberta"] != tc.untied {
			t.Errorf("copy %q, tie_word_embeddings %v: tensors %q, untied %v", tc.copy, tc.config, names(c), c.Settings["untie_weights_roberta"])
		}
		if _, ok := c.Tensor("encoder.lm_head.bias"); !ok {
			t.Errorf("no bias among %q", names(c))
		}
		out := filepath.Join(t.TempDir(), "out")
		if err := Convert(dir, out, ConvertOptions{}); err != nil {
			t.Fatal(err)
		}
		converted := open(t, out)
		if got, want := names(converted), names(c); !slices.Equal(got, want) {
			t.Errorf("copy %q: converted %q, want %q", tc.copy, got, want)
		}
		if x, ok := converted.Tensor(embedWeight); !ok || string(mustBytes(t, x)) != "abc" {
			t.Errorf("copy %q: the embedding changed", tc.copy)
		}
	}
}

// TestHuggingFaceNotes: parameters without a place in fairseq's model are named.
func TestHuggingFaceNotes(t *testing.T) {
	dir := t.TempDir()
	writeFiles(t, dir, map[string][]byte{"config.json": hfConfig(nil),
		"model.safetensors": safetensorsOf(t, nil, hfEntries(append(slices.Clone(hfTensors), "roberta.pooler.dense.weight", "qa_outputs.bias")...)...)})
	c := open(t, dir)
	if len(c.Notes) != 1 || !strings.Contains(c.Notes[0], "qa_outputs.bias, roberta.pooler.dense.weight") {
		t.Errorf("Notes = %q", c.Notes)
	}
}

// TestShardIndex: an index names files of its own directory, which are there.
func TestShardIndex(t *testing.T) {
	inside := safetensorsOf(t, nil, hfEntries(hfTensors...)...)
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
		writeFiles(t, dir, map[string][]byte{"m/config.json": hfConfig(nil), "m/model.safetensors.index.json": []byte(tc.index), "x.safetensors": inside, "m/a/x.safetensors": inside})
		for way, open := range map[string]func() (*Checkpoint, error){
			"Open": func() (*Checkpoint, error) { return Open(filepath.Join(dir, "m")) }, "OpenFS": func() (*Checkpoint, error) { return OpenFS(os.DirFS(dir), "m") },
		} {
			if c, err := open(); err == nil || !strings.Contains(err.Error(), tc.says) {
				t.Errorf("%s, %s: %v, %v, want an error that says %q", tc.name, way, c, err, tc.says)
			}
		}
	}
	// Two shards with one tensor.
	dir := t.TempDir()
	writeFiles(t, dir, map[string][]byte{"config.json": hfConfig(nil), "a.safetensors": inside, "b.safetensors": inside,
		"model.safetensors.index.json": []byte(`{"weight_map":{"v":"a.safetensors","w":"b.safetensors"}}`)})
	if _, err := Open(dir); !errors.Is(err, ErrCorrupt) {
		t.Errorf("a tensor in two shards: %v", err)
	}
}
