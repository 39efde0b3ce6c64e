package weights

import (
	"bytes"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestForeignConfig: a config.json beside a checkpoint that has its own settings
// is of another model, and does not matter; a Hugging Face model needs its own.
func TestForeignConfig(t *testing.T) {
	fairseq := tinyZip()
	converted := safetensorsOf(t, map[string]string{settingsKey: `{"encoder_layers":2}`}, bytesEntry("w", "abc"))
	bare := safetensorsOf(t, nil, hfEntries(hfTensors...)...)
	for name, config := range map[string][]byte{
		"roberta": hfConfig(nil), "bert": hfConfig(map[string]any{"model_type": "bert"}), "no model": []byte(`{"a":1}`), "no JSON": []byte("x"), "none": nil,
	} {
		dir := t.TempDir()
		files := map[string][]byte{"c/checkpoint_best.pt": fairseq, "m/model.pt": fairseq, "s/model.safetensors": converted, "z/x.safetensors.zst": zstandard(converted)}
		for file := range maps.Clone(files) {
			if config != nil {
				files[filepath.Dir(file)+"/config.json"] = config
			}
		}
		writeFiles(t, dir, files)
		for file := range files {
			if strings.HasSuffix(file, "config.json") {
				continue
			}
			for _, path := range []string{file, filepath.Dir(file)} {
				c, err := Open(filepath.Join(dir, path))
				if err != nil {
					t.Errorf("config.json of %s: %v", name, err)
					continue
				}
				if _, ok := c.Tensor("w"); !ok || c.Settings["encoder_layers"] != int64(2) {
					t.Errorf("config.json of %s beside %s: tensors %q, settings %v, notes %q", name, file, names(c), c.Settings, c.Notes)
				}
				c.Close()
			}
		}
		// Beside a Hugging Face model it counts.
		writeFiles(t, dir, map[string][]byte{"h/model.safetensors": bare})
		if config != nil {
			writeFiles(t, dir, map[string][]byte{"h/config.json": config})
		}
		for _, path := range []string{"h", "h/model.safetensors"} {
			c, err := Open(filepath.Join(dir, path))
			if (err == nil) != (name == "roberta") {
				t.Errorf("config.json of %s, %s: %v", name, path, err)
			}
			if err == nil {
				c.Close()
			}
		}
	}
	if _, err := load(bare); !errors.Is(err, ErrUnsupported) || !strings.Contains(err.Error(), "config.json") {
		t.Errorf("without config.json: %v", err)
	}
}

// TestSideFiles: what is looked for beside a checkpoint, and what wins.
func TestSideFiles(t *testing.T) {
	open := func(t *testing.T, files map[string][]byte) (*Checkpoint, error) {
		dir := t.TempDir()
		files["model.pt"] = tinyZip()
		writeFiles(t, dir, files)
		c, err := Open(dir)
		if err == nil {
			t.Cleanup(func() { c.Close() })
		}
		return c, err
	}
	c, err := open(t, map[string][]byte{"dict.txt": []byte("a 1\n"), "input0/dict.txt": []byte("b 1\n"), "encoder.json": []byte("{}"), "vocab.bpe": []byte("v"),
		"label/dict.txt": []byte("yes 2\nno 1\n"), "labels.json": []byte(`{"topic":["x","y"]}`)})
	if err != nil {
		t.Fatal(err)
	}
	if string(c.Dict) != "a 1\n" || string(c.EncoderJSON) != "{}" || string(c.VocabBPE) != "v" || !slices.Equal(c.Labels, []string{"yes", "no"}) || !slices.Equal(c.HeadLabels["topic"], []string{"x", "y"}) {
		t.Errorf("%+v", c)
	}
	if c, err = open(t, map[string][]byte{"input0/dict.txt": []byte("b 1\n")}); err != nil || string(c.Dict) != "b 1\n" {
		t.Errorf("input0: %+v, %v", c, err)
	}
	if c, err = open(t, map[string][]byte{"dict.txt/is a folder": nil, "labels.json": []byte("[1]")}); err != nil || c.Dict != nil || len(c.Notes) != 1 || !slices.Contains(c.LookedAt, "dict.txt") {
		t.Errorf("odd side files: %+v, %v", c, err)
	}
	// Larger than any vocabulary.
	dir := t.TempDir()
	writeFiles(t, dir, map[string][]byte{"model.pt": tinyZip(), "dict.txt": nil})
	if err := os.Truncate(filepath.Join(dir, "dict.txt"), sideFile+1); err != nil {
		t.Fatal(err)
	}
	var fe *FileError
	if _, err := Open(dir); !errors.Is(err, ErrTooLarge) || !errors.As(err, &fe) || fe.Entry != "dict.txt" {
		t.Errorf("huge dict.txt: %v", err)
	}
	// Settings that a converted file carries must be settings.
	for text, is := range map[string]error{`{"a":1,"b":[1],"c":{"d":1}}`: nil, `[]`: ErrCorrupt, `{"a":`: ErrCorrupt, ``: ErrCorrupt} {
		c, err := load(safetensorsOf(t, map[string]string{settingsKey: text}, bytesEntry("w", "abc")))
		if !errors.Is(err, is) {
			t.Errorf("settings %q: %v, want %v", text, err, is)
		}
		if err == nil && !maps.Equal(c.Settings, map[string]any{"a": int64(1)}) {
			t.Errorf("settings %q: %v", text, c.Settings)
		}
	}
	if _, err := load(safetensorsOf(t, map[string]string{labelsKey: "[]"}, bytesEntry("w", "abc"))); !errors.Is(err, ErrCorrupt) {
		t.Errorf("labels that are none: %v", err)
	}
}

// TestSharedSettings: a string that many settings share is not written out for
// each of them without bound.
func TestSharedSettings(t *testing.T) {
	const n = 10_000
	text := strings.Repeat("a", 1<<20)
	var b bytes.Buffer
	b.Write(unframed(global("argparse Namespace")))
	b.WriteString(")\x81}(")
	pickleValue(&b, "first")
	pickleValue(&b, text)
	b.WriteString("q\x00")
	for i := range n {
		pickleValue(&b, "k"+string(rune('0'+i%10))+string(jsonOf(i)))
		b.WriteString("h\x00")
	}
	b.WriteString("ub")
	file := torchZip(dict{"args", ops(b.String()), "model", orderedDict("w", view{"FloatStorage", "0", 6, 0, tuple{2, 3}, tuple{3, 1}}.value())}, entry{"0", floats(6)})
	c, err := checkMemory(t, file)
	if err != nil {
		t.Fatal(err)
	}
	n2 := allocated(func() {
		if _, _, err := c.Export(nil); !errors.Is(err, ErrTooLarge) {
			t.Errorf("Export: %v, want ErrTooLarge", err)
		}
	})
	if n2 > 64<<20 {
		t.Errorf("Export took %d MB", n2>>20)
	}
}
