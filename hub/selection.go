package hub

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/goroberta/goroberta/tokenizer/auto"
)

// sideFiles are the files beside the weights that are fetched: settings, tokenizers of
// all kinds, and what sentence-transformers keeps. Further ones end in .model
// (SentencePiece) and in _config.json (sentence_bert_config.json and its older names).
var sideFiles = append(auto.Names(), "config.json", "label/dict.txt", "adapter_config.json", "modules.json", "config_sentence_transformers.json")

// notSettings end as settings do, and are none that anybody here reads.
var notSettings = []string{"preprocessor_config.json", "generation_config.json", "processor_config.json", "quantize_config.json", "ort_config.json"}

func isSideFile(name string) bool {
	return slices.Contains(sideFiles, name) || !strings.Contains(name, "/") && (strings.HasSuffix(name, ".model") || strings.HasSuffix(name, "_config.json") && !slices.Contains(notSettings, name))
}

// isTokenizerFile says whether a file alone can be a tokenizer's.
func isTokenizerFile(name string) bool {
	return slices.Contains([]string{"tokenizer.json", "vocab.json", "vocab.txt", "dict.txt", "encoder.json"}, name) || strings.HasSuffix(name, ".model") && !strings.Contains(name, "/")
}

// Forms of weights, by the file that names or holds them. fetchOrder is the order in
// which one is chosen to be fetched; openOrder that in which package weights looks in
// a folder, so that what is there is completed and not fetched again in another form.
var (
	fetchOrder = []string{
		"model.safetensors", "model.safetensors.index.json", "pytorch_model.bin", "pytorch_model.bin.index.json",
		"model.pt", "checkpoint_best.pt", "checkpoint_last.pt",
	}
	openOrder = []string{
		"model.pt", "model.safetensors", "model.safetensors.index.json", "pytorch_model.bin", "pytorch_model.bin.index.json",
		"checkpoint_best.pt", "checkpoint_last.pt",
	}
)

// A selection says which of a repository's files are needed.
type selection struct {
	names         map[string]bool              // the files of the repository
	have          func(name string) bool       // whether a file is in the snapshot
	read          func(string) ([]byte, error) // a file of the snapshot; fs.ErrNotExist if it is not there yet
	tokenizerOnly bool

	needed  map[string]bool
	unknown bool // needed is not complete: a file has to be fetched and read first
}

// files are the files that are needed. They are all of them if unknown is false;
// otherwise files is to be called again when they have been fetched.
func (s *selection) files() ([]string, error) {
	s.needed, s.unknown = map[string]bool{}, false
	s.sideFiles("")
	transformer, others, err := s.modules()
	if err != nil {
		return nil, err
	}
	if transformer != "" {
		s.sideFiles(transformer)
	}
	for _, dir := range others {
		s.sideFiles(dir)
	}
	hasTokenizer := s.tokenizer(transformer)
	if !s.unknown && !(s.tokenizerOnly && hasTokenizer && s.names[path.Join(transformer, "config.json")]) {
		name, known, err := s.explicit(transformer)
		switch {
		case err != nil:
			return nil, err
		case name != "":
			err = s.weightsIn(name)
		case known:
			var found bool
			if found, err = s.weights(transformer); err == nil && !found && !(s.tokenizerOnly && hasTokenizer) {
				err = s.noWeights()
			}
		}
		if err != nil {
			return nil, err
		}
		for _, dir := range others { // a layer behind the pooling
			if _, err := s.weights(dir); err != nil {
				return nil, err
			}
		}
	}
	for name := range s.needed {
		if !isPath(name) {
			return nil, &Error{File: name, Err: fmt.Errorf("%w: a file of that name", ErrProtocol)}
		}
	}
	return slices.Sorted(maps.Keys(s.needed)), nil
}

// tokenizer says whether a folder has files of a tokenizer. With a config.json beside
// them they are enough to know it. fairseq keeps settings of the tokenizer in the
// checkpoint, and what a folder without such files means depends on the model too.
func (s *selection) tokenizer(dir string) bool {
	for name := range s.names {
		if rest, ok := within(dir, name); ok && isTokenizerFile(rest) {
			return true
		}
	}
	return false
}

func (s *selection) sideFiles(dir string) {
	for name := range s.names {
		if rest, ok := within(dir, name); ok && isSideFile(rest) {
			s.needed[name] = true
		}
	}
}

// within is a file's name in a folder, which may be "", the root.
func within(dir, name string) (string, bool) {
	if dir == "" {
		return name, true
	}
	return strings.CutPrefix(name, dir+"/")
}

// modules reads modules.json of sentence-transformers: the folder of the transformer
// ("" is the root) and the folders of what comes after it.
func (s *selection) modules() (transformer string, others []string, err error) {
	const file = "modules.json"
	if !s.names[file] {
		return "", nil, nil
	}
	data, err := s.read(file)
	if errors.Is(err, fs.ErrNotExist) {
		s.unknown = true
		return "", nil, nil
	}
	if err != nil {
		return "", nil, err
	}
	var modules []struct {
		Path, Type string
	}
	if json.Unmarshal(data, &modules) != nil {
		return "", nil, nil // whoever opens the folder says what is wrong with it
	}
	for i, m := range modules {
		dir := strings.TrimSuffix(m.Path, "/")
		if dir != "" && !isPath(dir) {
			return "", nil, &Error{File: file, Err: fmt.Errorf("%w: a module in the folder %q", ErrProtocol, quoted(m.Path))}
		}
		switch {
		case i == 0 || strings.HasSuffix(m.Type, ".Transformer"):
			transformer = dir
		case dir != "":
			others = append(others, dir)
		}
	}
	return transformer, others, nil
}

// weights adds the weights of a folder, in one form.
func (s *selection) weights(dir string) (found bool, err error) {
	at := func(name string) string { return path.Join(dir, name) }
	head := ""
	for _, name := range openOrder {
		if head == "" && s.names[at(name)] && s.have(at(name)) {
			head = at(name)
		}
	}
	for _, name := range fetchOrder {
		if head == "" && s.names[at(name)] {
			head = at(name)
		}
	}
	if head == "" {
		if head = s.onlyOne(dir); head == "" {
			return false, nil
		}
	}
	return true, s.weightsIn(head)
}

// weightsIn adds a file of weights, and the shards if it is an index.
func (s *selection) weightsIn(head string) error {
	s.needed[head] = true
	if !strings.Contains(head, ".index.") {
		return nil
	}
	data, err := s.read(head)
	if errors.Is(err, fs.ErrNotExist) {
		s.unknown = true
		return nil
	}
	if err != nil {
		return err
	}
	var index struct {
		Map map[string]string `json:"weight_map"`
	}
	if err := json.Unmarshal(data, &index); err != nil || len(index.Map) == 0 {
		return &Error{File: head, Err: fmt.Errorf("%w: an index without a weight_map", ErrProtocol)}
	}
	for _, shard := range index.Map {
		if !isPath(shard) || strings.Contains(shard, "/") {
			return &Error{File: head, Err: fmt.Errorf("%w: weights in %q, which is no file beside it", ErrProtocol, quoted(shard))}
		}
		s.needed[path.Join(path.Dir(head), shard)] = true
	}
	return nil
}

// explicit is the file of weights that a folder's config.json names, "" if none. known
// is false if that file has to be fetched first.
func (s *selection) explicit(dir string) (name string, known bool, err error) {
	config := path.Join(dir, "config.json")
	if !s.names[config] {
		return "", true, nil
	}
	data, err := s.read(config)
	if errors.Is(err, fs.ErrNotExist) {
		s.unknown = true
		return "", false, nil
	}
	if err != nil {
		return "", false, err
	}
	var v struct {
		Name string `json:"transformers_weights"`
	}
	if json.Unmarshal(data, &v) != nil || v.Name == "" || strings.Contains(v.Name, "/") || !s.names[path.Join(dir, v.Name)] {
		return "", true, nil // whoever opens the folder says what is wrong with it
	}
	return path.Join(dir, v.Name), true, nil
}

// besideNames are how names begin of files that end as weights do, and are not a
// model's.
var besideNames = []string{
	"training_args.", "optimizer.", "scheduler.", "scaler.", "sampler.", "rng_state", "random_states", "adapter_", "pytorch_adapter.", "pytorch_model_head.",
	"openvino_", "ggml", "colbert_linear.", "sparse_linear.",
}

// onlyOne is the only file of weights of a folder, by whatever name; a .bin counts if
// there is no other.
func (s *selection) onlyOne(dir string) string {
	for _, endings := range [][]string{{".pt", ".pth", ".ckpt", ".safetensors"}, {".bin"}} {
		var found []string
		for name := range s.names {
			rest, ok := within(dir, name)
			if ok && !strings.Contains(rest, "/") && slices.Contains(endings, path.Ext(strings.TrimSuffix(rest, ".zst"))) &&
				!slices.ContainsFunc(besideNames, func(prefix string) bool { return strings.HasPrefix(rest, prefix) }) {
				found = append(found, name)
			}
		}
		switch len(found) {
		case 0:
			continue
		case 1:
			return found[0]
		}
		return ""
	}
	return ""
}

// noWeights says what a repository has instead of weights.
func (s *selection) noWeights() error {
	kinds := []struct {
		what string
		is   func(name string) bool
	}{
		{"an adapter, which its adapter_config.json says the base model of", func(n string) bool { return strings.HasPrefix(n, "adapter_model.") }},
		{"TensorFlow's", func(n string) bool { return path.Ext(n) == ".h5" || strings.Contains(n, ".ckpt.") }},
		{"Flax's", func(n string) bool { return path.Ext(n) == ".msgpack" }},
		{"ONNX", func(n string) bool { return path.Ext(n) == ".onnx" }},
		{"OpenVINO's", func(n string) bool { return strings.HasPrefix(path.Base(n), "openvino_model") }},
		{"GGUF", func(n string) bool { return path.Ext(n) == ".gguf" }},
	}
	var has []string
	for _, k := range kinds {
		for name := range s.names {
			if k.is(name) {
				has = append(has, k.what)
				break
			}
		}
	}
	if has == nil {
		return fmt.Errorf("%w: none of %s", ErrNoWeights, strings.Join(fetchOrder, ", "))
	}
	return fmt.Errorf("%w: it has only %s", ErrNoWeights, strings.Join(has, ", "))
}
