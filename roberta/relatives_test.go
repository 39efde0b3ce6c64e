package roberta_test

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/goroberta/goroberta/weights"
)

// A relative is a model of Hugging Face's with random weights, of a family or with
// settings that fairseq's golden models do not have.
type relative struct {
	name         string
	family       string // model_type
	types, padID int
	pooler       bool
}

var relatives = []relative{
	{"types and a pooler", "roberta", 3, 1, true},
	{"a pad of its own", "roberta", 1, 5, false},
	{"pad 0", "camembert", 1, 0, true},
	{"XLM-R XL", "xlm-roberta-xl", 2, 1, false},
	{"RoBERTa-PreLayerNorm", "roberta-prelayernorm", 2, 3, true},
}

// Sizes of the relatives.
const (
	relativeLayers    = 2
	relativeDim       = 24
	relativeFFN       = 40
	relativeHeads     = 3
	relativePositions = 32
	relativeVocab     = 50
)

// write makes the model's folder.
func (r *relative) write(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	config, err := json.Marshal(map[string]any{
		"model_type": r.family, "num_hidden_layers": relativeLayers, "hidden_size": relativeDim, "intermediate_size": relativeFFN,
		"num_attention_heads": relativeHeads, "vocab_size": relativeVocab, "max_position_embeddings": relativePositions + r.padID + 1,
		"type_vocab_size": r.types, "pad_token_id": r.padID, "hidden_act": "gelu", "layer_norm_eps": 1e-5, "tie_word_embeddings": true,
	})
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "config.json"), config, 0o666)
	}
	if err == nil {
		var f *os.File
		if f, err = os.Create(filepath.Join(dir, "model.safetensors")); err == nil {
			err = errors.Join(weights.Write(f, map[string]string{"format": "pt"}, r.tensors()), f.Close())
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// tensors are random parameters under the names of the model's family.
func (r *relative) tensors() []weights.Entry {
	rng := rand.New(rand.NewPCG(uint64(r.types), uint64(r.padID)))
	shapes := map[string][]int{}
	linear := func(name string, out, in int) {
		shapes[name+".weight"], shapes[name+".bias"] = []int{out, in}, []int{out}
	}
	norm := func(name string) {
		shapes[name+".weight"], shapes[name+".bias"] = []int{relativeDim}, []int{relativeDim}
	}
	p := "roberta."
	attentionNorm, ffnNorm := "attention.output.LayerNorm", "output.LayerNorm"
	switch r.family {
	case "xlm-roberta-xl":
		attentionNorm, ffnNorm = "attention.self_attn_layer_norm", "LayerNorm"
		norm(p + "encoder.LayerNorm")
	case "roberta-prelayernorm":
		p = "roberta_prelayernorm."
		attentionNorm, ffnNorm = "attention.LayerNorm", "intermediate.LayerNorm"
		norm(p + "LayerNorm")
		norm(p + "embeddings.LayerNorm")
	default:
		norm(p + "embeddings.LayerNorm")
	}
	shapes[p+"embeddings.word_embeddings.weight"] = []int{relativeVocab, relativeDim}
	shapes[p+"embeddings.position_embeddings.weight"] = []int{relativePositions + r.padID + 1, relativeDim}
	shapes[p+"embeddings.token_type_embeddings.weight"] = []int{r.types, relativeDim}
	for i := range relativeLayers {
		l := fmt.Sprintf("%sencoder.layer.%d.", p, i)
		for _, name := range []string{"query", "key", "value"} {
			linear(l+"attention.self."+name, relativeDim, relativeDim)
		}
		linear(l+"attention.output.dense", relativeDim, relativeDim)
		linear(l+"intermediate.dense", relativeFFN, relativeDim)
		linear(l+"output.dense", relativeDim, relativeFFN)
		norm(l + attentionNorm)
		norm(l + ffnNorm)
	}
	if r.pooler {
		linear(p+"pooler.dense", relativeDim, relativeDim)
	}
	linear("lm_head.dense", relativeDim, relativeDim)
	norm("lm_head.layer_norm")
	shapes["lm_head.bias"] = []int{relativeVocab}

	var entries []weights.Entry
	for _, name := range slices.Sorted(maps.Keys(shapes)) {
		n := 1
		for _, d := range shapes[name] {
			n *= d
		}
		values := make([]float32, n)
		for i := range values {
			values[i] = float32(rng.NormFloat64() / math.Sqrt(relativeDim))
			if filepath.Ext(name) == ".weight" && len(shapes[name]) == 1 {
				values[i]++ // the gain of a LayerNorm
			}
		}
		entries = append(entries, weights.Entry{Name: name, DType: weights.F32, Shape: shapes[name], Write: func(w io.Writer) error {
			return binary.Write(w, binary.LittleEndian, values)
		}})
	}
	return entries
}
