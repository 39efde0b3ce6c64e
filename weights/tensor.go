package weights

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
)

// A Tensor is one named array of a checkpoint. Its bytes stay in the file until
// they are asked for. Methods may be called from several goroutines at once.
//
// A tensor may be of a type that is not read, such as F8_E4M3: so it does not stop a
// model that has no need of it. Methods that read its elements return a *FileError that
// wraps ErrUnsupported and names the tensor and the type. Size of its DType is 0.
type Tensor struct {
	Name  string
	DType DType
	Shape []int // read only

	typeName string // of an element type without a name of its own
	strides  []int  // in elements
	offset   int    // of the first element in data, in elements
	data     *storage
}

// A storage is bytes that tensors are views of.
type storage struct {
	src       *source
	off, size int64
}

func (s *storage) bytes(off, n int64) ([]byte, error) {
	if off < 0 || n < 0 || off > s.size || n > s.size-off {
		return nil, fmt.Errorf("%w: bytes %d to %d of %d", ErrTruncated, off, off+n, s.size)
	}
	return s.src.bytes(s.off+off, n)
}

// view counts n bytes of a tensor of the file that the storage lies in.
func (s *storage) view(n int64) error {
	file := s.src
	if file.unpackedIn != nil {
		file = file.unpackedIn
	}
	if file.viewed += n; file.viewed > times(freeViews, viewRatio, file.size+file.unpacked) {
		return errViews
	}
	return nil
}

var errViews = fmt.Errorf("%w: tensors that share storages have more than %d MiB and %d times the bytes of the file", ErrTooLarge, freeViews>>20, viewRatio)

// newTensor checks that a view lies within its storage. It may have elements more than
// once, as torch's expand makes them. All views of a file together are limited, so
// tensors are not much larger than their file.
func newTensor(name string, dtype DType, shape, strides []int, offset int, data *storage) (*Tensor, error) {
	t := &Tensor{Name: name, DType: dtype, Shape: shape, strides: strides, offset: offset, data: data}
	have := data.size / int64(dtype.Size())
	if offset < 0 || int64(offset) > have {
		return nil, inTensor(name, fmt.Errorf("%w: starts at element %d of %d", ErrCorrupt, offset, have))
	}
	if slices.ContainsFunc(shape, func(d int) bool { return d < 0 }) {
		return nil, inTensor(name, fmt.Errorf("%w: shape %v", ErrCorrupt, shapeText(shape)))
	}
	if slices.Contains(shape, 0) { // no element is read, however large the other dimensions
		t.strides = make([]int, len(shape))
		return t, nil
	}
	n, last := int64(1), int64(offset)
	for i, d := range shape {
		if strides[i] < 0 {
			return nil, inTensor(name, fmt.Errorf("%w: shape %v, strides %v", ErrCorrupt, shapeText(shape), shapeText(strides)))
		}
		if d > 1 && int64(strides[i]) > (have-last)/int64(d-1) {
			return nil, inTensor(name, fmt.Errorf("%w: shape %v with strides %v reaches beyond the %d elements that are stored", ErrTruncated, shapeText(shape), shapeText(strides), have))
		}
		last += int64(d-1) * int64(strides[i])
		if n > math.MaxInt64/64/int64(d) {
			return nil, inTensor(name, errViews)
		}
		n *= int64(d)
	}
	if last >= have {
		return nil, inTensor(name, fmt.Errorf("%w: shape %v reaches beyond the %d elements that are stored", ErrTruncated, shapeText(shape), have))
	}
	if err := data.view(n * int64(dtype.Size())); err != nil {
		return nil, inTensor(name, err)
	}
	return t, nil
}

// newUnreadTensor is a tensor of a type that is not read. Its shape and its place hold
// what is known of them.
func newUnreadTensor(name string, dtype DType, typeName string, shape []int, data *storage) (*Tensor, error) {
	t := &Tensor{Name: name, DType: dtype, typeName: typeName, Shape: shape, strides: contiguous(shape), data: data}
	n, most := int64(1), data.size*8 // an element has a bit at least
	for _, d := range shape {
		if d < 0 || d > 0 && n > most/int64(d) {
			return nil, inTensor(name, fmt.Errorf("%w: shape %v in %d bytes", ErrCorrupt, shapeText(shape), data.size))
		}
		n *= int64(d)
	}
	return t, nil
}

// Type is the name of the element type as the file has it, also if it is none that is
// known.
func (t *Tensor) Type() string {
	if t.DType == otherType {
		return cut(t.typeName, maxQuote)
	}
	return t.DType.String()
}

// readable returns an error for a tensor of a type that is not read.
func (t *Tensor) readable() error {
	if t.DType.isRead() {
		return nil
	}
	return inTensor(t.Name, fmt.Errorf("%w: element type %s", ErrUnsupported, quote(t.Type())))
}

// contiguous gives the strides of a row-major array.
func contiguous(shape []int) []int {
	s := make([]int, len(shape))
	n := 1
	for i := len(shape) - 1; i >= 0; i-- {
		s[i] = n
		n *= shape[i]
	}
	return s
}

// Len is the number of elements.
func (t *Tensor) Len() int {
	n := 1
	for _, d := range t.Shape {
		n *= d
	}
	return n
}

func (t *Tensor) isContiguous() bool {
	n := 1
	for i := len(t.Shape) - 1; i >= 0; i-- {
		if t.Shape[i] != 1 && t.strides[i] != n {
			return false
		}
		n *= t.Shape[i]
	}
	return true
}

// Bytes returns the elements, row-major and little-endian. It may be the mapped
// file itself: do not write to it, and read it under Checkpoint.Guard, and not after
// Close.
func (t *Tensor) Bytes() ([]byte, error) {
	if err := t.readable(); err != nil {
		return nil, err
	}
	size := int64(t.DType.Size())
	if t.isContiguous() {
		b, err := t.data.bytes(int64(t.offset)*size, int64(t.Len())*size)
		if err != nil {
			return nil, inTensor(t.Name, err)
		}
		return b, nil
	}
	out := make([]byte, 0, int64(t.Len())*size)
	err := t.eachRun(func(b []byte, stride, n int) {
		for i := range n {
			out = append(out, b[i*stride:][:size]...)
		}
	})
	return out, err
}

// eachRun calls f under guard for the tensor's innermost rows in row-major order: n
// elements, stride bytes apart.
func (t *Tensor) eachRun(f func(b []byte, stride, n int)) error {
	size := t.DType.Size()
	if t.Len() == 0 {
		return nil
	}
	last := 0
	for i, d := range t.Shape {
		last += (d - 1) * t.strides[i]
	}
	// All rows are read at once, as those of a transposed view interleave.
	all, err := t.data.bytes(int64(t.offset)*int64(size), int64(last+1)*int64(size))
	if err != nil {
		return inTensor(t.Name, err)
	}
	outer := len(t.Shape) - 1
	inner, stride := 1, size
	if outer >= 0 {
		inner, stride = t.Shape[outer], t.strides[outer]*size
	}
	index := make([]int, max(outer, 0))
	return t.guard(func() error {
		for {
			at := 0
			for d, i := range index {
				at += i * t.strides[d]
			}
			f(all[at*size:], stride, inner)
			d := len(index) - 1
			for ; d >= 0; d-- {
				if index[d]++; index[d] < t.Shape[d] {
					break
				}
				index[d] = 0
			}
			if d < 0 {
				return nil
			}
		}
	})
}

// guard runs f, which reads the tensor's memory.
func (t *Tensor) guard(f func() error) error {
	if err := t.data.src.guard(f); err != nil {
		return inTensor(t.Name, err)
	}
	return nil
}

// Float32s converts the elements to float32, in row-major order, into dst, which
// must have Len elements. F64 rounds to the nearest, other types are exact.
func (t *Tensor) Float32s(dst []float32) error {
	if err := t.readable(); err != nil {
		return err
	}
	if len(dst) != t.Len() {
		return inTensor(t.Name, fmt.Errorf("%d elements into %d", t.Len(), len(dst)))
	}
	if t.isContiguous() {
		b, err := t.Bytes()
		if err != nil {
			return err
		}
		return t.guard(func() error { toFloat32(dst, b, t.DType, t.DType.Size()); return nil })
	}
	return t.eachRun(func(b []byte, stride, n int) {
		toFloat32(dst[:n], b, t.DType, stride)
		dst = dst[n:]
	})
}

// RowsFloat32 is Float32s for the rows lo … hi-1 of the first dimension.
func (t *Tensor) RowsFloat32(dst []float32, lo, hi int) error {
	if len(t.Shape) == 0 || lo < 0 || hi < lo || hi > t.Shape[0] {
		return inTensor(t.Name, fmt.Errorf("rows %d to %d of shape %v", lo, hi, t.Shape))
	}
	return t.Rows(lo, hi).Float32s(dst)
}

// Rows is a view of the rows lo … hi-1 of the first dimension, under t's name. It
// panics if t does not have these rows.
func (t *Tensor) Rows(lo, hi int) *Tensor {
	if len(t.Shape) == 0 || lo < 0 || hi < lo || hi > t.Shape[0] {
		panic(fmt.Sprintf("weights: rows %d to %d of shape %v", lo, hi, t.Shape))
	}
	part := *t
	part.Shape = append([]int{hi - lo}, t.Shape[1:]...)
	part.offset += lo * t.strides[0]
	return &part
}

// toFloat32 converts elements that are stride bytes apart.
func toFloat32(dst []float32, b []byte, d DType, stride int) {
	le := binary.LittleEndian
	for i := range dst {
		e := b[i*stride:]
		switch d {
		case F32:
			dst[i] = math.Float32frombits(le.Uint32(e))
		case F64:
			dst[i] = float32(math.Float64frombits(le.Uint64(e)))
		case F16:
			dst[i] = float16(le.Uint16(e))
		case BF16:
			dst[i] = math.Float32frombits(uint32(le.Uint16(e)) << 16)
		case I64:
			dst[i] = float32(int64(le.Uint64(e)))
		case I32:
			dst[i] = float32(int32(le.Uint32(e)))
		case I16:
			dst[i] = float32(int16(le.Uint16(e)))
		case I8:
			dst[i] = float32(int8(e[0]))
		default:
			dst[i] = float32(e[0])
		}
	}
}

// float16 widens an IEEE 754 binary16 value, exactly.
func float16(h uint16) float32 {
	sign := uint32(h>>15) << 31
	exp, frac := uint32(h>>10)&0x1f, uint32(h)&0x3ff
	switch exp {
	case 0:
		v := float32(frac) * 0x1p-24
		return math.Float32frombits(math.Float32bits(v) | sign)
	case 31:
		return math.Float32frombits(sign | 0x7f800000 | frac<<13)
	}
	return math.Float32frombits(sign | (exp+112)<<23 | frac<<13)
}
