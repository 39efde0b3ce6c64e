package roberta

import (
	"encoding/json"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goroberta/goroberta/internal/pyjson"
	"github.com/goroberta/goroberta/weights"
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
	b, err := json.Marshal(c)
	if err != nil {
		panic(err) // the test's own values
	}
	return b
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

// hfFolder is a folder with a model.safetensors of these tensors.
func hfFolder(t testing.TB, config []byte, entries ...weights.Entry) string {
	t.Helper()
	files := map[string][]byte{"model.safetensors": safetensorsOf(t, map[string]string{"format": "pt"}, entries...)}
	if config != nil {
		files["config.json"] = config
	}
	return writeFiles(t, t.TempDir(), files)
}

// TestHuggingFaceNames: parameters by the names of every year get fairseq's.
func TestHuggingFaceNames(t *testing.T) {
	replace := func(pairs ...string) []string {
		r := strings.NewReplacer(pairs...)
		var out []string
		for _, name := range hfTensors {
			out = append(out, r.Replace(name))
		}
		return out
	}
	for name, tensors := range map[string][]string{
		"today":       hfTensors,
		"before 2019": replace("LayerNorm.weight", "LayerNorm.gamma", "LayerNorm.bias", "LayerNorm.beta"),
		"base model":  replace("roberta.", ""),
		"buffers":     append(slices.Clone(hfTensors), "roberta.embeddings.position_ids"),
	} {
		c, err := translated(t, hfFolder(t, hfConfig(map[string]any{"num_hidden_layers": 12}), textEntries(tensors...)...))
		if err != nil {
			t.Fatal(err)
		}
		if got := tensorNames(c); !slices.Equal(got, hfWant) {
			t.Errorf("%s: %q, want %q", name, got, hfWant)
		}
		if x := c.tensors[embedWeight]; x == nil || !strings.HasSuffix(string(tensorBytes(t, x)), "embeddings.word_embeddings.weight") {
			t.Errorf("%s: embed_tokens is another tensor", name)
		}
		if c.settings["encoder_layers"] != int64(12) || c.settings["max_positions"] != int64(5) {
			t.Errorf("%s: settings %v", name, c.settings)
		}
		if len(c.notes) > 0 {
			t.Errorf("%s: notes %q", name, c.notes)
		}
	}
	for _, name := range []string{"encoder.layer.x.output.dense.weight", "encoder.layer.-1.output.dense.weight", "encoder.layer.1.output.dense.gain", "encoder.layer.1", "encoder.layer.1.crossattention.self.key.weight", "classifier.weight"} {
		if to, ok := postNorm.name(name); ok {
			t.Errorf("%s becomes %s", name, to)
		}
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
		{map[string]any{"layer_norm_eps": nil}, "layer_norm_eps", 1e-12}, {map[string]any{"num_hidden_layers": nil}, "encoder_layers", int64(12)},
		{map[string]any{"model_type": "xlm-roberta-xl", "layer_norm_eps": nil, "hidden_size": nil, "num_attention_heads": nil}, "encoder_embed_dim", int64(2560)},
		{map[string]any{"model_type": "xlm-roberta-xl"}, "layernorm_embedding", false}, {map[string]any{"model_type": "roberta-prelayernorm"}, "layernorm_embedding", true},
		{map[string]any{"model_type": "xlm-roberta-xl"}, "encoder_normalize_before", true}, {map[string]any{"model_type": "roberta-prelayernorm"}, "encoder_normalize_before", true},
		{nil, "encoder_normalize_before", nil}, {nil, "model_type", "roberta"}, {nil, "pad_token_id", int64(1)},
		{map[string]any{"pad_token_id": 3}, "pad_token_id", int64(3)}, {map[string]any{"pad_token_id": 3}, "max_positions", int64(3)}, {map[string]any{"pad_token_id": nil}, "pad_token_id", int64(1)},
		{map[string]any{"max_position_embeddings": nil}, "max_positions", nil},
		{map[string]any{"hidden_act": "gelu_new"}, "activation_fn", "gelu_accurate"}, {map[string]any{"hidden_act": "relu"}, "activation_fn", "relu"},
		{map[string]any{"tie_word_embeddings": false}, "untie_weights_roberta", true}, {map[string]any{"model_type": "xlm-roberta"}, "encoder_layers", int64(1)},
		{map[string]any{"position_embedding_type": "absolute"}, "encoder_layers", int64(1)}, {map[string]any{"architectures": []int{1}}, "encoder_layers", int64(1)},
	} {
		var c checkpoint
		conf := must[map[string]any](t)(pyjson.Object(hfConfig(tc.change)))
		if _, err := c.huggingFaceSettings(conf, families[conf["model_type"].(string)]); err != nil {
			t.Errorf("%v: %v", tc.change, err)
		} else if got := c.settings[tc.key]; got != tc.want {
			t.Errorf("%v: %s = %#v, want %#v", tc.change, tc.key, got, tc.want)
		}
	}
	for _, tc := range []struct {
		change map[string]any
		is     error
		says   string
	}{
		{map[string]any{"model_type": "bert"}, weights.ErrUnsupported, `"bert"`},
		{map[string]any{"hidden_act": "swish"}, weights.ErrUnsupported, `"swish"`},
		{map[string]any{"position_embedding_type": "relative_key"}, weights.ErrUnsupported, `"relative_key"`},
		{map[string]any{"pad_token_id": -1}, ErrModel, "pad_token_id"},
		{map[string]any{"pad_token_id": 6}, ErrModel, "max_position_embeddings"},
		{map[string]any{"num_hidden_layers": 0}, ErrModel, "num_hidden_layers"},
		{map[string]any{"num_attention_heads": 3}, ErrModel, "num_attention_heads"},
		{map[string]any{"is_decoder": true}, weights.ErrUnsupported, "is_decoder"},
		{map[string]any{"num_hidden_layers": "12"}, ErrModel, "num_hidden_layers"},
		{map[string]any{"hidden_size": 1.5}, ErrModel, "hidden_size"},
		{map[string]any{"hidden_size": 1e300}, ErrModel, "hidden_size"},
		{map[string]any{"model_type": strings.Repeat("x", 1<<20)}, weights.ErrUnsupported, "model_type"},
		{map[string]any{"hidden_size": json.RawMessage(strings.Repeat("1", 1<<20))}, ErrModel, "hidden_size"},
	} {
		_, err := Open(hfFolder(t, hfConfig(tc.change), textEntries(hfTensors...)...))
		var fe *weights.FileError
		if !errors.Is(err, tc.is) || !errors.As(err, &fe) || fe.Entry != "config.json" || !strings.Contains(err.Error(), tc.says) || len(err.Error()) > 1000 {
			t.Errorf("%.100v: %.300v, want a *FileError of %v about config.json that says %q", tc.change, err, tc.is, tc.says)
		}
	}
	for _, text := range []string{"", "{", "null", "[]", "1", `"x"`, strings.Repeat("[", 20000), `{"model_type":"roberta"}{}`, "NaN", `{"a":NaN`, `{"a":-}`} {
		_, err := Open(hfFolder(t, []byte(text), textEntries(hfTensors...)...))
		var fe *weights.FileError
		if !errors.Is(err, weights.ErrCorrupt) || !errors.As(err, &fe) || fe.Entry != "config.json" {
			t.Errorf("config.json %.20q: %v", text, err)
		}
	}
}

// TestHuggingFaceLabels: label names are names, unless they are the defaults or
// leave one out.
func TestHuggingFaceLabels(t *testing.T) {
	head := textEntries("classifier.dense.weight", "classifier.dense.bias", "classifier.out_proj.weight", "classifier.out_proj.bias")
	for _, tc := range []struct {
		labels map[string]string
		want   []string
	}{
		{nil, nil},
		{map[string]string{"0": "CONTRADICTION", "1": "NEUTRAL", "2": "ENTAILMENT"}, []string{"CONTRADICTION", "NEUTRAL", "ENTAILMENT"}},
		{map[string]string{"0": "LABEL_0", "1": "LABEL_1"}, nil},
		{map[string]string{"0": "no", "1": "LABEL_1"}, []string{"no", "LABEL_1"}},
		{map[string]string{"0": "no", "2": "yes"}, nil},
		{map[string]string{"0": "LABEL_1", "1": "LABEL_0"}, []string{"LABEL_1", "LABEL_0"}},
		{map[string]string{"x": "no"}, nil},
		{map[string]string{"0": "0", "1": "1", "2": "2", "3": "3", "4": "4", "5": "5", "6": "6", "7": "7", "8": "8", "9": "9", "10": "ten"},
			[]string{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "ten"}},
	} {
		for _, task := range []any{nil, "mnli", "a.b"} {
			c, err := translated(t, hfFolder(t, hfConfig(map[string]any{"id2label": tc.labels, "finetuning_task": task}), append(textEntries(hfTensors...), head...)...))
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(c.labels, tc.want) {
				t.Errorf("id2label %v: labels %q, want %q", tc.labels, c.labels, tc.want)
			}
			name := defaultHead
			if task == "mnli" {
				name = "mnli"
			}
			if x := c.tensors[headPrefix+name+".out_proj.weight"]; x == nil || string(tensorBytes(t, x)) != "classifier.out_proj.weight" {
				t.Errorf("no head %s among %q", name, tensorNames(c))
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
		{"abc", nil, false, false}, {"abc", true, false, false}, {"abd", nil, true, true}, {"abd", true, true, true}, {"abd", false, true, true}, {"abcd", true, true, true},
	} {
		c, err := translated(t, hfFolder(t, hfConfig(map[string]any{"tie_word_embeddings": tc.config}),
			textEntry("roberta.embeddings.word_embeddings.weight", "abc"), textEntry("lm_head.decoder.weight", tc.copy), textEntry("lm_head.bias", "b"), textEntry("lm_head.decoder.bias", "b")))
		if err != nil {
			t.Fatal(err)
		}
		if both := c.has(lmWeight); both != tc.both || c.settings["untie_weights_roberta"] != tc.untied {
			t.Errorf("copy %q, tie_word_embeddings %v: tensors %q, untied %v", tc.copy, tc.config, tensorNames(c), c.settings["untie_weights_roberta"])
		}
		if !c.has(lmPrefix + "bias") {
			t.Errorf("no bias among %q", tensorNames(c))
		}
		if x := c.tensors[embedWeight]; x == nil || string(tensorBytes(t, x)) != "abc" {
			t.Errorf("copy %q: the embedding changed", tc.copy)
		}
	}
}

// TestDoubtfulSettings: settings that transformers refuses open with a note, and what is
// wrong is quoted in a few bytes.
func TestDoubtfulSettings(t *testing.T) {
	for _, tt := range []struct {
		setting, json string
		note, err     string // a part of it
	}{
		{"pad_token_id", "null", "positions are counted as with 1", ""},
		{"vocab_size", "100", "vocab_size is 100 in config.json, and the token embedding has 8 rows", ""},
		{"vocab_size", "8", "", ""},
		{"layer_norm_eps", "0.0", "", ""},
		{"layer_norm_eps", "-1", "", "layer_norm_eps is -1"},
		{"num_attention_heads", "2000000000000", "", "setting num_attention_heads is 2000000000000,"},
		{"num_attention_heads", "-4", "", "setting num_attention_heads is -4,"},
		{"hidden_size", `[` + strings.Repeat("1,", 1000) + `1]`, "", "setting hidden_size is [1 1 1"},
		{"num_hidden_layers", "3", "", "q_proj.weight (encoder.layer.1.attention.self.query.weight in the file) is missing"},
		{"pruned_heads", `"` + strings.Repeat("x", 1000) + `"`, "", "setting pruned_heads is xxx"},
	} {
		config := []byte(smallConfig(map[string]any{tt.setting: json.RawMessage(tt.json)}))
		m, err := Open(hfFolder(t, config, smallEntries(true)...))
		if tt.err != "" {
			if err == nil || !strings.Contains(err.Error(), tt.err) || len(err.Error()) > 400 {
				t.Errorf("%s %.20s: %v, want an error with %q", tt.setting, tt.json, err, tt.err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s %.20s: %v", tt.setting, tt.json, err)
			continue
		}
		notes := strings.Join(m.Notes(), "\n")
		m.Close()
		if tt.note == "" && strings.Contains(notes, tt.setting) || !strings.Contains(notes, tt.note) {
			t.Errorf("%s %.20s: notes %q, want %q", tt.setting, tt.json, notes, tt.note)
		}
	}
}

// TestMissingNames: a tensor that is missing has the name that the file would give it.
func TestMissingNames(t *testing.T) {
	for _, tt := range []struct{ without, prefix, says string }{
		{"embeddings.word_embeddings.weight", "", "embed_tokens.weight (embeddings.word_embeddings.weight in the file) is missing"},
		{"embeddings.position_embeddings.weight", "roberta.", "embed_positions.weight (roberta.embeddings.position_embeddings.weight in the file) is missing"},
		{"embeddings.LayerNorm.bias", "roberta.", "layernorm_embedding.bias (roberta.embeddings.LayerNorm.bias in the file) is missing"},
		{"embeddings.LayerNorm.weight", "module.roberta.", "(module.roberta.embeddings.LayerNorm.weight in the file) is missing"},
		{"encoder.layer.0.output.dense.weight", "model.", "(model.encoder.layer.0.output.dense.weight in the file) is missing"},
	} {
		var entries []weights.Entry
		for _, e := range smallEntries(true) {
			if e.Name != tt.without {
				e.Name = tt.prefix + e.Name
				entries = append(entries, e)
			}
		}
		_, err := Open(hfFolder(t, []byte(smallConfig(nil)), entries...))
		if err == nil || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("without %s: %v, want an error that says %q", tt.without, err, tt.says)
		}
	}
}

// TestMissingOfParts: parts that are left out name what is missing as the file would.
func TestMissingOfParts(t *testing.T) {
	var entries []weights.Entry
	for _, e := range smallEntries(true) {
		e.Name = "roberta." + e.Name
		entries = append(entries, e)
	}
	entries = append(entries, floatEntry("lm_head.dense.weight", 4, 4), floatEntry("classifier.dense.weight", 4, 4),
		floatEntry("classifier.out_proj.weight", 2, 4), floatEntry("roberta.pooler.dense.weight", 4, 4))
	m, err := Open(hfFolder(t, []byte(smallConfig(nil)), entries...))
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	notes := strings.Join(m.Notes(), "\n")
	for _, want := range []string{"(lm_head.dense.bias in the file) is missing", "(classifier.dense.bias in the file) is missing", "(roberta.pooler.dense.bias in the file) is missing"} {
		if !strings.Contains(notes, want) {
			t.Errorf("notes %q, want %q", notes, want)
		}
	}
}

// TestHuggingFaceNotes: parameters without a place in fairseq's model are named.
func TestHuggingFaceNotes(t *testing.T) {
	c, err := translated(t, hfFolder(t, hfConfig(map[string]any{"num_hidden_layers": 12}), textEntries(append(slices.Clone(hfTensors), "roberta.encoder.layer.0.crossattention.self.key.weight", "qa_outputs.bias")...)...))
	if err != nil {
		t.Fatal(err)
	}
	if len(c.notes) != 1 || !strings.Contains(c.notes[0], "qa_outputs.bias, roberta.encoder.layer.0.crossattention.self.key.weight") {
		t.Errorf("notes %q", c.notes)
	}
}

// TestForeignConfig: a config.json beside a checkpoint that has its own settings
// is of another model, and does not matter; a Hugging Face model needs its own.
func TestForeignConfig(t *testing.T) {
	converted := safetensorsOf(t, map[string]string{settingsKey: `{"encoder_layers":2}`}, textEntry("w", "abc"))
	for name, config := range map[string][]byte{
		"roberta": hfConfig(nil), "bert": hfConfig(map[string]any{"model_type": "bert"}), "no model": []byte(`{"a":1}`), "no JSON": []byte("x"), "none": nil,
	} {
		files := map[string][]byte{"model.safetensors": converted}
		if config != nil {
			files["config.json"] = config
		}
		dir := writeFiles(t, t.TempDir(), files)
		for _, path := range []string{dir, filepath.Join(dir, "model.safetensors")} {
			c, err := translated(t, path)
			if err != nil {
				t.Errorf("config.json of %s: %v", name, err)
			} else if !c.has("w") || c.settings["encoder_layers"] != int64(2) {
				t.Errorf("config.json of %s: tensors %q, settings %v, notes %q", name, tensorNames(c), c.settings, c.notes)
			}
		}
		// Beside a Hugging Face model it counts.
		dir = hfFolder(t, config, textEntries(hfTensors...)...)
		for _, path := range []string{dir, filepath.Join(dir, "model.safetensors")} {
			if _, err := translated(t, path); (err == nil) != (name == "roberta" || name == "no model") {
				t.Errorf("config.json of %s beside a Hugging Face model: %v", name, err)
			}
		}
	}
	_, err := translatedFile(t, safetensorsOf(t, nil, textEntries(hfTensors...)...))
	if !errors.Is(err, ErrModel) || !errors.Is(err, weights.ErrUnsupported) || !strings.Contains(err.Error(), "config.json") {
		t.Errorf("without config.json: %v", err)
	}
	// A model of another family is named for what its config.json says.
	_, err = translated(t, hfFolder(t, hfConfig(map[string]any{"model_type": "bert"}), textEntries("bert.embeddings.word_embeddings.weight")...))
	if !errors.Is(err, weights.ErrUnsupported) || !strings.Contains(err.Error(), `"bert"`) {
		t.Errorf("a BERT: %v", err)
	}
}

// TestHuggingFaceEqualsFairseq: a model in Hugging Face's layout has the same
// tensors under fairseq's names.
func TestHuggingFaceEqualsFairseq(t *testing.T) {
	fairseq, err := translated(t, golden(t, "tiny", "model.pt"))
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct{ dir, head string }{{"tiny-maskedlm", ""}, {"tiny-mnli", "mnli"}, {"tiny-score", "score"}} {
		t.Run(tc.dir, func(t *testing.T) {
			c, err := translated(t, golden(t, "hf", tc.dir))
			if err != nil {
				t.Fatal(err)
			}
			compared := 0
			for name, x := range c.tensors {
				y := fairseq.tensors[strings.Replace(name, defaultHead, tc.head, 1)]
				if y == nil {
					if name != tokenTypes {
						t.Errorf("%s is not fairseq's", name)
					}
					continue
				}
				if !slices.Equal(tensorValues(t, x), tensorValues(t, y)) {
					t.Errorf("%s: other bits than fairseq's", name)
				}
				compared++
			}
			if compared < 50 { // 3 layers of 16, and the embeddings
				t.Errorf("only %d tensors", compared)
			}
			for _, key := range []string{"encoder_layers", "encoder_embed_dim", "encoder_ffn_embed_dim", "encoder_attention_heads", "max_positions"} {
				if c.settings[key] != fairseq.settings[key] {
					t.Errorf("settings[%q] = %v, fairseq's %v", key, c.settings[key], fairseq.settings[key])
				}
			}
			if c.labels != nil {
				t.Errorf("labels %q, though config.json has only LABEL_n", c.labels)
			}
		})
	}
}
