package roberta

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goroberta/goroberta/internal/simd"
	"github.com/goroberta/goroberta/weights"
)

func TestPrecisionNames(t *testing.T) {
	for _, p := range []Precision{Float32, BFloat16, Int8} {
		var back Precision
		if err := back.UnmarshalText([]byte(p.String())); err != nil || back != p {
			t.Errorf("%v comes back as %v, %v", p, back, err)
		}
	}
	var p Precision
	if err := p.UnmarshalText([]byte("fp16")); err == nil {
		t.Error("fp16 is a precision")
	}
	if _, err := Precision(9).MarshalText(); err == nil {
		t.Error("9 is a precision")
	}
	if s := Precision(9).String(); s != "Precision(9)" {
		t.Error(s)
	}
	if _, err := Open(golden(t, "tiny", "model.pt"), WithPrecision(9)); err == nil {
		t.Error("opened in precision 9")
	}
	if err := Convert(t.Context(), golden(t, "tiny", "model.pt"), filepath.Join(t.TempDir(), "x.safetensors"), ConvertPrecision(9)); err == nil {
		t.Error("converted to precision 9")
	}
	if err := Convert(t.Context(), golden(t, "tiny", "model.pt"), filepath.Join(t.TempDir(), "x.safetensors"), ConvertPrecision(Int8), Zstd()); !errors.Is(err, ErrConvert) {
		t.Errorf("a mapped file that is compressed: error %v", err)
	}
}

// TestInt8Forms: a model in Int8 has the same bits from every form of its file, and so has
// one that was calibrated, which are others.
func TestInt8Forms(t *testing.T) {
	ctx, dir := t.Context(), t.TempDir()
	in := golden(t, "variants", "untied", "model.pt")
	want := openGolden(t, in, WithPrecision(Int8))
	rows := batchOf(5, want.Config().VocabSize, 9, 20, 3)
	logits := map[bool]*States{false: must[*States](t)(want.LMLogits(ctx, rows...))}
	calibrate := Calibrate(Inputs(batchOf(6, want.Config().VocabSize, 30, 20)...), nil)
	file := func(name string) string { return filepath.Join(dir, name+".safetensors") }
	convert := func(in, out string, opts ...ConvertOption) {
		t.Helper()
		if err := Convert(ctx, in, file(out), opts...); err != nil {
			t.Fatal(err)
		}
	}
	convert(in, "int8", ConvertPrecision(Int8))
	convert(in, "calibrated", ConvertPrecision(Int8), calibrate)
	logits[true] = must[*States](t)(openGolden(t, file("calibrated")).LMLogits(ctx, rows...))
	if sameBits(floats(logits[true]), floats(logits[false])) {
		t.Error("calibration changes nothing")
	}
	convert(file("calibrated"), "calibrated again")
	convert(file("calibrated"), "calibrated packed", Packed())
	convert(file("calibrated"), "calibrated rounded", ConvertPrecision(Int8))
	convert(file("calibrated"), "calibrated compressed", Zstd())
	if err := openGolden(t, file("calibrated")).Save(ctx, file("calibrated saved"), Packed()); err != nil {
		t.Fatal(err)
	}
	convert(file("int8"), "again")
	convert(file("int8"), "packed", Packed())
	convert(file("int8"), "compressed", Zstd())
	convert(in, "floats", Packed())
	convert(file("floats"), "rounded", ConvertPrecision(Int8))
	if err := want.Save(ctx, file("saved"), Packed()); err != nil {
		t.Fatal(err)
	}
	if err := openGolden(t, file("int8")).Save(ctx, file("resaved")); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"int8", "again", "packed", "compressed", "rounded", "saved", "resaved",
		"calibrated again", "calibrated packed", "calibrated rounded", "calibrated compressed", "calibrated saved"} {
		m := openGolden(t, file(name))
		if m.Precision() != Int8 {
			t.Errorf("%s: precision %v", name, m.Precision())
		}
		if got := must[*States](t)(m.LMLogits(ctx, rows...)); !sameBits(floats(got), floats(logits[strings.HasPrefix(name, "calibrated")])) {
			t.Errorf("%s: other logits", name)
		}
	}
	m := openGolden(t, file("floats"), WithPrecision(Int8))
	if got := must[*States](t)(m.LMLogits(ctx, rows...)); !sameBits(floats(got), floats(logits[false])) {
		t.Error("a packed file opened in Int8: other logits")
	}
	if _, err := Open(file("int8"), WithPrecision(Float32)); !errors.Is(err, ErrPrecision) || !strings.Contains(err.Error(), file("int8")) {
		t.Errorf("float32 from int8: error %v", err)
	}
	for _, p := range []Precision{Float32, BFloat16} {
		for how, err := range map[string]error{
			"converted": Convert(ctx, file("int8"), file("other"), ConvertPrecision(p)),
			"saved":     openGolden(t, file("int8")).Save(ctx, file("other"), ConvertPrecision(p)),
		} {
			if !errors.Is(err, ErrPrecision) || !strings.Contains(err.Error(), file("int8")) {
				t.Errorf("%v %s from int8: error %v", p, how, err)
			}
		}
	}
	a, err := os.Stat(file("int8"))
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.Stat(file("floats"))
	if err != nil {
		t.Fatal(err)
	}
	if a.Size()*2 > b.Size() {
		t.Errorf("%d bytes in Int8, %d in float32", a.Size(), b.Size())
	}
}

// TestInt8Close holds hidden states in Int8 to those in float32.
func TestInt8Close(t *testing.T) {
	in := golden(t, "tiny", "model.pt")
	full, rounded := openGolden(t, in), openGolden(t, in, WithPrecision(Int8))
	rows := batchOf(6, full.Config().VocabSize, 30, 12)
	want := must[*States](t)(full.ExtractFeatures(t.Context(), rows...))
	got := must[*States](t)(rounded.ExtractFeatures(t.Context(), rows...))
	for s, row := range rows {
		for i := range row {
			var xy, xx, yy float64
			for k, x := range want.Row(s, i) {
				y := got.Row(s, i)[k]
				xy, xx, yy = xy+float64(x)*float64(y), xx+float64(x)*float64(x), yy+float64(y)*float64(y)
			}
			if cosine := xy / math.Sqrt(xx*yy); !(cosine > 0.999) || cosine > 1-1e-9 {
				t.Errorf("token %d of sequence %d: cosine %v", i, s, cosine)
			}
		}
	}
}

// TestBFloat16Forms: a model in BFloat16 has the same bits from every form of its file, and
// the file opens in the other precisions with the values that it has.
func TestBFloat16Forms(t *testing.T) {
	ctx, dir := t.Context(), t.TempDir()
	for _, path := range []string{"untied", "one_head_ffn_odd", "head_dim_5"} {
		t.Run(path, func(t *testing.T) {
			in := golden(t, "variants", path, "model.pt")
			want := openGolden(t, in, WithPrecision(BFloat16))
			rows := batchOf(5, want.Config().VocabSize, 9, 20, 3)
			logits := must[*States](t)(want.LMLogits(ctx, rows...))
			file := func(name string) string { return filepath.Join(dir, path+name+".safetensors") }
			convert := func(in, out string, opts ...ConvertOption) {
				t.Helper()
				if err := Convert(ctx, in, file(out), opts...); err != nil {
					t.Fatal(err)
				}
			}
			convert(in, "bf16", ConvertPrecision(BFloat16))
			convert(file("bf16"), "again")
			convert(file("bf16"), "packed", Packed())
			convert(file("bf16"), "compressed", Zstd())
			convert(in, "floats", Packed())
			convert(file("floats"), "rounded", ConvertPrecision(BFloat16))
			convert(file("bf16"), "widened", ConvertPrecision(Float32))
			if err := want.Save(ctx, file("saved"), Packed()); err != nil {
				t.Fatal(err)
			}
			if err := openGolden(t, file("bf16")).Save(ctx, file("resaved")); err != nil {
				t.Fatal(err)
			}
			for _, name := range []string{"bf16", "again", "packed", "compressed", "rounded", "saved", "resaved"} {
				m := openGolden(t, file(name))
				if m.Precision() != BFloat16 {
					t.Errorf("%s: precision %v", name, m.Precision())
				}
				if got := must[*States](t)(m.LMLogits(ctx, rows...)); !sameBits(floats(got), floats(logits)) {
					t.Errorf("%s: other logits", name)
				}
			}
			for _, name := range []string{"floats", "widened"} {
				m := openGolden(t, file(name), WithPrecision(BFloat16))
				if got := must[*States](t)(m.LMLogits(ctx, rows...)); !sameBits(floats(got), floats(logits)) {
					t.Errorf("%s opened in BFloat16: other logits", name)
				}
			}
			if err := openGolden(t, file("bf16")).Save(ctx, file("saved wide"), ConvertPrecision(Float32)); err != nil {
				t.Fatal(err)
			}
			for _, name := range []string{"widened", "saved wide"} {
				if p := openGolden(t, file(name)).Precision(); p != Float32 {
					t.Errorf("%s: precision %v", name, p)
				}
			}
			for _, p := range []Precision{Float32, Int8} {
				a, b := openGolden(t, file("bf16"), WithPrecision(p)), openGolden(t, file("widened"), WithPrecision(p))
				x, y := must[*States](t)(a.LMLogits(ctx, rows...)), must[*States](t)(b.LMLogits(ctx, rows...))
				if a.Precision() != p || !sameBits(floats(x), floats(y)) {
					t.Errorf("%v from bfloat16 differs from that of the same values in float32", p)
				}
			}
		})
	}
}

// TestBFloat16Stored: of a checkpoint in bfloat16 no weight is changed.
func TestBFloat16Stored(t *testing.T) {
	in := golden(t, "tiny", "bf16.pt")
	m := openGolden(t, in, WithPrecision(BFloat16))
	full := openGolden(t, in)
	a, wa := m.enc.Layers[0].FC1.Weights()
	b, wb := full.enc.Layers[0].FC1.Weights()
	if !slices.Equal(a, b) || !slices.Equal(wa, wb) {
		t.Error("weights of bfloat16 are changed")
	}
	if m.enc.Tokens.BF16 == nil {
		t.Error("the token embedding is not bfloat16")
	}
}

// TestBFloat16Close holds hidden states in BFloat16 to those in float32. Values keep 8 bits,
// a relative error of 2⁻⁹ at most; this model's random weights make it grow from layer to
// layer, more than trained ones (docs/precision.md).
func TestBFloat16Close(t *testing.T) {
	in := golden(t, "tiny", "model.pt")
	full, rounded := openGolden(t, in), openGolden(t, in, WithPrecision(BFloat16))
	rows := batchOf(6, full.Config().VocabSize, 30, 12)
	want := must[*States](t)(full.ExtractFeatures(t.Context(), rows...))
	got := must[*States](t)(rounded.ExtractFeatures(t.Context(), rows...))
	var sum, tokens float64
	for s, row := range rows {
		for i := range row {
			var xx, dd float64
			for k, x := range want.Row(s, i) {
				d := float64(got.Row(s, i)[k]) - float64(x)
				xx, dd = xx+float64(x)*float64(x), dd+d*d
			}
			if e := math.Sqrt(dd / xx); !(e < 0.06) || e == 0 {
				t.Errorf("token %d of sequence %d: relative error %v", i, s, e)
			} else {
				sum, tokens = sum+e, tokens+1
			}
		}
	}
	if mean := sum / tokens; !(mean < 0.02) {
		t.Errorf("mean relative error %v", mean)
	}
}

// TestBFloat16Hostile changes panels of a file in BFloat16: each is an error that names
// the tensor, or NaN at every level.
func TestBFloat16Hostile(t *testing.T) {
	good := filepath.Join(t.TempDir(), "good.safetensors")
	if err := Convert(t.Context(), golden(t, "tiny", "model.pt"), good, ConvertPrecision(BFloat16)); err != nil {
		t.Fatal(err)
	}
	const fc1 = stack + "layers.0.fc1.weight" + packedSuffix
	for name, change := range map[string]func(e *weights.Entry) []byte{
		"shape of float16": func(e *weights.Entry) []byte {
			e.Shape = []int{e.Shape[0], 2 * e.Shape[1], 16}
			return make([]byte, e.Size())
		},
		"too long": func(e *weights.Entry) []byte { e.Shape[1]++; return make([]byte, e.Size()) },
		"integers": func(e *weights.Entry) []byte { e.DType = weights.I16; return make([]byte, e.Size()) },
		"NaN": func(e *weights.Entry) []byte {
			b := make([]byte, e.Size())
			b[0], b[1] = 0xc0, 0x7f
			return b
		},
	} {
		t.Run(name, func(t *testing.T) {
			file, err := weights.Open(good)
			if err != nil {
				t.Fatal(err)
			}
			defer file.Close()
			var entries []weights.Entry
			for _, tensor := range file.Tensors() {
				e := tensor.Entry(tensor.Name)
				e.Shape = slices.Clone(e.Shape)
				if tensor.Name == fc1 {
					data := change(&e)
					e.Write = func(w io.Writer) error { _, err := w.Write(data); return err }
				}
				entries = append(entries, e)
			}
			path := filepath.Join(t.TempDir(), "bad.safetensors")
			if err := weights.WriteFile(path, file.Metadata(), entries); err != nil {
				t.Fatal(err)
			}
			m, err := Open(path)
			if name != "NaN" {
				if err == nil || !strings.Contains(err.Error(), fc1) || !strings.Contains(err.Error(), path) {
					t.Errorf("error %v, want one that names %s", err, fc1)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			defer m.Close()
			for _, level := range simd.Supported() {
				restore, err := simd.Use(level)
				if err != nil {
					t.Fatal(err)
				}
				x := must[*States](t)(m.ExtractFeatures(t.Context(), []int{0, 5, 2}))
				restore()
				for _, v := range floats(x) {
					if v == v {
						t.Fatalf("level %v: %v in the features, want NaN", level, v)
					}
				}
			}
		})
	}
}

// TestInt8Factors: a file in which a matrix has factors of 2 for its inputs and half the scales
// gives the bits of one without, which is so of every matrix, the token embedding among them.
func TestInt8Factors(t *testing.T) {
	ctx, dir := t.Context(), t.TempDir()
	for _, variant := range []string{"untied", "prenorm"} {
		plain, factored := filepath.Join(dir, variant+".safetensors"), filepath.Join(dir, variant+"-factors.safetensors")
		if err := Convert(ctx, golden(t, "variants", variant, "model.pt"), plain, ConvertPrecision(Int8)); err != nil {
			t.Fatal(err)
		}
		file, err := weights.Open(plain)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		var entries []weights.Entry
		for _, tensor := range file.Tensors() {
			e := tensor.Entry(tensor.Name)
			if name, ok := strings.CutSuffix(tensor.Name, scalesSuffix); ok {
				scales := make([]float32, tensor.Len())
				if err := tensor.Float32s(scales); err != nil {
					t.Fatal(err)
				}
				for i := range scales {
					scales[i] /= 2
				}
				e.Write = func(w io.Writer) error { return writeValues(w, scales) }
				n := opened(t, plain).config.Dim
				if strings.HasSuffix(name, "fc2.weight") {
					n = opened(t, plain).config.FFNDim
				}
				entries = append(entries, weights.Entry{Name: name + inSuffix, DType: weights.F32, Shape: []int{n},
					Write: func(w io.Writer) error { return writeValues(w, slices.Repeat([]float32{2}, n)) }})
			}
			entries = append(entries, e)
		}
		if err := weights.WriteFile(factored, file.Metadata(), entries); err != nil {
			t.Fatal(err)
		}
		a, b := openGolden(t, plain), openGolden(t, factored)
		rows := batchOf(5, a.Config().VocabSize, 9, 20, 3)
		if x, y := must[*States](t)(a.ExtractFeatures(ctx, rows...)), must[*States](t)(b.ExtractFeatures(ctx, rows...)); !sameBits(floats(x), floats(y)) {
			t.Errorf("%s: other features", variant)
		}
		if x, y := must[*States](t)(a.LMLogits(ctx, rows...)), must[*States](t)(b.LMLogits(ctx, rows...)); !sameBits(floats(x), floats(y)) {
			t.Errorf("%s: other logits", variant)
		}
	}
}

// TestInt8Hostile changes tensors of a file in Int8: each is an error that names the
// tensor, or a defined result.
func TestInt8Hostile(t *testing.T) {
	ctx, dir := context.Background(), t.TempDir()
	good := filepath.Join(dir, "good.safetensors")
	if err := Convert(ctx, golden(t, "tiny", "model.pt"), good, ConvertPrecision(Int8), Calibrate(Inputs(batchOf(6, 500, 30, 20)...), nil)); err != nil {
		t.Fatal(err)
	}
	const fc1 = stack + "layers.0.fc1.weight"
	le := func(vs ...int32) (b []byte) {
		for _, v := range vs {
			b = append(b, byte(v), byte(v>>8), byte(v>>16), byte(v>>24))
		}
		return b
	}
	// factor is factors of 1, the last of them with other bits.
	factor := func(e *weights.Entry, bits uint32) []byte {
		b := bytes.Repeat(le(0x3f800000), e.Shape[0])
		return append(b[4:], le(int32(bits))...)
	}
	for name, change := range map[string]struct {
		tensor string
		to     func(e *weights.Entry) []byte // nil leaves the tensor out
		nan    bool
	}{
		"no scales":       {fc1 + scalesSuffix, nil, false},
		"no panels":       {fc1 + int8Suffix, nil, false},
		"no large":        {embedWeight + largeSuffix, nil, false},
		"other type":      {fc1 + int8Suffix, func(e *weights.Entry) []byte { e.DType = weights.U8; return make([]byte, e.Size()) }, false},
		"other shape":     {fc1 + int8Suffix, func(e *weights.Entry) []byte { e.Shape[1]++; return make([]byte, e.Size()) }, false},
		"few scales":      {fc1 + scalesSuffix, func(e *weights.Entry) []byte { e.Shape[0]--; return make([]byte, e.Size()) }, false},
		"large outside":   {fc1 + largeSuffix, func(e *weights.Entry) []byte { e.Shape = []int{1, 3}; return le(1<<20, 0, 5) }, false},
		"large negative":  {fc1 + largeSuffix, func(e *weights.Entry) []byte { e.Shape = []int{1, 3}; return le(0, -1, 5) }, false},
		"large unsorted":  {fc1 + largeSuffix, func(e *weights.Entry) []byte { e.Shape = []int{2, 3}; return le(3, 0, 5, 2, 0, 5) }, false},
		"large twice":     {fc1 + largeSuffix, func(e *weights.Entry) []byte { e.Shape = []int{2, 3}; return le(3, 1, 5, 3, 1, 5) }, false},
		"large overflow":  {fc1 + largeSuffix, func(e *weights.Entry) []byte { e.Shape = []int{1, 3}; return le(3, 1, 1<<30) }, false},
		"large flat":      {fc1 + largeSuffix, func(e *weights.Entry) []byte { e.Shape = []int{3}; return le(3, 1, 1) }, false},
		"few factors":     {fc1 + inSuffix, func(e *weights.Entry) []byte { e.Shape[0]--; return make([]byte, e.Size()) }, false},
		"factors of F16":  {fc1 + inSuffix, func(e *weights.Entry) []byte { e.DType = weights.F16; return make([]byte, e.Size()) }, false},
		"zero factors":    {fc1 + inSuffix, func(e *weights.Entry) []byte { return make([]byte, e.Size()) }, false},
		"negative factor": {fc1 + inSuffix, func(e *weights.Entry) []byte { return factor(e, 0xbf800000) }, false},
		"NaN factor":      {fc1 + inSuffix, func(e *weights.Entry) []byte { return factor(e, 0x7fc00000) }, false},
		"infinite factor": {fc1 + inSuffix, func(e *weights.Entry) []byte { return factor(e, 0x7f800000) }, false},
		"NaN scale":       {fc1 + scalesSuffix, func(e *weights.Entry) []byte { b := make([]byte, e.Size()); copy(b, le(0x7fc00000)); return b }, true},
		"infinite scale":  {fc1 + scalesSuffix, func(e *weights.Entry) []byte { b := make([]byte, e.Size()); copy(b, le(0x7f800000)); return b }, true},
	} {
		t.Run(name, func(t *testing.T) {
			file, err := weights.Open(good)
			if err != nil {
				t.Fatal(err)
			}
			defer file.Close()
			if _, ok := file.Tensor(change.tensor); !ok {
				t.Fatal("no tensor ", change.tensor)
			}
			var entries []weights.Entry
			for _, tensor := range file.Tensors() {
				e := tensor.Entry(tensor.Name)
				e.Shape = append([]int(nil), e.Shape...)
				if tensor.Name == change.tensor {
					if change.to == nil {
						continue
					}
					data := change.to(&e)
					e.Write = func(w io.Writer) error { _, err := w.Write(data); return err }
				}
				entries = append(entries, e)
			}
			path := filepath.Join(t.TempDir(), "bad.safetensors")
			if err := weights.WriteFile(path, file.Metadata(), entries); err != nil {
				t.Fatal(err)
			}
			m, err := Open(path)
			if !change.nan {
				if err == nil || !strings.Contains(err.Error(), change.tensor) || !strings.Contains(err.Error(), path) {
					t.Errorf("error %v, want one that names %s", err, change.tensor)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			defer m.Close()
			for _, level := range simd.Supported() {
				restore, err := simd.Use(level)
				if err != nil {
					t.Fatal(err)
				}
				x := must[*States](t)(m.ExtractFeatures(ctx, []int{0, 5, 2}))
				restore()
				for _, v := range floats(x) {
					if v == v {
						t.Fatalf("level %v: %v in the features, want NaN", level, v)
					}
				}
			}
		})
	}
}

// FuzzInt8 writes over parts of a file in Int8. What opens has the same bits at every
// level.
func FuzzInt8(f *testing.F) {
	path := filepath.Join(f.TempDir(), "good.safetensors")
	if err := Convert(context.Background(), golden(f, "variants", "head_dim_5", "model.pt"), path, ConvertPrecision(Int8), Calibrate(Inputs(batchOf(6, 100, 30, 20)...), nil)); err != nil {
		f.Fatal(err)
	}
	good, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(uint32(8), []byte("{"))
	f.Add(uint32(len(good)/2), []byte{0x7f, 0x80, 0xff})
	f.Add(uint32(len(good)-64), []byte{0, 0, 0xc0, 0x7f, 0xff, 0xff, 0xff, 0x7f})
	for at := strings.Index(string(good), largeSuffix); at >= 0 && at < 1<<16; at += 1 << 12 {
		f.Add(uint32(at), []byte("0"))
	}
	f.Fuzz(func(t *testing.T, at uint32, over []byte) {
		file := slices.Clone(good)
		copy(file[int(at)%len(file):], over)
		m, err := Load(bytes.NewReader(file), int64(len(file)))
		if err != nil {
			return
		}
		defer m.Close()
		if m.Config().VocabSize < 8 {
			return
		}
		var want []float32
		for _, level := range simd.Supported() {
			restore, err := simd.Use(level)
			if err != nil {
				t.Fatal(err)
			}
			x, err := m.ExtractFeatures(context.Background(), []int{0, 5, 7, 2})
			restore()
			if err != nil {
				return
			}
			if want == nil {
				want = floats(x)
			}
			for i, v := range floats(x) {
				if w := want[i]; math.Float32bits(v) != math.Float32bits(w) && (v == v || w == w) {
					t.Fatalf("level %v: value %d is %v, want %v", level, i, v, w)
				}
			}
		}
	})
}
