package roberta

import (
	"strings"
	"testing"
)

func TestConfigFrom(t *testing.T) {
	c, err := configFrom(map[string]any{
		"arch": "roberta_large", "max_positions": int64(40), "encoder_embed_dim": int64(64), "encoder_attention_heads": 4,
		"encoder_layers_to_keep": "2,0", "no_scale_embedding": false, "encoder_learned_pos": false, "activation_fn": "relu",
	})
	if err != nil {
		t.Fatal(err)
	}
	want := Config{Layers: 2, Dim: 64, FFNDim: 4096, Heads: 4, MaxPositions: 40, Activation: "relu", PoolerActivation: "tanh",
		LayerNormEps: 1e-5, LayerNormEmbedding: true, ScaleEmbedding: true, Positions: SinusoidalPositions, Tied: true, InitToken: -1}
	if c.layer(0) != 0 || c.layer(1) != 2 {
		t.Errorf("kept layers %v, want [0 2]", c.LayersKept)
	}
	c.LayersKept = nil
	if got := c; !equalConfig(got, want) {
		t.Errorf("configFrom = %+v, want %+v", got, want)
	}
}

func equalConfig(a, b Config) bool {
	a.LayersKept, b.LayersKept = nil, nil
	return a.Layers == b.Layers && a.Dim == b.Dim && a.FFNDim == b.FFNDim && a.Heads == b.Heads && a.MaxPositions == b.MaxPositions &&
		a.Activation == b.Activation && a.PoolerActivation == b.PoolerActivation && a.LayerNormEps == b.LayerNormEps &&
		a.PreNorm == b.PreNorm && a.LayerNormEmbedding == b.LayerNormEmbedding && a.ScaleEmbedding == b.ScaleEmbedding &&
		a.Positions == b.Positions && a.Tied == b.Tied && a.InitToken == b.InitToken
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
