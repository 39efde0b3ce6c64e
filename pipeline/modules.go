package pipeline

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math"
	"path"
	"slices"
	"strings"

	"github.com/goroberta/goroberta/weights"
)

// maxModules bounds the modules of a folder. Real ones have two to six.
const maxModules = 100

// A modules is what the files of a sentence-transformers folder say: what becomes of a
// text before the model reads it and of the hidden states after that.
type modules struct {
	lowerCase bool
	maxLength int // longest input in tokens, special ones included; 0: not said

	pooling       []Pooling
	includePrompt bool // the prompt's tokens are pooled too
	layers        []layer

	prompts       map[string]string
	defaultPrompt string // the name of the prompt that applies where none is asked for

	similarity  Similarity // "": not said
	truncateDim int        // values of a vector that are kept; 0: all

	splade splade // of sparse vectors

	notes []string
}

// A layer is a module after the pooling: it makes one vector of another.
type layer interface {
	apply(v []float32) []float32
}

// A folder reads the files of a sentence-transformers folder. *roberta.Model has both
// methods.
type folder struct {
	files interface {
		File(name string) ([]byte, error)
		FileName(name string) string
	}
}

// has reads a file of JSON objects or lists into v. ok is false if there is no such file.
func (f folder) has(name string, v any) (ok bool, err error) {
	data, err := f.files.File(name)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if err := json.Unmarshal(data, v); err != nil {
		return false, f.fault(name, fmt.Errorf("%w: %w", weights.ErrCorrupt, err))
	}
	return true, nil
}

// fault is an error about what a file holds.
func (f folder) fault(name string, err error) error {
	return &weights.FileError{Entry: f.files.FileName(name), Offset: -1, Err: err}
}

func (f folder) corrupt(name, format string, args ...any) error {
	return f.fault(name, fmt.Errorf("%w: %w", weights.ErrCorrupt, fmt.Errorf(format, args...)))
}

func (f folder) unsupported(name, format string, args ...any) error {
	return f.fault(name, fmt.Errorf("%w: %w", weights.ErrUnsupported, fmt.Errorf(format, args...)))
}

const modulesFile = "modules.json"

// What modules are read for.
type wanted int

const (
	noVectors     wanted = iota // hidden states: what comes after them is left out
	denseVectors                // what Pooling and the layers after it make
	sparseVectors               // what SpladePooling makes
	pairScores                  // logits of a pair of texts: a CrossEncoder's
)

// readModules reads the modules of a folder for hidden states, or logits, of C values;
// nil if it has none.
func readModules(f folder, C int, want wanted) (*modules, error) {
	var list []struct {
		Path *string `json:"path"`
		Type string  `json:"type"`
	}
	if ok, err := f.has(modulesFile, &list); err != nil || !ok {
		return nil, err
	}
	if n := len(list); n > maxModules {
		return nil, f.corrupt(modulesFile, "%d modules, want at most %d", n, maxModules)
	}
	out := &modules{includePrompt: true}
	dim := 0 // of the vectors so far; 0 before the pooling
	for i, module := range list {
		kind := module.Type[strings.LastIndexByte(module.Type, '.')+1:] // of a Python path, today's or an old one
		if module.Path == nil || *module.Path != "" && !fs.ValidPath(*module.Path) {
			return nil, f.corrupt(modulesFile, "module %d has no path inside the folder", i)
		}
		at := *module.Path
		if want == pairScores && (i > 0 || kind != "Transformer") {
			return nil, f.unsupported(modulesFile, "module %d is %.100q; a Reranker computes those of one Transformer", i, module.Type)
		}
		if want == noVectors || want == pairScores {
			if i == 0 {
				if err := out.readTransformer(f, at, want); err != nil {
					return nil, err
				}
			}
			continue
		}
		if want == sparseVectors {
			if err := out.readSparse(f, i, kind, module.Type, at, C); err != nil {
				return nil, err
			}
			continue
		}
		if kind == "MLMTransformer" || kind == "SpladePooling" {
			return nil, f.unsupported(modulesFile, "module %d is %.100q, which makes sparse vectors: they are a SparseEmbedder's (embed --sparse)", i, module.Type)
		}
		if (kind == "Transformer") != (i == 0) || dim == 0 && slices.Contains([]string{"Dense", "LayerNorm", "Normalize"}, kind) || dim > 0 && kind == "Pooling" {
			return nil, f.unsupported(modulesFile, "module %d is %.100q in this place; want a Transformer, a Pooling, then Dense, LayerNorm and Normalize", i, module.Type)
		}
		var err error
		switch kind {
		case "Transformer":
			err = out.readTransformer(f, at, want)
		case "Pooling":
			dim, err = out.readPooling(f, path.Join(at, "config.json"), C)
		case "Dense":
			dim, err = out.readDense(f, at, dim)
		case "LayerNorm":
			err = out.readLayerNorm(f, at, dim)
		case "Normalize":
			err = out.readNormalize(f, path.Join(at, "config.json"))
		case "Dropout": // of training alone
		default:
			return nil, f.unsupported(modulesFile, "module %d is %.100q, which is not computed", i, module.Type)
		}
		if err != nil {
			return nil, err
		}
	}
	switch {
	case dim == 0 && want == denseVectors:
		return nil, f.unsupported(modulesFile, "no Pooling module")
	case out.splade == splade{} && want == sparseVectors:
		return nil, f.unsupported(modulesFile, "no SpladePooling module, which makes sparse vectors")
	}
	return out, out.readPrompts(f, want)
}

// transformerFiles are the names that the Transformer module's settings have gone by,
// today's first.
var transformerFiles = []string{
	"sentence_bert_config.json", "sentence_roberta_config.json", "sentence_xlm-roberta_config.json",
	"sentence_camembert_config.json", "sentence_distilbert_config.json",
}

func (o *modules) readTransformer(f folder, at string, want wanted) error {
	var c struct {
		MaxLength *int `json:"max_seq_length"`
		LowerCase bool `json:"do_lower_case"`
		Query     *int `json:"query_length"`
		Document  *int `json:"document_length"`
		transformerSettings
	}
	for _, name := range transformerFiles {
		for _, name := range slices.Compact([]string{path.Join(at, name), name}) {
			ok, err := f.has(name, &c)
			if err != nil {
				return err
			}
			if !ok {
				continue
			}
			if c.MaxLength != nil {
				if *c.MaxLength < 1 {
					return f.corrupt(name, "max_seq_length is %d", *c.MaxLength)
				}
				o.maxLength = *c.MaxLength
			}
			o.lowerCase = c.LowerCase
			if err := c.check(f, name, want); err != nil {
				return err
			}
			if unused := c.arguments(); len(unused) > 0 {
				o.notes = append(o.notes, fmt.Sprintf("%s of %s are not used", strings.Join(unused, " and "), f.files.FileName(name)))
			}
			if c.Query != nil || c.Document != nil {
				o.notes = append(o.notes, fmt.Sprintf("query_length and document_length of %s are not used: all texts may be equally long", f.files.FileName(name)))
			}
			return nil
		}
	}
	return nil
}

// transformerSettings are those of a Transformer module that say what it computes, as
// sentence-transformers 6 writes them.
type transformerSettings struct {
	Task     *string `json:"transformer_task"`
	Modality map[string]struct {
		Method *string         `json:"method"`
		Output json.RawMessage `json:"method_output_name"`
	} `json:"modality_config"`
	Output     *string                    `json:"module_output_name"`
	Processing map[string]json.RawMessage `json:"processing_kwargs"`

	// What Python opens the model with, by its old name and today's.
	ModelArgs       map[string]json.RawMessage `json:"model_args"`
	ModelKwargs     map[string]json.RawMessage `json:"model_kwargs"`
	TokenizerArgs   map[string]json.RawMessage `json:"tokenizer_args"`
	ProcessorKwargs map[string]json.RawMessage `json:"processor_kwargs"`
	ConfigArgs      map[string]json.RawMessage `json:"config_args"`
	ConfigKwargs    map[string]json.RawMessage `json:"config_kwargs"`
}

// arguments names those that are there and say something.
func (c *transformerSettings) arguments() (names []string) {
	for _, a := range []struct {
		name string
		args map[string]json.RawMessage
	}{
		{"model_args", c.ModelArgs}, {"model_kwargs", c.ModelKwargs}, {"tokenizer_args", c.TokenizerArgs},
		{"processor_kwargs", c.ProcessorKwargs}, {"config_args", c.ConfigArgs}, {"config_kwargs", c.ConfigKwargs},
	} {
		if len(a.args) > 0 {
			names = append(names, a.name)
		}
	}
	return names
}

// check is an error for settings that make other numbers than those computed here.
func (c *transformerSettings) check(f folder, name string, want wanted) error {
	for _, k := range slices.Sorted(maps.Keys(c.Processing)) {
		if v := string(bytes.TrimSpace(c.Processing[k])); v != "null" && v != "{}" {
			return f.unsupported(name, "processing_kwargs for %.100q: %.100s", k, strings.Join(strings.Fields(v), " "))
		}
	}
	if want != denseVectors {
		return nil
	}
	text := c.Modality["text"]
	output := string(bytes.TrimSpace(text.Output))
	switch {
	case c.Task != nil && *c.Task != "feature-extraction":
		return f.unsupported(name, "transformer_task %.100q, want feature-extraction", *c.Task)
	case c.Output != nil && *c.Output != "token_embeddings":
		return f.unsupported(name, "module_output_name %.100q, want token_embeddings", *c.Output)
	case text.Method != nil && *text.Method != "forward" || output != "" && output != "null" && output != `"last_hidden_state"`:
		return f.unsupported(name, "modality_config of text, which is not forward's last_hidden_state")
	}
	return nil
}

// flags are the names of poolings in the files of old, true where they are on.
var flags = map[Pooling]string{
	CLS: "pooling_mode_cls_token", MaxTokens: "pooling_mode_max_tokens", Mean: "pooling_mode_mean_tokens",
	MeanSqrtLen: "pooling_mode_mean_sqrt_len_tokens", WeightedMean: "pooling_mode_weightedmean_tokens", LastToken: "pooling_mode_lasttoken",
}

// readPooling reads a Pooling module for hidden states of C values, and returns how many
// values its vectors have.
func (o *modules) readPooling(f folder, name string, C int) (dim int, err error) {
	c := map[string]json.RawMessage{}
	if ok, err := f.has(name, &c); err != nil {
		return 0, err
	} else if !ok {
		return 0, f.fault(name, fs.ErrNotExist)
	}
	// get reads a setting, if it is there.
	get := func(key string, v any) bool {
		raw, ok := c[key]
		if !ok || string(raw) == "null" {
			return false
		}
		if e := json.Unmarshal(raw, v); e != nil && err == nil {
			err = f.corrupt(name, "%s is %.100s", key, raw)
		}
		return err == nil
	}
	for _, key := range []string{"embedding_dimension", "word_embedding_dimension"} {
		var n int
		if get(key, &n) && n != C {
			return 0, f.corrupt(name, "%s is %d, the model's hidden states have %d values", key, n, C)
		}
	}
	get("include_prompt", &o.includePrompt)
	var modes []Pooling
	switch raw := bytes.TrimSpace(c["pooling_mode"]); {
	case len(raw) > 0 && raw[0] == '[':
		get("pooling_mode", &modes)
	case len(raw) > 0 && string(raw) != "null":
		modes = make([]Pooling, 1)
		get("pooling_mode", &modes[0])
	default:
		for _, p := range poolings {
			var on bool
			if get(flags[p], &on); on {
				modes = append(modes, p)
			}
		}
	}
	if err != nil {
		return 0, err
	}
	if len(modes) == 0 {
		modes = []Pooling{Mean} // as sentence-transformers
	}
	if len(modes) > maxModules {
		return 0, f.corrupt(name, "%d poolings, want at most %d", len(modes), maxModules)
	}
	for _, p := range modes {
		if !slices.Contains(poolings, p) {
			return 0, f.unsupported(name, "pooling %.100q, want some of %q", string(p), poolings)
		}
	}
	o.pooling = modes
	return C * len(modes), nil
}

func (o *modules) readDense(f folder, at string, dim int) (out int, err error) {
	name := path.Join(at, "config.json")
	var c struct {
		In         int     `json:"in_features"`
		Out        int     `json:"out_features"`
		Bias       *bool   `json:"bias"`
		Activation *string `json:"activation_function"`
		Input      *string `json:"module_input_name"`
		Output     *string `json:"module_output_name"`
		Residual   bool    `json:"use_residual"`
	}
	switch ok, err := f.has(name, &c); {
	case err != nil:
		return 0, err
	case !ok:
		return 0, f.fault(name, fs.ErrNotExist)
	}
	d := &dense{activation: math.Tanh}
	if c.Activation != nil {
		var ok bool
		if d.activation, ok = activations[(*c.Activation)[strings.LastIndexByte(*c.Activation, '.')+1:]]; !ok || !strings.HasPrefix(*c.Activation, "torch.") {
			return 0, f.unsupported(name, "activation_function %.100q", *c.Activation)
		}
	}
	for _, p := range []*string{c.Input, c.Output} {
		if p != nil && *p != "sentence_embedding" {
			return 0, f.unsupported(name, "a module from or to %.100q, want sentence_embedding", *p)
		}
	}
	switch {
	case c.In != dim:
		return 0, f.corrupt(name, "in_features is %d, the module before it gives %d values", c.In, dim)
	case c.Out < 1 || c.Out > 1<<20:
		return 0, f.corrupt(name, "out_features is %d", c.Out)
	}
	want := map[string][]int{"linear.weight": {c.Out, c.In}}
	if c.Bias == nil || *c.Bias {
		want["linear.bias"] = []int{c.Out}
	}
	if c.Residual && c.In != c.Out {
		want["residual.weight"] = []int{c.Out, c.In}
	}
	got, err := f.tensors(at, want)
	if err != nil {
		return 0, err
	}
	d.w, d.bias, d.residual, d.addInput = got["linear.weight"], got["linear.bias"], got["residual.weight"], c.Residual
	o.layers = append(o.layers, d)
	return c.Out, nil
}

func (o *modules) readLayerNorm(f folder, at string, dim int) error {
	name := path.Join(at, "config.json")
	var c struct {
		Dim int `json:"dimension"`
	}
	switch ok, err := f.has(name, &c); {
	case err != nil:
		return err
	case !ok:
		return f.fault(name, fs.ErrNotExist)
	case c.Dim != dim:
		return f.corrupt(name, "dimension is %d, the module before it gives %d values", c.Dim, dim)
	}
	got, err := f.tensors(at, map[string][]int{"norm.weight": {dim}, "norm.bias": {dim}})
	if err != nil {
		return err
	}
	o.layers = append(o.layers, &layerNorm{got["norm.weight"], got["norm.bias"]})
	return nil
}

// readNormalize reads a Normalize module, whose files may be missing.
func (o *modules) readNormalize(f folder, name string) error {
	var c struct {
		Input  *string `json:"module_input_name"`
		Output *string `json:"module_output_name"`
	}
	if _, err := f.has(name, &c); err != nil {
		return err
	}
	for _, p := range []*string{c.Input, c.Output} {
		if p != nil && *p != "sentence_embedding" {
			return f.unsupported(name, "a module from or to %.100q, want sentence_embedding", *p)
		}
	}
	o.layers = append(o.layers, unitLength{})
	return nil
}

// tensors reads a module's tensors, which must have these shapes.
func (f folder) tensors(at string, want map[string][]int) (map[string][]float32, error) {
	name := path.Join(at, "model.safetensors")
	data, err := f.files.File(name)
	if errors.Is(err, fs.ErrNotExist) {
		name = path.Join(at, "pytorch_model.bin")
		data, err = f.files.File(name)
	}
	if err != nil {
		return nil, err
	}
	file, err := weights.Load(bytes.NewReader(data), int64(len(data)), f.files.FileName(name))
	if err != nil {
		return nil, err
	}
	defer file.Close()
	got := map[string][]float32{}
	for tensor, shape := range want {
		t, ok := file.Tensor(tensor)
		if !ok {
			return nil, f.corrupt(name, "no tensor %s", tensor)
		}
		if !slices.Equal(t.Shape, shape) {
			return nil, f.corrupt(name, "tensor %s has shape %.100s, want %v", tensor, fmt.Sprint(t.Shape), shape)
		}
		values := make([]float32, t.Len())
		if err := t.Float32s(values); err != nil {
			if fe, ok := errors.AsType[*weights.FileError](err); ok && fe.Path == "" {
				fe.Path = f.files.FileName(name)
			}
			return nil, err
		}
		got[tensor] = values
	}
	return got, nil
}

// promptsFile has what concerns a whole model.
const promptsFile = "config_sentence_transformers.json"

func (o *modules) readPrompts(f folder, want wanted) error {
	const name = promptsFile
	var c struct {
		Prompts    map[string]*string `json:"prompts"`
		Default    *string            `json:"default_prompt_name"`
		Similarity *string            `json:"similarity_fn_name"`
		Truncate   *int               `json:"truncate_dim"`
		Active     *int               `json:"max_active_dims"`
	}
	if ok, err := f.has(name, &c); err != nil || !ok {
		return err
	}
	if c.Truncate != nil && want == denseVectors {
		if o.truncateDim = *c.Truncate; o.truncateDim < 1 {
			return f.corrupt(name, "truncate_dim is %d", o.truncateDim)
		}
	}
	if c.Active != nil && want == sparseVectors {
		return f.unsupported(name, "max_active_dims is %d: which values are kept is not computed", *c.Active)
	}
	if c.Similarity != nil {
		if o.similarity = Similarity(*c.Similarity); o.similarity.check() != nil {
			return f.unsupported(name, "similarity_fn_name %.100q, want one of %q", *c.Similarity, similarities)
		}
	}
	o.prompts = map[string]string{}
	for k, p := range c.Prompts {
		if p != nil {
			o.prompts[k] = *p
		}
	}
	if c.Default != nil {
		if _, ok := o.prompts[*c.Default]; !ok {
			return f.corrupt(name, "default_prompt_name is %.100q, and no prompt has that name", *c.Default)
		}
		o.defaultPrompt = *c.Default
	}
	return nil
}
