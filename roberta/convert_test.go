package roberta

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"maps"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/goroberta/goroberta/weights"
)

// TestConvert converts checkpoints in every way and holds the result, alone in
// a directory, to the original, bit for bit.
func TestConvert(t *testing.T) {
	ctx := context.Background()
	for _, path := range [][]string{
		{"tiny", "model.pt"}, {"tiny", "fp16.pt"}, {"tiny", "old2019_zip.pt"}, {"tiny", "roberta.tiny.tar.gz"}, {"variants", "untied", "model.pt"},
		{"variants", "layers_to_keep", "model.pt"}, {"variants", "head_dim_5", "model.pt"}, {"variants", "prenorm", "model.pt"}, {"finetuned"},
	} {
		for name, opts := range map[string][]ConvertOption{"plain": nil, "packed": {Packed()}, "zstd": {Zstd()}, "int8": {ConvertPrecision(Int8)}, "bf16": {ConvertPrecision(BFloat16)}} {
			t.Run(strings.Join(path, "/")+"/"+name, func(t *testing.T) {
				in := golden(t, path...)
				out := filepath.Join(t.TempDir(), "model.safetensors")
				if err := Convert(t.Context(), in, out, opts...); err != nil {
					t.Fatal(err)
				}
				got := openGolden(t, out)
				want := openGolden(t, in, WithPrecision(got.Precision()))
				if p := map[string]Precision{"int8": Int8, "bf16": BFloat16}[name]; p != got.Precision() {
					t.Fatalf("precision %v", got.Precision())
				}
				rows := [][]int{want.Encode("The people said it was the first time."), want.Encode("He was not.", "She was.")}
				if a, b := want.Config(), got.Config(); !reflect.DeepEqual(a, b) {
					t.Errorf("settings %+v, want %+v", b, a)
				}
				for i, texts := range [][]string{{"The people said it was the first time."}, {"He was not.", "She was."}} {
					if ids := got.Encode(texts[0], texts[1:]...); !slices.Equal(ids, rows[i]) {
						t.Errorf("Encode(%q) = %v, want %v", texts, ids, rows[i])
					}
				}
				a, err := want.LMLogits(ctx, rows...)
				if err != nil {
					t.Fatal(err)
				}
				b, err := got.LMLogits(ctx, rows...)
				if err != nil {
					t.Fatal(err)
				}
				if !sameBits(floats(a), floats(b)) {
					t.Error("other LM logits")
				}
				if len(got.Heads()) != len(want.Heads()) {
					t.Fatalf("heads %v, want %v", got.Heads(), want.Heads())
				}
				for i, h := range want.Heads() {
					g := got.Heads()[i]
					if g.Name != h.Name || g.Classes != h.Classes || g.InnerDim != h.InnerDim || strings.Join(g.Labels, ",") != strings.Join(h.Labels, ",") {
						t.Errorf("head %+v, want %+v", g, h)
					}
					a, err := want.Predict(ctx, h.Name, rows...)
					if err != nil {
						t.Fatal(err)
					}
					b, err := got.Predict(ctx, h.Name, rows...)
					if err != nil {
						t.Fatal(err)
					}
					if !sameBits(floats(a), floats(b)) {
						t.Errorf("head %s: other predictions", h.Name)
					}
				}
			})
		}
	}
}

func TestConvertErrors(t *testing.T) {
	dir := t.TempDir()
	out := filepath.Join(dir, "out.safetensors")
	if err := Convert(t.Context(), golden(t, "tiny", "model.pt"), out, Packed(), Zstd()); !errors.Is(err, ErrConvert) {
		t.Errorf("Packed and Zstd: %v, want ErrConvert", err)
	}
	for _, opts := range [][]ConvertOption{nil, {Packed()}} {
		if err := Convert(t.Context(), golden(t, "tiny", "expected.json"), out, opts...); err == nil {
			t.Error("a JSON file is converted without an error")
		}
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*")); len(left) > 0 {
		t.Errorf("failed conversions leave %v", left)
	}
}

// TestConvertKeeps: a file of every form, converted, has the same tensors, settings,
// labels and vocabulary inside it, and is converted again to the same bytes.
func TestConvertKeeps(t *testing.T) {
	for _, file := range []string{
		"tiny", "tiny/cfg.pt", "tiny/legacy.pt", "tiny/old2019_zip.pt", "tiny/roberta.tiny.tar.gz", "tiny/shared_storage.pt", "tiny/shared_storage_legacy.pt",
		"tiny/optimizer_state.pt", "tiny/fp64.pt", "tiny/fp16.pt", "tiny/bf16.pt", "variants/untied", "variants/sinusoidal", "variants/prenorm", "finetuned", "wsc",
		"hf/tiny-mnli", "hf/tiny-maskedlm", "trained", "sapiens-vh",
	} {
		for name, opts := range map[string][]ConvertOption{"plain": nil, "packed": {Packed()}, "zstd": {Zstd()}, "int8": {ConvertPrecision(Int8)}, "bf16": {ConvertPrecision(BFloat16)}} {
			t.Run(file+"/"+name, func(t *testing.T) {
				in := golden(t, filepath.FromSlash(file))
				out := filepath.Join(t.TempDir(), "model.safetensors")
				again := filepath.Join(t.TempDir(), "again")
				if err := errors.Join(Convert(t.Context(), in, out, opts...), Convert(t.Context(), out, again, opts...)); err != nil {
					t.Fatal(err)
				}
				want, got := opened(t, in), opened(t, out)
				form := name
				if form == "plain" || form == "zstd" {
					if g, w := tensorNames(got), tensorNames(want); !slices.Equal(g, w) {
						t.Errorf("tensors %q, want %q", g, w)
					}
				}
				for name, x := range want.tensors {
					y := got.tensors[name]
					if form == "bf16" && (name == embedWeight || name == lmWeight) {
						if y.DType != weights.BF16 || !slices.Equal(x.Shape, y.Shape) {
							t.Errorf("%s: %v %v, want BF16 %v", name, y.DType, y.Shape, x.Shape)
						}
						continue
					}
					if y != nil && (x.DType != y.DType || !slices.Equal(x.Shape, y.Shape) || !bytes.Equal(tensorBytes(t, x), tensorBytes(t, y))) {
						t.Errorf("%s: %v %v differs from %v %v", name, y.DType, y.Shape, x.DType, x.Shape)
					}
				}
				if !maps.Equal(got.settings, want.settings) {
					t.Errorf("settings %v, want %v", got.settings, want.settings)
				}
				for name, h := range want.heads {
					if g := got.heads[name]; g == nil || !slices.Equal(g.Labels, h.Labels) || g.activation != h.activation || g.Classes != h.Classes {
						t.Errorf("head %s: %+v, want %+v", name, g, h)
					}
				}
				a, b := must[vocabularySet](t)(want.vocabularyFiles()), must[vocabularySet](t)(got.vocabularyFiles())
				if !maps.EqualFunc(a.files, b.files, bytes.Equal) || !slices.Equal(got.file.Files(), filesOf(a, want.hf)) {
					t.Errorf("vocabulary %q and files %q, want %q", slices.Sorted(maps.Keys(b.files)), got.file.Files(), slices.Sorted(maps.Keys(a.files)))
				}
				if x, y := must[[]byte](t)(os.ReadFile(out)), must[[]byte](t)(os.ReadFile(again)); !bytes.Equal(x, y) {
					t.Error("a second conversion gives other bytes")
				}
			})
		}
	}
}

// filesOf are the files that a converted file holds.
func filesOf(v vocabularySet, hf bool) []string {
	names := slices.Collect(maps.Keys(v.files))
	if hf && !slices.Contains(names, "config.json") {
		names = append(names, "config.json")
	}
	slices.Sort(names)
	return names
}

// opened is newCheckpoint of a file or directory.
func opened(t testing.TB, path string) *checkpoint {
	t.Helper()
	file, err := weights.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	c, err := newCheckpoint(file)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestConvertTied: of a tied weight lm_head's copy counts, as in fairseq, and is
// written once; an untied model keeps both.
func TestConvertTied(t *testing.T) {
	for _, untied := range []bool{false, true} {
		in := changed(t, golden(t, "tiny", "model.pt"), func(s map[string]any, e map[string]*weights.Entry) {
			s["untie_weights_roberta"] = untied
			e[lmWeight] = e[embedWeight]
			e[embedWeight] = zeros(1005, 64)
		})
		out := filepath.Join(t.TempDir(), "out")
		if err := Convert(t.Context(), in, out); err != nil {
			t.Fatal(err)
		}
		file := must[*weights.Checkpoint](t)(weights.Open(out))
		embed, _ := file.Tensor(embedWeight)
		lm, both := file.Tensor(lmWeight)
		if isZero := len(bytes.Trim(tensorBytes(t, embed), "\x00")) == 0; isZero != untied || both != untied {
			t.Errorf("untied %v: the embedding is zero: %v, lm_head.weight is there: %v", untied, isZero, both)
		}
		if both && len(bytes.Trim(tensorBytes(t, lm), "\x00")) == 0 {
			t.Error("lm_head.weight is the embedding")
		}
		file.Close()
	}
}

// TestSettingsJSON: settings come back with their types.
func TestSettingsJSON(t *testing.T) {
	want := map[string]any{"a": int64(1), "big": int64(1) << 62, "f": 1e-12, "whole": 2.0, "huge": 1e300, "b": true, "s": "x\u2028<&>", "n": nil}
	s, err := settingsJSON(want)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := settingsFromJSON(s); err != nil || !maps.Equal(got, want) {
		t.Errorf("settingsFromJSON(%s) = %#v, %v, want %#v", s, got, err, want)
	}
	// JSON has no NaN, and one long text may be the value of many settings.
	if s, err := settingsJSON(map[string]any{"nan": math.NaN(), "inf": math.Inf(1)}); err != nil || s != "{}" {
		t.Errorf("NaN: %s, %v", s, err)
	}
	shared := map[string]any{}
	for i := range 100 {
		shared[strconv.Itoa(i)] = strings.Repeat("a", 1<<20)
	}
	if _, err := settingsJSON(shared); !errors.Is(err, weights.ErrTooLarge) {
		t.Errorf("settings of 100 MB: %v", err)
	}
}

// TestContexts: Save and Convert end with their context, and leave nothing behind.
func TestContexts(t *testing.T) {
	dir := writeFiles(t, t.TempDir(), map[string][]byte{
		"model.pt": must[[]byte](t)(os.ReadFile(golden(t, "tiny", "model.pt"))), "dict.txt": must[[]byte](t)(os.ReadFile(golden(t, "tiny", "dict.txt"))),
	})
	m := must[*Model](t)(Open(dir))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	out := filepath.Join(t.TempDir(), "out")
	if err := m.Save(ctx, out); !errors.Is(err, context.Canceled) {
		t.Errorf("with a context that is done: %v", err)
	}
	if err := Convert(ctx, dir, out); !errors.Is(err, context.Canceled) {
		t.Errorf("Convert with a context that is done: %v", err)
	}
	if err := m.Save(t.Context(), out, Packed(), Zstd()); !errors.Is(err, ErrConvert) {
		t.Errorf("Packed and Zstd: %v", err)
	}
	m.Close()
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(out), "*")); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

// warnings collects the messages of a logger.
type warnings []string

func (w *warnings) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: slog.LevelWarn}))
}

func (w *warnings) Write(line []byte) (int, error) {
	*w = append(*w, string(line))
	return len(line), nil
}

// TestConvertFolder: a converted file holds what a Hugging Face folder's tokenizer,
// model and embedder are made of, and nothing else; what it leaves out is said.
func TestConvertFolder(t *testing.T) {
	hf := golden(t, "hf", "tiny-mnli")
	files := map[string][]byte{
		"model.safetensors": must[[]byte](t)(os.ReadFile(filepath.Join(hf, "model.safetensors"))),
		"config.json":       must[[]byte](t)(os.ReadFile(filepath.Join(hf, "config.json"))),
	}
	carried := map[string]string{
		"vocab.json": `{"<s>":0,"<pad>":1,"</s>":2,"<unk>":3,"a":4}`, "merges.txt": "", "tokenizer_config.json": "{}", "special_tokens_map.json": "{}",
		"modules.json":                      `[{"path":"","type":"sentence_transformers.models.Transformer"},{"path":"1_Pooling"},{"path":"2_Dense"},{"path":"../up"},{"path":"3_Normalize"}]`,
		"config_sentence_transformers.json": "{}", "sentence_bert_config.json": "{}", "1_Pooling/config.json": "{}", "2_Dense/config.json": "{}", "2_Dense/model.safetensors": "weights",
	}
	for name, data := range carried {
		files[name] = []byte(data)
	}
	for _, name := range []string{"README.md", "training_args.bin", "dict.txt", "optimizer.pt", "up/config.json", "tf_model.h5"} {
		files[name] = []byte("x")
	}
	files["adapter_config.json"], files["adapter_model.safetensors"] = []byte(`{"base_model_name_or_path":"x"}`), []byte("x")
	dir := writeFiles(t, t.TempDir(), files)
	log := new(warnings)
	out := filepath.Join(t.TempDir(), "out.safetensors")
	if err := Convert(t.Context(), filepath.Join(dir, "model.safetensors"), out, ConvertLogger(log.logger())); err != nil {
		t.Fatal(err)
	}
	want := append(slices.Collect(maps.Keys(carried)), "config.json")
	slices.Sort(want)
	c := opened(t, out)
	if got := c.file.Files(); !slices.Equal(got, want) {
		t.Errorf("files %q, want %q", got, want)
	}
	if len(*log) != 1 || !strings.Contains((*log)[0], "adapter") {
		t.Errorf("warnings %q", *log)
	}
	for name, data := range carried {
		if got := must[[]byte](t)(c.file.File(name)); string(got) != data {
			t.Errorf("%s: %q, want %q", name, got, data)
		}
	}
	if !c.hf || c.settings[modelTypeKey] != "roberta" {
		t.Errorf("the converted file is not known for Hugging Face's: %v", c.settings)
	}
}
