package roberta

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/goroberta/goroberta/weights"
)

// huggingFace reads a model of Hugging Face's RoBERTa family.
func (c *checkpoint) huggingFace(ts []*weights.Tensor) error {
	data, ok, err := c.sideFile("config.json")
	if err != nil {
		return err
	}
	if !ok {
		return fmt.Errorf("%w: %w: a Hugging Face model without its config.json", ErrModel, weights.ErrUnsupported)
	}
	head, err := c.huggingFaceConfig(data)
	if err != nil {
		return c.inFile("config.json", err)
	}
	var left []string
	for _, t := range ts {
		name, ok := huggingFaceName(t.Name, head)
		switch {
		case ok && strings.HasPrefix(name, lmPrefix) && c.has(name): // lm_head.bias and lm_head.decoder.bias are one
		case ok:
			if err := c.add(name, t); err != nil {
				return err
			}
		case !strings.HasSuffix(name, "position_ids") && !strings.HasSuffix(name, "token_type_ids"): // buffers
			left = append(left, fmt.Sprintf("%.100s", t.Name))
		}
	}
	if len(left) > 0 {
		c.note("tensors that have no place in fairseq's model are left out: %s", enumerate(left))
	}
	return c.untie()
}

// isHuggingFaceName recognises names that only Hugging Face's models have.
func isHuggingFaceName(name string) bool {
	rest := strings.TrimPrefix(name, "roberta.")
	return strings.HasPrefix(rest, "embeddings.") || strings.HasPrefix(rest, "encoder.layer.") || strings.HasSuffix(name, "embeddings.word_embeddings.weight")
}

var (
	hfLayerParts = map[string]string{
		"attention.self.query":       "self_attn.q_proj",
		"attention.self.key":         "self_attn.k_proj",
		"attention.self.value":       "self_attn.v_proj",
		"attention.output.dense":     "self_attn.out_proj",
		"attention.output.LayerNorm": "self_attn_layer_norm",
		"intermediate.dense":         "fc1",
		"output.dense":               "fc2",
		"output.LayerNorm":           "final_layer_norm",
	}
	hfNames = map[string]string{
		"embeddings.word_embeddings.weight":       embedWeight,
		"embeddings.position_embeddings.weight":   stack + "embed_positions.weight",
		"embeddings.token_type_embeddings.weight": tokenTypes,
		"embeddings.LayerNorm.weight":             stack + "layernorm_embedding.weight",
		"embeddings.LayerNorm.bias":               stack + "layernorm_embedding.bias",
		"lm_head.dense.weight":                    lmPrefix + "dense.weight",
		"lm_head.dense.bias":                      lmPrefix + "dense.bias",
		"lm_head.layer_norm.weight":               lmPrefix + "layer_norm.weight",
		"lm_head.layer_norm.bias":                 lmPrefix + "layer_norm.bias",
		"lm_head.bias":                            lmPrefix + "bias",
		"lm_head.decoder.weight":                  lmWeight,
		"lm_head.decoder.bias":                    lmPrefix + "bias",
	}
	hfHeadNames = []string{"dense.weight", "dense.bias", "out_proj.weight", "out_proj.bias"}
)

// huggingFaceName gives fairseq's name for a parameter of Hugging Face's RoBERTa;
// head is the name that its classifier gets. ok is false for buffers and for
// parameters that have no place in fairseq's model.
func huggingFaceName(name, head string) (_ string, ok bool) {
	name = strings.TrimPrefix(name, "roberta.")
	// Files from before 2019 call LayerNorm's parameters as TensorFlow does.
	if s, ok := strings.CutSuffix(name, ".gamma"); ok {
		name = s + ".weight"
	} else if s, ok := strings.CutSuffix(name, ".beta"); ok {
		name = s + ".bias"
	}
	if to, ok := hfNames[name]; ok {
		return to, true
	}
	if part, ok := strings.CutPrefix(name, "classifier."); ok && slices.Contains(hfHeadNames, part) {
		return headPrefix + head + "." + part, true
	}
	if rest, ok := strings.CutPrefix(name, "encoder.layer."); ok {
		number, rest, _ := strings.Cut(rest, ".")
		end := max(0, strings.LastIndexByte(rest, '.'))
		part, kind := hfLayerParts[rest[:end]], rest[end:]
		if _, err := strconv.ParseUint(number, 10, 64); err == nil && part != "" && (kind == ".weight" || kind == ".bias") {
			return stack + "layers." + number + "." + part + kind, true
		}
	}
	return name, false
}

// hfActivations gives fairseq's names of the activation functions.
var hfActivations = map[string]string{
	"": "gelu", "gelu": "gelu", "gelu_new": "gelu_accurate", "gelu_pytorch_tanh": "gelu_accurate", "gelu_fast": "gelu_accurate",
	"relu": "relu", "relu2": "relu_squared", "tanh": "tanh", "linear": "linear",
}

// huggingFaceConfig reads a config.json into settings and labels and returns the
// classifier's name.
func (c *checkpoint) huggingFaceConfig(data []byte) (head string, err error) {
	var hf struct {
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
	if err := json.Unmarshal(data, &hf); err != nil {
		return "", fmt.Errorf("%w: %.200v", weights.ErrCorrupt, err)
	}
	unsupported := func(format string, args ...any) (string, error) {
		return "", fmt.Errorf("%w: "+format, append([]any{weights.ErrUnsupported}, args...)...)
	}
	fn, known := hfActivations[hf.Act]
	switch {
	case !slices.Contains([]string{"roberta", "xlm-roberta", "camembert"}, hf.ModelType):
		return unsupported("model_type %.100q, want roberta", hf.ModelType)
	case hf.PositionType != "" && hf.PositionType != "absolute":
		return unsupported("position_embedding_type %.100q", hf.PositionType)
	case hf.Pad != nil && *hf.Pad != 1:
		return unsupported("pad_token_id %d, fairseq's is 1", *hf.Pad)
	case hf.Decoder:
		return unsupported("a decoder (is_decoder)")
	case !known:
		return unsupported("hidden_act %.100q", hf.Act)
	}
	c.settings = map[string]any{"arch": "roberta", "activation_fn": fn, "layernorm_embedding": true}
	for _, f := range []struct {
		key  string
		v    *int
		less int
	}{
		{"encoder_layers", hf.Layers, 0}, {"encoder_embed_dim", hf.Dim, 0}, {"encoder_ffn_embed_dim", hf.FFN, 0}, {"encoder_attention_heads", hf.Heads, 0},
		{"max_positions", hf.Positions, firstPosition}, // Hugging Face counts the rows, fairseq the tokens
	} {
		if f.v != nil {
			c.settings[f.key] = int64(*f.v - f.less)
		}
	}
	c.settings["layer_norm_eps"] = 1e-12 // transformers' default
	if hf.Eps != nil {
		c.settings["layer_norm_eps"] = *hf.Eps
	}
	if hf.Tied != nil {
		c.settings["untie_weights_roberta"] = !*hf.Tied
	}
	for i := range len(hf.Labels) {
		l, ok := hf.Labels[strconv.Itoa(i)]
		if !ok || l == fmt.Sprintf("LABEL_%d", i) { // a default, not a name
			c.labels = nil
			break
		}
		c.labels = append(c.labels, l)
	}
	if hf.Task != "" && !strings.Contains(hf.Task, ".") {
		return hf.Task, nil
	}
	return defaultHead, nil
}

// defaultHead is the head of fairseq's task sentence_prediction.
const defaultHead = "sentence_classification_head"

// untie compares the LM head's weight with the token embedding. If they are equal it
// drops the LM head's; if not, the model is not tied, whatever config.json says.
func (c *checkpoint) untie() error {
	lm, ok := c.tensors[lmWeight]
	embed, ok2 := c.tensors[embedWeight]
	if !ok || !ok2 {
		return nil
	}
	equal, err := equalTensors(lm, embed)
	if err != nil {
		return err
	}
	if equal {
		delete(c.tensors, lmWeight)
		c.settings["untie_weights_roberta"] = false
		return nil
	}
	if untied, _ := c.settings["untie_weights_roberta"].(bool); !untied {
		c.settings["untie_weights_roberta"] = true
		c.note("lm_head.decoder.weight differs from the token embedding, so the two are not tied")
	}
	return nil
}

// equalTensors compares elements, some rows at a time, because a tensor that is not
// contiguous in the file is copied.
func equalTensors(a, b *weights.Tensor) (bool, error) {
	if a.DType != b.DType || !slices.Equal(a.Shape, b.Shape) || len(a.Shape) == 0 {
		return false, nil
	}
	const rows = 1024
	for lo := 0; lo < a.Shape[0]; lo += rows {
		hi := min(lo+rows, a.Shape[0])
		x, err := a.Rows(lo, hi).Bytes()
		if err != nil {
			return false, err
		}
		y, err := b.Rows(lo, hi).Bytes()
		if err != nil || !bytes.Equal(x, y) {
			return false, err
		}
	}
	return true, nil
}
