package weights

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// Values that pickleOf writes, besides nil, bool, int, float64, string and []byte.
type (
	tuple  []any
	list   []any
	dict   []any  // key, value, key, value, …
	global string // "module name"
	ops    string // opcodes as they are

	// A reduction is what REDUCE calls, and what BUILD then sets.
	reduction struct {
		callee any
		args   tuple
		state  any // nil: no BUILD
	}
	persistent struct{ id any }
)

// pickleOf writes a value as a pickle of protocol 2, as torch.save does.
func pickleOf(v any) []byte {
	var b bytes.Buffer
	b.WriteString("\x80\x02")
	pickleValue(&b, v)
	b.WriteByte('.')
	return b.Bytes()
}

func pickleValue(b *bytes.Buffer, v any) {
	le := binary.LittleEndian
	sequence := func(mark, end string, items []any) {
		b.WriteString(mark)
		for _, it := range items {
			pickleValue(b, it)
		}
		b.WriteString(end)
	}
	switch v := v.(type) {
	case nil:
		b.WriteByte('N')
	case bool:
		b.WriteByte(map[bool]byte{true: 0x88, false: 0x89}[v])
	case int:
		if v == int(int32(v)) {
			b.Write(le.AppendUint32([]byte{'J'}, uint32(v)))
		} else {
			b.Write(le.AppendUint64([]byte{0x8a, 8}, uint64(v)))
		}
	case float64:
		b.Write(binary.BigEndian.AppendUint64([]byte{'G'}, math.Float64bits(v)))
	case string:
		b.Write(le.AppendUint32([]byte{'X'}, uint32(len(v))))
		b.WriteString(v)
	case []byte:
		b.Write(le.AppendUint32([]byte{'B'}, uint32(len(v))))
		b.Write(v)
	case tuple:
		sequence("(", "t", v)
	case list:
		sequence("](", "e", v)
	case dict:
		sequence("}(", "u", v)
	case global:
		module, name, _ := strings.Cut(string(v), " ")
		b.WriteString("c" + module + "\n" + name + "\n")
	case ops:
		b.WriteString(string(v))
	case reduction:
		pickleValue(b, v.callee)
		pickleValue(b, v.args)
		b.WriteByte('R')
		if v.state != nil {
			pickleValue(b, v.state)
			b.WriteByte('b')
		}
	case persistent:
		pickleValue(b, v.id)
		b.WriteByte('Q')
	default:
		panic(fmt.Sprintf("%T cannot be pickled", v))
	}
}

// orderedDict is what torch keeps a state dict in.
func orderedDict(items ...any) any {
	var b bytes.Buffer
	pickleValue(&b, reduction{callee: global("collections OrderedDict")})
	b.WriteByte('(')
	for _, it := range items {
		pickleValue(&b, it)
	}
	b.WriteByte('u')
	return ops(b.String())
}

// namespace is an argparse.Namespace with the given attributes.
func namespace(attributes ...any) any {
	return ops(string(unframed(global("argparse Namespace"))) + ")\x81" + string(unframed(dict(attributes))) + "b")
}

// unframed is a pickled value without header and STOP.
func unframed(v any) []byte {
	var b bytes.Buffer
	pickleValue(&b, v)
	return b.Bytes()
}

// A view is a tensor in a torch file.
type view struct {
	class          string // "FloatStorage"
	key            string
	numel          int // of the storage
	offset         int
	shape, strides tuple
}

func (v view) value() any {
	return reduction{callee: global("torch._utils _rebuild_tensor_v2"), args: tuple{
		persistent{tuple{"storage", global("torch " + v.class), v.key, "cpu", v.numel}},
		v.offset, v.shape, v.strides, false, reduction{callee: global("collections OrderedDict")},
	}}
}

// floats is the content of a FloatStorage: 0, 1, … n-1.
func floats(n int) []byte {
	var b []byte
	for i := range n {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(float32(i)))
	}
	return b
}

// small is a fairseq checkpoint's object with one tensor "w", 2×3, in storage 0.
func small(settings ...any) any {
	w := view{"FloatStorage", "0", 6, 0, tuple{2, 3}, tuple{3, 1}}
	return dict{"args", namespace(settings...), "model", orderedDict("w", w.value())}
}

// An entry is a file of an archive.
type entry struct {
	name string
	data []byte
}

// torchZip is a file of torch's form since 1.6.
func torchZip(object any, storages ...entry) []byte {
	entries := []entry{{"archive/data.pkl", pickleOf(object)}, {"archive/byteorder", []byte("little")}}
	for _, s := range storages {
		entries = append(entries, entry{"archive/data/" + s.name, s.data})
	}
	return zipOf(zip.Store, entries...)
}

// zipOf is a zip archive of the entries, which may have one name.
func zipOf(method uint16, entries ...entry) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, e := range entries {
		h := &zip.FileHeader{Name: e.name, Method: method}
		if method == zip.Store {
			// Sizes in front, as torch writes them, and not behind the data.
			h.CompressedSize64, h.UncompressedSize64, h.CRC32 = uint64(len(e.data)), uint64(len(e.data)), crc32.ChecksumIEEE(e.data)
			w, err := z.CreateRaw(h)
			must(err)
			_, err = w.Write(e.data)
			must(err)
			continue
		}
		w, err := z.CreateHeader(h)
		must(err)
		_, err = w.Write(e.data)
		must(err)
	}
	must(z.Close())
	return b.Bytes()
}

// torchLegacy is a file of torch's form before 1.6. A storage's elements are of
// size bytes.
func torchLegacy(object any, size int, storages ...entry) []byte {
	b := bytes.Clone(legacyMagic)
	b = append(b, pickleOf(torchProtocol)...)
	b = append(b, pickleOf(dict{"protocol_version", torchProtocol, "little_endian", true, "type_sizes", dict{"short", 2, "int", 4, "long", 4}})...)
	b = append(b, pickleOf(object)...)
	var keys list
	for _, s := range storages {
		keys = append(keys, s.name)
	}
	b = append(b, pickleOf(keys)...)
	for _, s := range storages {
		b = binary.LittleEndian.AppendUint64(b, uint64(len(s.data)/size))
		b = append(b, s.data...)
	}
	return b
}

// rawSafetensors is a safetensors file of that header, whatever it says.
func rawSafetensors(header string, data []byte) []byte {
	b := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return append(append(b, header...), data...)
}

// safetensorsOf is a valid safetensors file.
func safetensorsOf(t testing.TB, metadata map[string]string, entries ...Entry) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, metadata, entries); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// tarOf is a tar archive; a header that only names a file gets its size and mode.
func tarOf(headers []tar.Header, data [][]byte) []byte {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for i, h := range headers {
		if h.Typeflag == 0 {
			h.Typeflag = tar.TypeReg
		}
		h.Mode = 0o644
		if h.Typeflag == tar.TypeReg {
			h.Size = int64(len(data[i]))
		}
		must(w.WriteHeader(&h))
		if h.Typeflag == tar.TypeReg {
			_, err := w.Write(data[i])
			must(err)
		}
	}
	must(w.Close())
	return b.Bytes()
}

// tarFiles is a tar archive of regular files.
func tarFiles(entries ...entry) []byte {
	var headers []tar.Header
	var data [][]byte
	for _, e := range entries {
		headers = append(headers, tar.Header{Name: e.name})
		data = append(data, e.data)
	}
	return tarOf(headers, data)
}

func gzipped(data []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := w.Write(data)
	must(err)
	must(w.Close())
	return b.Bytes()
}

func zstandard(data []byte) []byte {
	w, err := zstd.NewWriter(nil)
	must(err)
	defer w.Close()
	return w.EncodeAll(data, nil)
}

// must is for builders, whose inputs are the tests' own.
func must(err error) {
	if err != nil {
		panic(err)
	}
}

func jsonOf(v any) []byte {
	b, err := json.Marshal(v)
	must(err)
	return b
}

// writeFiles fills a directory.
func writeFiles(t testing.TB, dir string, files map[string][]byte) {
	t.Helper()
	for name, data := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// load opens a file's content.
func load(data []byte) (*Checkpoint, error) {
	return Load(bytes.NewReader(data), int64(len(data)), "file")
}
