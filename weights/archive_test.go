package weights

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"strings"
	"testing"
)

// tinyZip is a small torch file, for archives to hold.
func tinyZip() []byte { return torchZip(small("encoder_layers", 2), entry{"0", floats(6)}) }

// TestArchives: what is read from tar archives, and what is refused.
func TestArchives(t *testing.T) {
	model := tinyZip()
	reg := func(name string) tar.Header { return tar.Header{Name: name} }
	file := func(names ...string) ([]tar.Header, [][]byte) {
		var hs []tar.Header
		var data [][]byte
		for _, name := range names {
			hs, data = append(hs, reg(name)), append(data, model)
		}
		return hs, data
	}
	link := func(kind byte, name, to string) tar.Header {
		return tar.Header{Name: name, Typeflag: kind, Linkname: to}
	}
	for _, tc := range []struct {
		name  string
		build func() ([]tar.Header, [][]byte)
		is    error
		says  string
	}{
		{"in a folder", func() ([]tar.Header, [][]byte) { return file("roberta.base/model.pt") }, nil, ""},
		{"at the root", func() ([]tar.Header, [][]byte) { return file("model.pt") }, nil, ""},
		{"with ./", func() ([]tar.Header, [][]byte) { return file("./a/model.pt", "./a/dict.txt") }, nil, ""},
		{"two folders deep", func() ([]tar.Header, [][]byte) { return file("a/b/model.pt") }, nil, ""},
		{"folders have entries", func() ([]tar.Header, [][]byte) {
			return []tar.Header{{Name: "a/", Typeflag: tar.TypeDir}, reg("a/model.pt")}, [][]byte{nil, model}
		}, nil, ""},
		{"macOS attributes", func() ([]tar.Header, [][]byte) { return file("a/._model.pt", "a/model.pt", "._a") }, nil, ""},
		{"other files", func() ([]tar.Header, [][]byte) { return file("a/model.pt", "a/NOTE", "a/run.sh") }, nil, ""},
		{"another name", func() ([]tar.Header, [][]byte) { return file("a/mine.pt") }, nil, ""},
		{"two models, one well named", func() ([]tar.Header, [][]byte) { return file("a/other.pt", "a/model.pt") }, nil, ""},
		{"two models", func() ([]tar.Header, [][]byte) { return file("a/one.pt", "a/two.pt") }, ErrNotCheckpoint, "one.pt, two.pt"},
		{"two folders", func() ([]tar.Header, [][]byte) { return file("a/model.pt", "b/model.pt") }, ErrNotCheckpoint, "model.pt"},
		{"twice", func() ([]tar.Header, [][]byte) { return file("a/model.pt", "a/model.pt") }, ErrUnsupported, "a/model.pt"},
		{"twice by ./", func() ([]tar.Header, [][]byte) { return file("a/model.pt", "./a//model.pt") }, ErrUnsupported, "model.pt"},
		{"empty", func() ([]tar.Header, [][]byte) { return file("README") }, ErrNotCheckpoint, ""},
		{"parent", func() ([]tar.Header, [][]byte) { return file("../model.pt") }, ErrCorrupt, "../model.pt"},
		{"parent inside", func() ([]tar.Header, [][]byte) { return file("a/../../model.pt") }, ErrCorrupt, "a/../../model.pt"},
		{"parent that stays inside", func() ([]tar.Header, [][]byte) { return file("a/../model.pt") }, ErrCorrupt, "a/../model.pt"},
		{"absolute", func() ([]tar.Header, [][]byte) { return file("/etc/model.pt") }, ErrCorrupt, "/etc/model.pt"},
		{"symlink", func() ([]tar.Header, [][]byte) {
			return []tar.Header{link(tar.TypeSymlink, "a/model.pt", "/etc/passwd")}, make([][]byte, 1)
		}, ErrUnsupported, "/etc/passwd"},
		{"hard link", func() ([]tar.Header, [][]byte) {
			return []tar.Header{reg("a/x.pt"), link(tar.TypeLink, "a/model.pt", "a/x.pt")}, [][]byte{model, nil}
		}, ErrUnsupported, "a/x.pt"},
		{"device", func() ([]tar.Header, [][]byte) {
			return []tar.Header{link(tar.TypeChar, "a/model.pt", "")}, make([][]byte, 1)
		}, ErrUnsupported, "a/model.pt"},
		{"pipe", func() ([]tar.Header, [][]byte) {
			return []tar.Header{link(tar.TypeFifo, "a/model.pt", "")}, make([][]byte, 1)
		}, ErrUnsupported, "a/model.pt"},
		{"very deep", func() ([]tar.Header, [][]byte) { return file(strings.Repeat("a/", 100_000) + "model.pt") }, ErrTooLarge, "200008 bytes, at most 512: a/a/a"},
		{"shard that is missing", func() ([]tar.Header, [][]byte) {
			return []tar.Header{reg("a/model.safetensors.index.json")}, [][]byte{[]byte(`{"weight_map":{"w":"none.safetensors"}}`)}
		}, nil, "none.safetensors"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := tarOf(tc.build())
			for form, data := range map[string][]byte{"tar": b, "tar.gz": gzipped(b), "tar.zst": zstandard(b)} {
				c, err := checkMemory(t, data)
				if tc.is == nil && tc.says == "" {
					if err != nil {
						t.Errorf("%s: %v", form, err)
					} else if x, ok := c.Tensor("w"); !ok || args(c)["encoder_layers"] != int64(2) || !bytes.Equal(mustBytes(t, x), floats(6)) {
						t.Errorf("%s: tensors %q, settings %v", form, names(c), c.Settings())
					}
					continue
				}
				if err == nil || tc.is != nil && !errors.Is(err, tc.is) || !strings.Contains(err.Error(), tc.says) {
					t.Errorf("%s: %.300v, want %v that says %q", form, err, tc.is, tc.says)
				}
				if err != nil && len(err.Error()) > 4096 {
					t.Errorf("%s: an error of %d bytes", form, len(err.Error()))
				}
				var fe *FileError
				if !errors.As(err, &fe) {
					t.Errorf("%s: %T, want a *FileError", form, err)
				}
			}
		})
	}
}

// TestArchiveFiles: which files of an archive File finds.
func TestArchiveFiles(t *testing.T) {
	var entries []entry
	wanted := strings.Fields("m/dict.txt m/bpe.codes m/bpecodes m/code m/sentencepiece.bpe.model m/vocab.bpe m/encoder.json m/input0/dict.txt")
	for _, name := range append(wanted, "m/model.pt", "m/optimizer.pt", "m/NOTE", "m/train.py") {
		entries = append(entries, entry{name, tinyZip()})
	}
	c, err := load(tarFiles(entries...))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range wanted {
		if _, err := c.File(strings.TrimPrefix(name, "m/")); err != nil {
			t.Error(err)
		}
	}
	for _, name := range []string{"optimizer.pt", "NOTE", "train.py"} {
		if _, err := c.File(name); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v, want fs.ErrNotExist", name, err)
		}
	}
}

func mustBytes(t testing.TB, x *Tensor) []byte {
	t.Helper()
	b, err := x.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestZips: what is read from zip archives, and what is refused.
func TestZips(t *testing.T) {
	data := floats(6)
	pkl := pickleOf(small())
	w := func(key string, numel int) []byte {
		return pickleOf(dict{"model", orderedDict("w", view{"FloatStorage", key, numel, 0, tuple{2, 3}, tuple{3, 1}}.value())})
	}
	for _, tc := range []struct {
		name string
		file []byte
		is   error
		says string
	}{
		{"stored", zipOf(zip.Store, entry{"a/data.pkl", pkl}, entry{"a/data/0", data}), nil, ""},
		{"deflated", zipOf(zip.Deflate, entry{"a/data.pkl", pkl}, entry{"a/data/0", data}), nil, ""},
		{"without folder", zipOf(zip.Store, entry{"data.pkl", pkl}, entry{"data/0", data}), nil, ""},
		{"something in front", append([]byte("PK\x03\x04 and more"), zipOf(zip.Store, entry{"a/data.pkl", pkl}, entry{"a/data/0", data})...), nil, ""},
		{"nested data.pkl", zipOf(zip.Store, entry{"a/b/data.pkl", []byte("x")}, entry{"a/data.pkl", pkl}, entry{"a/data/0", data}), nil, ""},
		{"big-endian", zipOf(zip.Store, entry{"a/data.pkl", pkl}, entry{"a/byteorder", []byte("big")}, entry{"a/data/0", data}), ErrUnsupported, "big-endian"},
		{"two data.pkl", zipOf(zip.Store, entry{"a/data.pkl", pkl}, entry{"a/data.pkl", pkl}, entry{"a/data/0", data}), ErrCorrupt, "a/data.pkl"},
		{"two storages of one name", zipOf(zip.Store, entry{"a/data.pkl", pkl}, entry{"a/data/0", data}, entry{"a/data/0", data}), ErrCorrupt, "a/data/0"},
		{"no storage", zipOf(zip.Store, entry{"a/data.pkl", pkl}), ErrCorrupt, "a/data/0"},
		{"no data.pkl", zipOf(zip.Store, entry{"a/data/0", data}), ErrNotCheckpoint, "data.pkl"},
		{"TorchScript", zipOf(zip.Store, entry{"a/data.pkl", pickleOf(reduction{callee: global("__torch__.Model Model")})}, entry{"a/code/x.py", nil}), ErrForbidden, "__torch__"},
		{"TorchScript with constants", zipOf(zip.Store, entry{"a/data.pkl", pickleOf(reduction{callee: global("__torch__.Model Model")})}, entry{"a/constants.pkl", nil}), ErrUnsupported, "TorchScript"},
		{"no entries", zipOf(zip.Store), ErrNotCheckpoint, ""},
		{"storage too short", zipOf(zip.Store, entry{"a/data.pkl", pkl}, entry{"a/data/0", data[:23]}), ErrTruncated, "w"},
		{"storage outside", zipOf(zip.Store, entry{"a/data.pkl", w("../../x", 6)}, entry{"a/data/0", data}), ErrCorrupt, "../../x"},
		{"storage of an absolute name", zipOf(zip.Store, entry{"a/data.pkl", w("/etc/passwd", 6)}, entry{"a/data/0", data}), ErrCorrupt, "/etc/passwd"},
		{"storage is data.pkl", zipOf(zip.Store, entry{"a/data.pkl", w("../data.pkl", 6)}, entry{"a/data/0", data}), ErrCorrupt, "../data.pkl"},
		{"negative count", zipOf(zip.Store, entry{"a/data.pkl", w("0", -1)}, entry{"a/data/0", data}), ErrCorrupt, ""},
		{"count overflows", zipOf(zip.Store, entry{"a/data.pkl", w("0", math.MaxInt)}, entry{"a/data/0", data}), ErrTruncated, "w"},
		{"data.pkl is a bomb", zipOf(zip.Deflate, entry{"a/data.pkl", make([]byte, 24<<20)}, entry{"a/data/0", data}), ErrTooLarge, "a/data.pkl"},
		{"storage is a bomb", zipOf(zip.Deflate, entry{"a/data.pkl", pkl}, entry{"a/data/0", make([]byte, 24<<20)}), ErrTooLarge, "a/data/0"},
		{"byteorder is a bomb", zipOf(zip.Deflate, entry{"a/data.pkl", pkl}, entry{"a/byteorder", make([]byte, 24<<20)}, entry{"a/data/0", data}), ErrTooLarge, "a/byteorder"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c, err := checkMemory(t, tc.file)
			if !errors.Is(err, tc.is) || err != nil && (!isTyped(err) || !strings.Contains(err.Error(), tc.says)) {
				t.Fatalf("%v, want a *FileError of %v that says %q", err, tc.is, tc.says)
			}
			if err != nil {
				return
			}
			x, ok := c.Tensor("w")
			if !ok || !bytes.Equal(mustBytes(t, x), data) {
				t.Fatalf("tensors %q", names(c))
			}
			if err := c.Close(); err != nil {
				t.Error(err)
			}
			checkClosed(t, x)
		})
	}
}

// TestManyBombs: parts of an archive share what they may unpack to.
func TestManyBombs(t *testing.T) {
	var entries []entry
	var items []any
	for i := range 24 {
		key := fmt.Sprint(i)
		entries = append(entries, entry{"a/data/" + key, make([]byte, 1<<20)})
		items = append(items, "w"+key, view{"FloatStorage", key, 1 << 18, 0, tuple{1 << 18}, tuple{1}}.value())
	}
	object := dict{"model", orderedDict(items...)}
	if _, err := checkMemory(t, zipOf(zip.Deflate, append(entries, entry{"a/data.pkl", pickleOf(object)})...)); !errors.Is(err, ErrTooLarge) {
		t.Errorf("zip: %v, want ErrTooLarge", err)
	}
	for i := range entries {
		entries[i].name = fmt.Sprintf("a/%d.pt", i)
	}
	if _, err := checkMemory(t, gzipped(tarFiles(entries...))); !errors.Is(err, ErrTooLarge) {
		t.Errorf("tar.gz: %v, want ErrTooLarge", err)
	}
	for i := range entries {
		entries[i].name = fmt.Sprintf("a/%d.log", i) // passed over, but unpacked on the way
	}
	if _, err := checkMemory(t, gzipped(tarFiles(entries...))); !errors.Is(err, ErrTooLarge) {
		t.Errorf("tar.gz of other files: %v, want ErrTooLarge", err)
	}
	if _, err := checkMemory(t, zstandard(make([]byte, 24<<20))); !errors.Is(err, ErrTooLarge) {
		t.Errorf("zstd: %v, want ErrTooLarge", err)
	}
}

// TestNestedArchives: archives in archives do not multiply.
func TestNestedArchives(t *testing.T) {
	zeros := make([]byte, 4<<20)
	b := tinyZip()
	for range 100 {
		b = tarFiles(entry{"model.pt", b})
	}
	if _, err := checkMemory(t, b); !errors.Is(err, ErrUnsupported) {
		t.Errorf("tar in tar: %v, want ErrUnsupported", err)
	}
	// Each layer unpacks to 4 MB more, within the free allowance of the next.
	b = tinyZip()
	for range 6 {
		b = zstandard(tarFiles(entry{"model.pt", b}, entry{"x.txt", zeros}))
	}
	if n := allocated(func() {
		if _, err := load(b); !isTyped(err) {
			t.Errorf("zstd in tar in zstd: %v", err)
		}
	}); n > 64<<20 {
		t.Errorf("zstd in tar in zstd: %d MB for a file of %d bytes", n>>20, len(b))
	}
	for name, data := range map[string][]byte{
		"zstd of zstd": zstandard(zstandard(tinyZip())), "gzip in tar": tarFiles(entry{"model.pt", gzipped(tarFiles(entry{"model.pt", tinyZip()}))}),
	} {
		if _, err := load(data); err != nil && !isTyped(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestLegacy: torch's old form, and what it can say that is wrong.
func TestLegacy(t *testing.T) {
	data := floats(6)
	ok := torchLegacy(small(), 4, entry{"0", data})
	with := func(old, new []byte) []byte {
		if bytes.Count(ok, old) != 1 {
			t.Fatalf("%q is not once in the file", old)
		}
		return bytes.Replace(ok, old, new, 1)
	}
	viewOf := func(v any) any {
		return dict{"model", orderedDict("w", reduction{callee: global("torch._utils _rebuild_tensor"), args: tuple{
			persistent{tuple{"storage", global("torch FloatStorage"), "0", "cpu", 6, v}}, 1, tuple{2}, tuple{1}}})}
	}
	for _, tc := range []struct {
		name string
		file []byte
		is   error
		want []byte
	}{
		{"valid", ok, nil, data},
		{"view of a storage", torchLegacy(viewOf(tuple{"v", 2, 4}), 4, entry{"0", data}), nil, data[12:20]},
		{"view beyond the storage", torchLegacy(viewOf(tuple{"v", 4, 4}), 4, entry{"0", data}), ErrTruncated, nil},
		{"view that overflows", torchLegacy(viewOf(tuple{"v", math.MaxInt, 4}), 4, entry{"0", data}), ErrCorrupt, nil},
		{"view at a negative place", torchLegacy(viewOf(tuple{"v", -1, 4}), 4, entry{"0", data}), ErrCorrupt, nil},
		{"other protocol", with([]byte("J\xe9\x03\x00\x00.\x80"), []byte("J\xea\x03\x00\x00.\x80")), ErrUnsupported, nil},
		{"big-endian", with([]byte("endian\x88"), []byte("endian\x89")), ErrUnsupported, nil},
		{"storage that no tensor has", torchLegacy(small(), 4, entry{"0", data}, entry{"1", data}), ErrCorrupt, nil},
		{"no storages", torchLegacy(small(), 4), ErrCorrupt, nil},
		{"too many elements", with(append([]byte{6, 0, 0, 0, 0, 0, 0, 0}, data...), append([]byte{7, 0, 0, 0, 0, 0, 0, 0}, data...)), ErrTruncated, nil},
		{"2^63 elements", with(append([]byte{6, 0, 0, 0, 0, 0, 0, 0}, data...), append([]byte{6, 0, 0, 0, 0, 0, 0, 0x80}, data...)), ErrTruncated, nil},
		{"2^62+6 elements", with(append([]byte{6, 0, 0, 0, 0, 0, 0, 0}, data...), append([]byte{6, 0, 0, 0, 0, 0, 0, 0x40}, data...)), ErrTruncated, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c, err := checkMemory(t, tc.file)
			if !errors.Is(err, tc.is) || err != nil && !isTyped(err) {
				t.Fatalf("%v, want a *FileError of %v", err, tc.is)
			}
			if err == nil {
				if x, ok := c.Tensor("w"); !ok || !bytes.Equal(mustBytes(t, x), tc.want) {
					t.Errorf("w = %x, want %x", mustBytes(t, x), tc.want)
				}
			}
		})
	}
}
