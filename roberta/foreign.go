package roberta

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/goroberta/goroberta/internal/pyjson"
	"github.com/goroberta/goroberta/weights"
)

// A foreignMark is a part of a tensor's name that only models of another kind have.
type foreignMark struct {
	begin bool // the name begins with it, wrappers left out
	text  string
	is    string
}

// foreignMarks name models that are no RoBERTa, most telling first.
var foreignMarks = []foreignMark{
	{false, "attention.self.query_global.", "a Longformer, whose attention is not RoBERTa's"},
	{false, ".adapter_modules.", "an X-MOD model, whose layers have an adapter for each language"},
	{false, "attention.self.query_proj.", "a DeBERTa-v2 model"},
	{false, "attention.self.in_proj.", "a DeBERTa model"},
	{false, "encoder.rel_embeddings.", "a DeBERTa model"},
	{false, "attention.attn.q.", "an MPNet model"},
	{false, "encoder.relative_attention_bias.", "an MPNet model"},
	{false, "albert_layer_groups.", "an ALBERT model"},
	{false, "entity_embeddings.entity_embeddings.", "a LUKE model"},
	{false, "embeddings.x_position_embeddings.", "a LayoutLM model"},
	{true, "layout_embeddings.", "a LiLT model"},
	{true, "lilt.", "a LiLT model"},
	{true, "electra.", "an ELECTRA model"},
	{true, "discriminator_predictions.", "an ELECTRA model"},
	{true, "generator_predictions.", "an ELECTRA model"},
	{true, "embeddings_project.", "an ELECTRA model"},
	{true, "bert.", "a BERT model"},
	{true, "cls.predictions.", "a BERT model"},
	{true, "distilbert.", "a DistilBERT model"},
	{true, "transformer.layer.", "a DistilBERT model"},
	{true, "transformer.h.", "a GPT-2 model"},
	{true, "wte.", "a GPT-2 model"},
	{true, "h.0.attn.c_attn.", "a GPT-2 model"},
	{true, "transformer.attentions.", "an XLM model"},
	{true, "attentions.0.q_lin.", "an XLM model"},
	{true, "encoder.block.", "a T5 model"},
	{true, "embeddings.tok_embeddings.", "a ModernBERT model"},
	{true, "layers.0.self_attn.", "a decoder, such as a LLaMA"},
	{true, "decoder.layers.", "an encoder-decoder or a decoder, such as BART, mBART or a translation model"},
	{true, "encoder.layers.", "an encoder-decoder or a decoder, such as BART, mBART or a translation model"},
}

// modelTypes says what models are whose model_type does not say it well.
var modelTypes = map[string]string{
	"bert": "a BERT model", "electra": "an ELECTRA model", "mpnet": "an MPNet model", "longformer": "a Longformer, whose attention is not RoBERTa's",
	"deberta": "a DeBERTa model", "deberta-v2": "a DeBERTa-v2 model", "albert": "an ALBERT model", "distilbert": "a DistilBERT model", "gpt2": "a GPT-2 model",
	"t5": "a T5 model", "mt5": "an mT5 model", "bart": "a BART model", "mbart": "an mBART model", "xlm": "an XLM model", "xlnet": "an XLNet model",
	"xmod": "an X-MOD model, whose layers have an adapter for each language", "modernbert": "a ModernBERT model", "nomic_bert": "a NomicBERT model",
	"bert-generation": "a BERT decoder", "luke": "a LUKE model", "mluke": "an mLUKE model", "layoutlm": "a LayoutLM model", "lilt": "a LiLT model",
	"big_bird": "a BigBird model", "ibert": "an I-BERT model", "mega": "a MEGA model", "esm": "an ESM model",
	"encoder-decoder": "an encoder-decoder", "data2vec-audio": "a data2vec model of speech", "data2vec-vision": "a data2vec model of images",
}

// foreign says what a file is whose tensors' names are another kind of model's, and the
// name that shows it; "" if none does.
func foreign(names []string) (is, name string) {
	best := len(foreignMarks)
	for _, n := range names {
		rest := withoutWrappers(n)
		if strings.HasPrefix(rest, headPrefix) {
			continue // a head may have any name
		}
		if i := slices.IndexFunc(foreignMarks[:best], func(m foreignMark) bool {
			return m.begin && strings.HasPrefix(rest, m.text) || !m.begin && strings.Contains(rest, m.text)
		}); i >= 0 {
			best, name = i, n
		}
	}
	if name == "" {
		return "", ""
	}
	return foreignMarks[best].is, name
}

// isAdapterName recognises weights that are added to those of another model.
func isAdapterName(name string) bool {
	return strings.HasPrefix(name, "base_model.model.") || strings.Contains(name, ".lora_A.") || strings.Contains(name, ".lora_B.") ||
		strings.Contains(name, ".lora_embedding_A") || strings.Contains(name, ".ia3_l") || name == "prompt_embeddings" || strings.HasPrefix(name, "prompt_encoder.")
}

// adapterConfig is the file in which an adapter names the model that it belongs to.
const adapterConfig = "adapter_config.json"

// refuseAdapter is an error if the tensors are an adapter's, or not yet merged with one.
func (c *checkpoint) refuseAdapter(names []string) error {
	i := slices.IndexFunc(names, isAdapterName)
	if i < 0 && !slices.ContainsFunc(names, isEmbedding) {
		i = slices.IndexFunc(names, func(name string) bool { return strings.Contains(name, ".adapters.") }) // AdapterHub's
	}
	if i < 0 {
		return nil
	}
	kind, base := "an adapter", ""
	if data, ok, _ := c.sideFile(adapterConfig); ok {
		var a struct {
			Type any `json:"peft_type"`
			Base any `json:"base_model_name_or_path"`
			Name any `json:"model_name"` // AdapterHub's
		}
		if json.Unmarshal(data, &a) == nil {
			if s, ok := a.Type.(string); ok {
				kind = fmt.Sprintf("an adapter (%s)", short(s))
			}
			for _, v := range []any{a.Name, a.Base} {
				if s, ok := v.(string); ok && s != "" {
					base = " for " + quote(s)
				}
			}
		}
	}
	return fmt.Errorf("%w: %w: %s%s, which is not applied: merge it with its model and save that (tensor %.100s)", ErrModel, weights.ErrUnsupported, kind, base, names[i])
}

// refuseForeign is an error if the tensors' names are another kind of model's.
func refuseForeign(names []string) error {
	if is, name := foreign(names); is != "" {
		return fmt.Errorf("%w: %w: %s (tensor %.100s)", ErrModel, weights.ErrUnsupported, is, name)
	}
	return nil
}

// otherModel is what is wrong with a model_type that is no family's.
func otherModel(modelType string) error {
	is := modelTypes[modelType]
	if is == "" {
		is = "another kind of model"
	}
	return fmt.Errorf("%w: model_type %.100q: %s; RoBERTa's are %s", weights.ErrUnsupported, modelType, is, familyNames())
}

// noRoBERTa is the error about a file without a RoBERTa's token embedding, which is
// named as well as its tensors and the config.json beside it allow.
func (c *checkpoint) noRoBERTa(names []string) error {
	if err := c.refuseAdapter(names); err != nil {
		return err
	}
	if data, ok, _ := c.sideFile("config.json"); ok {
		if conf, err := pyjson.Object(data); err == nil {
			if t, ok := conf["model_type"].(string); ok && families[t] == nil {
				return c.inFile("config.json", otherModel(t))
			}
		}
	}
	if err := refuseForeign(names); err != nil {
		return err
	}
	arch := ""
	if s, ok := c.settings["arch"].(string); ok && s != "" {
		arch = fmt.Sprintf(" (arch %s)", quote(s))
	}
	some := make([]string, 0, 5)
	for _, n := range names[:min(len(names), 3)] {
		some = append(some, short(n))
	}
	if n := len(names) - len(some); n > 0 {
		some = append(some, fmt.Sprintf("and %d more", n))
	}
	return fmt.Errorf("%w: no RoBERTa encoder among the tensors %s%s", ErrModel, strings.Join(some, ", "), arch)
}
