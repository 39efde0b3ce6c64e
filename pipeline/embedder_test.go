package pipeline_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/goroberta/goroberta/pipeline"
	"github.com/goroberta/goroberta/roberta"
	"github.com/goroberta/goroberta/tokenizer"
	"github.com/goroberta/goroberta/weights"
)

const (
	transformer = `{"path":"","type":"sentence_transformers.models.Transformer"}`
	pooling     = `{"path":"1_Pooling","type":"sentence_transformers.models.Pooling"}`
	normalize   = `{"path":"2_Normalize","type":"sentence_transformers.base.modules.normalize.Normalize"}`
)

// pooled computes poolings in plain float64.
var pooled = map[pipeline.Pooling]func(h [][]float32, i, skip int) float64{
	pipeline.CLS:       func(h [][]float32, i, skip int) float64 { return float64(h[skip][i]) },
	pipeline.LastToken: func(h [][]float32, i, _ int) float64 { return float64(h[len(h)-1][i]) },
	pipeline.MaxTokens: func(h [][]float32, i, skip int) float64 {
		most := math.Inf(-1)
		for _, row := range h[skip:] {
			most = math.Max(most, float64(row[i]))
		}
		return most
	},
	pipeline.Mean: func(h [][]float32, i, skip int) float64 { return sum(h[skip:], i) / float64(len(h)-skip) },
	pipeline.MeanSqrtLen: func(h [][]float32, i, skip int) float64 {
		return sum(h[skip:], i) / math.Sqrt(float64(len(h)-skip))
	},
	pipeline.WeightedMean: func(h [][]float32, i, skip int) float64 {
		s, w := 0.0, 0.0
		for t := skip; t < len(h); t++ {
			s += float64(t+1) * float64(h[t][i])
			w += float64(t + 1)
		}
		return s / w
	},
}

func sum(h [][]float32, i int) (s float64) {
	for _, row := range h {
		s += float64(row[i])
	}
	return s
}

// want is the embedding of tokens by these poolings, in float64.
func want(t *testing.T, m *roberta.Model, tokens []int, skip int, ps ...pipeline.Pooling) (v []float64) {
	t.Helper()
	states, err := m.ExtractFeatures(t.Context(), tokens)
	if err != nil {
		t.Fatal(err)
	}
	var h [][]float32
	for i := range states.Len(0) {
		if row := states.Row(0, i); row != nil {
			h = append(h, row)
		}
	}
	for _, p := range ps {
		for i := range h[0] {
			v = append(v, pooled[p](h, i, skip))
		}
	}
	return v
}

func unit(v []float64) []float64 {
	s := 0.0
	for _, x := range v {
		s += x * x
	}
	out := make([]float64, len(v))
	for i := range v {
		out[i] = v[i] / math.Sqrt(s)
	}
	return out
}

func compare(t *testing.T, what string, got []float32, want []float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: %d values, want %d", what, len(got), len(want))
		return
	}
	for i := range got {
		if !near(got[i], float32(want[i]), 2e-6*(1+math.Abs(want[i]))) {
			t.Errorf("%s: value %d is %v, want %v", what, i, got[i], want[i])
			return
		}
	}
}

func embed(t *testing.T, m *roberta.Model, text string, opts ...pipeline.Option) []float32 {
	t.Helper()
	e, err := pipeline.NewEmbedder(m, opts...)
	if err != nil {
		t.Fatal(err)
	}
	got, err := e.Embed(t.Context(), []string{text})
	if err != nil {
		t.Fatal(err)
	}
	if e.Dim() != len(got[0]) {
		t.Errorf("Dim is %d, and a vector has %d values", e.Dim(), len(got[0]))
	}
	return got[0]
}

func TestPoolings(t *testing.T) {
	m := open(t, "fulldict")
	const text = "A text of several words."
	tokens := m.Encode(text)
	all := []pipeline.Pooling{pipeline.CLS, pipeline.MaxTokens, pipeline.Mean, pipeline.MeanSqrtLen, pipeline.WeightedMean, pipeline.LastToken}
	for _, p := range all {
		compare(t, string(p), embed(t, m, text, pipeline.WithPooling(p)), want(t, m, tokens, 0, p))
	}
	compare(t, "all", embed(t, m, text, pipeline.WithPooling(all...)), want(t, m, tokens, 0, all...))
	two := []pipeline.Pooling{pipeline.LastToken, pipeline.CLS, pipeline.LastToken}
	compare(t, "three", embed(t, m, text, pipeline.WithPooling(two...), pipeline.WithNormalize(true)), unit(want(t, m, tokens, 0, two...)))
	mean := want(t, m, tokens, 0, pipeline.Mean)
	compare(t, "cut", embed(t, m, text, pipeline.WithPooling(pipeline.Mean), pipeline.WithTruncateDim(5)), mean[:5])
	compare(t, "cut, then normalised", embed(t, m, text, pipeline.WithTruncateDim(5), pipeline.WithNormalize(true)), unit(mean[:5]))
	compare(t, "without files", embed(t, m, text), mean)

	e, err := pipeline.NewEmbedder(m)
	if err != nil {
		t.Fatal(err)
	}
	if notes := e.Notes(); len(notes) != 1 || !strings.Contains(notes[0], "modules.json") || !strings.Contains(notes[0], "mean") {
		t.Errorf("notes %q, want one about the mean", notes)
	}
	padded, err := e.EmbedAll(t.Context(), []pipeline.Input{{Tokens: append(slices.Clone(tokens), 1, 1)}, {Tokens: tokens}})
	if err != nil || !slices.Equal(padded[0], padded[1]) {
		t.Errorf("pads change a vector: %v, %v", padded, err)
	}
	if e, _ := pipeline.NewEmbedder(m, pipeline.WithPooling(pipeline.Mean)); len(e.Notes()) != 0 {
		t.Errorf("notes %q with a pooling by option", e.Notes())
	}
}

// TestEmbedBits checks that a vector has equal bits whatever it is computed with.
func TestEmbedBits(t *testing.T) {
	texts := []string{"one", "Two words", strings.Repeat("a longer text ", 20), "", "five"}
	var first [][]float32
	for _, threads := range []int{1, 2, 5} {
		m := open(t, "fulldict", roberta.WithThreads(threads))
		for _, budget := range []int{1, 30, 4096} {
			e, err := pipeline.NewEmbedder(m, pipeline.WithBatch(budget), pipeline.WithNormalize(true), pipeline.WithPooling(pipeline.Mean, pipeline.WeightedMean, pipeline.MeanSqrtLen))
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
			for i := range got {
				if !slices.Equal(got[i], first[i]) {
					t.Errorf("%d threads, batches of %d tokens: text %d has other bits", threads, budget, i)
				}
			}
		}
	}
}

// sentenceFiles are files of a folder with pooling config, and more.
func sentenceFiles(modules, poolingConfig string, more map[string]string) map[string]string {
	files := map[string]string{"modules.json": "[" + modules + "]", "1_Pooling/config.json": poolingConfig}
	maps.Copy(files, more)
	return files
}

func TestPoolingConfig(t *testing.T) {
	const text = "the a of"
	for config, ps := range map[string][]pipeline.Pooling{
		`{"word_embedding_dimension":64,"pooling_mode_cls_token":true,"pooling_mode_mean_tokens":false}`:                                       {pipeline.CLS},
		`{"pooling_mode_lasttoken":true,"pooling_mode_max_tokens":true,"pooling_mode_cls_token":true,"pooling_mode_weightedmean_tokens":true}`: {pipeline.CLS, pipeline.MaxTokens, pipeline.WeightedMean, pipeline.LastToken},
		`{"pooling_mode_mean_tokens":true,"pooling_mode_mean_sqrt_len_tokens":true}`:                                                           {pipeline.Mean, pipeline.MeanSqrtLen},
		`{"pooling_mode_cls_token":false}`: {pipeline.Mean},
		`{}`:                               {pipeline.Mean},
		`{"embedding_dimension":64,"pooling_mode":"lasttoken"}`:                       {pipeline.LastToken},
		`{"pooling_mode":["lasttoken","mean","cls"]}`:                                 {pipeline.LastToken, pipeline.Mean, pipeline.CLS},
		`{"pooling_mode":"cls","pooling_mode_max_tokens":true,"include_prompt":null}`: {pipeline.CLS},
	} {
		m := openWith(t, sentenceFiles(transformer+","+pooling, config, nil))
		compare(t, config, embed(t, m, text), want(t, m, m.Encode(text), 0, ps...))
	}
	m := openWith(t, sentenceFiles(transformer+","+pooling+","+normalize, `{"pooling_mode":"mean"}`, nil))
	mean := want(t, m, m.Encode(text), 0, pipeline.Mean)
	compare(t, "Normalize", embed(t, m, text), unit(mean))
	compare(t, "Normalize left out", embed(t, m, text, pipeline.WithNormalize(false)), mean)
	compare(t, "Normalize, then cut", embed(t, m, text, pipeline.WithTruncateDim(7)), unit(mean)[:7])
	compare(t, "Normalize, cut, normalised", embed(t, m, text, pipeline.WithTruncateDim(7), pipeline.WithNormalize(true)), unit(mean[:7]))
	compare(t, "pooling by option", embed(t, m, text, pipeline.WithPooling(pipeline.CLS)), want(t, m, m.Encode(text), 0, pipeline.CLS))
}

// tensors are a safetensors file.
func tensors(t testing.TB, ts map[string][]float32, shapes map[string][]int) string {
	t.Helper()
	var entries []weights.Entry
	for _, name := range slices.Sorted(maps.Keys(ts)) {
		entries = append(entries, weights.Entry{Name: name, DType: weights.F32, Shape: shapes[name], Write: func(w io.Writer) error { return binary.Write(w, binary.LittleEndian, ts[name]) }})
	}
	var b bytes.Buffer
	if err := weights.Write(&b, nil, entries); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestDense checks the layers that no golden folder has.
func TestDense(t *testing.T) {
	const text, C = "the a of", 64
	w, b, r := make([]float32, 3*C), []float32{1, 0, -1}, make([]float32, 3*C)
	for i := range w {
		w[i], r[i] = float32(math.Sin(float64(i))), float32(math.Cos(float64(i)))
	}
	const dense = `{"path":"2_Dense","type":"sentence_transformers.models.Dense"}`
	file := tensors(t, map[string][]float32{"linear.weight": w, "linear.bias": b, "residual.weight": r, "unused": {1}},
		map[string][]int{"linear.weight": {3, C}, "linear.bias": {3}, "residual.weight": {3, C}, "unused": {1}})
	for config, f := range map[string]func(z, b, r float64) float64{
		`"activation_function":"torch.nn.modules.activation.Tanh"`: func(z, b, _ float64) float64 { return math.Tanh(z + b) },
		`"bias":true`: func(z, b, _ float64) float64 { return math.Tanh(z + b) },
		`"bias":false,"activation_function":"torch.nn.modules.activation.Sigmoid"`:                 func(z, _, _ float64) float64 { return 1 / (1 + math.Exp(-z)) },
		`"use_residual":true,"bias":true,"activation_function":"torch.nn.modules.linear.Identity"`: func(z, b, r float64) float64 { return z + b + r },
		`"activation_function":"torch.nn.modules.activation.SiLU"`:                                 func(z, b, _ float64) float64 { return (z + b) / (1 + math.Exp(-z-b)) },
	} {
		m := openWith(t, sentenceFiles(transformer+","+pooling+","+dense, `{"pooling_mode":"mean"}`, map[string]string{
			"2_Dense/config.json": `{"in_features":64,"out_features":3,` + config + `}`, "2_Dense/model.safetensors": file}))
		x := want(t, m, m.Encode(text), 0, pipeline.Mean)
		var y []float64
		for k := range 3 {
			var z, res float64
			for i := range C {
				z += float64(w[k*C+i]) * x[i]
				res += float64(r[k*C+i]) * x[i]
			}
			y = append(y, f(z, float64(b[k]), res))
		}
		compare(t, config, embed(t, m, text), y)
	}
}

// TestSentenceTransformers compares vectors with those of sentence-transformers for a
// folder of all kinds of modules.
func TestSentenceTransformers(t *testing.T) {
	const dir = "testdata/dense-chain"
	data, err := os.ReadFile(dir + "/expected.json")
	if err != nil {
		t.Fatal(err)
	}
	var expected struct {
		Texts []string
		IDs   [][]int
	}
	if err := json.Unmarshal(data, &expected); err != nil {
		t.Fatal(err)
	}
	file, err := weights.Open(dir + "/expected.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	tensor, _ := file.Tensor("embeddings")
	values := make([]float32, tensor.Len())
	if err := tensor.Float32s(values); err != nil {
		t.Fatal(err)
	}
	m, err := roberta.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	converted := t.TempDir() + "/converted.safetensors"
	if err := roberta.Convert(t.Context(), dir, converted); err != nil {
		t.Fatal(err)
	}
	again, err := roberta.Open(converted)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	for name, m := range map[string]*roberta.Model{"folder": m, "converted": again} {
		e, err := pipeline.NewEmbedder(m)
		if err != nil {
			t.Fatal(name, err)
		}
		var inputs []pipeline.Input
		for _, ids := range expected.IDs {
			inputs = append(inputs, pipeline.Tokens(ids...))
		}
		ofTokens, err := e.EmbedAll(t.Context(), inputs)
		if err != nil {
			t.Fatal(name, err)
		}
		if len(ofTokens) != tensor.Shape[0] || e.MaxLength() != 60 || e.Dim() != 16 {
			t.Fatalf("%s: %d vectors of %d values, longest text %d", name, len(ofTokens), e.Dim(), e.MaxLength())
		}
		for i, v := range ofTokens {
			for k, x := range v {
				if w := values[i*len(v)+k]; !near(x, w, 2e-5) {
					t.Errorf("%s: value %d of text %d is %v, want %v", name, k, i, x, w)
				}
			}
		}
		cut, err := pipeline.NewEmbedder(m, pipeline.WithLimit(tokenizer.Limit{Truncation: tokenizer.LongestFirst}))
		if err != nil {
			t.Fatal(name, err)
		}
		ofTexts, err := cut.Embed(t.Context(), expected.Texts)
		if err != nil {
			t.Fatal(name, err)
		}
		for i, v := range ofTexts {
			if !slices.Equal(v, ofTokens[i]) {
				t.Errorf("%s: text %d has other bits than its tokens", name, i)
			}
		}
	}
}

func TestPrompts(t *testing.T) {
	const prompts = `{"prompts":{"query":"the ","passage":"a of ","empty":"","none":null},"default_prompt_name":"query"}`
	m := openWith(t, sentenceFiles(transformer+","+pooling, `{"pooling_mode":"mean"}`, map[string]string{"config_sentence_transformers.json": prompts}))
	mean := func(text string) []float64 { return want(t, m, m.Encode(text), 0, pipeline.Mean) }
	e, err := pipeline.NewEmbedder(m)
	if err != nil {
		t.Fatal(err)
	}
	vector := func(e *pipeline.Embedder) []float32 {
		t.Helper()
		got, err := e.Embed(t.Context(), []string{"of"})
		if err != nil {
			t.Fatal(err)
		}
		return got[0]
	}
	compare(t, "default", vector(e), mean("the of"))
	compare(t, "documents", vector(e.Documents()), mean("a of of"))
	compare(t, "queries of documents", vector(e.Documents().Queries()), mean("a of of"))
	compare(t, "queries", vector(e.Queries()), mean("the of"))
	compare(t, "default again", vector(e), mean("the of"))
	compare(t, "no prompt", embed(t, m, "of", pipeline.WithPrompt("")), mean("of"))
	compare(t, "a prompt", embed(t, m, "of", pipeline.WithPromptName("query"), pipeline.WithPrompt("of ")), mean("of of"))
	compare(t, "by name", embed(t, m, "of", pipeline.WithPrompt("of "), pipeline.WithPromptName("passage")), mean("a of of"))
	if e, err = pipeline.NewEmbedder(m, pipeline.WithPrompt("")); err != nil {
		t.Fatal(err)
	}
	compare(t, "an option stays", vector(e.Queries()), mean("of"))
	if got := e.Prompts(); len(got) != 3 || got["query"] != "the " {
		t.Errorf("prompts %q", got)
	}
	if _, err := pipeline.NewEmbedder(m, pipeline.WithPromptName("other")); !errors.Is(err, pipeline.ErrOption) || !strings.Contains(err.Error(), "empty, passage, query") {
		t.Errorf("error %v, want ErrOption with the names", err)
	}

	m = openWith(t, sentenceFiles(transformer+","+pooling, `{"pooling_mode":["mean","weightedmean","cls","max"],"include_prompt":false}`, map[string]string{"config_sentence_transformers.json": prompts}))
	skip := len(m.Encode("the ")) - 1
	compare(t, "without the prompt's tokens", embed(t, m, "of"), want(t, m, m.Encode("the of"), skip, pipeline.Mean, pipeline.WeightedMean, pipeline.CLS, pipeline.MaxTokens))
	ids := m.Encode("the of")
	for length, want := range map[int]string{skip: "leaves no token", skip + 1: ""} { // </s> is left
		e, err := pipeline.NewEmbedder(m, pipeline.WithLimit(tokenizer.Limit{Length: length, Truncation: tokenizer.LongestFirst}))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := e.Embed(t.Context(), []string{"of"}); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("cut to %d tokens: error %v, want %q", length, err, want)
		}
	}
	if e, err = pipeline.NewEmbedder(m); err != nil {
		t.Fatal(err)
	}
	got, err := e.EmbedAll(t.Context(), []pipeline.Input{{Tokens: ids}})
	if err != nil {
		t.Fatal(err)
	}
	compare(t, "tokens have no prompt", got[0], want(t, m, ids, 0, pipeline.Mean, pipeline.WeightedMean, pipeline.CLS, pipeline.MaxTokens))
}

func TestLongestText(t *testing.T) {
	for _, name := range []string{"sentence_bert_config.json", "sentence_roberta_config.json"} {
		m := openWith(t, sentenceFiles(transformer+","+pooling, `{"pooling_mode":"mean"}`, map[string]string{name: `{"max_seq_length":6,"do_lower_case":true}`}))
		e, err := pipeline.NewEmbedder(m)
		if err != nil {
			t.Fatal(err)
		}
		long := strings.Repeat("THE A OF ", 10)
		n := len(m.Encode(strings.ToLower(long)))
		_, err = e.Embed(t.Context(), []string{"the", long})
		length, ok := errors.AsType[*roberta.LengthError](err)
		if in, is := errors.AsType[*pipeline.InputError](err); !ok || !is || in.Index != 1 || length.Max != 6 || length.Tokens != n {
			t.Errorf("error %v, want a LengthError of input 1, %d and 6 tokens", err, n)
		}
		tokens := slices.Concat(m.Encode(strings.ToLower(long))[:5], []int{2})
		mean := want(t, m, tokens, 0, pipeline.Mean)
		compare(t, "cut", embed(t, m, long, pipeline.WithLimit(tokenizer.Limit{Truncation: tokenizer.LongestFirst})), mean)
		compare(t, "longer by option", embed(t, m, long, pipeline.WithLimit(tokenizer.Limit{Length: 100})), want(t, m, m.Encode(strings.ToLower(long)), 0, pipeline.Mean))
		compare(t, "pooling by option", embed(t, m, long, pipeline.WithPooling(pipeline.Mean), pipeline.WithLimit(tokenizer.Limit{Truncation: tokenizer.LongestFirst})), mean)
	}
}

// TestTruncateDimFile checks that the files say how many values are kept, and an option says
// otherwise.
func TestTruncateDimFile(t *testing.T) {
	settings := func(dim string) map[string]string {
		return map[string]string{
			"config_sentence_transformers.json": `{"truncate_dim":` + dim + `}`, "2_Normalize/config.json": `{"module_input_name":"sentence_embedding"}`,
			"sentence_bert_config.json": `{"transformer_task":"feature-extraction","modality_config":{"text":{"method":"forward","method_output_name":"last_hidden_state"}},"module_output_name":"token_embeddings","processing_kwargs":{}}`,
		}
	}
	m := openWith(t, sentenceFiles(transformer+","+pooling+","+normalize, `{"pooling_mode":"mean"}`, settings("5")))
	mean := want(t, m, m.Encode("the a"), 0, pipeline.Mean)
	all := unit(mean)
	compare(t, "by the file", embed(t, m, "the a"), all[:5])
	compare(t, "by option", embed(t, m, "the a", pipeline.WithTruncateDim(7)), all[:7])
	compare(t, "all, by option", embed(t, m, "the a", pipeline.WithTruncateDim(len(all))), all)
	compare(t, "pooling by option", embed(t, m, "the a", pipeline.WithPooling(pipeline.Mean)), mean)
	files := settings("5000")
	files["sentence_bert_config.json"] = `{"model_args":{},"tokenizer_args":{"model_max_length":8},"config_kwargs":{"hidden_act":"relu"}}`
	m = openWith(t, sentenceFiles(transformer+","+pooling+","+normalize, `{"pooling_mode":"mean"}`, files))
	if e, err := pipeline.NewEmbedder(m); err != nil || len(e.Notes()) != 1 || !strings.HasPrefix(e.Notes()[0], "tokenizer_args and config_kwargs of ") {
		t.Errorf("notes %q, error %v", e.Notes(), err)
	}
	compare(t, "more than there are", embed(t, m, "the a"), all)
}

// TestModuleErrors checks that what is wrong with a folder is said with the file's name.
func TestModuleErrors(t *testing.T) {
	const dense = `{"path":"2_Dense","type":"sentence_transformers.models.Dense"}`
	file := tensors(t, map[string][]float32{"linear.weight": make([]float32, 64), "linear.bias": {0}}, map[string][]int{"linear.weight": {1, 64}, "linear.bias": {1}})
	both := transformer + "," + pooling
	for _, test := range []struct {
		modules, pooling string
		more             map[string]string
		kind             error
		text             string
	}{
		{`{"path":""`, `{}`, nil, weights.ErrCorrupt, "modules.json"},
		{transformer, `{}`, nil, weights.ErrUnsupported, "no Pooling"},
		{``, `{}`, nil, weights.ErrUnsupported, "no Pooling"},
		{`{"type":"a.Transformer"}`, `{}`, nil, weights.ErrCorrupt, "no path"},
		{`{"path":"","type":"a.Pooling"}`, `{}`, nil, weights.ErrUnsupported, "in this place"},
		{both + "," + pooling, `{}`, nil, weights.ErrUnsupported, "module 2"},
		{transformer + "," + normalize, `{}`, nil, weights.ErrUnsupported, "module 1"},
		{strings.Replace(both, ".Transformer", ".MLMTransformer", 1), `{}`, nil, weights.ErrUnsupported, "MLMTransformer"},
		{both + `,{"path":"2","type":"sentence_transformers.models.CNN"}`, `{}`, nil, weights.ErrUnsupported, "CNN"},
		{both + strings.Repeat(","+normalize, 100), `{}`, nil, weights.ErrCorrupt, "102 modules"},
		{both, `{"pooling_mode":"best"}`, nil, weights.ErrUnsupported, `"best"`},
		{both, `{"pooling_mode":3}`, nil, weights.ErrCorrupt, "pooling_mode is 3"},
		{both, `{"pooling_mode_cls_token":"yes"}`, nil, weights.ErrCorrupt, "pooling_mode_cls_token"},
		{both, `{"pooling_mode":["` + strings.Repeat(`mean","`, 200) + `mean"]}`, nil, weights.ErrCorrupt, "201 poolings"},
		{both, `{"word_embedding_dimension":32}`, nil, weights.ErrCorrupt, "32"},
		{both, `[`, nil, weights.ErrCorrupt, "1_Pooling/config.json"},
		{both, `{}`, map[string]string{"sentence_bert_config.json": `{"max_seq_length":0}`}, weights.ErrCorrupt, "sentence_bert_config.json"},
		{both, `{}`, map[string]string{"sentence_bert_config.json": `{"max_seq_length":"x"}`}, weights.ErrCorrupt, "sentence_bert_config.json"},
		{both, `{}`, map[string]string{"config_sentence_transformers.json": `{"default_prompt_name":"x"}`}, weights.ErrCorrupt, `"x"`},
		{both, `{}`, map[string]string{"config_sentence_transformers.json": `{"truncate_dim":0}`}, weights.ErrCorrupt, "truncate_dim is 0"},
		{both, `{}`, map[string]string{"sentence_bert_config.json": `{"processing_kwargs":{"text":{"add_special_tokens":false}}}`}, weights.ErrUnsupported, "add_special_tokens"},
		{both, `{}`, map[string]string{"sentence_bert_config.json": `{"transformer_task":"fill-mask"}`}, weights.ErrUnsupported, "fill-mask"},
		{both, `{}`, map[string]string{"sentence_bert_config.json": `{"module_output_name":"scores"}`}, weights.ErrUnsupported, "scores"},
		{both, `{}`, map[string]string{"sentence_bert_config.json": `{"modality_config":{"text":{"method":"forward","method_output_name":"pooler_output"}}}`}, weights.ErrUnsupported, "last_hidden_state"},
		{both + "," + normalize, `{}`, map[string]string{"2_Normalize/config.json": `{"module_input_name":"token_embeddings"}`}, weights.ErrUnsupported, "token_embeddings"},
		{both + "," + normalize, `{}`, map[string]string{"2_Normalize/config.json": `{"module_output_name":"x"}`}, weights.ErrUnsupported, `"x"`},
		{both + "," + dense, `{}`, nil, fs.ErrNotExist, "2_Dense/config.json"},
		{both + "," + dense, `{}`, map[string]string{"2_Dense/config.json": `{"in_features":64,"out_features":1}`}, fs.ErrNotExist, "2_Dense/pytorch_model.bin"},
		{both + "," + dense, `{}`, map[string]string{"2_Dense/config.json": `{"in_features":64,"out_features":1}`, "2_Dense/model.safetensors": "x"}, weights.ErrTruncated, "2_Dense/model.safetensors"},
		{both + "," + dense, `{}`, map[string]string{"2_Dense/config.json": `{"in_features":64,"out_features":2}`, "2_Dense/model.safetensors": file}, weights.ErrCorrupt, "want [2"},
		{both + "," + dense, `{}`, map[string]string{"2_Dense/config.json": `{"in_features":64,"out_features":1,"use_residual":true}`, "2_Dense/model.safetensors": file}, weights.ErrCorrupt, "residual.weight"},
		{both + "," + dense, `{}`, map[string]string{"2_Dense/config.json": `{"in_features":63,"out_features":1}`}, weights.ErrCorrupt, "63"},
		{both + "," + dense, `{}`, map[string]string{"2_Dense/config.json": `{"in_features":64,"out_features":-1}`}, weights.ErrCorrupt, "-1"},
		{both + "," + dense, `{}`, map[string]string{"2_Dense/config.json": `{"in_features":64,"out_features":1000000000}`}, weights.ErrCorrupt, "1000000000"},
		{both + "," + dense, `{}`, map[string]string{"2_Dense/config.json": `{"in_features":64,"out_features":1,"activation_function":"torch.nn.Softplus"}`}, weights.ErrUnsupported, "Softplus"},
		{both + "," + dense, `{}`, map[string]string{"2_Dense/config.json": `{"in_features":64,"out_features":1,"activation_function":"my.Tanh"}`}, weights.ErrUnsupported, "my.Tanh"},
		{both + "," + dense, `{}`, map[string]string{"2_Dense/config.json": `{"in_features":64,"out_features":1,"module_input_name":"token_embeddings"}`}, weights.ErrUnsupported, "token_embeddings"},
		{both + "," + strings.Replace(dense, "Dense", "LayerNorm", -1), `{}`, map[string]string{"2_LayerNorm/config.json": `{"dimension":3}`}, weights.ErrCorrupt, "dimension is 3"},
	} {
		m := openWith(t, sentenceFiles(test.modules, test.pooling, test.more))
		_, err := pipeline.NewEmbedder(m)
		e, ok := errors.AsType[*weights.FileError](err)
		if !ok || !errors.Is(err, test.kind) || !strings.Contains(err.Error(), test.text) || len(err.Error()) > 500 || e.Entry+e.Path == "" {
			t.Errorf("%.200s %.100s %.200q: error %v, want a FileError of %v with %q", test.modules, test.pooling, fmt.Sprint(test.more), err, test.kind, test.text)
		}
	}
	m := open(t, "fulldict")
	for _, opts := range [][]pipeline.Option{{pipeline.WithPooling()}, {pipeline.WithPooling("avg")}, {pipeline.WithTruncateDim(0)}, {pipeline.WithTruncateDim(1000)}, {pipeline.WithPromptName("")}, {pipeline.WithPromptName("x")}, {pipeline.WithHead("x")}} {
		if _, err := pipeline.NewEmbedder(m, opts...); !errors.Is(err, pipeline.ErrOption) {
			t.Errorf("error %v, want ErrOption", err)
		}
	}
	// What the files say of vectors does not count where the caller says it.
	m = openWith(t, sentenceFiles(strings.Replace(both, ".Transformer", ".MLMTransformer", 1), `{}`, nil))
	compare(t, "pooling by option", embed(t, m, "the", pipeline.WithPooling(pipeline.CLS)), want(t, m, m.Encode("the"), 0, pipeline.CLS))
}
