package pipeline_test

import (
	"encoding/binary"
	"io"
	"io/fs"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/fstest"

	"github.com/goroberta/goroberta/roberta"
	"github.com/goroberta/goroberta/weights"
)

// open opens a model of testdata/goldens.
func open(t testing.TB, name string, opts ...roberta.Option) *roberta.Model {
	t.Helper()
	m, err := roberta.Open("../testdata/goldens/"+name, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	return m
}

// openWith opens testdata/goldens/tiny with files beside it.
func openWith(t testing.TB, files map[string]string, opts ...roberta.Option) *roberta.Model {
	t.Helper()
	m, err := roberta.OpenFS(folder(t, files), ".", opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	return m
}

func folder(t testing.TB, files map[string]string) fs.FS {
	t.Helper()
	fsys := fstest.MapFS{}
	for _, name := range []string{"model.pt", "dict.txt"} {
		data, err := os.ReadFile("../testdata/goldens/tiny/" + name)
		if err != nil {
			t.Fatal(err)
		}
		fsys[name] = &fstest.MapFile{Data: data}
	}
	for name, data := range maps.All(files) {
		fsys[name] = &fstest.MapFile{Data: []byte(data)}
	}
	return fsys
}

// setHead gives a model a head of one layer: class c adds up every third value of a hidden
// state, from c on, with signs that change.
func setHead(t testing.TB, m *roberta.Model, name string, reads roberta.Reads, classes int, labels ...string) {
	t.Helper()
	C := m.Config().Dim
	out := roberta.LinearWeights{Out: classes, In: C, W: make([]float32, classes*C)}
	for c := range classes {
		for i := c; i < C; i += 3 {
			out.W[c*C+i] = float32(1 - 2*(i%2))
		}
	}
	if err := m.SetHead(name, roberta.HeadWeights{Reads: reads, Out: out, Labels: labels}); err != nil {
		t.Fatal(err)
	}
}

// tagHead is setHead for a head that classifies tokens.
func tagHead(t testing.TB, m *roberta.Model, name string, labels ...string) {
	t.Helper()
	setHead(t, m, name, roberta.ReadsTokens, len(labels), labels...)
}

func near(a, b float32, bound float64) bool {
	return math.Abs(float64(a)-float64(b)) <= bound // false for NaN
}

// openPoisoned opens testdata/goldens/tiny with NaN for a weight of its first layer.
func openPoisoned(t testing.TB) *roberta.Model {
	t.Helper()
	const poisoned = "encoder.sentence_encoder.layers.0.fc1.bias"
	dir := t.TempDir()
	converted := filepath.Join(dir, "converted.safetensors")
	if err := roberta.Convert(t.Context(), "../testdata/goldens/tiny/model.pt", converted); err != nil {
		t.Fatal(err)
	}
	from, err := weights.Open(converted)
	if err != nil {
		t.Fatal(err)
	}
	defer from.Close()
	var entries []weights.Entry
	for _, tensor := range from.Tensors() {
		e := tensor.Entry(tensor.Name)
		if tensor.Name == poisoned {
			e.Write = func(w io.Writer) error {
				return binary.Write(w, binary.LittleEndian, slices.Repeat([]float32{float32(math.NaN())}, tensor.Len()))
			}
		}
		entries = append(entries, e)
	}
	dict, err := from.File("dict.txt")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "nan.safetensors")
	if err := weights.WriteFile(path, from.Metadata(), append(entries, weights.FileEntry("dict.txt", dict))); err != nil {
		t.Fatal(err)
	}
	m, err := roberta.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	return m
}
