package roberta

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/goroberta/goroberta/weights"
)

// fairseq reads a checkpoint of fairseq's, of any year, or one that Convert wrote.
func (c *checkpoint) fairseq(ts []namedTensor) error {
	var err error
	if c.settings, err = metadataSettings(c.file); err != nil {
		return err
	}
	if c.settings == nil {
		c.settings = fairseqSettings(c.file.Settings())
	}
	if c.headSettings, err = readHeadSettings(c.file); err != nil {
		return err
	}
	for _, t := range ts {
		name := fairseqName(t.name)
		prefix, kind, ok := strings.Cut(name, "in_proj_")
		if !ok || kind != "weight" && kind != "bias" || !strings.HasPrefix(name, stack) {
			// fairseq renames parameters of old names after it has read them all.
			if err := c.put(name, t.Tensor, name != t.name); err != nil {
				return err
			}
			continue
		}
		// In 2019 queries, keys and values were one projection.
		if len(t.Shape) == 0 || t.Shape[0]%3 != 0 {
			return &weights.FileError{Tensor: t.Name, Offset: -1,
				Err: fmt.Errorf("%w: shape %s cannot be cut into queries, keys and values", weights.ErrCorrupt, shapeText(t.Shape))}
		}
		n := t.Shape[0] / 3
		for i, p := range projections {
			if err := c.put(prefix+p+"."+kind, t.Rows(i*n, (i+1)*n), true); err != nil {
				return err
			}
		}
	}
	// Files that were converted before settings had a model_type have token types if the
	// model was Hugging Face's.
	c.hf = c.settings[modelTypeKey] != nil || c.has(tokenTypes)
	return nil
}

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

// fairseqSettings gives the settings of a fairseq checkpoint without their groups:
// those of args if it is there, else those of cfg, where the group model overrides the
// group task (fairseq/checkpoint_utils.py, load_model_ensemble_and_task). The group bpe is
// of the tokenizer; the name of its class is the setting bpe, as in args.
func fairseqSettings(raw map[string]any) map[string]any {
	m := map[string]any{}
	take := func(group any) {
		g, _ := group.(map[string]any)
		for name, v := range g {
			if _, nested := v.(map[string]any); !nested {
				m[name] = v
			}
		}
	}
	if args, ok := raw["args"].(map[string]any); ok {
		take(args)
		return m
	}
	cfg, _ := raw["cfg"].(map[string]any)
	take(cfg["task"])
	take(cfg["model"])
	if m["arch"] == nil && m["_name"] != nil {
		m["arch"] = m["_name"]
	}
	switch bpe := cfg["bpe"].(type) {
	case string:
		m["bpe"] = bpe
	case map[string]any:
		for name, v := range bpe {
			if strings.HasPrefix(name, "bpe_") || strings.HasPrefix(name, "gpt2_") || strings.HasPrefix(name, "sentencepiece_") {
				m[name] = v
			}
		}
		if name, ok := bpe["_name"].(string); ok {
			m["bpe"] = name
		}
	}
	return m
}

// layerNumber is the number of the layer that a parameter belongs to.
func layerNumber(name string) (n int, ok bool) {
	rest, ok := strings.CutPrefix(name, stack+"layers.")
	if !ok {
		return 0, false
	}
	digits, _, ok := strings.Cut(rest, ".")
	u, err := strconv.ParseUint(digits, 10, 31)
	if errors.Is(err, strconv.ErrRange) {
		return math.MaxInt, ok
	}
	return int(u), ok && err == nil
}

// sizes gives the settings of a checkpoint that has none (a bare state dict), as
// far as its tensors show them, and a note on what it assumes: the rest is as in
// RoBERTa's published models, with heads of 64, exact GELU and post-norm.
func (c *checkpoint) sizes() (map[string]any, string, error) {
	shape := func(name string) []int {
		if t, ok := c.tensors[stack+name]; ok && len(t.Shape) == 2 {
			return t.Shape
		}
		return nil
	}
	embed, fc1, pos := shape("embed_tokens.weight"), shape("layers.0.fc1.weight"), shape("embed_positions.weight")
	if embed == nil || fc1 == nil || pos == nil {
		return nil, "", errors.New("no settings and no RoBERTa encoder among the tensors")
	}
	layers := 0
	for shape("layers."+strconv.Itoa(layers)+".fc1.weight") != nil {
		layers++
	}
	C := embed[1]
	if C%64 != 0 {
		return nil, "", fmt.Errorf("no settings, and encoder_attention_heads cannot be told from a width of %d", C)
	}
	return map[string]any{
		"encoder_layers": layers, "encoder_embed_dim": C, "encoder_ffn_embed_dim": fc1[0],
		"encoder_attention_heads": C / 64, "max_positions": pos[0] - 2, // padding_idx + 1 rows are not used
		"layernorm_embedding": c.has(stack + "layernorm_embedding.weight"),
	}, fmt.Sprintf("the checkpoint has no settings; sizes are taken from its tensors and %d attention heads of 64 are assumed", C/64), nil
}
