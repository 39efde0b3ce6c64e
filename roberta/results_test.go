package roberta

import (
	"bytes"
	"errors"
	"math"
	"slices"
	"testing"

	"gorgonia.org/tensor"
	"gorgonia.org/tensor/native"
)

// TestResultsAreTheCallers writes over whatever a model hands out; nothing that
// it gives later may change.
func TestResultsAreTheCallers(t *testing.T) {
	ctx := t.Context()
	m := openGolden(t, golden(t, "tiny", "model.pt"))
	if err := m.RegisterClassificationHead("labelled", 2, WithLabels("no", "yes")); err != nil {
		t.Fatal(err)
	}
	rows := batchOf(2, m.Config().VocabSize, 6, 13)
	want := must[[]float32](t)(everything(ctx, m, rows))

	overwrite := func(ds ...*tensor.Dense) {
		for _, d := range ds {
			for i := range floats(d) {
				floats(d)[i] = float32(math.NaN())
			}
		}
	}
	features := must[*tensor.Dense](t)(m.ExtractFeatures(ctx, rows...))
	overwrite(features)
	hidden := must[[]*tensor.Dense](t)(m.ExtractAllHiddens(ctx, rows...))
	kept := slices.Clone(floats(hidden[1]))
	overwrite(hidden[0], hidden[len(hidden)-1])
	if !sameBits(floats(hidden[1]), kept) {
		t.Error("two hidden states share memory")
	}
	overwrite(must[*tensor.Dense](t)(m.LMLogits(ctx, rows...)), must[*tensor.Dense](t)(m.LMLogits(ctx, rows[0])),
		must[*tensor.Dense](t)(m.Predict(ctx, "mnli", rows...)), must[*tensor.Dense](t)(m.PredictLogits(ctx, "score", rows...)))
	given := []string{"the", "first", "time"}
	al := must[*Alignment](t)(m.ExtractFeaturesAlignedToWords(ctx, "the first time", given))
	overwrite(al.Features)
	al.Words[0] = "changed"
	if given[0] != "the" {
		t.Error("an Alignment holds the caller's own slice of words")
	}
	heads := m.Heads()
	for i := range heads {
		heads[i].Name = "changed"
		for j := range heads[i].Labels {
			heads[i].Labels[j] = "changed"
		}
	}
	one := must[Head](t)(m.Head("labelled"))
	one.Labels[1] = "changed"
	if one = must[Head](t)(m.Head("labelled")); !slices.Equal(one.Labels, []string{"no", "yes"}) {
		t.Errorf("labels are %q after a change to a copy", one.Labels)
	}
	tokens := m.Encode("The first time.")
	encoded := slices.Clone(tokens)
	for i := range tokens {
		tokens[i] = -1
	}
	if again := m.Encode("The first time."); !slices.Equal(again, encoded) {
		t.Errorf("Encode gives %v, and %v after a change to its result", encoded, again)
	}
	if got := must[[]float32](t)(everything(ctx, m, rows)); !sameBits(got, want) {
		t.Error("numbers changed after results were written over")
	}
}

// TestTensorsAreOrdinary uses results as users of gorgonia.org/tensor do.
func TestTensorsAreOrdinary(t *testing.T) {
	ctx := t.Context()
	m := openGolden(t, golden(t, "tiny", "model.pt"))
	rows := batchOf(6, m.Config().VocabSize, 3, 5)
	one := rows[0][:1]
	results := map[string]*tensor.Dense{
		"features":           must[*tensor.Dense](t)(m.ExtractFeatures(ctx, rows...)),
		"one token":          must[*tensor.Dense](t)(m.ExtractFeatures(ctx, one)),
		"LM logits":          must[*tensor.Dense](t)(m.LMLogits(ctx, rows...)),
		"predictions":        must[*tensor.Dense](t)(m.Predict(ctx, "mnli", rows...)),
		"one class, one row": must[*tensor.Dense](t)(m.PredictLogits(ctx, "score", one)),
	}
	for name, d := range results {
		t.Run(name, func(t *testing.T) {
			shape := d.Shape()
			if d.IsScalar() || d.Dtype() != tensor.Float32 || d.IsView() || !d.DataOrder().IsRowMajor() || !d.DataOrder().IsContiguous() {
				t.Fatalf("not a contiguous row-major float32 tensor of its own: %v %v %v", shape, d.Dtype(), d.DataOrder())
			}
			if n := shape.TotalSize(); len(floats(d)) != n || cap(floats(d)) != n {
				t.Errorf("%d values in room for %d, want %d", len(floats(d)), cap(floats(d)), n)
			}
			last := make([]int, len(shape))
			for i := range last {
				last[i] = shape[i] - 1
			}
			if v := must[any](t)(d.At(last...)); v != floats(d)[len(floats(d))-1] {
				t.Errorf("At(%v) = %v, want %v", last, v, floats(d)[len(floats(d))-1])
			}
			if len(shape) == 3 {
				x := must[[][][]float32](t)(native.Tensor3F32(d))
				if got := x[last[0]][last[1]][last[2]]; got != floats(d)[len(floats(d))-1] {
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
			if !slices.Equal(back.Shape(), shape) || !sameBits(floats(&back), floats(d)) {
				t.Errorf("WriteNpy and ReadNpy give %v, want %v", back.Shape(), shape)
			}
		})
	}
}

func TestTokensFromDense(t *testing.T) {
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
		got, err := TokensFromDense(c.in)
		if err != nil || !slices.EqualFunc(got, c.want, slices.Equal[[]int]) {
			t.Errorf("%s: %v, %v, want %v", c.name, got, err, c.want)
		}
	}
	masked := tensor.New(tensor.WithShape(2), tensor.WithBacking([]int{0, 2}), tensor.WithMask([]bool{true, false}))
	for name, in := range map[string]*tensor.Dense{
		"nil": nil, "floats": tensor.New(tensor.WithShape(2), tensor.WithBacking([]float32{0, 2})), "masked": masked,
		"three dimensions": tensor.New(tensor.WithShape(1, 1, 2), tensor.WithBacking([]int{0, 2})), "a scalar": tensor.New(tensor.FromScalar(3)),
	} {
		if got, err := TokensFromDense(in); !errors.Is(err, ErrTokens) {
			t.Errorf("%s: %v, %v, want ErrTokens", name, got, err)
		}
	}
}
