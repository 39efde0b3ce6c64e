package hub

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"testing"
)

// TestSelection holds which files of repositories, as they are, are fetched.
func TestSelection(t *testing.T) {
	const config = "config.json"
	shards := `{"metadata":{},"weight_map":{"a":"model-00001-of-00002.safetensors","b":"model-00002-of-00002.safetensors","c":"model-00001-of-00002.safetensors"}}`
	for _, test := range []struct {
		what      string
		files     map[string]string
		have      []string // files of the snapshot
		tokenizer bool
		want      []string
		err       error
		says      string
	}{
		{what: "roberta-base", files: names("README.md", "config.json", "dict.txt", "flax_model.msgpack", "generation_config.json", "merges.txt", "model.safetensors", "pytorch_model.bin", "rust_model.ot", "tf_model.h5",
			"tokenizer.json", "tokenizer_config.json", "vocab.json", ".gitattributes"),
			want: []string{config, "dict.txt", "merges.txt", "model.safetensors", "tokenizer.json", "tokenizer_config.json", "vocab.json"}},
		{what: "pytorch alone", files: names(config, "pytorch_model.bin", "sentencepiece.bpe.model", "training_args.bin", "optimizer.pt"),
			want: []string{config, "pytorch_model.bin", "sentencepiece.bpe.model"}},
		{what: "pytorch is there already", files: names(config, "pytorch_model.bin", "model.safetensors"), have: []string{"pytorch_model.bin"},
			want: []string{config, "pytorch_model.bin"}},
		{what: "both are there", files: names(config, "pytorch_model.bin", "model.safetensors"), have: []string{"pytorch_model.bin", "model.safetensors"},
			want: []string{config, "model.safetensors"}},
		{what: "shards", files: map[string]string{config: "", "model.safetensors.index.json": shards, "model-00001-of-00002.safetensors": "", "model-00002-of-00002.safetensors": "", "model-00009-of-00009.safetensors": "", "pytorch_model.bin": ""},
			have: []string{"model.safetensors.index.json"},
			want: []string{config, "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors", "model.safetensors.index.json"}},
		{what: "fairseq's", files: names("model.pt", "dict.txt", "encoder.json", "vocab.bpe", "label/dict.txt", "input0/dict.txt", "train.log"),
			want: []string{"dict.txt", "encoder.json", "input0/dict.txt", "label/dict.txt", "model.pt", "vocab.bpe"}},
		{what: "a checkpoint of another name", files: names("dict.txt", "sapiens.pt"), want: []string{"dict.txt", "sapiens.pt"}},
		{what: "several of other names", files: names("dict.txt", "a.pt", "b.pt"), err: ErrNoWeights, says: "none of model.safetensors"},
		{what: "BERTweet", files: names(config, "bpe.codes", "vocab.txt", "added_tokens.json", "pytorch_model.bin"), want: []string{"added_tokens.json", "bpe.codes", config, "pytorch_model.bin", "vocab.txt"}},
		{what: "sentence-transformers", files: map[string]string{config: "", "model.safetensors": "", "pytorch_model.bin": "", "modules.json": `[{"idx":0,"name":"0","path":"","type":"sentence_transformers.models.Transformer"},{"idx":1,"name":"1","path":"1_Pooling","type":"sentence_transformers.models.Pooling"},{"idx":2,"name":"2","path":"2_Dense","type":"sentence_transformers.models.Dense"},{"idx":3,"name":"3","path":"3_Normalize","type":"x.Normalize"}]`,
			"sentence_bert_config.json": "", "config_sentence_transformers.json": "", "1_Pooling/config.json": "", "2_Dense/config.json": "", "2_Dense/model.safetensors": "", "2_Dense/pytorch_model.bin": "",
			"onnx/model.onnx": "", "onnx/tokenizer_config.json": "", "onnx/config.json": "", "openvino/openvino_model.bin": "", "similarity_evaluation_results.csv": ""},
			have: []string{"modules.json"},
			want: []string{"1_Pooling/config.json", "2_Dense/config.json", "2_Dense/model.safetensors", config, "config_sentence_transformers.json", "model.safetensors", "modules.json", "sentence_bert_config.json"}},
		{what: "sentence-transformers of 2020", files: map[string]string{"modules.json": `[{"path":"0_Transformer","type":"sentence_transformers.models.Transformer"},{"path":"1_Pooling","type":"sentence_transformers.models.Pooling"}]`,
			"0_Transformer/config.json": "", "0_Transformer/pytorch_model.bin": "", "0_Transformer/vocab.json": "", "0_Transformer/merges.txt": "", "0_Transformer/sentence_roberta_config.json": "", "1_Pooling/config.json": "", "pytorch_model.bin": ""},
			have: []string{"modules.json"},
			want: []string{"0_Transformer/config.json", "0_Transformer/merges.txt", "0_Transformer/pytorch_model.bin", "0_Transformer/sentence_roberta_config.json", "0_Transformer/vocab.json", "1_Pooling/config.json", "modules.json"}},
		{what: "modules not fetched yet", files: map[string]string{config: "", "modules.json": "[]", "model.safetensors": ""}, want: []string{config, "modules.json"}},
		{what: "settings not fetched yet", files: names(config, "tokenizer.json", "model.safetensors"), want: []string{config, "tokenizer.json"}},
		{what: "weights that the settings name", files: map[string]string{config: `{"transformers_weights":"model.fp16.safetensors"}`, "model.safetensors": "", "model.fp16.safetensors": ""}, want: []string{config, "model.fp16.safetensors"}},
		{what: "weights that the settings name, elsewhere", files: map[string]string{config: `{"transformers_weights":"../x"}`, "model.safetensors": "", "../x": ""}, want: []string{config, "model.safetensors"}},
		{what: "a .bin of another name", files: names(config, "roberta.bin", "training_args.bin"), want: []string{config, "roberta.bin"}},
		{what: "index not fetched yet", files: map[string]string{"model.safetensors.index.json": shards}, want: []string{"model.safetensors.index.json"}},
		{what: "only the tokenizer", files: names(config, "model.safetensors", "tokenizer.json", "vocab.json"), tokenizer: true, want: []string{config, "tokenizer.json", "vocab.json"}},
		{what: "only the tokenizer, which is not there", files: names(config, "model.safetensors"), tokenizer: true, want: []string{config, "model.safetensors"}},
		{what: "only the tokenizer, of fairseq's", files: names("model.pt", "dict.txt", "sentencepiece.bpe.model"), tokenizer: true, want: []string{"dict.txt", "model.pt", "sentencepiece.bpe.model"}},
		{what: "a tokenizer and nothing else", files: names("tokenizer.json"), tokenizer: true, want: []string{"tokenizer.json"}},
		{what: "neither a tokenizer nor weights", files: names(config), tokenizer: true, err: ErrNoWeights, says: "none of"},
		{what: "TensorFlow", files: names(config, "tf_model.h5", "tokenizer.json"), err: ErrNoWeights, says: "it has only TensorFlow's"},
		{what: "many that are none", files: names("flax_model.msgpack", "onnx/model.onnx", "model.gguf"), err: ErrNoWeights, says: "Flax's, ONNX, GGUF"},
		{what: "an adapter", files: names("adapter_config.json", "adapter_model.safetensors", "tokenizer.json"), err: ErrNoWeights, says: "an adapter"},
		{what: "an adapter beside a model", files: names("adapter_config.json", "adapter_model.safetensors", "model.safetensors", config), want: []string{"adapter_config.json", config, "model.safetensors"}},
		{what: "nothing", files: names("README.md"), err: ErrNoWeights, says: "none of"},
		{what: "a wrong index", files: map[string]string{"model.safetensors.index.json": "{}"}, have: []string{"model.safetensors.index.json"}, err: ErrProtocol, says: "weight_map"},
		{what: "wrong modules", files: map[string]string{"modules.json": "{", "model.safetensors": ""}, have: []string{"modules.json"}, want: []string{"model.safetensors", "modules.json"}},
	} {
		t.Run(test.what, func(t *testing.T) {
			if !strings.Contains(test.what, "not fetched") {
				test.have = append(test.have, config, "0_Transformer/config.json", "2_Dense/config.json")
			}
			s := selection{names: map[string]bool{}, tokenizerOnly: test.tokenizer,
				have: func(name string) bool { return slices.Contains(test.have, name) },
				read: func(name string) ([]byte, error) {
					if !slices.Contains(test.have, name) {
						return nil, fs.ErrNotExist
					}
					return []byte(test.files[name]), nil
				},
			}
			for name := range maps.Keys(test.files) {
				s.names[name] = true
			}
			got, err := s.files()
			if !errors.Is(err, test.err) || err != nil && !strings.Contains(err.Error(), test.says) {
				t.Fatalf("error %v, want %v that says %q", err, test.err, test.says)
			}
			slices.Sort(test.want)
			if err == nil && !slices.Equal(got, test.want) {
				t.Errorf("files() = %q, want %q", got, test.want)
			}
			if want := strings.Contains(test.what, "not fetched yet"); s.unknown != want {
				t.Errorf("unknown is %v, want %v", s.unknown, want)
			}
		})
	}
}

func names(list ...string) map[string]string {
	m := map[string]string{}
	for _, n := range list {
		m[n] = ""
	}
	return m
}

// TestStages fetches what only fetched files name: shards, and layers behind the
// pooling. An index that names what is not there is an error.
func TestStages(t *testing.T) {
	w := newWorld(t)
	r := w.add("org/tiny", map[string][]byte{
		"config.json": []byte("{}"), "model.safetensors.index.json": []byte(`{"weight_map":{"a":"one.safetensors","b":"two.safetensors"}}`),
		"one.safetensors": made(10), "two.safetensors": made(20), "three.safetensors": made(30),
		"modules.json": []byte(`[{"path":"","type":"x.Transformer"},{"path":"2_Dense","type":"x.Dense"}]`), "2_Dense/config.json": []byte("{}"), "2_Dense/model.safetensors": made(40),
	})
	dir := w.mustPath(tiny)
	want := []string{"config.json", "model.safetensors.index.json", "one.safetensors", "two.safetensors", "modules.json", "2_Dense/config.json", "2_Dense/model.safetensors"}
	var got []string
	for _, n := range below(t, dir) {
		n, to, _ := strings.Cut(n, " -> ")
		got = append(got, n)
		if up := strings.Count(n, "/") + 2; to != "" && !strings.HasPrefix(to, strings.Repeat("../", up)+"blobs/") {
			t.Errorf("%s leads to %s", n, to)
		}
	}
	equal(t, "the snapshot", got, want)
	w.mustPath(tiny, WithOffline(true))

	delete(r.commits[commitA], "two.safetensors")
	w.cache = t.TempDir()
	if _, err := w.path(tiny); !errors.Is(err, ErrNotFound) || !strings.Contains(err.Error(), "two.safetensors") {
		t.Errorf("error %v, want %v of two.safetensors", err, ErrNotFound)
	}
}

// TestNoWeights fetches nothing large of a repository that has no weights to read.
func TestNoWeights(t *testing.T) {
	w := newWorld(t)
	w.add("org/tiny", map[string][]byte{"config.json": []byte("{}"), "tf_model.h5": made(1000)})
	if _, err := w.path(tiny); !errors.Is(err, ErrNoWeights) {
		t.Errorf("error %v, want %v", err, ErrNoWeights)
	}
	for _, r := range w.took() {
		if r.server == "cdn" {
			t.Errorf("%v was requested", r)
		}
	}
}

// FuzzListing reads listings, and looks at what would become a path.
func FuzzListing(f *testing.F) {
	f.Add([]byte(`{"sha":"`+commitA+`","siblings":[{"rfilename":"config.json","size":3,"blobId":"x"},{"rfilename":"model.safetensors","size":5,"blobId":"y","lfs":{"size":5,"sha256":"z"}}]}`), "[]", "{}")
	f.Add([]byte(`{"sha":"`+commitA+`","siblings":[{"rfilename":"modules.json"},{"rfilename":"a/model.safetensors.index.json"},{"rfilename":"a/b"}]}`), `[{"path":"a","type":"x.Transformer"}]`, `{"weight_map":{"x":"b"}}`)
	f.Add([]byte(`{"sha":"`+commitA+`","siblings":[{"rfilename":"../x.model"},{"rfilename":"model.pt"}]}`), `[{"path":"../.."}]`, `{"weight_map":{"x":"../b"}}`)
	f.Fuzz(func(t *testing.T, data []byte, modules, index string) {
		l, err := parseListing(data)
		if err != nil {
			if !errors.Is(err, ErrProtocol) {
				t.Fatalf("error %v", err)
			}
			return
		}
		if !commitPattern.MatchString(l.commit) {
			t.Fatalf("commit %q", l.commit)
		}
		if l.tree != nil { // what is kept of it is read again
			s := newStorage(t.TempDir(), "a/b", false)
			if err := s.setTree(l.commit, l.tree); err != nil {
				t.Fatal(err)
			}
			if got := s.tree(l.commit); len(l.names) > 0 && bytes.Equal(bytes.ToValidUTF8(data, nil), data) && !maps.Equal(got, l.names) {
				t.Fatalf("the tree has %v, not %v", got, l.names)
			}
		}
		s := selection{names: l.names, have: func(string) bool { return false }, read: func(name string) ([]byte, error) {
			if strings.HasSuffix(name, "modules.json") {
				return []byte(modules), nil
			}
			return []byte(index), nil
		}}
		files, err := s.files()
		if err != nil && len(err.Error()) > 1000 {
			t.Fatalf("an error of %d bytes", len(err.Error()))
		}
		for _, name := range files {
			if !isPath(name) || !fs.ValidPath(name) {
				t.Fatalf("%q is to be fetched", name)
			}
		}
	})
}

// FuzzName holds that names of models lead to folders within the cache, each to its own.
func FuzzName(f *testing.F) {
	for _, s := range []string{"hf:a/b@main", "hf:roberta-base", "hf:a/b@refs/pr/1", "hf:../x@..", "hf:a--b/c"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		r, err := parseRepository(name)
		if err != nil {
			if !errors.Is(err, ErrName) || len(err.Error()) > 1000 {
				t.Fatalf("error %v", err)
			}
			return
		}
		s := newStorage("c", r.id, false)
		if !fs.ValidPath(s.folder) || strings.Contains(s.folder, "/") || !fs.ValidPath(r.revision) || strings.ContainsAny(r.revision, `\:`) {
			t.Fatalf("%q is kept in %q under %q", name, s.folder, r.revision)
		}
		if id := strings.Replace(strings.TrimPrefix(s.folder, "models--"), "--", "/", 1); id != r.id {
			t.Fatalf("%q is kept in %q, which is that of %q", name, s.folder, id)
		}
		if again, err := parseRepository(fmt.Sprintf("hf:%s@%s", r.id, r.revision)); err != nil || again != r {
			t.Fatalf("%v becomes %v, %v", r, again, err)
		}
	})
}
