package weights

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// modules is a modules.json of a transformer and a pooling.
func modules(transformer string) []byte {
	return fmt.Appendf(nil, `[{"idx":0,"name":"0","path":%q,"type":"sentence_transformers.models.Transformer"},{"idx":1,"name":"1","path":"1_Pooling","type":"sentence_transformers.models.Pooling"}]`, transformer)
}

// files fills a folder: the names in texts hold their name; those that end in a weight's
// name hold a tensor "w" whose bytes are the file's path.
func files(t testing.TB, texts string, special map[string][]byte) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	for _, name := range strings.Fields(texts) {
		plain := strings.TrimSuffix(name, ".zst")
		switch filepath.Ext(plain) {
		case ".safetensors":
			all[name] = safetensorsOf(t, nil, bytesEntry("w", name))
		case ".pt", ".pth", ".ckpt", ".bin":
			all[name] = torchZip(orderedDict("w", view{"ByteStorage", "0", len(name), 0, tuple{len(name)}, tuple{1}}.value()), entry{"0", []byte(name)})
		default:
			all[name] = []byte(name)
		}
		if plain != name {
			all[name] = zstandard(all[name])
		}
	}
	for name, data := range special {
		all[name] = data
	}
	return all
}

// TestChoice: folders as the hub, training programs and libraries leave them.
func TestChoice(t *testing.T) {
	const tokenizer = " config.json tokenizer.json tokenizer_config.json special_tokens_map.json vocab.json merges.txt "
	const training = " training_args.bin optimizer.pt scheduler.pt scaler.pt rng_state.pth trainer_state.json "
	for _, tc := range []struct {
		name, texts string
		special     map[string][]byte
		want        string // the file that is read, as Source says
		file, is    string // a file beside it, and what it holds if not its name
	}{
		{"fairseq's release", "model.pt dict.txt NOTE", nil, "model.pt", "dict.txt", ""},
		{"fairseq's finetuning", "checkpoint_best.pt checkpoint_last.pt checkpoint1.pt checkpoint_1_500.pt dict.txt input0/dict.txt label/dict.txt", nil, "checkpoint_best.pt", "label/dict.txt", ""},
		{"fairseq's, the last", "checkpoint_last.pt checkpoint1.pt checkpoint2.pt dict.txt", nil, "checkpoint_last.pt", "dict.txt", ""},
		{"all-distilroberta-v1", "1_Pooling/config.json README.md data_config.json model.safetensors pytorch_model.bin onnx/model.onnx onnx/model_qint8_avx512.onnx openvino/openvino_model.bin openvino/openvino_model.xml rust_model.ot tf_model.h5 train_script.py sentence_bert_config.json config_sentence_transformers.json" + tokenizer,
			map[string][]byte{"modules.json": modules("")}, "model.safetensors", "1_Pooling/config.json", ""},
		{"sentence-transformers of 2020", "0_Transformer/pytorch_model.bin 0_Transformer/config.json 0_Transformer/sentence_bert_config.json 0_Transformer/sentencepiece.bpe.model 1_Pooling/config.json config.json",
			map[string][]byte{"modules.json": modules("0_Transformer")}, "0_Transformer/pytorch_model.bin", "config.json", "0_Transformer/config.json"},
		{"the same, its root", "0_Transformer/pytorch_model.bin 0_Transformer/config.json 1_Pooling/config.json", map[string][]byte{"modules.json": modules("0_Transformer")}, "0_Transformer/pytorch_model.bin", "1_Pooling/config.json", ""},
		{"the same, of Windows", "0_RoBERTa/model.safetensors 1_Pooling/config.json", map[string][]byte{"modules.json": modules(`.\0_RoBERTa`)}, "0_RoBERTa/model.safetensors", "1_Pooling/config.json", ""},
		{"with a dense module", "model.safetensors 2_Dense/model.safetensors 2_Dense/config.json 1_Pooling/config.json" + tokenizer, map[string][]byte{"modules.json": modules("")}, "model.safetensors", "2_Dense/config.json", ""},
		{"xlm-roberta-base", "flax_model.msgpack model.safetensors pytorch_model.bin tf_model.h5 onnx/model.onnx onnx/model.onnx_data onnx/config.json sentencepiece.bpe.model" + tokenizer, nil, "model.safetensors", "sentencepiece.bpe.model", ""},
		{"bge-m3", "pytorch_model.bin colbert_linear.pt sparse_linear.pt sentencepiece.bpe.model onnx/model.onnx 1_Pooling/config.json" + tokenizer, map[string][]byte{"modules.json": modules("")}, "pytorch_model.bin", "1_Pooling/config.json", ""},
		{"trainer's output", "model.safetensors checkpoint-500/model.safetensors checkpoint-1000/model.safetensors runs/events.out README.md" + training + tokenizer, nil, "model.safetensors", "vocab.json", ""},
		{"trainer's checkpoint", "pytorch_model.bin" + training + tokenizer, nil, "pytorch_model.bin", "vocab.json", ""},
		{"trainer's only checkpoint", "checkpoint-500/model.safetensors checkpoint-500/optimizer.pt checkpoint-500/config.json runs/events.out all_results.json", nil, "checkpoint-500/model.safetensors", "config.json", "checkpoint-500/config.json"},
		{"an odd name beside training files", "weights.pth" + training + tokenizer, nil, "weights.pth", "vocab.json", ""},
		{"sharded", "model-00001-of-00002.safetensors model-00002-of-00002.safetensors" + tokenizer,
			map[string][]byte{"model.safetensors.index.json": []byte(`{"weight_map":{"w":"model-00002-of-00002.safetensors","v":"model-00001-of-00002.safetensors"}}`), "model-00001-of-00002.safetensors": nil}, "model.safetensors.index.json", "vocab.json", ""},
		{"shards and pickles", "pytorch_model.bin pytorch_model-00001-of-00002.bin" + tokenizer,
			map[string][]byte{"model.safetensors.index.json": []byte(`{"weight_map":{"w":"x.safetensors"}}`), "x.safetensors": nil}, "model.safetensors.index.json", "vocab.json", ""},
		{"an adapter beside its base", "model.safetensors adapter_model.safetensors" + tokenizer, map[string][]byte{"adapter_config.json": []byte(`{"peft_type":"LORA","base_model_name_or_path":"xlm-roberta-base"}`)}, "model.safetensors", "vocab.json", ""},
		{"fp16 alone", "model.fp16.safetensors" + tokenizer, nil, "model.fp16.safetensors", "vocab.json", ""},
		{"fp16 in both forms", "model.fp16.safetensors pytorch_model.fp16.bin" + tokenizer, nil, "model.fp16.safetensors", "vocab.json", ""},
		{"fp16 beside the whole", "model.fp16.safetensors pytorch_model.bin" + tokenizer, nil, "pytorch_model.bin", "vocab.json", ""},
		{"fp16 in shards", "" + tokenizer, map[string][]byte{"model.safetensors.index.fp16.json": []byte(`{"weight_map":{"w":"model.fp16-00001-of-00001.safetensors"}}`), "model.fp16-00001-of-00001.safetensors": nil}, "model.safetensors.index.fp16.json", "vocab.json", ""},
		{"one shard of one, without an index", "model-00001-of-00001.safetensors" + tokenizer, nil, "model-00001-of-00001.safetensors", "vocab.json", ""},
		{"transformers_weights", "model.safetensors best.safetensors vocab.json", map[string][]byte{"config.json": []byte(`{"transformers_weights":"best.safetensors"}`)}, "best.safetensors", "vocab.json", ""},
		{"Lightning", "epoch=3-step=500.ckpt hparams.yaml metrics.csv", nil, "epoch=3-step=500.ckpt", "hparams.yaml", ""},
		{"Lightning's logs", "checkpoints/last.ckpt hparams.yaml metrics.csv", nil, "checkpoints/last.ckpt", "last.ckpt", "checkpoints/last.ckpt"},
		{"compressed", "model.pt.zst dict.txt", nil, "model.pt.zst", "dict.txt", ""},
		{"compressed safetensors", "model.safetensors.zst" + tokenizer, nil, "model.safetensors.zst", "vocab.json", ""},
		{"compressed and not", "model.safetensors.zst pytorch_model.bin" + tokenizer, nil, "pytorch_model.bin", "vocab.json", ""},
		{"a .bin of another name", "my_model.bin training_args.bin" + tokenizer, nil, "my_model.bin", "vocab.json", ""},
		{"an OpenVINO network and a model", "network.bin network.xml my.bin", nil, "my.bin", "network.xml", ""},
		{"hub cache", "snapshots/abc/model.safetensors snapshots/abc/vocab.json blobs/0123", map[string][]byte{"refs/main": []byte("abc")}, "snapshots/abc/model.safetensors", "vocab.json", "snapshots/abc/vocab.json"},
		{"hub cache of several", "snapshots/abc/model.safetensors snapshots/def/model.safetensors snapshots/ghi/pytorch_model.bin blobs/0123", map[string][]byte{"refs/main": []byte("def\n")}, "snapshots/def/model.safetensors", "model.safetensors", "snapshots/def/model.safetensors"},
		{"hub cache of 2020's sentence-transformers", "snapshots/abc/0_Transformer/pytorch_model.bin snapshots/abc/1_Pooling/config.json blobs/0123", map[string][]byte{"refs/main": []byte("abc"), "snapshots/abc/modules.json": modules("0_Transformer")},
			"snapshots/abc/0_Transformer/pytorch_model.bin", "1_Pooling/config.json", "snapshots/abc/1_Pooling/config.json"},
		{"hub cache without refs", "snapshots/abc/model.safetensors snapshots/abc/vocab.json blobs/0123", nil, "snapshots/abc/model.safetensors", "vocab.json", "snapshots/abc/vocab.json"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := t.TempDir()
			all := files(t, tc.texts, tc.special)
			for name, data := range all {
				if data == nil { // a shard
					all[name] = safetensorsOf(t, nil, bytesEntry(map[bool]string{true: "v", false: "w"}[name == "model-00001-of-00002.safetensors"], name))
				}
			}
			writeFiles(t, dir, all)
			fromFS, err := OpenFS(os.DirFS(filepath.Dir(dir)), filepath.Base(dir))
			if err != nil {
				t.Fatal(err)
			}
			for way, c := range map[string]*Checkpoint{"Open": open(t, dir), "OpenFS": fromFS} {
				prefix := ""
				if way == "OpenFS" {
					prefix = filepath.Base(dir) + "/"
				}
				if c.Source != prefix+tc.want {
					t.Errorf("%s: %s is read, want %s", way, c.Source, prefix+tc.want)
				}
				x, ok := c.Tensor("w")
				if !ok {
					t.Fatalf("%s: tensors %q", way, names(c))
				}
				if got := string(mustBytes(t, x)); !isIndex(tc.want) && got != tc.want {
					t.Errorf("%s: the tensor is of %s", way, got)
				}
				want := tc.file
				if tc.is != "" {
					want = tc.is
				}
				if got := c.FileName(tc.file); got != prefix+want {
					t.Errorf("%s: FileName(%s) = %s, want %s", way, tc.file, got, prefix+want)
				}
				if got := fileOf(t, c, tc.file); got != string(all[want]) {
					t.Errorf("%s: %s = %.50q", way, tc.file, got)
				}
				if len(c.Notes) > 0 {
					t.Errorf("%s: notes %q", way, c.Notes)
				}
			}
		})
	}
}

// TestNoChoice: folders that no file can be chosen in. The error says what is there, on
// one line.
func TestNoChoice(t *testing.T) {
	const tokenizer = " tokenizer.json tokenizer_config.json special_tokens_map.json "
	lora := map[string][]byte{"adapter_config.json": []byte(`{"peft_type":"LORA","base_model_name_or_path":"FacebookAI/xlm-roberta-base"}`)}
	for _, tc := range []struct {
		name, texts string
		special     map[string][]byte
		is          error
		says        string
	}{
		{"TensorFlow", "tf_model.h5 config.json" + tokenizer, nil, ErrUnsupported, "TensorFlow or Keras (tf_model.h5)"},
		{"TensorFlow 1", "model.ckpt.index model.ckpt.meta model.ckpt.data-00000-of-00001 checkpoint", nil, ErrUnsupported, "TensorFlow (model.ckpt.index)"},
		{"SavedModel", "saved_model.pb variables/variables.index variables/variables.data-00000-of-00001", nil, ErrUnsupported, "TensorFlow (saved_model.pb)"},
		{"Flax", "flax_model.msgpack config.json" + tokenizer, nil, ErrUnsupported, "Flax (flax_model.msgpack)"},
		{"Flax and TensorFlow", "flax_model.msgpack tf_model.h5 config.json" + tokenizer, nil, ErrUnsupported, "Flax (flax_model.msgpack), TensorFlow or Keras (tf_model.h5)"},
		{"ONNX", "model.onnx config.json" + tokenizer, nil, ErrUnsupported, "ONNX (model.onnx)"},
		{"ONNX in a folder", "onnx/model.onnx onnx/model_quantized.onnx config.json" + tokenizer, nil, ErrUnsupported, "ONNX (onnx/model.onnx)"},
		{"GGUF", "model-q8_0.gguf README.md", nil, ErrUnsupported, "GGUF (model-q8_0.gguf)"},
		{"OpenVINO", "openvino_model.bin openvino_model.xml config.json" + tokenizer, nil, ErrUnsupported, "OpenVINO (openvino_model.bin)"},
		{"OpenVINO in a folder", "openvino/openvino_model.bin openvino/openvino_model.xml config.json", nil, ErrUnsupported, "OpenVINO (openvino/openvino_model.bin)"},
		{"rust-bert", "rust_model.ot config.json" + tokenizer, nil, ErrUnsupported, "rust-bert (rust_model.ot)"},
		{"foreign, with a checkpoint inside", "tf_model.h5 1_Pooling/model.safetensors x/model.safetensors", nil, ErrUnsupported, "tf_model.h5"},
		{"LoRA", "adapter_model.safetensors README.md" + tokenizer, lora, ErrUnsupported, `adapter_model.safetensors is a LoRA adapter for "FacebookAI/xlm-roberta-base"`},
		{"LoRA of a trainer", "adapter_model.bin training_args.bin optimizer.pt checkpoint-5/adapter_model.bin" + tokenizer, lora, ErrUnsupported, "adapter_model.bin is a LoRA adapter"},
		{"AdapterHub", "pytorch_adapter.bin head_config.json pytorch_model_head.bin", map[string][]byte{"adapter_config.json": []byte(`{"model_name":"roberta-base"}`)}, ErrUnsupported, `pytorch_adapter.bin is an adapter for "roberta-base"`},
		{"an adapter without its config", "adapter_model.bin", nil, ErrUnsupported, "adapter_model.bin is an adapter;"},
		{"a tokenizer", "tokenizer.json", nil, ErrNotCheckpoint, "a tokenizer (tokenizer.json) and without weights"},
		{"a SentencePiece tokenizer", "sentencepiece.bpe.model tokenizer_config.json", nil, ErrNotCheckpoint, "a tokenizer (sentencepiece.bpe.model) and without weights"},
		{"a tokenizer and config.json", "config.json vocab.json merges.txt", nil, ErrNotCheckpoint, "config.json and without weights"},
		{"training files alone", "training_args.bin optimizer.pt scheduler.pt rng_state_0.pth scaler.pt", nil, ErrNotCheckpoint, "model.pt"},
		{"trainer's checkpoints", "checkpoint-500/model.safetensors checkpoint-1000/model.safetensors runs/x", nil, ErrNotCheckpoint, "checkpoint-1000/model.safetensors, checkpoint-500/model.safetensors; name one"},
		{"several", "a.ckpt b.ckpt c.pth d.safetensors e.pt f.pt", nil, ErrNotCheckpoint, "a.ckpt, b.ckpt, c.pth, d.safetensors, e.pt and 1 more; name one"},
		{"several .bin", "a.bin b.bin", nil, ErrNotCheckpoint, "a.bin, b.bin"},
		{"variants", "model.fp16.safetensors model.fp32.safetensors", nil, ErrNotCheckpoint, "model.fp16.safetensors, model.fp32.safetensors"},
		{"shards without an index", "model-00001-of-00002.safetensors model-00002-of-00002.safetensors config.json", nil, ErrNotCheckpoint, "model-00001-of-00002.safetensors, model-00002-of-00002.safetensors) without their index"},
		{"one shard", "pytorch_model-00001-of-00002.bin", nil, ErrNotCheckpoint, "without their index"},
		{"an unfinished download", "model.safetensors.crdownload config.json", nil, ErrNotCheckpoint, "model.safetensors.crdownload is a download that has not ended"},
		{"modules without the transformer", "1_Pooling/config.json 2_Dense/model.safetensors config.json", map[string][]byte{"modules.json": modules("0_Transformer")}, ErrNotCheckpoint, "0_Transformer"},
		{"modules without weights", "0_Transformer/tf_model.h5 2_Dense/model.safetensors", map[string][]byte{"modules.json": modules("0_Transformer")}, ErrUnsupported, "0_Transformer, of modules.json: unsupported: only weights of other libraries: TensorFlow or Keras (tf_model.h5)"},
		{"modules of the root without weights", "2_Dense/model.safetensors config.json", map[string][]byte{"modules.json": modules("")}, ErrNotCheckpoint, "config.json and without weights"},
		{"modules outside", "config.json", map[string][]byte{"modules.json": modules("../x")}, ErrCorrupt, "../x"},
		{"transformers_weights elsewhere", "model.safetensors", map[string][]byte{"config.json": []byte(`{"transformers_weights":"../x.safetensors"}`)}, ErrNotCheckpoint, "../x.safetensors"},
		{"several snapshots", "snapshots/abc/model.safetensors snapshots/def/model.safetensors blobs/x", nil, ErrNotCheckpoint, "several snapshots (abc, def), no refs/main"},
		{"several snapshots, another one in refs", "snapshots/abc/model.safetensors snapshots/def/model.safetensors blobs/x", map[string][]byte{"refs/main": []byte("xyz")}, ErrNotCheckpoint, "none of them xyz"},
		{"no snapshot", "blobs/x refs/main snapshots/file", nil, ErrNotCheckpoint, "without a snapshot"},
		{"a whole hub cache", "models--a--b/snapshots/x/model.safetensors models--a--b/refs/main models--c--d/snapshots/x/model.safetensors version.txt", nil, ErrNotCheckpoint, "several models: models--a--b, models--c--d"},
		{"a hundred folders", func() string {
			s := ""
			for i := range 100 {
				s += fmt.Sprintf(" %d/model.pt", i)
			}
			return s
		}(), nil, ErrNotCheckpoint, "model.pt"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := t.TempDir()
			writeFiles(t, dir, files(t, tc.texts, tc.special))
			_, fromDir := Open(dir)
			_, fromFS := OpenFS(os.DirFS(filepath.Dir(dir)), filepath.Base(dir))
			for way, err := range map[string]error{"Open": fromDir, "OpenFS": fromFS} {
				if !errors.Is(err, tc.is) || !strings.Contains(err.Error(), tc.says) || strings.Contains(err.Error(), "\n") || len(err.Error()) > 700 {
					t.Errorf("%s: %v, want %v that says %q", way, err, tc.is, tc.says)
				}
				var fe *FileError
				if !errors.As(err, &fe) || fe.Path == "" {
					t.Errorf("%s: %#v, want a *FileError", way, err)
				}
			}
		})
	}
}

// TestHubCache: a hub cache as it is on disk, with links into blobs, by the names under
// which a user may open it.
func TestHubCache(t *testing.T) {
	dir := t.TempDir()
	cache := filepath.Join(dir, "models--a--b")
	writeFiles(t, cache, files(t, "", map[string][]byte{"blobs/0123": safetensorsOf(t, nil, bytesEntry("w", "abc")), "blobs/4567": []byte("{}"), "refs/main": []byte("rev1"), "snapshots/rev1/.keep": nil, "snapshots/rev2/.keep": nil}))
	for link, to := range map[string]string{"snapshots/rev1/model.safetensors": "../../blobs/0123", "snapshots/rev1/config.json": "../../blobs/4567", "snapshots/rev2/model.safetensors": "../../blobs/none"} {
		if err := os.Symlink(to, filepath.Join(cache, link)); err != nil {
			t.Skip(err)
		}
	}
	if err := os.Symlink(filepath.Join(cache, "snapshots", "rev1"), filepath.Join(dir, "linked")); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "holder"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("../linked", filepath.Join(dir, "holder", "m")); err != nil {
		t.Fatal(err)
	}
	t.Chdir(filepath.Join(cache, "snapshots"))
	for _, path := range []string{cache, cache + "/", filepath.Join(cache, "snapshots"), filepath.Join(cache, "snapshots") + "/", ".", "rev1", filepath.Join(cache, "snapshots", "rev1", "model.safetensors"), filepath.Join(dir, "linked"), filepath.Join(dir, "holder")} {
		c, err := Open(path)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		if x, ok := c.Tensor("w"); !ok || string(mustBytes(t, x)) != "abc" || len(c.Notes) > 0 {
			t.Errorf("%s: tensors %q, notes %q", path, names(c), c.Notes)
		}
		if got := fileOf(t, c, "config.json"); got != "{}" {
			t.Errorf("%s: config.json = %q", path, got)
		}
		c.Close()
	}
	for _, name := range []string{"models--a--b", "models--a--b/snapshots"} {
		c, err := OpenFS(os.DirFS(dir), name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if x, ok := c.Tensor("w"); !ok || string(mustBytes(t, x)) != "abc" {
			t.Errorf("%s: tensors %q", name, names(c))
		}
		c.Close()
	}
	if _, err := Open(filepath.Join(cache, "snapshots", "rev2")); !errors.Is(err, ErrNotCheckpoint) || !strings.Contains(err.Error(), "model.safetensors is a link to a file that is not there") {
		t.Errorf("a link to nothing: %v", err)
	}
	// Another revision than refs/main's, alone.
	if err := os.RemoveAll(filepath.Join(cache, "snapshots", "rev2")); err != nil {
		t.Fatal(err)
	}
	writeFiles(t, cache, map[string][]byte{"refs/main": []byte("rev3")})
	for _, path := range []string{cache, filepath.Join(cache, "snapshots")} {
		c, err := Open(path)
		if err != nil || len(c.Notes) != 1 || !strings.Contains(c.Notes[0], "rev1") || !strings.Contains(c.Notes[0], "rev3") {
			t.Errorf("%s: %v, notes %q", path, err, c.Notes)
		}
	}
}

// TestLinkedFolders: links that lead in circles end.
func TestLinkedFolders(t *testing.T) {
	dir := t.TempDir()
	if err := os.Symlink(".", filepath.Join(dir, "again")); err != nil {
		t.Skip(err)
	}
	if _, err := Open(dir); !errors.Is(err, ErrTooLarge) {
		t.Errorf("%v, want ErrTooLarge", err)
	}
}

// TestSource: which file holds the tensors, for one that was named.
func TestSource(t *testing.T) {
	dir := t.TempDir()
	writeFiles(t, dir, map[string][]byte{"x.pt": tinyZip(), "m.tar": tarFiles(entry{"m/model.pt", tinyZip()}), "m.tar.zst": zstandard(tarFiles(entry{"m/model.pt", tinyZip()}))})
	for name, want := range map[string]string{"x.pt": "x.pt", "m.tar": "m/model.pt", "m.tar.zst": "m/model.pt"} {
		if c := open(t, filepath.Join(dir, name)); c.Source != want {
			t.Errorf("%s: Source = %q, want %q", name, c.Source, want)
		}
	}
	if c, err := load(tinyZip()); err != nil || c.Source != "" {
		t.Errorf("Load: %v, Source = %q", err, c.Source)
	}
}

// TestFileOrder: a file of the transformer's folder counts before that of the root.
func TestFileOrder(t *testing.T) {
	dir := t.TempDir()
	writeFiles(t, dir, files(t, "0_Transformer/model.safetensors 0_Transformer/config.json config.json 1_Pooling/config.json", map[string][]byte{"modules.json": modules("0_Transformer")}))
	c := open(t, dir)
	for name, want := range map[string]string{"config.json": "0_Transformer/config.json", "modules.json": "modules.json", "1_Pooling/config.json": "1_Pooling/config.json", "vocab.json": "0_Transformer/vocab.json"} {
		if got := c.FileName(name); got != want {
			t.Errorf("FileName(%s) = %s, want %s", name, got, want)
		}
	}
	if _, err := c.File("vocab.json"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("vocab.json: %v", err)
	}
	for out, same := range map[string]bool{"modules.json": true, "0_Transformer/model.safetensors": true, "0_Transformer/config.json": true, "1_Pooling/config.json": true, "new.safetensors": false} {
		if err := CheckOutput(filepath.Join(dir, out), dir); errors.Is(err, ErrSameFile) != same {
			t.Errorf("CheckOutput(%s) = %v", out, err)
		}
	}
	if !slices.Equal(names(c), []string{"w"}) {
		t.Errorf("tensors %q", names(c))
	}
}
