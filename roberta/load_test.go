package roberta

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goroberta/goroberta/weights"
)

// changed writes a copy of the checkpoint at in, after f has changed its
// settings and tensors, and returns the copy's path.
func changed(t *testing.T, in string, f func(settings map[string]any, entries map[string]*weights.Entry)) string {
	t.Helper()
	c, err := weights.Open(in)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	ckpt, err := newCheckpoint(c)
	if err != nil {
		t.Fatal(err)
	}
	m := modelFile{checkpoint: ckpt}
	metadata, err := m.metadata()
	if err != nil {
		t.Fatal(err)
	}
	files, err := m.files()
	if err != nil {
		t.Fatal(err)
	}
	list := append(m.entries(), files...)
	var settings map[string]any
	if err := json.Unmarshal([]byte(metadata["goroberta.settings"]), &settings); err != nil {
		t.Fatal(err)
	}
	entries := map[string]*weights.Entry{}
	for _, e := range list {
		entries[e.Name] = &e
	}
	f(settings, entries)
	data, err := json.Marshal(settings)
	if err != nil {
		t.Fatal(err)
	}
	metadata["goroberta.settings"] = string(data)
	if settings == nil {
		delete(metadata, "goroberta.settings")
	}
	list = nil
	for name, e := range entries {
		e.Name = name
		list = append(list, *e)
	}
	out := filepath.Join(t.TempDir(), "model.safetensors")
	if err := weights.WriteFile(out, metadata, list); err != nil {
		t.Fatal(err)
	}
	return out
}

// zeros is a tensor of zeros.
func zeros(shape ...int) *weights.Entry {
	e := &weights.Entry{DType: weights.F32, Shape: shape}
	e.Write = func(w io.Writer) error {
		_, err := w.Write(make([]byte, e.Size()))
		return err
	}
	return e
}

type change = func(settings map[string]any, entries map[string]*weights.Entry)

// TestLoadErrors changes a good checkpoint into ones that no model can be made of.
func TestLoadErrors(t *testing.T) {
	const layer0 = stack + "layers.0."
	for _, c := range []struct {
		name string
		f    change
		says string
	}{
		{"a layer's bias is missing", func(_ map[string]any, e map[string]*weights.Entry) { delete(e, layer0+"fc2.bias") }, layer0 + "fc2.bias is missing"},
		{"a projection is missing", func(_ map[string]any, e map[string]*weights.Entry) { delete(e, layer0+"self_attn.k_proj.weight") }, "k_proj.weight is missing"},
		{"the embedding is missing", func(_ map[string]any, e map[string]*weights.Entry) { delete(e, stack+"embed_tokens.weight") }, "embed_tokens.weight"},
		{"positions are missing", func(_ map[string]any, e map[string]*weights.Entry) { delete(e, stack+"embed_positions.weight") }, "embed_positions.weight is missing"},
		{"the LM bias is missing", func(_ map[string]any, e map[string]*weights.Entry) { delete(e, lmPrefix+"bias") }, lmPrefix + "bias is missing"},
		{"a head's weight is missing", func(_ map[string]any, e map[string]*weights.Entry) {
			delete(e, "classification_heads.mnli.dense.weight")
		}, "classification_heads.mnli.dense.weight"},
		{"a tensor of another shape", func(_ map[string]any, e map[string]*weights.Entry) { e[layer0+"fc1.weight"] = zeros(3, 5) }, "fc1.weight has shape [3 5], the settings ask for [128 64]"},
		{"a tensor of whole numbers", func(_ map[string]any, e map[string]*weights.Entry) {
			e[layer0+"fc1.bias"] = zeros(128)
			e[layer0+"fc1.bias"].DType = weights.I32
		}, "fc1.bias holds I32"},
		{"too many positions in the settings", func(s map[string]any, _ map[string]*weights.Entry) { s["max_positions"] = 41 }, "embed_positions.weight has shape [42 64], the settings ask for [43 64]"},
		{"fewer layers in the settings", func(s map[string]any, _ map[string]*weights.Entry) { s["encoder_layers"] = 2 }, "the settings have 2 layers"},
		{"more layers in the settings", func(s map[string]any, _ map[string]*weights.Entry) { s["encoder_layers"] = 4 }, "layers.3."},
		{"heads that do not divide", func(s map[string]any, _ map[string]*weights.Entry) { s["encoder_attention_heads"] = 5 }, "encoder_attention_heads 5"},
		{"an activation that is unknown", func(s map[string]any, _ map[string]*weights.Entry) { s["activation_fn"] = "swish" }, "swish"},
		{"no settings and heads that cannot be told", func(s map[string]any, e map[string]*weights.Entry) {
			for k := range s {
				delete(s, k)
			}
			e[stack+"embed_tokens.weight"] = zeros(1005, 60)
		}, "encoder_attention_heads"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := changed(t, golden(t, "tiny", "model.pt"), c.f)
			m, err := Open(path)
			if err == nil {
				m.Close()
				t.Fatal("no error")
			}
			if !errors.Is(err, ErrModel) {
				t.Errorf("error %v is no ErrModel", err)
			}
			if !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), path) {
				t.Errorf("error %q does not name %q and the file", err, c.says)
			}
		})
	}
}

// TestLoadNotes changes a good checkpoint into ones that load, with a remark.
func TestLoadNotes(t *testing.T) {
	for _, c := range []struct {
		name string
		path []string
		f    change
		says string
	}{
		{"a tensor of no use", []string{"tiny", "model.pt"}, func(_ map[string]any, e map[string]*weights.Entry) { e["encoder.more"] = zeros(2) }, "encoder.more"},
		{"a head without its last bias", []string{"tiny", "model.pt"}, func(_ map[string]any, e map[string]*weights.Entry) {
			delete(e, "classification_heads.mnli.out_proj.bias")
		}, `"mnli" has no out_proj.bias`},
		{"pre-norm without a version", []string{"variants", "prenorm", "model.pt"}, func(_ map[string]any, e map[string]*weights.Entry) { delete(e, stack+"version") }, "final LayerNorm is left out"},
		{"no vocabulary", []string{"tiny", "model.pt"}, func(_ map[string]any, e map[string]*weights.Entry) { delete(e, "files/dict.txt") }, "looked for dict.txt, input0/dict.txt"},
		{"no settings", []string{"tiny", "model.pt"}, func(s map[string]any, e map[string]*weights.Entry) {
			for k := range s {
				delete(s, k)
			}
		}, "1 attention heads of 64 are assumed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := openGolden(t, changed(t, golden(t, c.path...), c.f))
			if notes := strings.Join(m.Notes(), "\n"); !strings.Contains(notes, c.says) {
				t.Errorf("notes %q do not say %q", notes, c.says)
			}
			if c.name == "pre-norm without a version" && m.Config().FinalLayerNorm {
				t.Error("the final LayerNorm is still there")
			}
			if _, err := m.ExtractFeatures(t.Context(), []int{0, 4, 5, 2}); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestTiedWeightsThatDiffer: fairseq lets the LM head's copy count, for the embedding too.
func TestTiedWeightsThatDiffer(t *testing.T) {
	in := golden(t, "tiny", "model.pt")
	want := openGolden(t, in)
	got := openGolden(t, changed(t, in, func(_ map[string]any, e map[string]*weights.Entry) {
		e[lmPrefix+"weight"] = e[stack+"embed_tokens.weight"]
		e[stack+"embed_tokens.weight"] = zeros(1005, 64)
	}))
	a, err := want.LMLogits(t.Context(), []int{0, 10, 20, 2})
	if err != nil {
		t.Fatal(err)
	}
	b, err := got.LMLogits(t.Context(), []int{0, 10, 20, 2})
	if err != nil {
		t.Fatal(err)
	}
	if !sameBits(floats(a), floats(b)) {
		t.Error("a tied model does not take lm_head.weight for both")
	}
}

// TestNaNWeights: they load, and show in the results instead of in plausible numbers.
func TestNaNWeights(t *testing.T) {
	m := openGolden(t, changed(t, golden(t, "tiny", "model.pt"), func(_ map[string]any, e map[string]*weights.Entry) {
		bias := e[stack+"layers.1.fc1.bias"]
		bias.Write = func(w io.Writer) error {
			b := make([]byte, 4*128)
			binary.LittleEndian.PutUint32(b[40:], math.Float32bits(float32(math.NaN())))
			_, err := w.Write(b)
			return err
		}
	}))
	x, err := m.ExtractFeatures(t.Context(), []int{0, 10, 2})
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range floats(x) {
		if v == v {
			t.Fatalf("feature %d is %v in spite of a NaN in layer 1", i, v)
		}
	}
}
