package weights

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// maxNesting bounds how deep settings are looked into.
const maxNesting = 8

// attributes gives the members of a dict, a Namespace, a dataclass or an
// omegaconf node.
func attributes(v any) *pyDict {
	for range maxNesting {
		switch o := v.(type) {
		case *pyDict:
			// omegaconf pickles a node as {_content: …} or {_val: …}.
			inner, ok := o.get("_content")
			if !ok {
				inner, ok = o.get("_val")
			}
			if ok {
				v = inner
				continue
			}
			return o
		case *pyObject:
			v = o.state
			continue
		}
		break
	}
	return nil
}

// scalar gives a setting's value, or ok false for what is no single value.
func scalar(v any) (any, bool) {
	for range maxNesting {
		switch o := v.(type) {
		case nil, bool, int64, float64, string:
			return o, true
		case *pyObject:
			if strings.HasPrefix(o.class.module, "omegaconf") {
				d, ok := o.state.(*pyDict)
				if !ok {
					return nil, false
				}
				if v, ok = d.get("_val"); !ok {
					return nil, false
				}
				continue
			}
			if len(o.args) == 1 { // an enum's member
				v = o.args[0]
				continue
			}
		}
		break
	}
	return nil, false
}

func addScalars(m map[string]any, d *pyDict) {
	if d == nil {
		return
	}
	for i, k := range d.keys {
		name, ok := k.(string)
		if !ok {
			continue
		}
		if v, ok := scalar(d.values[i]); ok {
			m[name] = v
		}
	}
}

// fairseqSettings reads the settings of a fairseq checkpoint: args, an argparse
// Namespace, if it is there; else cfg, whose model, task and others are
// Namespaces, dicts or omegaconf nodes in turn
// (fairseq/checkpoint_utils.py, load_model_ensemble_and_task).
func fairseqSettings(state *pyDict) map[string]any {
	m := map[string]any{}
	if args, ok := state.get("args"); ok && attributes(args) != nil {
		addScalars(m, attributes(args))
		return m
	}
	v, _ := state.get("cfg")
	cfg := attributes(v)
	if cfg == nil {
		return m
	}
	for _, group := range []string{"task", "model"} {
		g, _ := cfg.get(group)
		addScalars(m, attributes(g))
	}
	if arch, ok := m["arch"]; !ok || arch == nil {
		if name, ok := m["_name"]; ok {
			m["arch"] = name
		}
	}
	return m
}

// huggingFaceConfig is what of a config.json counts.
type huggingFaceConfig struct {
	settings map[string]any
	labels   []string
	head     string // name for the classifier
	sharded  bool   // it comes with an index of shards, as only Hugging Face's models do
	err      error  // why it describes no model that is read
}

// of is the config if it is about these tensors, as their names show. Beside a
// checkpoint of fairseq's own it is nil: that has its own settings, and the
// config.json may be of another model.
func (hf *huggingFaceConfig) of(ts []*Tensor) (*huggingFaceConfig, error) {
	if hf == nil || !hf.sharded && !slices.ContainsFunc(ts, func(t *Tensor) bool { return isHuggingFaceName(t.Name) }) {
		return nil, nil
	}
	return hf, hf.err
}

// readHuggingFaceConfig translates a config.json of Hugging Face's RoBERTa to
// fairseq's settings.
func readHuggingFaceConfig(data []byte) (*huggingFaceConfig, error) {
	var c struct {
		ModelType    string            `json:"model_type"`
		Layers       *int              `json:"num_hidden_layers"`
		Dim          *int              `json:"hidden_size"`
		FFN          *int              `json:"intermediate_size"`
		Heads        *int              `json:"num_attention_heads"`
		Positions    *int              `json:"max_position_embeddings"`
		PositionType string            `json:"position_embedding_type"`
		Act          string            `json:"hidden_act"`
		Eps          *float64          `json:"layer_norm_eps"`
		Tied         *bool             `json:"tie_word_embeddings"`
		Decoder      bool              `json:"is_decoder"`
		Pad          *int              `json:"pad_token_id"`
		Labels       map[string]string `json:"id2label"`
		Task         string            `json:"finetuning_task"`
	}
	if err := json.Unmarshal(data, &c); err != nil {
		return nil, inEntry("config.json", -1, fmt.Errorf("%w: %v", ErrCorrupt, err))
	}
	unsupported := func(format string, args ...any) error {
		return inEntry("config.json", -1, fmt.Errorf("%w: "+format, append([]any{ErrUnsupported}, args...)...))
	}
	if !slices.Contains([]string{"roberta", "xlm-roberta", "camembert"}, c.ModelType) {
		return nil, unsupported("model_type %q, want roberta", c.ModelType)
	}
	if c.PositionType != "" && c.PositionType != "absolute" {
		return nil, unsupported("position_embedding_type %q", c.PositionType)
	}
	if c.Pad != nil && *c.Pad != 1 {
		return nil, unsupported("pad_token_id %d, fairseq's is 1", *c.Pad)
	}
	if c.Decoder {
		return nil, unsupported("a decoder (is_decoder)")
	}
	act := map[string]string{"": "gelu", "gelu": "gelu", "gelu_new": "gelu_accurate", "gelu_pytorch_tanh": "gelu_accurate", "gelu_fast": "gelu_accurate",
		"relu": "relu", "relu2": "relu_squared", "tanh": "tanh", "linear": "linear"}
	fn, ok := act[c.Act]
	if !ok {
		return nil, unsupported("hidden_act %q", c.Act)
	}
	h := &huggingFaceConfig{head: "sentence_classification_head", settings: map[string]any{
		"arch": "roberta", "activation_fn": fn, "layernorm_embedding": true,
	}}
	for _, f := range []struct {
		key  string
		v    *int
		less int
	}{
		{"encoder_layers", c.Layers, 0}, {"encoder_embed_dim", c.Dim, 0}, {"encoder_ffn_embed_dim", c.FFN, 0}, {"encoder_attention_heads", c.Heads, 0},
		{"max_positions", c.Positions, 2}, // Hugging Face counts the rows, fairseq the tokens
	} {
		if f.v != nil {
			h.settings[f.key] = int64(*f.v - f.less)
		}
	}
	h.settings["layer_norm_eps"] = 1e-12 // transformers' default
	if c.Eps != nil {
		h.settings["layer_norm_eps"] = *c.Eps
	}
	if c.Tied != nil {
		h.settings["untie_weights_roberta"] = !*c.Tied
	}
	if c.Task != "" && !strings.Contains(c.Task, ".") {
		h.head = c.Task
	}
	for i := range len(c.Labels) {
		l, ok := c.Labels[fmt.Sprint(i)]
		if !ok || l == fmt.Sprintf("LABEL_%d", i) { // a default, not a name
			h.labels = nil
			break
		}
		h.labels = append(h.labels, l)
	}
	return h, nil
}

// Keys of a converted file's metadata.
const (
	settingsKey = "goroberta.settings"
	labelsKey   = "goroberta.labels"
)

// vocabularyPrefix begins the names of tensors that hold vocabulary files.
const vocabularyPrefix = "vocab/"

// settingsFromJSON reads settings as they were written by settingsJSON.
func settingsFromJSON(s string) (map[string]any, error) {
	dec := json.NewDecoder(bytes.NewReader([]byte(s)))
	dec.UseNumber()
	var m map[string]any
	if err := dec.Decode(&m); err != nil {
		return nil, inEntry(settingsKey, -1, fmt.Errorf("%w: %v", ErrCorrupt, err))
	}
	for k, v := range m {
		switch v := v.(type) {
		case json.Number:
			if n, err := v.Int64(); err == nil {
				m[k] = n
			} else if f, err := v.Float64(); err == nil {
				m[k] = f
			}
		case nil, bool, string:
		default:
			delete(m, k)
		}
	}
	return m, nil
}

func settingsJSON(m map[string]any) (string, error) {
	clean := map[string]any{}
	size := 0 // a pickle can give one long string to many settings
	for k, v := range m {
		s, _ := v.(string)
		if size += len(k) + len(s); size > sideFile {
			return "", inEntry(settingsKey, -1, fmt.Errorf("%w: settings of more than %d bytes", ErrTooLarge, sideFile))
		}
		if f, ok := v.(float64); ok {
			if math.IsNaN(f) || math.IsInf(f, 0) {
				continue // JSON has no such numbers, and no setting of a model is one
			}
			if f == math.Trunc(f) {
				v = json.RawMessage(strconv.FormatFloat(f, 'e', -1, 64)) // 2e+00, which 2 would not tell from an integer
			}
		}
		clean[k] = v
	}
	b, err := json.Marshal(clean)
	return string(b), err
}

// labelNames reads a label/dict.txt: class c is the c-th line. Lines that
// fairseq adds to fill the dictionary up are no classes.
func labelNames(dict []byte) []string {
	var names []string
	for line := range strings.Lines(string(dict)) {
		line = strings.TrimRight(line, "\r\n")
		i := strings.LastIndexByte(line, ' ')
		if i < 0 || strings.HasPrefix(line, "madeupword") {
			continue
		}
		names = append(names, line[:i])
	}
	return names
}
