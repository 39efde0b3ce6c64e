package roberta

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/goroberta/goroberta/internal/pyjson"
	"github.com/goroberta/goroberta/weights"
)

// huggingFace reads a model of Hugging Face's RoBERTa family.
func (c *checkpoint) huggingFace(ts []namedTensor) error {
	names := make([]string, len(ts))
	for i, t := range ts {
		names[i] = t.name
	}
	if err := c.refuseAdapter(names); err != nil {
		return err
	}
	data, ok, err := c.sideFile("config.json")
	if err != nil {
		return err
	}
	if !ok {
		if err := refuseForeign(names); err != nil {
			return err
		}
		return fmt.Errorf("%w: %w: a Hugging Face model without its config.json", ErrModel, weights.ErrUnsupported)
	}
	conf, err := pyjson.Object(data)
	if err != nil {
		return c.inFile("config.json", fmt.Errorf("%w: %.200v", weights.ErrCorrupt, err))
	}
	f, err := c.family(conf, names)
	if err != nil {
		return err
	}
	c.named, c.headNames = f, map[string]string{}
	prunedHeads, err := c.huggingFaceSettings(conf, f)
	if err != nil {
		return c.inFile("config.json", err)
	}
	if q, ok := conf["quantization_config"].(map[string]any); ok {
		c.quantized, _ = q["quant_method"].(string)
		c.quantized = cmp.Or(c.quantized, "unknown")
	}
	if err := c.huggingFaceTensors(ts, f, conf); err != nil {
		return err
	}
	if err := c.knownPrefix(ts); err != nil {
		return err
	}
	s := &settings{m: c.settings}
	if err := c.restoreHeads(prunedHeads, s.int("encoder_layers", 0), s.int("encoder_embed_dim", 0), s.int("encoder_attention_heads", 0)); err != nil {
		return modelError(err)
	}
	c.noteAdapter()
	return c.untie()
}

// family finds the family that a config.json and the tensors' names tell of.
func (c *checkpoint) family(conf map[string]any, names []string) (*family, error) {
	modelType, _ := conf[modelTypeKey].(string)
	f := families[modelType]
	if modelType != "" && f == nil {
		return nil, c.inFile("config.json", otherModel(modelType))
	}
	if is, name := foreign(names); is != "" && (f == nil || strings.Contains(name, "encoder.layer.")) {
		return nil, fmt.Errorf("%w: %w: %s (tensor %.100s)", ErrModel, weights.ErrUnsupported, is, name)
	}
	if f != nil {
		return f, nil
	}
	has := func(part string) bool {
		return slices.ContainsFunc(names, func(n string) bool { return strings.Contains(n, part) })
	}
	switch {
	case has("encoder.layer.0.attention.self_attn_layer_norm."):
		modelType = "xlm-roberta-xl"
	case has("encoder.layer.0.intermediate.LayerNorm."):
		modelType = "roberta-prelayernorm"
	case has("lm_head.") || slices.ContainsFunc(names, func(n string) bool { return withoutEncoder(n) != n }) || likeRoBERTa(conf):
		modelType = "roberta"
	default:
		return nil, c.inFile("config.json", fmt.Errorf("%w: no model_type, and neither the tensors nor the other settings tell whether this is a RoBERTa or a BERT", weights.ErrUnsupported))
	}
	conf[modelTypeKey] = modelType
	c.note("%s has no model_type; its tensors are those of %s", c.file.FileName("config.json"), modelType)
	return families[modelType], nil
}

// likeRoBERTa says whether settings are a RoBERTa's, among those of models whose
// encoders have the same names.
func likeRoBERTa(conf map[string]any) bool {
	if names := modelClasses(conf); len(names) > 0 {
		return slices.ContainsFunc([]string{"Roberta", "XLMRoberta", "Camembert", "Data2VecText"}, func(begin string) bool { return strings.HasPrefix(names[0], begin) })
	}
	s := &settings{m: conf}
	if pad := s.int(padKey, 1); pad != 1 {
		return false // BERT's is 0
	}
	positions := s.int("max_position_embeddings", 0)
	return s.err == nil && (conf[padKey] != nil || s.int("type_vocab_size", 2) == 1 || positions > 2 && (positions-2)&(positions-3) == 0)
}

// modelClasses are the classes of transformers that a config.json names.
func modelClasses(conf map[string]any) (names []string) {
	list, _ := conf["architectures"].([]any)
	for _, v := range list {
		if s, ok := v.(string); ok {
			names = append(names, s)
		}
	}
	return names
}

// hfActivations gives fairseq's names of the activation functions that transformers
// has (transformers/activations.py, ACT2CLS).
var hfActivations = map[string]string{
	"gelu": "gelu", "gelu_python": "gelu",
	"gelu_new": "gelu_accurate", "gelu_fast": "gelu_accurate", "gelu_accurate": "gelu_accurate",
	"gelu_pytorch_tanh": "gelu_accurate", "gelu_python_tanh": "gelu_accurate",
	"relu": "relu", "relu2": "relu_squared", "tanh": "tanh", "linear": "linear",
}

// huggingFaceSettings makes fairseq's settings of a config.json. What they leave out is as
// in transformers.
func (c *checkpoint) huggingFaceSettings(conf map[string]any, f *family) (prunedHeads map[int][]int, err error) {
	s := &settings{m: conf}
	act := s.string("hidden_act", "gelu")
	positions := s.string("position_embedding_type", "absolute")
	decoder := s.bool("is_decoder", false)
	c.settings = map[string]any{
		"arch": "roberta", modelTypeKey: conf[modelTypeKey], "activation_fn": hfActivations[act],
		"layernorm_embedding": f.embedNorm, "layer_norm_eps": s.float("layer_norm_eps", f.eps),
	}
	if f.preNorm {
		c.settings["encoder_normalize_before"] = true
	}
	sizes := map[string]int{}
	for _, size := range []struct {
		name, to string
		def      int
	}{
		{"num_hidden_layers", "encoder_layers", f.layers}, {"hidden_size", "encoder_embed_dim", f.dim},
		{"intermediate_size", "encoder_ffn_embed_dim", f.ffn}, {"num_attention_heads", "encoder_attention_heads", f.heads},
	} {
		n := s.int(size.name, size.def)
		if n < 1 || n > 1<<24 {
			s.fail(size.name, n, "a positive size")
		}
		sizes[size.name] = n
		c.settings[size.to] = int64(n)
	}
	pad := s.int(padKey, 1)
	if pad < 0 || pad > 1<<24 {
		s.fail(padKey, pad, "a token")
	}
	c.settings[padKey] = int64(pad)
	if v, ok := conf[padKey]; ok && v == nil {
		c.note("pad_token_id is null in config.json: positions are counted as with 1, which most models have; transformers cannot compute with this setting")
	}
	// Hugging Face counts the rows of the position embeddings, fairseq the tokens. The
	// rows up to the padding token's are not used.
	if rows := s.int("max_position_embeddings", 0); rows != 0 {
		if rows < pad+2 {
			s.fail("max_position_embeddings", rows, fmt.Sprintf("more than pad_token_id + 1, %d", pad+1))
		}
		c.settings["max_positions"] = int64(rows - pad - 1)
	}
	if conf["tie_word_embeddings"] != nil {
		c.settings["untie_weights_roberta"] = !s.bool("tie_word_embeddings", true)
	}
	prunedHeads, err = pruned(conf)
	if err = cmp.Or(s.err, err); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrModel, err)
	}
	switch {
	case sizes["hidden_size"]%sizes["num_attention_heads"] != 0:
		err = fmt.Errorf("%w: hidden_size %d is no multiple of num_attention_heads %d", ErrModel, sizes["hidden_size"], sizes["num_attention_heads"])
	case positions != "absolute":
		err = fmt.Errorf("%w: position_embedding_type %.100q, want absolute", weights.ErrUnsupported, positions)
	case decoder:
		err = fmt.Errorf("%w: a decoder (is_decoder), whose tokens see only those before them", weights.ErrUnsupported)
	case hfActivations[act] == "":
		err = fmt.Errorf("%w: hidden_act %.100q, want one of %s", weights.ErrUnsupported, act, strings.Join(slices.Sorted(maps.Keys(hfActivations)), ", "))
	}
	return prunedHeads, err
}

// huggingFaceTensors gives the parameters fairseq's names.
func (c *checkpoint) huggingFaceTensors(ts []namedTensor, f *family, conf map[string]any) error {
	layers := int(c.settings["encoder_layers"].(int64))
	heads := map[string]*weights.Tensor{}
	var left, extra []string
	for _, t := range ts {
		name, ok := f.name(t.name)
		switch {
		case ok:
			if n, isLayer := layerNumber(name); isLayer && n >= layers {
				extra = append(extra, short(t.Name))
				continue
			}
			// Where a file has two tensors for one parameter, transformers 5 takes the first
			// in the order of names; of lm_head's two biases it adds decoder's.
			if err := c.put(name, t.Tensor, strings.HasSuffix(t.name, "lm_head.decoder.bias")); err != nil {
				return err
			}
		case isHFHead(t.name):
			heads[t.name] = t.Tensor
		case strings.HasSuffix(t.name, "position_ids"), strings.HasSuffix(t.name, "token_type_ids"): // buffers
		default:
			left = append(left, short(t.Name))
		}
	}
	if len(extra) > 0 {
		c.leave("config.json has %d layers; the tensors of further ones are left out: %s", layers, enumerate(extra))
	}
	if p, ok := c.tensors[stack+"embed_positions.weight"]; ok && c.settings["max_positions"] == nil && len(p.Shape) == 2 {
		c.settings["max_positions"] = int64(max(1, p.Shape[0]-1-int(c.settings[padKey].(int64))))
	}
	s := &settings{m: conf}
	if e, ok := c.tensors[stack+"embed_tokens.weight"]; ok && len(e.Shape) == 2 {
		if n := s.int("vocab_size", e.Shape[0]); n != e.Shape[0] || s.err != nil {
			c.note("vocab_size is %s in config.json, and the token embedding has %d rows: all of them are used; transformers refuses such a file", short(fmt.Sprint(conf["vocab_size"])), e.Shape[0])
		}
	}
	if !c.has(tokenTypes) {
		c.note("the checkpoint has no token_type_embeddings; nothing is added for types")
	}
	left = append(left, c.huggingFaceHeads(heads, conf)...)
	if len(left) > 0 {
		slices.Sort(left)
		c.leave("tensors that have no place in the model are left out: %s", enumerate(left))
	}
	return nil
}

// knownPrefix is an error if the encoder's names have a prefix that no RoBERTa's have.
func (c *checkpoint) knownPrefix(ts []namedTensor) error {
	const embedding = "embeddings.word_embeddings.weight"
	if c.has(embedWeight) || c.has(lmWeight) {
		return nil
	}
	for _, t := range ts {
		if prefix, ok := strings.CutSuffix(t.name, embedding); ok {
			return fmt.Errorf("%w: the tensors' names have the prefix %s, which is none of %s", ErrModel, quote(prefix), strings.Join(slices.Concat(encoderPrefixes, wrappers), " "))
		}
	}
	return nil
}

// noteAdapter says that an adapter beside the model is not applied.
func (c *checkpoint) noteAdapter() {
	if _, ok, err := c.sideFile(adapterConfig); ok || err != nil {
		c.leave("an adapter lies beside the checkpoint (%s); it is not applied", c.file.FileName(adapterConfig))
	}
}

// untie compares the LM head's weight with the token embedding. If they are equal it
// drops the LM head's; if not, the model is not tied, whatever config.json says. A tied
// weight may have the LM head's name alone.
func (c *checkpoint) untie() error {
	lm, ok := c.tensors[lmWeight]
	embed, ok2 := c.tensors[embedWeight]
	untied, _ := c.settings["untie_weights_roberta"].(bool)
	if ok && !ok2 && !untied {
		c.tensors[embedWeight] = lm
		delete(c.tensors, lmWeight)
	}
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
	if !untied {
		c.settings["untie_weights_roberta"] = true
		c.note("lm_head.decoder.weight differs from the token embedding, so the two are not tied")
	}
	return nil
}

// equalTensors compares elements, some rows at a time, because a tensor that is not
// contiguous in the file is copied. Tensors of types that are not read are not equal.
func equalTensors(a, b *weights.Tensor) (bool, error) {
	if a.DType != b.DType || !slices.Equal(a.Shape, b.Shape) || a.DType.Size() == 0 {
		return false, nil
	}
	if len(a.Shape) == 0 {
		x, err := a.Bytes()
		y, err2 := b.Bytes()
		return bytes.Equal(x, y), cmp.Or(err, err2)
	}
	const rows = 1024
	for lo := 0; lo < a.Shape[0]; lo += rows {
		hi := min(lo+rows, a.Shape[0])
		x, err := a.Rows(lo, hi).Bytes()
		if err != nil {
			return false, err
		}
		y, err := b.Rows(lo, hi).Bytes()
		if err != nil {
			return false, err
		}
		if len(x) > 0 && len(x) == len(y) && &x[0] == &y[0] {
			continue // two names of one memory, as torch.save writes tied weights
		}
		if !bytes.Equal(x, y) {
			return false, nil
		}
	}
	return true, nil
}
