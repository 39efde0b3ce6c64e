package weights

import (
	"bytes"
	"errors"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// What the targets below hold every input to: no panic, memory within a bound of
// its size, and either a typed error or a value of which all can be read.

// FuzzPickle also writes what it read as a pickle, and reads that again.
func FuzzPickle(f *testing.F) {
	f.Add(pickleOf(small("encoder_layers", 2, "dropout", 0.1)))
	f.Add([]byte("(dp0\nVa\np1\n(lp2\nI1\naL2L\naF1.5\nas."))
	f.Add([]byte("\x80\x04\x95\x08\x00\x00\x00\x00\x00\x00\x00\x8c\x01a\x94}\x94\x86."))
	f.Add([]byte("\x80\x05\x96\x01\x00\x00\x00\x00\x00\x00\x00x\x8f(K\x01\x90\x86."))
	f.Add([]byte("cargparse\nNamespace\n)\x81q\x00}(U\x01ah\x00ub."))
	f.Add([]byte("cposix\nsystem\nU\x02id\x85R."))
	f.Add([]byte("\x8a\x09\xff\xff\xff\xff\xff\xff\xff\xff\xfe."))
	f.Add([]byte("(U\x01ai__builtin__\nset\n."))
	f.Add([]byte("cmy.x\nX\n)\x81}(U\x01acmy.x\nKind\nU\x01b\x85Rub."))
	f.Add([]byte("c_codecs\nencode\nX\x02\x00\x00\x00\xc3\xa9X\x06\x00\x00\x00latin1\x86R."))
	f.Fuzz(func(t *testing.T, data []byte) {
		var v any
		var end int64
		var err error
		persistent := func(id any) (any, error) { return storageID(id) }
		if n := allocated(func() { v, end, err = unpickled(data, 0, persistent) }); n > allowance(len(data)) {
			t.Errorf("%d bytes of memory for %d", n, len(data))
		}
		if err != nil {
			if !isTyped(inFile("file", err)) {
				t.Errorf("%T of no known kind: %v", err, err)
			}
			return
		}
		if end < 1 || end > int64(len(data)) || data[end-1] != '.' {
			t.Errorf("the pickle ends at %d of %d", end, len(data))
		}
		again, n, ok := repickled(v, 2000)
		if !ok || n < 0 {
			return
		}
		w, _, err := unpickled(again, 0, nil)
		if err != nil || !sameValue(v, w) {
			t.Errorf("%q, written as %q, is read as %v, %v", data, again, w, err)
		}
		// Settings are no more than what they come from.
		if d := attributes(v); d != nil {
			if n := allocated(func() { settingsOf(d, nil) }); n > allowance(len(data)) {
				t.Errorf("%d bytes of memory for the settings in %d", n, len(data))
			}
		}
	})
}

// repickled writes a value of plain kinds; ok is false for others, and for
// values of more than n parts.
func repickled(v any, n int) (pickle []byte, left int, ok bool) {
	var convert func(v any, depth int) (any, bool)
	convert = func(v any, depth int) (any, bool) {
		if n--; n < 0 || depth > 50 {
			return nil, false
		}
		all := func(in []any) ([]any, bool) {
			out := []any{}
			for _, it := range in {
				c, ok := convert(it, depth+1)
				if !ok {
					return nil, false
				}
				out = append(out, c)
			}
			return out, true
		}
		switch v := v.(type) {
		case nil, bool, float64, string, []byte:
			return v, true
		case int64:
			return int(v), int64(int(v)) == v
		case *pyList:
			items, ok := all(v.items)
			return list(items), ok
		case pyTuple:
			items, ok := all(v)
			return tuple(items), ok
		case *pyDict:
			var items []any
			for i := range v.keys {
				items = append(items, v.keys[i], v.values[i])
			}
			items, ok := all(items)
			return dict(items), ok
		}
		return nil, false
	}
	c, ok := convert(v, 0)
	if !ok {
		return nil, n, false
	}
	return pickleOf(c), n, true
}

// sameValue compares values of plain kinds; NaN equals itself.
func sameValue(a, b any) bool {
	x, y := plain(a), plain(b)
	if f, ok := x.(float64); ok && math.IsNaN(f) {
		g, ok := y.(float64)
		return ok && math.Float64bits(f) == math.Float64bits(g)
	}
	if reflect.DeepEqual(x, y) {
		return true
	}
	items := func(v any) []any {
		switch v := v.(type) {
		case list:
			return v
		case tuple:
			return v
		case dict:
			return v
		}
		return nil
	}
	p, q := items(x), items(y)
	return reflect.TypeOf(x) == reflect.TypeOf(y) && p != nil && slices.EqualFunc(p, q, func(a, b any) bool {
		f, ok1 := a.(float64)
		g, ok2 := b.(float64)
		return ok1 && ok2 && math.IsNaN(f) && math.IsNaN(g) || sameValue(a, b)
	})
}

// fuzzFile is the body of the targets for whole files: what opens can be written,
// and the written file says the same.
func fuzzFile(t *testing.T, data []byte) {
	c, err := checkMemory(t, data)
	if err != nil {
		if !isTyped(err) {
			t.Errorf("%T of no known kind: %v", err, err)
		}
		return
	}
	total := 0
	for _, x := range c.Tensors() {
		if total += x.Len() * x.DType.Size(); total > 64<<20 { // views of one storage, each within its bound
			return
		}
	}
	unread := 0
	for _, x := range c.Tensors() {
		if !x.DType.isRead() {
			unread++
			if _, err := x.Bytes(); !errors.Is(err, ErrUnsupported) {
				t.Errorf("%s of type %s: %v, want ErrUnsupported", x.Name, x.Type(), err)
			}
			continue
		}
		if b, err := x.Bytes(); err != nil || len(b) != x.Len()*x.DType.Size() {
			t.Fatalf("%s: %d bytes of %v %v, %v", x.Name, len(b), x.Shape, x.DType, err)
		}
		if err := x.Float32s(make([]float32, x.Len())); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range c.Files() {
		if x := c.files[name]; x.Len() > maxFile {
			return
		}
	}
	if unread > 0 { // which are not written
		return
	}
	metadata, entries := exported(t, c)
	writable := true // a pickle's names can mean something else in the new file
	for _, e := range entries {
		writable = writable && e.Name != "__metadata__" && utf8.ValidString(e.Name) && !strings.HasPrefix(e.Name, "files/") && !strings.HasPrefix(e.Name, "vocab/")
	}
	var b bytes.Buffer
	if err := Write(&b, metadata, entries); err != nil {
		if writable {
			t.Error(err)
		}
		return
	}
	d, err := load(b.Bytes())
	if err != nil {
		if writable {
			t.Errorf("the written file: %v", err)
		}
		return
	}
	for _, e := range entries {
		y, ok := d.Tensor(e.Name)
		if !ok {
			continue // a file
		}
		var want bytes.Buffer
		if err := e.Write(&want); err != nil {
			t.Fatal(err)
		}
		if got := mustBytes(t, y); y.DType != e.DType || !slices.Equal(y.Shape, e.Shape) && len(y.Shape)+len(e.Shape) > 0 || !bytes.Equal(got, want.Bytes()) {
			t.Errorf("%s: %v %v, want %v %v", e.Name, y.DType, y.Shape, e.DType, e.Shape)
		}
	}
	for _, name := range c.Files() {
		if got, want := fileOf(t, d, name), fileOf(t, c, name); utf8.ValidString(name) && got != want {
			t.Errorf("%s = %q, want %q", name, got, want)
		}
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
}

// FuzzZip: torch's form since 1.6. As a mutated zip archive is rarely one, the
// parts are also put together from mutated content.
func FuzzZip(f *testing.F) {
	all := forms(f)
	f.Add(all["zip"], []byte(nil), []byte(nil))
	f.Add(all["deflated"], []byte(nil), []byte(nil))
	f.Add([]byte("PK\x05\x06"), []byte(nil), []byte(nil))
	f.Add([]byte(nil), pickleOf(small("a", 1)), floats(6))
	f.Add([]byte(nil), pickleOf(dict{"model", orderedDict("w", view{"HalfStorage", "0", 12, 1, tuple{3, 2}, tuple{1, 3}}.value())}), floats(6))
	f.Fuzz(func(t *testing.T, file, pickle, storage []byte) {
		if len(pickle) > 0 {
			file = zipOf(0, entry{"a/data.pkl", pickle}, entry{"a/data/0", storage})
		} else if !bytes.HasPrefix(file, zipMagic) && !bytes.HasPrefix(file, zipEmpty) {
			return
		}
		fuzzFile(t, file)
	})
}

// FuzzLegacy: torch's form before 1.6, behind its magic number.
func FuzzLegacy(f *testing.F) {
	f.Add(forms(f)["legacy"][len(legacyMagic):])
	f.Add(torchLegacy(small(), 4, entry{"0", floats(6)})[len(legacyMagic):])
	f.Add(torchLegacy(dict{"model", nil}, 4)[len(legacyMagic):])
	f.Fuzz(func(t *testing.T, rest []byte) { fuzzFile(t, append(bytes.Clone(legacyMagic), rest...)) })
}

// FuzzSafetensors: headers and data apart, so that lengths fit.
func FuzzSafetensors(f *testing.F) {
	f.Add(`{"w":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]}}`, floats(6))
	f.Add(`{"__metadata__":{"goroberta.settings":"{\"encoder_layers\":2}","goroberta.labels":"{\"a\":[\"x\"]}"},"vocab/dict.txt":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}`, []byte("a 1\n"))
	f.Add(`{"a":{"dtype":"U8","shape":[0,9],"data_offsets":[0,0]},"b":{"dtype":"BOOL","shape":[],"data_offsets":[0,1]}}`, []byte("\x01"))
	f.Add(`{"decoder.in_proj_bias":{"dtype":"BF16","shape":[3],"data_offsets":[0,6]}}   `, []byte("abcdef"))
	f.Add(`{}`, []byte(nil))
	f.Add(`{"a":{"dtype":"F8_E4M3","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"F9","shape":[3],"data_offsets":[2,4]}}`, []byte("abcd"))
	f.Fuzz(func(t *testing.T, header string, data []byte) { fuzzFile(t, rawSafetensors(header, data)) })
}

// FuzzTar: archives, compressed ones too. Tar's checksums are the fuzzer's to keep.
func FuzzTar(f *testing.F) {
	all := forms(f)
	f.Add(all["tar"])
	f.Add(all["tar.gz"])
	f.Add(all["zstd"])
	f.Add(tarFiles(entry{"../model.pt", []byte("x")}))
	f.Add(tarFiles(entry{"a/config.json", []byte("{}")}, entry{"a/model.safetensors.index.json", []byte(`{"weight_map":{"w":"x.bin"}}`)}))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := checkMemory(t, data)
		if err == nil {
			readAll(t, c)
			return
		}
		// A file that an index names may be missing: that is fs.ErrNotExist.
		var fe *FileError
		if !errors.As(err, &fe) {
			t.Errorf("%T: %v", err, err)
		}
	})
}

// FuzzSettings: settings as the opcodes of a pickle, and a config.json, beside a valid
// tensor. Settings are of the promised kinds and not more than the pickle says; files
// beside the tensors come as they are.
func FuzzSettings(f *testing.F) {
	f.Add(unframed(namespace("arch", "roberta_base", "encoder_layers", 2, "dropout", 0.1, "bpe", nil)), []byte(`{"model_type":"roberta"}`))
	f.Add(unframed(dict{"model", dict{"_content", dict{"encoder_layers", 1 << 30}}, "task", list{"a"}}), []byte("{"))
	f.Add([]byte("}q\x00X\x01\x00\x00\x00ah\x00s"), []byte(nil))                                // a dict that holds itself
	f.Add([]byte("}q\x00X\x01\x00\x00\x00ah\x00sX\x01\x00\x00\x00b}h\x00h\x00ss"), []byte(nil)) // and another way
	f.Fuzz(func(t *testing.T, settings, config []byte) {
		var pickle bytes.Buffer
		pickle.WriteString("\x80\x02")
		pickleValue(&pickle, dict{"args", ops(settings), "model", orderedDict("w", view{"FloatStorage", "0", 6, 0, tuple{2, 3}, tuple{3, 1}}.value())})
		pickle.WriteByte('.')
		c, err := checkMemory(t, tarFiles(entry{"model.pt", zipOf(0, entry{"a/data.pkl", pickle.Bytes()}, entry{"a/data/0", floats(6)})}, entry{"config.json", config}))
		if err != nil {
			if !isTyped(err) {
				t.Errorf("%T of no known kind: %v", err, err)
			}
			return
		}
		if got, err := c.File("config.json"); err != nil || !bytes.Equal(got, config) {
			t.Errorf("File = %q, %v, want %q", got, err, config)
		}
		members, seen := 0, map[uintptr]bool{}
		var walk func(v any)
		walk = func(v any) {
			switch v := v.(type) {
			case nil, bool, int64, float64, string:
			case map[string]any:
				if p := reflect.ValueOf(v).Pointer(); !seen[p] {
					seen[p] = true
					for _, inner := range v {
						members++
						walk(inner)
					}
				}
			default:
				t.Errorf("a setting of type %T", v)
			}
		}
		walk(c.Settings())
		if members > pickle.Len() {
			t.Errorf("%d settings of a pickle of %d bytes", members, pickle.Len())
		}
		readAll(t, c)
	})
}
