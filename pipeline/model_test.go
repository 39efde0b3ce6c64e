package pipeline_test

import (
	"io/fs"
	"maps"
	"math"
	"os"
	"testing"
	"testing/fstest"

	"github.com/goroberta/goroberta/roberta"
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
