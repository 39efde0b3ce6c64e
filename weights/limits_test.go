package weights

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestHostileFiles: files that once took gigabytes of memory, or gave an error of
// megabytes.
func TestHostileFiles(t *testing.T) {
	alias := func(views, width int) []byte {
		var items []any
		for i := range views {
			items = append(items, fmt.Sprintf("layers.%d.weight", i), view{"FloatStorage", "0", width * width, 0, tuple{width, width}, tuple{width, 1}}.value())
		}
		return zipOf(zip.Deflate, entry{"a/data.pkl", pickleOf(dict{"model", orderedDict(items...)})}, entry{"a/data/0", make([]byte, 4*width*width)})
	}
	archive, err := os.ReadFile(golden(t, "tiny/roberta.tiny.tar.gz"))
	if err != nil {
		t.Fatal(err)
	}
	testdata := func(name string) []byte {
		b, err := os.ReadFile(filepath.Join("testdata", "hostile", name))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	for _, tc := range []struct {
		name string
		file []byte
		is   error
		says string
	}{
		{"100 layers of one storage", testdata("alias_100x512.pt"), ErrTooLarge, "share"},
		{"1000 layers of one storage", alias(1000, 1024), ErrTooLarge, "share"},
		{"two layers of one storage", alias(2, 1024), nil, ""},
		{"dicts", testdata("pkl_dicts.pt"), ErrTooLarge, "a/data.pkl"},
		{"a number of 4 MB", testdata("pkl_longtext.pt"), ErrCorrupt, "999"},
		{"an archive and zeros", append(bytes.Clone(archive), make([]byte, 1<<20)...), nil, ""},
		{"an archive of two streams and zeros", slicesOfGzip(tinyArchive(), 700), nil, ""},
		{"an archive, zeros and more", append(append(bytes.Clone(archive), 0), archive...), ErrCorrupt, "gzip"},
		{"an archive and more", append(bytes.Clone(archive), 'x'), ErrTruncated, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c, err := checkMemory(t, tc.file)
			if !errors.Is(err, tc.is) || err != nil && (!isTyped(err) || !strings.Contains(err.Error(), tc.says)) {
				t.Fatalf("%.500v, want a *FileError of %v that says %q", err, tc.is, tc.says)
			}
			if err == nil {
				readAll(t, c)
			} else if len(err.Error()) > 600 {
				t.Errorf("an error of %d bytes", len(err.Error()))
			}
		})
	}
}

func tinyArchive() []byte {
	return tarFiles(entry{"m/model.pt", tinyZip()}, entry{"m/dict.txt", []byte("a 1\n")})
}

// slicesOfGzip compresses data in pieces of n bytes, each a stream of its own, with
// zeros behind.
func slicesOfGzip(data []byte, n int) []byte {
	var b []byte
	for ; len(data) > 0; data = data[min(n, len(data)):] {
		b = append(b, gzipped(data[:min(n, len(data))])...)
	}
	return append(b, make([]byte, 5120)...)
}

// TestAmplification: what takes most memory for a byte of a file, in each form and
// compressed as far as the limits allow. checkMemory has the bound.
func TestAmplification(t *testing.T) {
	size := 15 << 20 // as much as a small file may unpack to
	if testing.Short() || raceDetector {
		size = 2 << 20
	}
	fill := func(s string) string { return strings.Repeat(s, size/len(s)) }
	numbered := func(format string) string {
		var b strings.Builder
		for i := 0; b.Len() < size; i++ {
			fmt.Fprintf(&b, format, i)
		}
		return b.String()
	}
	pickles := map[string]string{
		"dicts": fill("}"), "lists": fill("]"), "tuples": fill(")"), "marks": fill("("), "none": fill("N"), "memo": fill("N\x94"), "copies": "(NNNNNNNNl" + fill("2"),
		"strings": fill("\x8c\x01a"), "empty strings": fill("\x8c\x00"), "tuples of tuples": "N" + fill("\x85"), "numbers": fill("K\x01"), "floats": fill("G12345678"),
		"dicts with a key": fill("}\x8c\x01aNs"), "dicts within dicts": "}" + fill("\x8c\x01a}"), "one dict": "}(" + numbered("\x8c\x07%07dN") + "u",
		"calls": "ccollections\nOrderedDict\nq\x00" + fill("h\x00)R"), "objects": "cargparse\nNamespace\nq\x00" + fill("h\x00)\x81"),
		"lists that are copied": "c__builtin__\nlist\nq\x00(" + strings.Repeat("N", 1<<16) + "lq\x01" + fill("h\x00h\x01\x85R"),
		"bytes that are copied": "c_codecs\nencode\nq\x00X\x00\x00\x10\x00" + strings.Repeat("a", 1<<20) + "q\x01" + fill("h\x00h\x01\x85R"),
		"storages":              "(\x8c\x07storagectorch\nFloatStorage\n\x8c\x010\x8c\x03cpuK\x01tq\x00" + fill("h\x00Q"),
		"text":                  fill("I1\n"), "quoted text": fill("S'a'\n"), "unicode": fill("Va\n"), "long numbers": fill("\x8a\x09\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
	}
	files := map[string][]byte{}
	for name, p := range pickles {
		files["pickle of "+name] = zipOf(zip.Deflate, entry{"a/data.pkl", []byte("\x80\x02" + p + ".")})
	}
	member := `"%07d":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},`
	for name, header := range map[string]string{
		"tensors":   "{" + numbered(member) + `"x":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}`,
		"metadata":  `{"__metadata__":{` + numbered(`"%07d":"",`) + `"x":""}}`,
		"shape":     `{"w":{"dtype":"U8","data_offsets":[0,0],"shape":[` + fill("0,") + `0]}}`,
		"nested":    `{"w":` + fill("[") + `}`,
		"offsets":   `{"w":{"dtype":"U8","shape":[0],"data_offsets":[` + fill("0,") + `0]}}`,
		"type":      `{"w":{"dtype":"` + fill("\\u0000") + `","shape":[0],"data_offsets":[0,0]}}`,
		"name":      `{"` + fill("w") + `":{"dtype":"U9","shape":[0],"data_offsets":[0,0]}}`,
		"same name": "{" + fill(`"w":0,`) + `"w":0}`,
	} {
		files["safetensors header of "+name] = zstandard(rawSafetensors(header, nil))
	}
	var headers []tar.Header
	deep := strings.Repeat("d/", 15)
	for i := range size / 512 {
		headers = append(headers, tar.Header{Name: fmt.Sprintf("%s%d/model.pt", deep, i)})
	}
	files["archive of empty files"] = gzipped(tarOf(headers, make([][]byte, len(headers))))
	var entries []entry
	for i := range size / 110 {
		entries = append(entries, entry{fmt.Sprintf("%06d", i), nil})
	}
	files["zip of empty files"] = zstandard(zipOf(zip.Store, entries...))
	for name, file := range files {
		t.Run(name, func(t *testing.T) {
			c, err := checkMemory(t, file)
			if err == nil {
				c.Close()
			} else if !isTyped(err) || len(err.Error()) > 600 {
				t.Errorf("%T of %d bytes: %.300v", err, len(err.Error()), err)
			}
		})
	}
}
