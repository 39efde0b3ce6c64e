package weights

import (
	"bytes"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
)

// TestViews: shapes, strides and offsets of torch's tensors, and those that do
// not fit their storage of 12 elements.
func TestViews(t *testing.T) {
	const (
		huge    = math.MaxInt
		half    = 1 << (strconv.IntSize / 2) // half·half overflows to 0
		quarter = 1 << (strconv.IntSize - 2) // 4·quarter too
	)
	for _, tc := range []struct {
		name   string
		offset int
		shape  tuple
		stride tuple
		want   []float32
		is     error
	}{
		{"whole", 0, tuple{3, 4}, tuple{4, 1}, []float32{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, nil},
		{"scalar", 5, tuple{}, tuple{}, []float32{5}, nil},
		{"row", 4, tuple{4}, tuple{1}, []float32{4, 5, 6, 7}, nil},
		{"column", 1, tuple{3}, tuple{4}, []float32{1, 5, 9}, nil},
		{"transposed", 0, tuple{4, 3}, tuple{1, 4}, []float32{0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11}, nil},
		{"part of rows", 1, tuple{2, 2}, tuple{4, 1}, []float32{1, 2, 5, 6}, nil},
		{"three dimensions", 0, tuple{2, 3, 2}, tuple{1, 2, 6}, []float32{0, 6, 2, 8, 4, 10, 1, 7, 3, 9, 5, 11}, nil},
		{"expanded", 3, tuple{2, 2}, tuple{0, 1}, []float32{3, 4, 3, 4}, nil},
		{"expanded beyond the storage's size", 10, tuple{4, 2}, tuple{0, 1}, []float32{10, 11, 10, 11, 10, 11, 10, 11}, nil},
		{"a number, expanded", 7, tuple{13}, tuple{0}, slices.Repeat([]float32{7}, 13), nil},
		{"dimensions of one", 2, tuple{1, 2, 1}, tuple{huge, 1, huge}, []float32{2, 3}, nil},
		{"empty", 12, tuple{0}, tuple{1}, nil, nil},
		{"empty and huge", 0, tuple{0, huge, huge}, tuple{huge, huge, huge}, nil, nil},
		{"beyond by one", 1, tuple{3, 4}, tuple{4, 1}, nil, ErrTruncated},
		{"offset at the end", 12, tuple{1}, tuple{1}, nil, ErrTruncated},
		{"offset beyond", 13, tuple{0}, tuple{1}, nil, ErrCorrupt},
		{"scalar beyond", 12, tuple{}, tuple{}, nil, ErrTruncated},
		{"offset huge", huge, tuple{1}, tuple{1}, nil, ErrCorrupt},
		{"offset negative", -1, tuple{1}, tuple{1}, nil, ErrCorrupt},
		{"stride beyond", 0, tuple{2}, tuple{12}, nil, ErrTruncated},
		{"stride huge", 0, tuple{3}, tuple{huge}, nil, ErrTruncated},
		{"strides that overflow together", 0, tuple{3, 3}, tuple{quarter, quarter}, nil, ErrTruncated},
		{"stride negative", 11, tuple{3}, tuple{-1}, nil, ErrCorrupt},
		{"shape negative", 0, tuple{-1}, tuple{1}, nil, ErrCorrupt},
		{"shape negative twice", 0, tuple{-3, -4}, tuple{4, 1}, nil, ErrCorrupt},
		{"negative beside zero", 0, tuple{0, -1}, tuple{1, 1}, nil, ErrCorrupt},
		{"shape overflows", 0, tuple{half, half}, tuple{1, 1}, nil, ErrTruncated},
		{"shape overflows to fit", 0, tuple{quarter, 4, 3}, tuple{1, 1, 1}, nil, ErrTruncated},
		{"expanded without end", 0, tuple{1 << 24, 1}, tuple{0, 1}, nil, ErrTooLarge},
		{"expanded to overflow", 0, tuple{half, half, half, 1}, tuple{0, 0, 0, 1}, nil, ErrTooLarge},
		{"more strides than dimensions", 0, tuple{2}, tuple{1, 1}, nil, ErrCorrupt},
		{"fewer strides", 0, tuple{2, 2}, tuple{1}, nil, ErrCorrupt},
		{"too many dimensions", 0, slices.Repeat(tuple{1}, 100), slices.Repeat(tuple{1}, 100), nil, ErrCorrupt},
		{"shape of text", 0, tuple{"2"}, tuple{1}, nil, ErrCorrupt},
	} {
		t.Run(tc.name, func(t *testing.T) {
			object := dict{"model", orderedDict("w", view{"FloatStorage", "0", 12, tc.offset, tc.shape, tc.stride}.value())}
			for form, file := range map[string][]byte{
				"zip": torchZip(object, entry{"0", floats(12)}), "legacy": torchLegacy(object, 4, entry{"0", floats(12)}),
			} {
				c, err := checkMemory(t, file)
				if !errors.Is(err, tc.is) || err != nil && !isTyped(err) {
					t.Errorf("%s: %v, want a *FileError of %v", form, err, tc.is)
				}
				if err != nil {
					continue
				}
				x, _ := c.Tensor("w")
				if got := float32s(t, x); !slices.Equal(got, tc.want) {
					t.Errorf("%s: %v, want %v", form, got, tc.want)
				}
				checkWays(t, x)
			}
		})
	}
}

// checkWays: a tensor's bytes, rows and aliased memory agree with Float32s.
func checkWays(t *testing.T, x *Tensor) {
	t.Helper()
	want := float32s(t, x)
	b := mustBytes(t, x)
	if len(b) != x.Len()*x.DType.Size() {
		t.Errorf("%s: %d bytes for %d of %v", x.Name, len(b), x.Len(), x.DType)
	}
	same := func(a, b float32) bool { return math.Float32bits(a) == math.Float32bits(b) }
	got := make([]float32, len(want))
	toFloat32(got, b, x.DType, x.DType.Size())
	if !slices.EqualFunc(got, want, same) {
		t.Errorf("%s: Bytes and Float32s differ", x.Name)
	}
	if a, ok := x.AliasedFloat32s(); ok && !slices.EqualFunc(a, want, same) {
		t.Errorf("%s: AliasedFloat32s and Float32s differ", x.Name)
	}
	if len(x.Shape) == 0 || x.Shape[0] > 100 {
		return
	}
	width := 0
	if x.Shape[0] > 0 {
		width = len(want) / x.Shape[0]
	}
	for lo := range x.Shape[0] + 1 {
		for hi := lo; hi <= x.Shape[0]; hi++ {
			got := make([]float32, (hi-lo)*width)
			if err := x.RowsFloat32(got, lo, hi); err != nil || !slices.EqualFunc(got, want[lo*width:hi*width], same) {
				t.Errorf("%s: rows %d to %d: %v, %v, want %v", x.Name, lo, hi, got, err, want[lo*width:hi*width])
			}
		}
	}
	for _, r := range [][2]int{{-1, 0}, {1, 0}, {0, x.Shape[0] + 1}} {
		if err := x.RowsFloat32(make([]float32, 4), r[0], r[1]); err == nil {
			t.Errorf("%s: rows %d to %d of %v: no error", x.Name, r[0], r[1], x.Shape)
		}
	}
	if err := x.Float32s(make([]float32, len(want)+1)); err == nil {
		t.Errorf("%s: Float32s into a slice that is too long: no error", x.Name)
	}
}

// TestConversions: every element type to float32, for values at its edges.
func TestConversions(t *testing.T) {
	nan := math.Float32frombits
	for _, tc := range []struct {
		dtype DType
		bytes string
		want  float32
	}{
		{F32, "\x00\x00\xc0\x3f", 1.5}, {F32, "\x01\x00\x00\x00", 0x1p-149}, {F32, "\x01\x00\x80\x7f", nan(0x7f800001)},
		{F64, "\x00\x00\x00\x00\x00\x00\xf8\x3f", 1.5}, {F64, "\x00\x00\x00\x10\x00\x00\xf0\x3f", 1}, {F64, "\x00\x00\x00\x30\x00\x00\xf0\x3f", 1 + 0x1p-22},
		{F64, "\x01\x00\x00\x10\x00\x00\xf0\x3f", 1 + 0x1p-23}, {F64, "\xff\xff\xff\xff\xff\xff\xef\x7f", float32(math.Inf(1))},
		{F16, "\x00\x3e", 1.5}, {F16, "\x01\x00", 0x1p-24}, {F16, "\xff\x03", 1023 * 0x1p-24}, {F16, "\x00\x04", 0x1p-14}, {F16, "\xff\x7b", 65504},
		{F16, "\x00\x7c", float32(math.Inf(1))}, {F16, "\x00\xfc", float32(math.Inf(-1))}, {F16, "\x01\x7c", nan(0x7f802000)}, {F16, "\x00\x80", float32(math.Copysign(0, -1))},
		{F16, "\x01\x80", -0x1p-24}, {BF16, "\xc0\x3f", 1.5}, {BF16, "\x01\x00", 0x1p-133}, {BF16, "\x80\xff", float32(math.Inf(-1))},
		{I64, "\xff\xff\xff\xff\xff\xff\xff\xff", -1}, {I64, "\xff\xff\xff\xff\xff\xff\xff\x7f", 0x1p63}, {I32, "\x00\x00\x00\x80", -0x1p31},
		{I16, "\x00\x80", -32768}, {I8, "\x80", -128}, {U8, "\xff", 255}, {Bool, "\x01", 1}, {Bool, "\x00", 0},
	} {
		x, err := newTensor("x", tc.dtype, []int{1}, []int{1}, 0, &storage{src: memorySource([]byte(tc.bytes)), size: int64(len(tc.bytes))})
		if err != nil {
			t.Fatal(err)
		}
		if got := float32s(t, x)[0]; math.Float32bits(got) != math.Float32bits(tc.want) {
			t.Errorf("%v % x = %v (%#08x), want %v", tc.dtype, tc.bytes, got, math.Float32bits(got), tc.want)
		}
	}
}

// TestFloat16: all 65,536 halves against the definition: sign, exponent and
// fraction as numbers.
func TestFloat16(t *testing.T) {
	for h := range 1 << 16 {
		sign, exp, frac := 1-2*float64(h>>15), h>>10&31, float64(h&1023)
		want := sign * math.Ldexp(1+frac/1024, exp-15)
		switch {
		case exp == 0:
			want = math.Copysign(math.Ldexp(frac/1024, -14), sign)
		case exp == 31 && frac == 0:
			want = sign * math.Inf(1)
		case exp == 31:
			want = math.NaN()
		}
		got := float16(uint16(h))
		if math.Float32bits(got) != math.Float32bits(float32(want)) && !(math.IsNaN(want) && math.IsNaN(float64(got)) && math.Signbit(float64(got)) == (sign < 0)) {
			t.Fatalf("float16(%#04x) = %v, want %v", h, got, want)
		}
	}
}

// TestStridedEqualsContiguous: for random views, the copy that Bytes makes
// element by element is what indexing says.
func TestStridedEqualsContiguous(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 500 {
		dtype := []DType{F64, F32, F16, I8}[r.IntN(4)]
		size := dtype.Size()
		data := make([]byte, 240*size)
		for i := range data {
			data[i] = byte(r.Uint32())
		}
		var shape, strides []int
		for range r.IntN(4) {
			shape, strides = append(shape, 1+r.IntN(4)), append(strides, r.IntN(20))
		}
		offset := r.IntN(50)
		x, err := newTensor("x", dtype, shape, strides, offset, &storage{src: memorySource(data), size: int64(len(data))})
		if err != nil {
			t.Fatal(err)
		}
		var want []byte
		var walk func(d, at int)
		walk = func(d, at int) {
			if d == len(shape) {
				want = append(want, data[at*size:][:size]...)
				return
			}
			for i := range shape[d] {
				walk(d+1, at+i*strides[d])
			}
		}
		walk(0, offset)
		if got := mustBytes(t, x); !bytes.Equal(got, want) {
			t.Fatalf("shape %v, strides %v, offset %d of %v: %x, want %x", shape, strides, offset, dtype, got, want)
		}
		if dtype != I8 {
			checkWays(t, x)
		}
	}
}

// TestRows: rows of a tensor are views, also of a transposed one.
func TestRows(t *testing.T) {
	c, err := load(torchZip(dict{"model", orderedDict(
		"weight", view{"FloatStorage", "0", 12, 0, tuple{6, 2}, tuple{1, 6}}.value(), // transposed
		"bias", view{"FloatStorage", "0", 12, 6, tuple{6}, tuple{1}}.value(),
		"scalar", view{"FloatStorage", "0", 12, 6, tuple{}, tuple{}}.value(),
	)}, entry{"0", floats(12)}))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string][][]float32{
		"weight": {{0, 6, 1, 7}, {2, 8, 3, 9}, {4, 10, 5, 11}}, "bias": {{6, 7}, {8, 9}, {10, 11}},
	} {
		x, _ := c.Tensor(name)
		for i, want := range want {
			part := x.Rows(2*i, 2*i+2)
			if got := float32s(t, part); part.Name != name || !slices.Equal(got, want) {
				t.Errorf("%s: rows from %d are %s %v, want %v", name, 2*i, part.Name, got, want)
			}
			checkWays(t, part)
		}
		if part := x.Rows(6, 6); part.Len() != 0 || len(float32s(t, part)) != 0 {
			t.Errorf("%s: no rows are %v", name, part.Shape)
		}
	}
	for _, bad := range []struct {
		name   string
		lo, hi int
	}{{"weight", -1, 2}, {"weight", 3, 2}, {"weight", 0, 7}, {"scalar", 0, 0}} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: rows %d to %d", bad.name, bad.lo, bad.hi)
				}
			}()
			x, _ := c.Tensor(bad.name)
			x.Rows(bad.lo, bad.hi)
		}()
	}
}

// TestDTypes: names and sizes, also of what is no type.
func TestDTypes(t *testing.T) {
	for d := range DType(255) {
		name := d.String()
		got := parseDType(name)
		valid := F64 <= d && d <= Bool
		if want := d; got != want && !(got == otherType && (d == otherType || d >= qint8 || d == 0)) || d.isRead() != valid || (d.Size() > 0) != valid {
			t.Errorf("DType(%d): String %q, Size %d; parsed %v", d, name, d.Size(), got)
		}
		if n, ok := d.bytes(6); ok && valid && n != 6*int64(d.Size()) || ok != (valid || otherType < d && int(d) < len(dtypes) && dtypes[d].bits*6%8 == 0) {
			t.Errorf("%v: 6 elements have %d bytes, %v", d, n, ok)
		}
		if d.IsFloat() != slices.Contains([]DType{F64, F32, F16, BF16}, d) {
			t.Errorf("%v.IsFloat() = %v", d, d.IsFloat())
		}
	}
}
