package weights

import (
	"bytes"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// forms are small checkpoints of every form, to be damaged. Each has a tensor
// "w" of 2×3 and others.
func forms(t testing.TB) map[string][]byte {
	w, f := view{"FloatStorage", "0", 6, 0, tuple{2, 3}, tuple{3, 1}}, view{"HalfStorage", "1", 12, 3, tuple{3, 2}, tuple{1, 3}}
	object := dict{
		"args", namespace("arch", "roberta_base", "encoder_layers", 2, "dropout", 0.1, "untie_weights_roberta", false, "bpe", nil),
		"model", orderedDict("w", w.value(), "decoder.sentence_encoder.layers.0.self_attn.in_proj_weight", f.value()), "optimizer_history", list{dict{"n", 1}},
		"extra_state", dict{"best", -1, "when", []byte("now")},
	}
	storages := []entry{{"0", floats(6)}, {"1", floats(6)}}
	zipped := torchZip(object, storages...)
	// Both storages have 24 bytes, but the second one's elements have two.
	legacy := torchLegacy(object, 4, storages...)
	legacy[len(legacy)-32] = 12

	c, err := load(zipped)
	if err != nil {
		t.Fatal(err)
	}
	dictionary := []byte("a 1\nb 1\n")
	_, entries := exported(t, c)
	entries = append(entries, FileEntry("dict.txt", dictionary))
	converted := safetensorsOf(t, map[string]string{"goroberta.settings": `{"encoder_layers":2}`}, entries...)
	archive := tarFiles(entry{"m/model.pt", legacy}, entry{"m/dict.txt", dictionary})
	return map[string][]byte{
		"zip": zipped, "legacy": legacy, "safetensors": converted, "tar": archive, "tar.gz": gzipped(archive), "zstd": zstandard(converted),
		"deflated": zipOf(8, entry{"a/data.pkl", pickleOf(object)}, entry{"a/data/0", floats(6)}, entry{"a/data/1", floats(6)}),
	}
}

// readAll reads everything of a checkpoint that was opened, and says whether
// its tensors have as many bytes as their shapes say.
func readAll(t testing.TB, c *Checkpoint) {
	t.Helper()
	for _, x := range c.Tensors() {
		b, err := x.Bytes()
		if err != nil {
			if !errors.Is(err, ErrTruncated) && !errors.Is(err, ErrCorrupt) && !(errors.Is(err, ErrUnsupported) && !x.DType.isRead()) {
				t.Errorf("%s: %v", x.Name, err)
			}
			continue
		}
		if len(b) != x.Len()*x.DType.Size() {
			t.Errorf("%s: %d bytes for shape %v of %v", x.Name, len(b), x.Shape, x.DType)
		}
		if err := x.Float32s(make([]float32, x.Len())); err != nil {
			t.Errorf("%s: Bytes but no Float32s: %v", x.Name, err)
		}
	}
	for _, name := range c.Files() {
		if _, err := c.File(name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := c.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
}

// damaged opens a damaged file: a checkpoint that can be read, or a typed error,
// within bounds of memory.
func damaged(t testing.TB, data []byte) error {
	t.Helper()
	c, err := checkMemory(t, data)
	if err != nil {
		if !isTyped(err) {
			t.Errorf("%T of no known kind: %v", err, err)
		}
		return err
	}
	readAll(t, c)
	return nil
}

// TestForms: the forms that the other tests damage are whole.
func TestForms(t *testing.T) {
	for name, data := range forms(t) {
		c, err := load(data)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if x, ok := c.Tensor("w"); !ok || !bytes.Equal(mustBytes(t, x), floats(6)) || len(c.tensors) != 2 || c.Settings() == nil && c.Metadata()["goroberta.settings"] == "" {
			t.Errorf("%s: tensors %q, settings %v", name, names(c), c.Settings())
		}
		readAll(t, c)
	}
}

// TestTruncation: a file that is cut anywhere is an error, and says that it was
// cut, or is none that is known.
func TestTruncation(t *testing.T) {
	for name, data := range forms(t) {
		step := max(1, len(data)/600)
		if testing.Short() {
			step *= 7
		}
		for n := 0; n < len(data); n++ {
			if n > 600 && n < len(data)-600 && n%step != 0 {
				continue
			}
			err := damaged(t, data[:n])
			switch {
			case err == nil && strings.HasPrefix(name, "tar") && n >= len(data)-512: // one block of zeros ends it, the second is custom
			case err == nil:
				t.Errorf("%s, %d of %d bytes: no error", name, n, len(data))
			case n > 600 && !errors.Is(err, ErrTruncated) && !errors.Is(err, ErrNotCheckpoint) && !errors.Is(err, ErrCorrupt):
				t.Errorf("%s, %d of %d bytes: %v", name, n, len(data), err)
			case n > len(data)*3/4 && name != "tar.gz" && name != "zstd" && name != "deflated" && !errors.Is(err, ErrTruncated):
				t.Errorf("%s, %d of %d bytes: %v, want ErrTruncated", name, n, len(data), err)
			}
		}
	}
}

// TestTruncatedGoldens cuts the real files.
func TestTruncatedGoldens(t *testing.T) {
	for _, file := range []string{"tiny/model.pt", "tiny/legacy.pt", "tiny/roberta.tiny.tar.gz", "hf/tiny-mnli/model.safetensors"} {
		data, err := os.ReadFile(golden(t, file))
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range []int{1, 7, 8, 9, 64, 511, 512, 513, 4096, 65536, len(data) / 3, len(data) / 2, len(data) - 65536, len(data) - 4096, len(data) - 64, len(data) - 1} {
			if err := damaged(t, data[:n]); !errors.Is(err, ErrTruncated) && !(n < 16 && errors.Is(err, ErrNotCheckpoint)) {
				t.Errorf("%s, %d of %d bytes: %v, want ErrTruncated", file, n, len(data), err)
			}
		}
	}
}

// TestBitFlips: any bit may be wrong, and some are noticed.
func TestBitFlips(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	rounds := 400
	if testing.Short() {
		rounds = 50
	}
	for name, data := range forms(t) {
		noticed := 0
		for range rounds {
			b := bytes.Clone(data)
			for range 1 + r.IntN(3) {
				b[r.IntN(len(b))] ^= 1 << r.IntN(8)
			}
			if damaged(t, b) != nil {
				noticed++
			}
		}
		if noticed < rounds/20 {
			t.Errorf("%s: %d of %d damaged files noticed", name, noticed, rounds)
		}
	}
}

// TestSpliced: parts of files that are overwritten with large and small numbers,
// and parts that are cut out or doubled.
func TestSpliced(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	rounds := 300
	if testing.Short() {
		rounds = 40
	}
	values := []string{"\x00\x00\x00\x00", "\xff\xff\xff\xff", "\xff\xff\xff\x7f", "\x00\x00\x00\x80", "\xff\xff\xff\xff\xff\xff\xff\x7f", "\x00\x00\x00\x00\x00\x00\x00\x80", "999999999"}
	for _, data := range forms(t) {
		for range rounds {
			b := bytes.Clone(data)
			at := r.IntN(len(b))
			switch r.IntN(3) {
			case 0:
				copy(b[at:], values[r.IntN(len(values))])
			case 1:
				b = append(b[:at], b[min(len(b), at+1+r.IntN(40)):]...)
			default:
				end := min(len(b), at+1+r.IntN(200))
				b = append(bytes.Clone(b[:end]), b[at:]...)
			}
			damaged(t, b)
		}
	}
}

// TestNoCheckpoints: files that people take for checkpoints are recognised.
func TestNoCheckpoints(t *testing.T) {
	long := strings.Repeat("\x00", 4096)
	for _, tc := range []struct {
		name, data string
		is         error
		says       string
	}{
		{"empty", "", ErrNotCheckpoint, "empty"},
		{"LFS pointer", "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n", ErrNotCheckpoint, "git lfs pull"},
		{"HTML", "<!DOCTYPE html>\n<html><body>404</body></html>", ErrNotCheckpoint, "web page"},
		{"HTML after space", "\ufeff \r\n<html>", ErrNotCheckpoint, "web page"},
		{"XML", `<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>`, ErrNotCheckpoint, "XML"},
		{"JSON", `{"error":"not found"}`, ErrNotCheckpoint, "JSON"},
		{"JSON list", "[1,2,3,4,5,6]", ErrNotCheckpoint, "JSON"},
		{"text", "dict.txt was here, and it is long", ErrNotCheckpoint, ""},
		{"GGUF", "GGUF\x03\x00\x00\x00" + long, ErrUnsupported, "GGUF"},
		{"HDF5", "\x89HDF\r\n\x1a\n" + long, ErrUnsupported, "HDF5"},
		{"NumPy", "\x93NUMPY\x01\x00" + long, ErrUnsupported, "NumPy"},
		{"Parquet", "PAR1" + long, ErrUnsupported, "Parquet"},
		{"bzip2", "BZh91AY&SY" + long, ErrUnsupported, "bzip2"},
		{"xz", "\xfd7zXZ\x00\x00\x04" + long, ErrUnsupported, "xz"},
		{"7z", "7z\xbc\xaf\x27\x1c\x00\x04" + long, ErrUnsupported, "7z"},
		{"ONNX", "\x08\x07\x12\x07pytorch" + long, ErrUnsupported, "an ONNX file (made by pytorch)"},
		{"ONNX of another form", "\x08\x09\x3a\x90\x01" + long, ErrUnsupported, "ONNX"},
		{"TensorFlow SavedModel", "\x08\x01\x12\x90\x8c\x01\x0a" + long, ErrUnsupported, "SavedModel"},
		{"Flax", "\x81\xa7roberta\x82\xaaembeddings" + long, ErrUnsupported, "Flax file (msgpack, with roberta)"},
		{"Flax, many members", "\xde\x00\x12\xa7encoder\x82" + long, ErrUnsupported, "Flax"},
		{"a map of numbers", "\x81\x07roberta\x82" + long, ErrNotCheckpoint, "81 07"},
		{"OpenVINO", `<?xml version="1.0"?>` + "\n<net name=\"Model0\" version=\"11\">", ErrUnsupported, "OpenVINO"},
		{"SentencePiece", "\x0a\x0e\x0a\x05<unk>\x15\x00\x00\x00\x00\x18\x02" + long, ErrNotCheckpoint, "SentencePiece"},
		{"LZ4", "\x04\x22\x4d\x18\x60\x40\x82" + long, ErrUnsupported, "LZ4"},
		{"TorchScript", string(zipOf(0, entry{"a/data.pkl", pickleOf(nil)}, entry{"a/constants.pkl", nil}, entry{"a/code/__torch__.py", nil})), ErrUnsupported, "TorchScript"},
		{"npz", string(zipOf(8, entry{"w.npy", []byte("x")})), ErrUnsupported, "NumPy"},
		{"Keras 3", string(zipOf(8, entry{"config.json", []byte("x")}, entry{"model.weights.h5", []byte("x")})), ErrUnsupported, "Keras"},
		{"a model in zip", string(zipOf(8, entry{"m/config.json", []byte("x")}, entry{"m/pytorch_model.bin", []byte("x")})), ErrUnsupported, "unpack it"},
		{"pickle", string(pickleOf(dict{"model", dict{"w", 1.5}})), ErrNotCheckpoint, "pickle"},
		{"pickle of protocol 4", "\x80\x04\x95\x10\x00\x00\x00\x00\x00\x00\x00}.", ErrNotCheckpoint, "pickle"},
		{"gzip of no tar", string(gzipped([]byte("hello"))), ErrNotCheckpoint, "tar"},
		{"gzip of nothing", string(gzipped(nil)), ErrNotCheckpoint, "tar"},
		{"gzip of a torch file", string(gzipped(tinyZip())), ErrNotCheckpoint, "tar"},
		{"zstd of nothing", string(zstandard(nil)), ErrNotCheckpoint, "empty"},
		{"zstd of text", string(zstandard([]byte("hello, hello, hello"))), ErrNotCheckpoint, ""},
		{"zeros", long, ErrNotCheckpoint, ""},
		{"a document in zip", string(zipOf(8, entry{"word/document.xml", []byte("<x/>")})), ErrNotCheckpoint, "data.pkl"},
		{"seven bytes", "PK\x03\x05abc", ErrTruncated, "7 bytes"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "model.pt")
			writeFiles(t, dir, map[string][]byte{"model.pt": []byte(tc.data)})
			_, fromFile := Open(path)
			_, fromDir := Open(dir)
			_, fromMemory := load([]byte(tc.data))
			_, fromFS := OpenFS(os.DirFS(dir), "model.pt")
			for way, err := range map[string]error{"Open": fromFile, "Open of the directory": fromDir, "Load": fromMemory, "OpenFS": fromFS} {
				if !errors.Is(err, tc.is) || !strings.Contains(err.Error(), tc.says) || !isTyped(err) {
					t.Errorf("%s: %v, want a *FileError of %v that says %q", way, err, tc.is, tc.says)
				}
			}
		})
	}
}

// TestNoFiles: what is not there, or no file.
func TestNoFiles(t *testing.T) {
	dir := t.TempDir()
	writeFiles(t, dir, map[string][]byte{"empty/.keep": nil, "two/a.pt": tinyZip(), "two/b.pt": tinyZip(), "text/README.md": []byte("x"), "one/.hidden.pt": tinyZip(), "one/in/mine.pt": tinyZip()})
	if _, err := Open(filepath.Join(dir, "none.pt")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing file: %v", err)
	}
	if _, err := OpenFS(os.DirFS(dir), "none.pt"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing file of a file system: %v", err)
	}
	if _, err := OpenFS(os.DirFS(dir), "../x"); !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("invalid name: %v", err)
	}
	for name, says := range map[string]string{"empty": "model.pt", "two": "a.pt, b.pt", "text": "model.pt"} {
		if _, err := Open(filepath.Join(dir, name)); !errors.Is(err, ErrNotCheckpoint) || !strings.Contains(err.Error(), says) || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v, want ErrNotCheckpoint that says %q", name, err, says)
		}
	}
	if c, err := Open(filepath.Join(dir, "one")); err != nil {
		t.Error(err)
	} else {
		readAll(t, c)
	}
	if runtime.GOOS != "windows" {
		if _, err := Open(os.DevNull); !errors.Is(err, ErrNotCheckpoint) {
			t.Errorf("%s: %v", os.DevNull, err)
		}
	}
}

// TestLoadSize: a size that is not the content's is found out, without memory
// for it.
func TestLoadSize(t *testing.T) {
	for name, data := range forms(t) {
		for _, size := range []int64{0, 1, int64(len(data)) - 1, int64(len(data)) + 1, 1 << 40, 1<<63 - 1} {
			n := allocated(func() {
				c, err := Load(bytes.NewReader(data), size, name)
				if err == nil {
					c.Close()
				} else if !isTyped(err) {
					t.Errorf("%s of size %d: %v", name, size, err)
				}
			})
			if n > 256<<20 {
				t.Errorf("%s of size %d: %d MB allocated", name, size, n>>20)
			}
		}
	}
}

// TestErrorText: errors say where, in one line.
func TestErrorText(t *testing.T) {
	for _, tc := range []struct {
		err  FileError
		want string
	}{
		{FileError{Path: "m.pt", Entry: "a/data.pkl", Tensor: "w", Offset: 3, Err: ErrCorrupt}, "weights: m.pt: a/data.pkl: tensor w: at byte 3: corrupt"},
		{FileError{Offset: -1, Err: ErrClosed}, "weights: checkpoint is closed"},
		{FileError{Offset: 0, Err: ErrTruncated}, "weights: at byte 0: truncated"},
	} {
		if got := tc.err.Error(); got != tc.want {
			t.Errorf("Error() = %q, want %q", got, tc.want)
		}
		if !errors.Is(&tc.err, tc.err.Err) {
			t.Errorf("%v does not unwrap", &tc.err)
		}
	}
	for name, data := range forms(t) {
		for n := 16; n < len(data); n += 37 {
			if _, err := load(data[:n]); err != nil && (strings.ContainsAny(err.Error(), "\n\r") || len(err.Error()) > 600) {
				t.Errorf("%s: %q", name, err)
			}
		}
	}
}
