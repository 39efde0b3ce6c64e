package pipeline_test

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goroberta/goroberta/pipeline"
	"github.com/goroberta/goroberta/weights"
)

// goldenRows reads a matrix of testdata/quantized.safetensors.
func goldenRows(t *testing.T, file *weights.Checkpoint, name string) (rows [][]float32, bytes [][]byte) {
	t.Helper()
	tensor, ok := file.Tensor(name)
	if !ok {
		t.Fatalf("no tensor %s", name)
	}
	n, dim := tensor.Shape[0], tensor.Shape[1]
	if tensor.DType != weights.F32 {
		data, err := tensor.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		return nil, slices.Collect(slices.Chunk(data, dim))
	}
	values := make([]float32, n*dim)
	if err := tensor.Float32s(values); err != nil {
		t.Fatal(err)
	}
	return slices.Collect(slices.Chunk(values, dim)), nil
}

// TestQuantize compares whole numbers with those of sentence-transformers.
func TestQuantize(t *testing.T) {
	const path = "testdata/quantized.safetensors"
	file, err := weights.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	vectors, _ := goldenRows(t, file, "embeddings")
	limits, _ := goldenRows(t, file, "quant.ranges")
	ranges := func(vectors [][]float32) *pipeline.Ranges {
		r, err := pipeline.RangesOf(vectors)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	for name, r := range map[string]*pipeline.Ranges{"": ranges(vectors), ".calibrated": ranges(vectors[:len(vectors)/2]), ".ranges": {Min: limits[0], Max: limits[1]}} {
		_, signed := goldenRows(t, file, "quant.int8"+name)
		_, unsigned := goldenRows(t, file, "quant.uint8"+name)
		for i, v := range vectors {
			s, err1 := pipeline.QuantizeInt8(v, r)
			u, err2 := pipeline.QuantizeUint8(v, r)
			if err := errors.Join(err1, err2); err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(u, unsigned[i]) || !equalBytes(s, signed[i]) {
				t.Errorf("vector %d, ranges %q: %v and %v, want %v and %v", i, name, s, u, signed[i], unsigned[i])
			}
		}
	}
	for name, dim := range map[string]int{"": len(vectors[0]), ".21": 21} {
		_, signed := goldenRows(t, file, "quant.binary"+name)
		_, unsigned := goldenRows(t, file, "quant.ubinary"+name)
		for i, v := range vectors {
			s, err1 := pipeline.QuantizeBinary(v[:dim])
			u, err2 := pipeline.QuantizeUbinary(v[:dim])
			if err := errors.Join(err1, err2); err != nil || !slices.Equal(u, unsigned[i]) || !equalBytes(s, signed[i]) {
				t.Errorf("vector %d of %d: %v and %v, want %v and %v; error %v", i, dim, s, u, signed[i], unsigned[i], err)
			}
		}
	}
}

func equalBytes(a []int8, b []byte) bool {
	return slices.EqualFunc(a, b, func(x int8, y byte) bool { return x == int8(y) })
}

func TestQuantizeBorders(t *testing.T) {
	r := &pipeline.Ranges{Min: []float32{-1, 2, 0, 0, 0}, Max: []float32{1, 2, 255, 255, 1e-45}}
	for _, test := range []struct {
		v    []float32
		want []uint8
	}{
		{[]float32{-2, 2, 0.99, 254.99, 0}, []uint8{0, 0, 0, 254, 0}},
		{[]float32{5, 1, 1, 255, 1e-45}, []uint8{255, 0, 1, 255, 255}},
		{[]float32{1, 3, 300, float32(math.Inf(-1)), float32(math.Inf(1))}, []uint8{254, 255, 255, 0, 255}}, // 2 / (2/255) is less than 255 in float32
	} {
		if got, err := pipeline.QuantizeUint8(test.v, r); err != nil || !slices.Equal(got, test.want) {
			t.Errorf("QuantizeUint8(%v) = %v, %v, want %v", test.v, got, err, test.want)
		}
	}
	nan := float32(math.NaN())
	for what, err := range map[string]error{
		"NaN":          second(pipeline.QuantizeInt8([]float32{nan, 0, 0, 0, 0}, r)),
		"length":       second(pipeline.QuantizeUint8([]float32{1}, r)),
		"no ranges":    second(pipeline.QuantizeInt8([]float32{1}, nil)),
		"empty ranges": second(pipeline.QuantizeInt8([]float32{}, &pipeline.Ranges{})),
		"reversed":     second(pipeline.QuantizeInt8([]float32{1}, &pipeline.Ranges{Min: []float32{1}, Max: []float32{0}})),
		"NaN range":    second(pipeline.QuantizeInt8([]float32{1}, &pipeline.Ranges{Min: []float32{1}, Max: []float32{nan}})),
		"wide range":   second(pipeline.QuantizeInt8([]float32{1}, &pipeline.Ranges{Min: []float32{-3e38}, Max: []float32{3e38}})),
		"infinite":     second(pipeline.QuantizeInt8([]float32{1}, &pipeline.Ranges{Min: []float32{float32(math.Inf(-1))}, Max: []float32{float32(math.Inf(-1))}})),
		"bit of NaN":   second(pipeline.QuantizeBinary([]float32{1, nan})),
		"add NaN":      r.Add([]float32{nan, 0, 0, 0, 0}),
		"add length":   r.Add([]float32{0}),
		"add nothing":  (&pipeline.Ranges{}).Add(nil),
	} {
		if !errors.Is(err, pipeline.ErrVector) {
			t.Errorf("%s: error %v, want ErrVector", what, err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

// TestRangesFile checks what OpenRanges refuses, with the file's name.
func TestRangesFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ranges.safetensors")
	write := func(entries ...weights.Entry) {
		t.Helper()
		if err := weights.WriteFile(path, nil, entries); err != nil {
			t.Fatal(err)
		}
	}
	r := &pipeline.Ranges{Min: []float32{-1, 0}, Max: []float32{1, 3}}
	write(r.Entry())
	got, err := pipeline.OpenRanges(path)
	if err != nil || !slices.Equal(got.Min, r.Min) || !slices.Equal(got.Max, r.Max) {
		t.Errorf("%v, %v, want %v", got, err, r)
	}
	for what, e := range map[string]weights.Entry{
		"no such tensor": func() weights.Entry { e := r.Entry(); e.Name = "x"; return e }(),
		"shape [4]":      func() weights.Entry { e := r.Entry(); e.Shape = []int{4}; return e }(),
		"shape [4 1]":    func() weights.Entry { e := r.Entry(); e.Shape = []int{4, 1}; return e }(),
		"type I32":       func() weights.Entry { e := r.Entry(); e.DType = weights.I32; return e }(),
		"range of value": (&pipeline.Ranges{Min: []float32{1}, Max: []float32{0}}).Entry(),
	} {
		write(e)
		_, err := pipeline.OpenRanges(path)
		if fe, ok := errors.AsType[*weights.FileError](err); !ok || fe.Path != path || !errors.Is(err, weights.ErrCorrupt) || !strings.Contains(err.Error(), what) {
			t.Errorf("error %v, want a FileError with %q", err, what)
		}
	}
	if _, err := pipeline.OpenRanges(path + ".x"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("error %v, want ErrNotExist", err)
	}
}
