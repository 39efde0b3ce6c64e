package roberta

import (
	"reflect"
	"strings"
	"testing"

	"github.com/goroberta/goroberta/weights"
)

func TestConfigFrom(t *testing.T) {
	c, err := configFrom(map[string]any{
		"arch": "roberta_large", "max_positions": int64(40), "encoder_embed_dim": int64(64), "encoder_attention_heads": 4,
		"encoder_layers_to_keep": "2,0", "no_scale_embedding": false, "encoder_learned_pos": false, "activation_fn": "relu",
	})
	if err != nil {
		t.Fatal(err)
	}
	want := Config{Layers: 2, Dim: 64, FFNDim: 4096, Heads: 4, MaxPositions: 40, PadID: 1, Activation: "relu", LMActivation: "relu", PoolerActivation: "tanh",
		LayerNormEps: 1e-5, LayerNormEmbedding: true, ScaleEmbedding: true, Positions: SinusoidalPositions, Tied: true, InitToken: -1}
	if c.layer(0) != 0 || c.layer(1) != 2 {
		t.Errorf("kept layers %v, want [0 2]", c.LayersKept)
	}
	c.LayersKept = nil
	if !reflect.DeepEqual(c, want) {
		t.Errorf("configFrom = %+v, want %+v", c, want)
	}
}

func TestConfigRefuses(t *testing.T) {
	for _, c := range []struct {
		name string
		m    map[string]any
		want string
	}{
		{"unknown activation", map[string]any{"activation_fn": "mish"}, "mish"},
		{"heads that do not divide", map[string]any{"encoder_attention_heads": 5}, "multiple"},
		{"no layers", map[string]any{"encoder_layers": 0}, "encoder_layers"},
		{"a huge width", map[string]any{"encoder_embed_dim": int64(1) << 39}, "encoder_embed_dim"},
		{"a string for a size", map[string]any{"encoder_layers": "twelve"}, "twelve"},
		{"letters among kept layers", map[string]any{"encoder_layers_to_keep": "0,x"}, "encoder_layers_to_keep"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := configFrom(c.m); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("configFrom(%v) error = %v, want one that names %q", c.m, err, c.want)
			}
		})
	}
}

// TestLMActivation: the LM head of Hugging Face's models has gelu whatever the layers
// have; fairseq's has their function.
func TestLMActivation(t *testing.T) {
	for _, tc := range []struct {
		name   string
		change func(settings map[string]any, entries map[string]*weights.Entry)
		want   string
	}{
		{"fairseq's", nil, "relu"},
		{"Hugging Face's", func(s map[string]any, _ map[string]*weights.Entry) { s[modelTypeKey] = "roberta" }, "gelu"},
		{"Hugging Face's, converted before settings had a model_type", func(_ map[string]any, e map[string]*weights.Entry) { e[tokenTypes] = zeros(1, 64) }, "gelu"},
	} {
		c := opened(t, changed(t, golden(t, "tiny", "model.pt"), func(s map[string]any, e map[string]*weights.Entry) {
			s["activation_fn"] = "relu"
			if tc.change != nil {
				tc.change(s, e)
			}
		}))
		if c.config.Activation != "relu" || c.config.LMActivation != tc.want {
			t.Errorf("%s: %s, and %s in the LM head, want %s", tc.name, c.config.Activation, c.config.LMActivation, tc.want)
		}
	}
}
