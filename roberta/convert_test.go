package roberta

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestConvert converts checkpoints in every way and holds the result, alone in
// a directory, to the original, bit for bit.
func TestConvert(t *testing.T) {
	ctx := context.Background()
	for _, path := range [][]string{
		{"tiny", "model.pt"}, {"tiny", "fp16.pt"}, {"tiny", "old2019_zip.pt"}, {"tiny", "roberta.tiny.tar.gz"}, {"variants", "untied", "model.pt"},
		{"variants", "layers_to_keep", "model.pt"}, {"variants", "head_dim_5", "model.pt"}, {"variants", "prenorm", "model.pt"}, {"finetuned"},
	} {
		for name, opts := range map[string][]ConvertOption{"plain": nil, "packed": {Packed()}, "zstd": {Zstd()}} {
			t.Run(strings.Join(path, "/")+"/"+name, func(t *testing.T) {
				in := golden(t, path...)
				out := filepath.Join(t.TempDir(), "model.safetensors")
				if err := Convert(t.Context(), in, out, opts...); err != nil {
					t.Fatal(err)
				}
				want, got := openGolden(t, in), openGolden(t, out)
				rows := [][]int{want.Encode("The people said it was the first time."), want.Encode("He was not.", "She was.")}
				if a, b := want.Config(), got.Config(); !equalConfig(a, b) || a.VocabSize != b.VocabSize || a.FinalLayerNorm != b.FinalLayerNorm {
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
