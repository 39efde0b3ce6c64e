package roberta

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/goroberta/goroberta/weights"
)

// allocated is the memory in bytes that f allocates, whether it is freed or not.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// allowance is the memory in bytes that opening n bytes and computing a few tokens
// may allocate.
func allowance(n int) uint64 { return 16<<20 + 100*uint64(n) }

// smallEntries are the parameters of a model of one layer with 8 tokens, 8 positions
// and a width and inner width of 4, under fairseq's names or Hugging Face's.
func smallEntries(hf bool) []weights.Entry {
	linear := func(name string) []weights.Entry {
		return []weights.Entry{floatEntry(name+".weight", 4, 4), floatEntry(name+".bias", 4)}
	}
	norm := func(name string) []weights.Entry {
		return []weights.Entry{floatEntry(name+".weight", 4), floatEntry(name+".bias", 4)}
	}
	var es []weights.Entry
	if hf {
		es = append(es, floatEntry("embeddings.word_embeddings.weight", 8, 4), floatEntry("embeddings.position_embeddings.weight", 10, 4))
		es = append(es, norm("embeddings.LayerNorm")...)
		for _, part := range []string{"attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense", "intermediate.dense", "output.dense"} {
			es = append(es, linear("encoder.layer.0."+part)...)
		}
		return append(append(es, norm("encoder.layer.0.attention.output.LayerNorm")...), norm("encoder.layer.0.output.LayerNorm")...)
	}
	es = append(es, floatEntry(embedWeight, 8, 4), floatEntry(stack+"embed_positions.weight", 10, 4))
	es = append(es, norm(stack+"layernorm_embedding")...)
	for _, part := range []string{"self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.out_proj", "fc1", "fc2"} {
		es = append(es, linear(stack+"layers.0."+part)...)
	}
	es = append(append(es, norm(stack+"layers.0.self_attn_layer_norm")...), norm(stack+"layers.0.final_layer_norm")...)
	return append(append(es, linear(headPrefix+"h.dense")...), floatEntry(headPrefix+"h.out_proj.weight", 2, 4), floatEntry(headPrefix+"h.out_proj.bias", 2))
}

// smallSettings and smallConfig are those of smallEntries, with changes; nil takes a
// value out.
func smallSettings(changes map[string]any) string {
	return changedJSON(map[string]any{"encoder_layers": 1, "encoder_embed_dim": 4, "encoder_ffn_embed_dim": 4, "encoder_attention_heads": 2, "max_positions": 8}, changes)
}

func smallConfig(changes map[string]any) string {
	return changedJSON(map[string]any{"model_type": "roberta", "num_hidden_layers": 1, "hidden_size": 4, "intermediate_size": 4, "num_attention_heads": 2, "max_position_embeddings": 10}, changes)
}

func changedJSON(m, changes map[string]any) string {
	maps.Copy(m, changes)
	maps.DeleteFunc(m, func(_ string, v any) bool { return v == nil })
	b, err := json.Marshal(m)
	if err != nil {
		panic(err) // the test's own values
	}
	return string(b)
}

// openClaims opens a small model with these settings, or with this config.json.
func openClaims(t testing.TB, settings, heads, config string) (*Model, error) {
	t.Helper()
	metadata := map[string]string{settingsKey: settings}
	if heads != "" {
		metadata[headsKey] = heads
	}
	files := fstest.MapFS{}
	if config != "" {
		metadata = nil
		files["config.json"] = &fstest.MapFile{Data: []byte(config)}
	}
	files["model.safetensors"] = &fstest.MapFile{Data: safetensorsOf(t, metadata, smallEntries(config != "")...)}
	return OpenFS(files, ".", WithThreads(1))
}

// checkClaims holds what any settings may do: an error of a known type in few bytes,
// or a model that computes and that a converted file gives again; and memory in
// proportion to the input.
func checkClaims(t *testing.T, settings, heads, config string) error {
	t.Helper()
	var m *Model
	var err error
	n := len(settings) + len(heads) + len(config)
	used := allocated(func() {
		if m, err = openClaims(t, settings, heads, config); err == nil {
			_, err2 := m.ExtractFeatures(t.Context(), []int{0, 4, 5, 2})
			if err2 != nil && !errors.Is(err2, ErrTooLong) {
				t.Errorf("ExtractFeatures: %v", err2)
			}
		}
	})
	if used > allowance(n) {
		t.Errorf("%d bytes of memory for %d", used, n)
	}
	if err != nil {
		var file *weights.FileError
		if !errors.Is(err, ErrModel) && !errors.As(err, &file) {
			t.Errorf("%T of no known kind: %v", err, err)
		}
		if len(err.Error()) > 1000 {
			t.Errorf("an error of %d bytes", len(err.Error()))
		}
		return err
	}
	defer m.Close()
	f := modelFile{checkpoint: m.source}
	metadata, err := f.metadata()
	if err != nil {
		t.Fatal(err)
	}
	data := safetensorsOf(t, metadata, f.entries()...)
	again, err := Load(bytes.NewReader(data), int64(len(data)), WithThreads(1))
	if err != nil {
		t.Fatalf("converted: %v", err)
	}
	defer again.Close()
	if got, want := fmt.Sprintf("%+v %+v", again.Config(), again.Heads()), fmt.Sprintf("%+v %+v", m.Config(), m.Heads()); got != want {
		t.Errorf("converted: %s, want %s", got, want)
	}
	return nil
}

// TestClaims: settings that ask for more than the file has are an error that names the
// setting or the tensor, and nothing is allocated for them.
func TestClaims(t *testing.T) {
	type m = map[string]any
	if err := errors.Join(checkClaims(t, smallSettings(nil), "", ""), checkClaims(t, "", "", smallConfig(nil))); err != nil {
		t.Fatalf("without changes: %v", err)
	}
	for _, tc := range []struct {
		name             string
		settings, config m
		says             string
	}{
		{"layers", m{"encoder_layers": 1 << 24}, m{"num_hidden_layers": 1 << 24}, "layers.1.self_attn.q_proj.weight"},
		{"width", m{"encoder_embed_dim": 1 << 24}, m{"hidden_size": 1 << 24}, "has shape [8 4], the settings ask for [8 16777216]"},
		{"inner width", m{"encoder_ffn_embed_dim": 1 << 24}, m{"intermediate_size": 1 << 24}, "fc1.weight"},
		{"positions", m{"max_positions": 1 << 24}, m{"max_position_embeddings": 1 << 24}, "the settings ask for [1677721"},
		{"heads", m{"encoder_attention_heads": 1 << 24}, m{"num_attention_heads": 1 << 24}, "attention_heads"},
		{"sinusoids", m{"encoder_learned_pos": false, "max_positions": 1 << 24, "encoder_embed_dim": 1 << 24}, nil, "max_positions"},
		{"many sinusoids", m{"encoder_learned_pos": false, "max_positions": 1 << 24}, nil, "max_positions"},
		{"kept layers", m{"encoder_layers_to_keep": strings.Repeat("0,7,", 1<<20) + "1048576"}, nil, "layers.7."},
		{"kept layers that are none", m{"encoder_layers_to_keep": strings.Repeat("x", 1<<20)}, nil, "encoder_layers_to_keep"},
		{"too large a number", m{"encoder_layers": 1e300}, m{"num_hidden_layers": 1e300}, "num"},
		{"negative", m{"max_positions": -1}, m{"max_position_embeddings": int64(-1 << 62)}, "max_position"},
		{"long text", m{"activation_fn": strings.Repeat("x", 1<<20)}, m{"hidden_act": strings.Repeat("x", 1<<20)}, "xxx"},
		{"long text for a number", m{"encoder_layers": strings.Repeat("1", 1<<20)}, m{"num_hidden_layers": strings.Repeat("1", 1<<20)}, "num"},
	} {
		if err := checkClaims(t, smallSettings(tc.settings), "", ""); err == nil || tc.says != "num" && !strings.Contains(err.Error(), tc.says) {
			t.Errorf("%s: %v, want an error that says %q", tc.name, err, tc.says)
		}
		if tc.config == nil {
			continue
		}
		if err := checkClaims(t, "", "", smallConfig(tc.config)); err == nil || !strings.Contains(err.Error(), tc.says) {
			t.Errorf("%s in config.json: %v, want an error that says %q", tc.name, err, tc.says)
		}
	}
}

// FuzzClaims changes what a file says about its tensors: one of fairseq's settings or
// of config.json's values, to a number, a text or any other JSON; all of config.json;
// and a converted file's heads.
func FuzzClaims(f *testing.F) {
	for _, key := range []string{"encoder_layers", "encoder_embed_dim", "encoder_ffn_embed_dim", "encoder_attention_heads", "max_positions", "tokens_per_sample", "init_token"} {
		f.Add(key, "1e9", "", "")
	}
	for _, key := range []string{"encoder_learned_pos", "no_scale_embedding", "encoder_normalize_before", "layernorm_embedding", "no_token_positional_embeddings", "untie_weights_roberta"} {
		f.Add(key, "true", "", "")
		f.Add(key, "false", `{"h":{"reads":"tokens","activation":"relu"}}`, "")
	}
	f.Add("encoder_layers_to_keep", `"0, 1"`, `{"h":{"reads":"spans"}}`, "")
	f.Add("activation_fn", `"gelu_fast"`, `{"x":{}}`, "")
	f.Add("arch", `"xlm"`, "", "")
	f.Add("layer_norm_eps", "1e-300", "", "")
	for _, key := range []string{"num_hidden_layers", "hidden_size", "intermediate_size", "num_attention_heads", "max_position_embeddings", "pad_token_id", "layer_norm_eps", "id2label"} {
		f.Add(key, "1e9", "", "{}")
	}
	f.Add("id2label", `{"0":"no","1":"yes"}`, "", "{}")
	f.Add("hidden_act", `"gelu_new"`, "", "{}")
	f.Add("pruned_heads", `{"0":[1]}`, "", "{}")
	f.Add("architectures", `["RobertaForTokenClassification",1]`, "", "{}")
	f.Add("model_type", `"xlm-roberta-xl"`, "", "{}")
	f.Add("model_type", "null", "", "{}")
	f.Add("model_type", `"camembert"`, "", "{}")
	f.Add("", "", "", `{"model_type":"bert"}`)
	f.Add("", "", "", "[")
	f.Fuzz(func(t *testing.T, key, value, heads, config string) {
		change := map[string]any{key: json.RawMessage(value)}
		if !json.Valid([]byte(value)) {
			change[key] = value
		}
		switch config {
		case "": // settings
			checkClaims(t, smallSettings(change), heads, "")
		case "{}": // a config.json with the change
			checkClaims(t, "", "", smallConfig(change))
		default:
			checkClaims(t, "", "", config)
		}
	})
}
