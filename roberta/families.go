package roberta

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// A family is the models of one model_type of Hugging Face's: what its parameters are
// called, and the sizes that transformers takes where config.json has none.
type family struct {
	layer     map[string]string // parts of a layer, by fairseq's names
	preNorm   bool              // LayerNorm before each block, and one after the last layer
	lastNorm  string            // the name of that one
	embedNorm bool              // LayerNorm after the embeddings

	layers, dim, ffn, heads int
	eps                     float64
}

// families are the model_types that are RoBERTa's, by name. BERTweet, PhoBERT,
// DistilRoBERTa, CodeBERT and others call themselves roberta.
var families = map[string]*family{
	"roberta":              &postNorm,
	"xlm-roberta":          &postNorm,
	"camembert":            &postNorm,
	"data2vec-text":        &postNorm,
	"roberta-prelayernorm": &preLayerNorm,
	"xlm-roberta-xl":       &xlmRobertaXL,
}

// The kinds of families (transformers/models/*/modeling_*.py and configuration_*.py).
var (
	postNorm = family{
		embedNorm: true,
		layer:     layerNames("attention.output.LayerNorm", "output.LayerNorm"),
		layers:    12, dim: 768, ffn: 3072, heads: 12, eps: 1e-12,
	}
	preLayerNorm = family{
		embedNorm: true, preNorm: true, lastNorm: "LayerNorm",
		layer:  layerNames("attention.LayerNorm", "intermediate.LayerNorm"),
		layers: 12, dim: 768, ffn: 3072, heads: 12, eps: 1e-12,
	}
	xlmRobertaXL = family{
		preNorm: true, lastNorm: "encoder.LayerNorm",
		layer:  layerNames("attention.self_attn_layer_norm", "LayerNorm"),
		layers: 36, dim: 2560, ffn: 10240, heads: 32, eps: 1e-5,
	}
)

// layerNames are the parts of a layer whose two LayerNorms have these names.
func layerNames(attention, ffn string) map[string]string {
	return map[string]string{
		"attention.self.query":   "self_attn.q_proj",
		"attention.self.key":     "self_attn.k_proj",
		"attention.self.value":   "self_attn.v_proj",
		"attention.output.dense": "self_attn.out_proj",
		"intermediate.dense":     "fc1",
		"output.dense":           "fc2",
		attention:                "self_attn_layer_norm",
		ffn:                      "final_layer_norm",
	}
}

// hfNames are fairseq's names of what all families have beside the layers, and of the
// pooler and the token types, which fairseq does not have.
var hfNames = map[string]string{
	"embeddings.word_embeddings.weight":       embedWeight,
	"embeddings.position_embeddings.weight":   stack + "embed_positions.weight",
	"embeddings.token_type_embeddings.weight": tokenTypes,
	"embeddings.LayerNorm.weight":             stack + "layernorm_embedding.weight",
	"embeddings.LayerNorm.bias":               stack + "layernorm_embedding.bias",
	"pooler.dense.weight":                     pooler + ".weight",
	"pooler.dense.bias":                       pooler + ".bias",
	"lm_head.dense.weight":                    lmPrefix + "dense.weight",
	"lm_head.dense.bias":                      lmPrefix + "dense.bias",
	"lm_head.layer_norm.weight":               lmPrefix + "layer_norm.weight",
	"lm_head.layer_norm.bias":                 lmPrefix + "layer_norm.bias",
	"lm_head.bias":                            lmPrefix + "bias",
	"lm_head.decoder.weight":                  lmWeight,
	"lm_head.decoder.bias":                    lmPrefix + "bias",
}

// encoderPrefixes begin the encoder's names in a model that has a head.
var encoderPrefixes = []string{"roberta.", "roberta_prelayernorm.", "data2vec_text."}

// withoutEncoder takes such a prefix off a name.
func withoutEncoder(name string) string {
	for _, p := range encoderPrefixes {
		if rest, ok := strings.CutPrefix(name, p); ok {
			return rest
		}
	}
	return name
}

// name gives fairseq's name for a parameter; ok is false for what fairseq's model and the
// families' poolers do not have. Heads are not named here.
func (f *family) name(name string) (_ string, ok bool) {
	name = withoutEncoder(name)
	// Files from before 2019 call LayerNorm's parameters as TensorFlow does.
	if s, ok := strings.CutSuffix(name, "LayerNorm.gamma"); ok {
		name = s + "LayerNorm.weight"
	} else if s, ok := strings.CutSuffix(name, "LayerNorm.beta"); ok {
		name = s + "LayerNorm.bias"
	}
	if to, ok := hfNames[name]; ok {
		return to, true
	}
	dot := max(0, strings.LastIndexByte(name, '.'))
	prefix, kind := name[:dot], name[dot:]
	if kind != ".weight" && kind != ".bias" {
		return "", false
	}
	if f.preNorm && prefix == f.lastNorm {
		return lastNorm + kind, true
	}
	rest, ok := strings.CutPrefix(prefix, "encoder.layer.")
	if !ok {
		return "", false
	}
	number, part, _ := strings.Cut(rest, ".")
	to := f.layer[part]
	if _, err := strconv.ParseUint(number, 10, 64); err != nil || to == "" {
		return "", false
	}
	return stack + "layers." + number + "." + to + kind, true
}

// hfName is the inverse of name: what the family calls a parameter, without the prefix of
// the encoder; "" for what it does not have.
func (f *family) hfName(name string) string {
	for _, from := range slices.Sorted(maps.Keys(hfNames)) {
		if hfNames[from] == name {
			return from
		}
	}
	dot := max(0, strings.LastIndexByte(name, '.'))
	prefix, kind := name[:dot], name[dot:]
	if prefix == lastNorm && f.preNorm {
		return f.lastNorm + kind
	}
	rest, _ := strings.CutPrefix(prefix, stack+"layers.")
	number, part, _ := strings.Cut(rest, ".")
	for from, to := range f.layer {
		if to == part {
			return "encoder.layer." + number + "." + from + kind
		}
	}
	return ""
}

// isHuggingFaceName recognises names that only Hugging Face's models have.
func isHuggingFaceName(name string) bool {
	rest := withoutEncoder(name)
	return strings.HasPrefix(rest, "embeddings.") || strings.HasPrefix(rest, "encoder.layer.") || strings.HasSuffix(name, "embeddings.word_embeddings.weight")
}

// familyNames lists the model_types for messages.
func familyNames() string { return strings.Join(slices.Sorted(maps.Keys(families)), ", ") }

// wrappers begin the names of all parameters of a model that was saved inside
// another: torch's DistributedDataParallel, a member of a training program's class,
// torch.compile, sentence-transformers.
var wrappers = []string{"module.", "model.", "_orig_mod.", "0.auto_model."}

func withoutWrappers(name string) string {
	for {
		rest := name
		for _, w := range wrappers {
			rest = strings.TrimPrefix(rest, w)
		}
		if rest == name {
			return name
		}
		name = rest
	}
}

// isEmbedding recognises the token or position embeddings of a RoBERTa, with which its
// wrapper's prefix is found.
func isEmbedding(name string) bool {
	switch rest := withoutEncoder(name); rest {
	case "embeddings.word_embeddings.weight", "embeddings.position_embeddings.weight":
		return true
	}
	rest, ok := strings.CutPrefix(name, "encoder.sentence_encoder.")
	if !ok {
		rest, ok = strings.CutPrefix(name, "decoder.sentence_encoder.")
	}
	return ok && (rest == "embed_tokens.weight" || rest == "embed_positions.weight")
}

// wrapper is the prefix of wrappers that a RoBERTa's names have among these names: the
// shortest, if there are several models.
func wrapper(names []string) string {
	best, found := "", false
	for _, name := range names {
		rest := withoutWrappers(name)
		if !isEmbedding(rest) {
			continue
		}
		if p := name[:len(name)-len(rest)]; !found || len(p) < len(best) {
			best, found = p, true
		}
	}
	return best
}
