package weights

import (
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"
)

// foreignNames are files by which folders of other libraries' weights are known.
var foreignNames = []struct {
	match func(name string) bool
	what  string
}{
	{is("tf_model.h5", ".h5"), "TensorFlow or Keras"},
	{is("model.ckpt.index", ".index", ".meta"), "TensorFlow"},
	{is("saved_model.pb", ".pb"), "TensorFlow"},
	{is("flax_model.msgpack", ".msgpack"), "Flax"},
	{is("model.onnx", ".onnx"), "ONNX"},
	{is("openvino_model.bin", ".xml"), "OpenVINO"},
	{is("", ".gguf"), "GGUF"},
	{is("", ".tflite"), "TensorFlow Lite"},
	{is("", ".mlmodel"), "Core ML"},
	{is("rust_model.ot", ".ot"), "rust-bert"},
}

// is matches a file of that name, or with one of these ends.
func is(file string, ends ...string) func(string) bool {
	return func(name string) bool { return name == file || slices.Contains(ends, path.Ext(name)) }
}

// foreignFiles lists a folder's files that hold weights of other libraries, each with
// whose they are. Of neighbours of one library it lists the first.
func foreignFiles(l *listing) []string {
	var found []string
	last := ""
	for _, name := range l.files {
		for _, f := range foreignNames {
			if f.match(path.Base(name)) && !(f.what == "TensorFlow" && isIndex(name)) {
				if f.what != last { // the first file of each library
					found = append(found, fmt.Sprintf("%s (%s)", f.what, shorten(name, maxQuote)))
				}
				last = f.what
				break
			}
		}
	}
	return found
}

// wanted is what a folder lacks that has no weights.
const wanted = "want weights of PyTorch or safetensors (model.safetensors, pytorch_model.bin, model.pt)"

// nothing is the error for a folder in which no file holds tensors. It says what the
// folder holds instead.
func (f *folder) nothing(l *listing) error {
	if a, ok := f.adapter(l); ok {
		return fmt.Errorf("%w: %s; want the base model, with the adapter merged into it", ErrUnsupported, a)
	}
	for _, name := range l.lost {
		if weightGroup(name) >= 0 || isShard(name) {
			return fmt.Errorf("%w: %s is a link to a file that is not there", ErrNotCheckpoint, shorten(name, maxQuote))
		}
	}
	others := foreignFiles(l)
	for _, dir := range []string{"onnx", "openvino"} {
		if slices.Contains(l.dirs, dir) {
			if inner, err := f.in(dir).list(); err == nil {
				for i, name := range inner.files {
					inner.files[i] = path.Join(dir, name)
				}
				others = append(others, foreignFiles(inner)...)
			}
		}
	}
	if len(others) > 0 {
		return fmt.Errorf("%w: only weights of other libraries: %s; %s", ErrUnsupported, someOf(others), wanted)
	}
	var caches, shards, tokenizers []string
	for _, dir := range l.dirs {
		if strings.HasPrefix(dir, "models--") {
			caches = append(caches, dir)
		}
	}
	for _, name := range l.files {
		whole := name
		for _, end := range []string{".incomplete", ".part", ".crdownload", ".aria2", ".tmp"} {
			whole = strings.TrimSuffix(whole, end)
		}
		switch {
		case whole != name && weightGroup(whole) >= 0:
			return fmt.Errorf("%w: %s is a download that has not ended", ErrNotCheckpoint, shorten(name, maxQuote))
		case isShard(name) && weightGroup(strings.SplitN(name, "-", 2)[0]+path.Ext(name)) >= 0:
			shards = append(shards, name)
		case slices.Contains([]string{"tokenizer.json", "vocab.json", "vocab.txt", "merges.txt", "bpe.codes", "dict.txt", "encoder.json"}, name) || path.Ext(name) == ".model":
			tokenizers = append(tokenizers, name)
		}
	}
	switch {
	case len(caches) > 0:
		return fmt.Errorf("%w: a Hugging Face cache of several models: %s; name one", ErrNotCheckpoint, someOf(caches))
	case len(shards) > 0:
		return fmt.Errorf("%w: shards (%s) without their index, such as model.safetensors.index.json", ErrNotCheckpoint, someOf(shards))
	case l.has("config.json"):
		return fmt.Errorf("%w: a directory with config.json and without weights; %s", ErrNotCheckpoint, wanted)
	case len(tokenizers) > 0:
		return fmt.Errorf("%w: a directory with a tokenizer (%s) and without weights; %s", ErrNotCheckpoint, someOf(tokenizers), wanted)
	}
	return fmt.Errorf("%w: a directory without any of %s or another .pt, .pth, .ckpt, .safetensors or .bin file", ErrNotCheckpoint, strings.Join(modelFiles, ", "))
}

// adapterFiles are the names of an adapter's weights.
var adapterFiles = []string{"adapter_model.safetensors", "adapter_model.bin", "pytorch_adapter.bin"}

// adapter describes the adapter in a folder: of what kind it is, and for which model.
func (f *folder) adapter(l *listing) (string, bool) {
	i := slices.IndexFunc(adapterFiles, l.has)
	if i < 0 {
		return "", false
	}
	kind, base := "an adapter", ""
	if data, err := f.read("adapter_config.json"); err == nil {
		var v struct {
			Kind string `json:"peft_type"`
			Base string `json:"base_model_name_or_path"`
			Name string `json:"model_name"` // AdapterHub's
		}
		if json.Unmarshal(data, &v) == nil {
			if v.Kind == "LORA" {
				kind = "a LoRA adapter"
			} else if v.Kind != "" {
				kind = fmt.Sprintf("an adapter (%s)", shorten(v.Kind, maxQuote))
			}
			if v.Base == "" {
				v.Base = v.Name
			}
			if v.Base != "" {
				base = " for " + quote(v.Base)
			}
		}
	}
	return fmt.Sprintf("%s is %s%s", adapterFiles[i], kind, base), true
}
