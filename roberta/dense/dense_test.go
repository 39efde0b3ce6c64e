package dense_test

import (
	"bytes"
	"errors"
	"path/filepath"
	"slices"
	"testing"

	"gorgonia.org/tensor"
	"gorgonia.org/tensor/native"

	"github.com/goroberta/goroberta/roberta"
	"github.com/goroberta/goroberta/roberta/dense"
)

func openTiny(t testing.TB) *roberta.Model {
	t.Helper()
	m := must[*roberta.Model](t)(roberta.Open(filepath.Join("..", "..", "testdata", "goldens", "tiny", "model.pt")))
	t.Cleanup(func() { m.Close() })
	return m
}

func must[T any](t testing.TB) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// TestTensorsAreOrdinary uses results as users of gorgonia.org/tensor do.
func TestTensorsAreOrdinary(t *testing.T) {
	ctx := t.Context()
	m := openTiny(t)
	rows := [][]int{{0, 5, 2}, {0, 6, 7, 8, 2}}
	one := rows[0][:1]
	results := map[string]*tensor.Dense{
		"features":           dense.Of(must[*roberta.States](t)(m.ExtractFeatures(ctx, rows...))),
		"one token":          dense.Of(must[*roberta.States](t)(m.ExtractFeatures(ctx, one))),
		"LM logits":          dense.Of(must[*roberta.States](t)(m.LMLogits(ctx, rows...))),
		"predictions":        dense.Of(must[*roberta.Matrix](t)(m.Predict(ctx, "mnli", rows...))),
		"one class, one row": dense.Of(must[*roberta.Matrix](t)(m.PredictLogits(ctx, "score", one))),
	}
	for name, d := range results {
		t.Run(name, func(t *testing.T) {
			shape := d.Shape()
			if d.IsScalar() || d.Dtype() != tensor.Float32 || d.IsView() || !d.DataOrder().IsRowMajor() || !d.DataOrder().IsContiguous() {
				t.Fatalf("not a contiguous row-major float32 tensor of its own: %v %v %v", shape, d.Dtype(), d.DataOrder())
			}
			if n := shape.TotalSize(); len(d.Float32s()) != n || cap(d.Float32s()) != n {
				t.Errorf("%d values in room for %d, want %d", len(d.Float32s()), cap(d.Float32s()), n)
			}
			last := make([]int, len(shape))
			for i := range last {
				last[i] = shape[i] - 1
			}
			if v := must[any](t)(d.At(last...)); v != d.Float32s()[len(d.Float32s())-1] {
				t.Errorf("At(%v) = %v, want %v", last, v, d.Float32s()[len(d.Float32s())-1])
			}
			if len(shape) == 3 {
				x := must[[][][]float32](t)(native.Tensor3F32(d))
				if got := x[last[0]][last[1]][last[2]]; got != d.Float32s()[len(d.Float32s())-1] {
					t.Errorf("native.Tensor3F32 ends with %v", got)
				}
			} else if x := must[[][]float32](t)(native.MatrixF32(d)); len(x) != shape[0] || len(x[0]) != shape[1] {
				t.Errorf("native.MatrixF32 has %d rows", len(x))
			}
			var npy bytes.Buffer
			if err := d.WriteNpy(&npy); err != nil {
				t.Fatal(err)
			}
			var back tensor.Dense
			if err := back.ReadNpy(&npy); err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(back.Shape(), shape) || !slices.Equal(back.Float32s(), d.Float32s()) {
				t.Errorf("WriteNpy and ReadNpy give %v, want %v", back.Shape(), shape)
			}
		})
	}
}

func TestTokens(t *testing.T) {
	want := [][]int{{0, 5, 2, 1}, {0, 6, 7, 2}}
	i32 := tensor.New(tensor.WithShape(2, 4), tensor.WithBacking([]int32{0, 5, 2, 1, 0, 6, 7, 2}))
	i64 := tensor.New(tensor.WithShape(2, 4), tensor.WithBacking([]int64{0, 5, 2, 1, 0, 6, 7, 2}))
	ints := tensor.New(tensor.WithShape(4), tensor.WithBacking([]int{0, 5, 2, 1}))
	turned := tensor.New(tensor.WithShape(4, 2), tensor.WithBacking([]int{0, 0, 5, 6, 2, 7, 1, 2}))
	if err := turned.T(); err != nil {
		t.Fatal(err)
	}
	col, err := i64.Slice(nil, tensor.S(0, 3))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		in   *tensor.Dense
		want [][]int
	}{
		{"int32", i32, want}, {"int64", i64, want}, {"int, one row", ints, want[:1]}, {"transposed", turned, want},
		{"a view", col.(*tensor.Dense), [][]int{{0, 5, 2}, {0, 6, 7}}},
	} {
		got, err := dense.Tokens(c.in)
		if err != nil || !slices.EqualFunc(got, c.want, slices.Equal[[]int]) {
			t.Errorf("%s: %v, %v, want %v", c.name, got, err, c.want)
		}
	}
	masked := tensor.New(tensor.WithShape(2), tensor.WithBacking([]int{0, 2}), tensor.WithMask([]bool{true, false}))
	for name, in := range map[string]*tensor.Dense{
		"nil": nil, "floats": tensor.New(tensor.WithShape(2), tensor.WithBacking([]float32{0, 2})), "masked": masked,
		"three dimensions": tensor.New(tensor.WithShape(1, 1, 2), tensor.WithBacking([]int{0, 2})), "a scalar": tensor.New(tensor.FromScalar(3)),
	} {
		if got, err := dense.Tokens(in); !errors.Is(err, dense.ErrTokens) {
			t.Errorf("%s: %v, %v, want ErrTokens", name, got, err)
		}
	}
}
