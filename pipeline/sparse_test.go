package pipeline_test

import (
	"encoding/json"
	"errors"
	"math"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/goroberta/goroberta/pipeline"
	"github.com/goroberta/goroberta/roberta"
	"github.com/goroberta/goroberta/tokenizer"
	"github.com/goroberta/goroberta/weights"
)

const (
	mlm    = `{"path":"","type":"sentence_transformers.sparse_encoder.models.MLMTransformer"}`
	splade = `{"path":"1_Splade","type":"sentence_transformers.sparse_encoder.models.SpladePooling"}`
)

func spladeModel(t *testing.T, modules, config string, opts ...roberta.Option) *roberta.Model {
	t.Helper()
	return openWith(t, map[string]string{"modules.json": "[" + modules + "]", "1_Splade/config.json": config}, opts...)
}

// TestSparse compares sparse vectors with what plain loops make of all logits.
func TestSparse(t *testing.T) {
	texts := []string{"the a of", "", strings.Repeat("the of ", 10), "it was what it was"}
	for config, f := range map[string]func(column []float64) float64{
		`{}`: func(z []float64) float64 { return math.Log1p(max(0, slices.Max(z))) },
		`{"pooling_strategy":"sum","activation_function":"relu"}`: func(z []float64) (s float64) {
			for _, v := range z {
				s += math.Log1p(max(0, v))
			}
			return s
		},
		`{"pooling_strategy":"sum","activation_function":"log1p_relu"}`: func(z []float64) (s float64) {
			for _, v := range z {
				s += math.Log1p(math.Log1p(max(0, v)))
			}
			return s
		},
		`{"pooling_strategy":"max","activation_function":"log1p_relu"}`: func(z []float64) float64 { return math.Log1p(math.Log1p(max(0, slices.Max(z)))) },
	} {
		var first []pipeline.SparseVector
		for _, threads := range []int{1, 3} {
			m := spladeModel(t, mlm+","+splade, config, roberta.WithThreads(threads))
			for _, budget := range []int{1, 4096} {
				e, err := pipeline.NewSparseEmbedder(m, pipeline.WithBatch(budget))
				if err != nil {
					t.Fatal(err)
				}
				got, err := e.Embed(t.Context(), texts)
				if err != nil {
					t.Fatal(err)
				}
				if first == nil {
					first = got
				}
				if !reflect.DeepEqual(got, first) {
					t.Errorf("%s: other bits with %d threads and batches of %d tokens", config, threads, budget)
				}
			}
			for i, text := range texts {
				logits, err := m.LMLogits(t.Context(), m.Encode(text))
				if err != nil {
					t.Fatal(err)
				}
				next := 0
				for id := range m.Config().VocabSize {
					var column []float64
					for k := range logits.Len(0) {
						column = append(column, float64(logits.Row(0, k)[id]))
					}
					want, got := float32(f(column)), float32(0)
					if next < len(first[i].Indices) && first[i].Indices[next] == id {
						got = first[i].Values[next]
						next++
					}
					if !near(got, want, 1e-6*float64(1+want)) || got == 0 && want != 0 {
						t.Errorf("%s, %q: token %d has %v, want %v", config, text, id, got, want)
					}
				}
				if next != len(first[i].Indices) || len(first[i].Values) != next || next == 0 {
					t.Errorf("%s, %q: %d of %d indices are in order", config, text, next, len(first[i].Indices))
				}
			}
		}
	}
}

// TestSparsePads: pads among the caller's tokens change nothing, wherever they are.
func TestSparsePads(t *testing.T) {
	for _, config := range []string{`{}`, `{"pooling_strategy":"sum"}`} {
		m := spladeModel(t, mlm+","+splade, config)
		e, err := pipeline.NewSparseEmbedder(m)
		if err != nil {
			t.Fatal(err)
		}
		pad := m.Config().PadID
		v, err := e.EmbedAll(t.Context(), []pipeline.Input{
			pipeline.Tokens(0, 9, 20, 2), pipeline.Tokens(0, 9, 20, 2, pad, pad), pipeline.Tokens(pad, 0, 9, pad, 20, 2), pipeline.Tokens(0, 2, pad),
		})
		if err != nil {
			t.Fatal(err)
		}
		if len(v[0].Indices) == 0 || !reflect.DeepEqual(v[1], v[0]) || !reflect.DeepEqual(v[2], v[0]) || reflect.DeepEqual(v[3], v[0]) {
			t.Errorf("%s: pads change the vectors: %.500v", config, v)
		}
	}
}

// TestSPLADE compares sparse vectors with those of sentence-transformers.
func TestSPLADE(t *testing.T) {
	const dir = "testdata/splade-sum"
	data, err := os.ReadFile(dir + "/expected.json")
	if err != nil {
		t.Fatal(err)
	}
	var expected struct {
		Rows []struct {
			Text string
			pipeline.SparseVector
		}
	}
	if err := json.Unmarshal(data, &expected); err != nil {
		t.Fatal(err)
	}
	converted := t.TempDir() + "/converted.safetensors"
	if err := roberta.Convert(t.Context(), dir, converted); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{dir, converted} {
		m, err := roberta.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer m.Close()
		e, err := pipeline.NewSparseEmbedder(m, pipeline.WithLimit(tokenizer.Limit{Truncation: tokenizer.LongestFirst}))
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range expected.Rows {
			got, err := e.Queries().Embed(t.Context(), []string{r.Text})
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(got[0].Indices, r.Indices) {
				t.Fatalf("%q: indices %v, want %v", r.Text, got[0].Indices, r.Indices)
			}
			for i, v := range got[0].Values {
				if !near(v, r.Values[i], 1e-4) {
					t.Errorf("%q: token %d has %v, want %v", r.Text, r.Indices[i], v, r.Values[i])
				}
			}
		}
		if _, err := pipeline.NewEmbedder(m); !errors.Is(err, weights.ErrUnsupported) || !strings.Contains(err.Error(), "SparseEmbedder") {
			t.Errorf("dense vectors: error %v, want one that names SparseEmbedder", err)
		}
		if e.Dim() != m.Config().VocabSize || e.MaxLength() != 60 || len(e.Prompts()) != 2 {
			t.Errorf("%d values, texts of %d tokens, prompts %q", e.Dim(), e.MaxLength(), e.Prompts())
		}
	}
}

func TestSparseErrors(t *testing.T) {
	for _, test := range []struct {
		modules, config string
		kind            error
		text            string
	}{
		{mlm, `{}`, weights.ErrUnsupported, "no SpladePooling"},
		{transformer + "," + pooling, `{}`, weights.ErrUnsupported, "Pooling"},
		{`{"path":"","type":"a.SpladePooling"}`, `{}`, weights.ErrUnsupported, "module 0"},
		{mlm + "," + splade + "," + normalize, `{}`, weights.ErrUnsupported, "module 2"},
		{mlm + "," + splade, `{"pooling_strategy":"mean"}`, weights.ErrUnsupported, `"mean"`},
		{mlm + "," + splade, `{"activation_function":"gelu"}`, weights.ErrUnsupported, `"gelu"`},
		{mlm + "," + splade, `{"word_embedding_dimension":7}`, weights.ErrCorrupt, "vectors of 7 values"},
		{mlm + "," + splade, `[`, weights.ErrCorrupt, "1_Splade/config.json"},
	} {
		_, err := pipeline.NewSparseEmbedder(spladeModel(t, test.modules, test.config))
		if fe, ok := errors.AsType[*weights.FileError](err); !ok || fe.Entry+fe.Path == "" || !errors.Is(err, test.kind) || !strings.Contains(err.Error(), test.text) {
			t.Errorf("%s %s: error %v, want %v with %q", test.modules, test.config, err, test.kind, test.text)
		}
	}
	m := open(t, "fulldict")
	for _, opt := range []pipeline.Option{pipeline.WithPooling(pipeline.Mean), pipeline.WithWindows(2), pipeline.WithTruncateDim(3)} {
		if _, err := pipeline.NewSparseEmbedder(m, opt); !errors.Is(err, pipeline.ErrOption) {
			t.Errorf("error %v, want ErrOption", err)
		}
	}
	e, err := pipeline.NewSparseEmbedder(m)
	if err != nil {
		t.Fatal(err)
	}
	if notes := e.Notes(); len(notes) != 1 || !strings.Contains(notes[0], "modules.json") {
		t.Errorf("notes %q, want one about modules.json", notes)
	}
	_, err = e.Embed(t.Context(), []string{"short", strings.Repeat("too long ", 600)})
	if ie, ok := errors.AsType[*pipeline.InputError](err); !ok || ie.Index != 1 || !errors.Is(err, roberta.ErrTooLong) {
		t.Errorf("error %v, want ErrTooLong of input 1", err)
	}
	n := 0
	for v, err := range e.EmbedSeq(t.Context(), pipeline.Texts(slices.Values([]string{"one", strings.Repeat("too long ", 600), "two"}))) {
		if n++; (err != nil) != (n == 2) || err == nil && len(v.Indices) == 0 {
			t.Errorf("text %d: %v, %v", n, v, err)
		}
	}
	if n != 3 {
		t.Errorf("%d answers, want 3", n)
	}
}

func TestSparseDot(t *testing.T) {
	a := pipeline.SparseVector{Indices: []int{1, 3, 5}, Values: []float32{1, 2, 3}}
	b := pipeline.SparseVector{Indices: []int{0, 3, 4, 5, 9}, Values: []float32{9, 4, 9, 0.5, 9}}
	if got, other := a.Dot(b), b.Dot(a); got != 9.5 || other != got || a.Dot(pipeline.SparseVector{}) != 0 {
		t.Errorf("dot products %v and %v, want 9.5", got, other)
	}
}
