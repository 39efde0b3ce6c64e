package roberta

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// A Config holds the settings that decide what a model computes. They come from the
// checkpoint: fairseq's args or cfg, Hugging Face's config.json. Sizes that they leave out
// are those of fairseq's architecture or Hugging Face's model_type. If a checkpoint has no
// settings at all, Notes say what was assumed.
type Config struct {
	Layers       int `json:"layers"`        // transformer layers, those kept by encoder_layers_to_keep
	Dim          int `json:"dim"`           // C, width of the hidden states
	FFNDim       int `json:"ffn_dim"`       // inner width of the feed-forward block
	Heads        int `json:"heads"`         // attention heads; Dim is a multiple of it
	MaxPositions int `json:"max_positions"` // longest input in tokens, <s> and </s> included
	VocabSize    int `json:"vocab_size"`    // V, rows of the token embedding
	TokenTypes   int `json:"token_types"`   // token types; 0 without embeddings of types
	PadID        int `json:"pad_id"`        // the padding token; positions are numbered from PadID + 1

	Activation       string  `json:"activation"`        // of the feed-forward block
	LMActivation     string  `json:"lm_activation"`     // of the LM head: Hugging Face's is gelu whatever Activation is
	PoolerActivation string  `json:"pooler_activation"` // of classification heads
	LayerNormEps     float32 `json:"layer_norm_eps"`

	PreNorm            bool      `json:"pre_norm"`            // LayerNorm before each block instead of after it
	FinalLayerNorm     bool      `json:"final_layer_norm"`    // a LayerNorm follows the last layer (pre-norm)
	HiddenNorm         bool      `json:"hidden_norm"`         // the last hidden states are after that LayerNorm, as Hugging Face's
	LayerNormEmbedding bool      `json:"layernorm_embedding"` // LayerNorm after the embeddings
	ScaleEmbedding     bool      `json:"scale_embedding"`     // token embeddings × √C
	Positions          Positions `json:"positions"`
	Tied               bool      `json:"tied"` // LM weight is the token embedding

	// LayersKept are the numbers that the kept layers have in the checkpoint.
	LayersKept []int `json:"layers_kept,omitempty"`
	// InitToken is the token in front of a sentence in pronoun
	// disambiguation (fairseq's WSC task), or -1.
	InitToken int `json:"-"`
}

// Positions says where the position embeddings come from.
type Positions string

// The kinds of position embeddings that fairseq's encoder knows.
const (
	LearnedPositions    Positions = "learned"
	SinusoidalPositions Positions = "sinusoidal"
	NoPositions         Positions = "none"
)

// maxComputed is the largest max_positions of a model whose positions are computed:
// no tensor shows how many there are.
const maxComputed = 1 << 20

// architectures holds the sizes that fairseq's registered architectures give
// when a checkpoint's settings lack them (fairseq/models/roberta/model.py).
var architectures = map[string]struct{ layers, dim, ffn, heads int }{
	"":                {12, 768, 3072, 12},
	"roberta":         {12, 768, 3072, 12},
	"roberta_base":    {12, 768, 3072, 12},
	"roberta_prenorm": {12, 768, 3072, 12},
	"roberta_large":   {24, 1024, 4096, 16},
	"xlm":             {16, 1280, 5120, 16},
}

// configFrom reads settings under fairseq's names. checkpoint.configure completes
// the result with what tensors show.
func configFrom(m map[string]any) (Config, error) {
	s := &settings{m: m}
	arch := s.string("arch", "")
	def, known := architectures[arch]
	if !known {
		def = architectures[""]
	}
	c := Config{
		Layers:           s.int("encoder_layers", def.layers),
		Dim:              s.int("encoder_embed_dim", def.dim),
		FFNDim:           s.int("encoder_ffn_embed_dim", def.ffn),
		Heads:            s.int("encoder_attention_heads", def.heads),
		MaxPositions:     s.int("max_positions", s.int("tokens_per_sample", 512)),
		Activation:       s.string("activation_fn", "gelu"),
		PoolerActivation: s.string("pooler_activation_fn", "tanh"),
		LayerNormEps:     float32(s.float("layer_norm_eps", 1e-5)),
		PreNorm:          s.bool("encoder_normalize_before", arch == "roberta_prenorm"),
		ScaleEmbedding:   !s.bool("no_scale_embedding", true),
		Tied:             !s.bool("untie_weights_roberta", false),
		InitToken:        s.int("init_token", -1),
		Positions:        LearnedPositions,
		PadID:            s.int(padKey, 1), // 1 in every dictionary of fairseq's
	}
	c.LMActivation = c.Activation
	if s.string(modelTypeKey, "") != "" {
		c.LMActivation, c.HiddenNorm = "gelu", c.PreNorm
	}
	c.LayerNormEmbedding = s.bool("layernorm_embedding", arch != "roberta_prenorm")
	if !s.bool("encoder_learned_pos", true) {
		c.Positions = SinusoidalPositions
	}
	if s.bool("no_token_positional_embeddings", false) {
		c.Positions = NoPositions
	}
	if keep := s.string("encoder_layers_to_keep", ""); keep != "" {
		for f := range strings.SplitSeq(keep, ",") {
			n, err := strconv.Atoi(strings.TrimSpace(f))
			if err != nil || n < 0 || n > 1<<20 {
				s.fail("encoder_layers_to_keep", keep, "layer numbers separated by commas")
				break
			}
			c.LayersKept = append(c.LayersKept, n)
		}
		slices.Sort(c.LayersKept)
		c.LayersKept = slices.Compact(c.LayersKept)
		c.Layers = len(c.LayersKept)
	}
	if s.err != nil {
		return Config{}, s.err
	}
	return c, c.check()
}

// check refuses settings with which no model can be built.
func (c *Config) check() error {
	for _, f := range []struct {
		name string
		v    int
	}{
		{"encoder_layers", c.Layers}, {"encoder_embed_dim", c.Dim}, {"encoder_ffn_embed_dim", c.FFNDim},
		{"encoder_attention_heads", c.Heads}, {"max_positions", c.MaxPositions},
	} {
		if f.v < 1 || f.v > 1<<24 {
			return fmt.Errorf("setting %s is %d, want a positive size", f.name, f.v)
		}
	}
	if c.PadID < 0 || c.PadID > 1<<24 {
		return fmt.Errorf("setting %s is %d, want a token", padKey, c.PadID)
	}
	if c.Positions == SinusoidalPositions && c.MaxPositions > maxComputed {
		return fmt.Errorf("setting max_positions is %d, want at most %d where positions are computed", c.MaxPositions, maxComputed)
	}
	if c.Dim%c.Heads != 0 {
		return fmt.Errorf("encoder_embed_dim %d is no multiple of encoder_attention_heads %d", c.Dim, c.Heads)
	}
	for _, a := range []struct{ name, fn string }{{"activation_fn", c.Activation}, {"pooler_activation_fn", c.PoolerActivation}} {
		if _, ok := activations[a.fn]; !ok {
			return fmt.Errorf("setting %s is %.100q, want one of %s", a.name, a.fn, strings.Join(slices.Sorted(maps.Keys(activations)), ", "))
		}
	}
	if !(c.LayerNormEps >= 0) {
		return fmt.Errorf("layer_norm_eps is %v, want 0 or a positive number", c.LayerNormEps)
	}
	return nil
}

// firstPosition is the row of the position embeddings that the first token of a sequence
// gets. The rows before it are never read.
func (c *Config) firstPosition() int { return c.PadID + 1 }

// layerPrefix begins the names of the parameters of layer i.
func (c *Config) layerPrefix(i int) string { return fmt.Sprintf("%slayers.%d.", stack, c.layer(i)) }

// layer is the number that layer i of the model has in the checkpoint.
func (c *Config) layer(i int) int {
	if c.LayersKept != nil {
		return c.LayersKept[i]
	}
	return i
}
