package weights

import (
	"fmt"
	"regexp"
	"strings"
)

// fairseqName gives the name that today's fairseq uses for a parameter of an
// older checkpoint (fairseq/models/roberta/model.py, upgrade_state_dict_named,
// and fairseq/modules/transformer_sentence_encoder.py).
func fairseqName(name string) string {
	if rest, ok := strings.CutPrefix(name, "decoder."); ok {
		name = "encoder." + rest
	}
	return oldParts.Replace(name)
}

var oldParts = strings.NewReplacer(
	".emb_layer_norm.", ".layernorm_embedding.",
	".layer_norms.0.", ".self_attn_layer_norm.",
	".layer_norms.1.", ".final_layer_norm.",
)

const sentenceEncoder = "encoder.sentence_encoder."

var (
	hfLayer     = regexp.MustCompile(`^encoder\.layer\.(\d+)\.(.+)\.(weight|bias)$`)
	hfLayerPart = map[string]string{
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
		"embeddings.word_embeddings.weight":       sentenceEncoder + "embed_tokens.weight",
		"embeddings.position_embeddings.weight":   sentenceEncoder + "embed_positions.weight",
		"embeddings.token_type_embeddings.weight": sentenceEncoder + "token_type_embeddings.weight",
		"embeddings.LayerNorm.weight":             sentenceEncoder + "layernorm_embedding.weight",
		"embeddings.LayerNorm.bias":               sentenceEncoder + "layernorm_embedding.bias",
		"lm_head.dense.weight":                    "encoder.lm_head.dense.weight",
		"lm_head.dense.bias":                      "encoder.lm_head.dense.bias",
		"lm_head.layer_norm.weight":               "encoder.lm_head.layer_norm.weight",
		"lm_head.layer_norm.bias":                 "encoder.lm_head.layer_norm.bias",
		"lm_head.bias":                            "encoder.lm_head.bias",
		"lm_head.decoder.weight":                  "encoder.lm_head.weight",
		"lm_head.decoder.bias":                    "encoder.lm_head.bias",
		"classifier.dense.weight":                 "dense.weight",
		"classifier.dense.bias":                   "dense.bias",
		"classifier.out_proj.weight":              "out_proj.weight",
		"classifier.out_proj.bias":                "out_proj.bias",
	}
)

// huggingFaceName gives fairseq's name for a parameter of Hugging Face's
// RoBERTa; head is the name that its classifier gets. ok is false for buffers
// and layers that have no place in fairseq's model.
func huggingFaceName(name, head string) (string, bool) {
	name = strings.TrimPrefix(name, "roberta.")
	// Files from before 2019 call LayerNorm's parameters as TensorFlow does.
	if s, ok := strings.CutSuffix(name, ".gamma"); ok {
		name = s + ".weight"
	} else if s, ok := strings.CutSuffix(name, ".beta"); ok {
		name = s + ".bias"
	}
	if to, ok := hfNames[name]; ok {
		if strings.HasPrefix(name, "classifier.") {
			to = "classification_heads." + head + "." + to
		}
		return to, true
	}
	if m := hfLayer.FindStringSubmatch(name); m != nil {
		if part, ok := hfLayerPart[m[2]]; ok {
			return fmt.Sprintf("%slayers.%s.%s.%s", sentenceEncoder, m[1], part, m[3]), true
		}
	}
	return name, false
}

// isHuggingFaceName recognises names that only Hugging Face's models have.
func isHuggingFaceName(name string) bool {
	name = strings.TrimPrefix(name, "roberta.")
	return strings.HasPrefix(name, "embeddings.") || strings.HasPrefix(name, "encoder.layer.")
}

// splitAttention cuts a fused projection of queries, keys and values, as
// fairseq wrote it in 2019, into the three of today: views of its thirds.
func splitAttention(t *Tensor) ([]*Tensor, error) {
	prefix, kind, ok := strings.Cut(t.Name, "in_proj_")
	if !ok || kind != "weight" && kind != "bias" {
		return nil, nil
	}
	if len(t.Shape) == 0 || t.Shape[0]%3 != 0 {
		return nil, inTensor(t.Name, fmt.Errorf("%w: shape %v cannot be cut into queries, keys and values", ErrCorrupt, t.Shape))
	}
	n := t.Shape[0] / 3
	var parts []*Tensor
	for i, p := range []string{"q_proj.", "k_proj.", "v_proj."} {
		parts = append(parts, t.rows(prefix+p+kind, i*n, (i+1)*n))
	}
	return parts, nil
}
