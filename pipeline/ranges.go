package pipeline

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"

	"github.com/goroberta/goroberta/weights"
)

// Ranges are the smallest and the largest value of each dimension of some vectors: what
// QuantizeInt8 and QuantizeUint8 go by. The zero Ranges are those of no vector. A
// Ranges may be read by any number of goroutines, and Add changes it.
type Ranges struct {
	Min, Max []float32 // as many values as a vector
}

// RangesOf returns the ranges of vectors. Errors are those of Add.
func RangesOf(vectors [][]float32) (*Ranges, error) {
	r := &Ranges{}
	for _, v := range vectors {
		if err := r.Add(v); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// Add widens the ranges to a vector. The error wraps ErrVector: the vector has another
// number of values than those before it, or one that is not finite. The ranges are
// then as before.
func (r *Ranges) Add(v []float32) error {
	if r.Min == nil {
		if err := checkFinite(v); err != nil {
			return err
		}
		r.Min, r.Max = slices.Clone(v), slices.Clone(v)
		return nil
	}
	if err := cmp.Or(checkVector(v, len(r.Min)), checkFinite(v)); err != nil {
		return err
	}
	for i, x := range v {
		r.Min[i], r.Max[i] = min(r.Min[i], x), max(r.Max[i], x)
	}
	return nil
}

// check is an error for ranges that are those of no vector.
func (r *Ranges) check() error {
	if r == nil || len(r.Min) == 0 || len(r.Min) != len(r.Max) {
		return fmt.Errorf("%w: the ranges have no values", ErrVector)
	}
	for i, lo := range r.Min {
		if hi := r.Max[i]; !(lo <= hi) || !(hi-lo <= math.MaxFloat32) { // steps are float32
			return fmt.Errorf("%w: the range of value %d is %v to %v", ErrVector, i, lo, hi)
		}
	}
	return nil
}

// checkFinite is an error for a vector without values, or with one that is NaN or
// infinite.
func checkFinite(v []float32) error {
	if len(v) == 0 {
		return fmt.Errorf("%w: no values", ErrVector)
	}
	for i, x := range v {
		if !(math.Abs(float64(x)) <= math.MaxFloat32) {
			return fmt.Errorf("%w: value %d is %v", ErrVector, i, x)
		}
	}
	return nil
}

// rangesTensor is the tensor [2, D] that holds ranges in a file: the smallest values,
// then the largest.
const rangesTensor = "ranges"

// Entry is the tensor "ranges" [2, D], float32, which OpenRanges reads: the smallest
// values, then the largest.
func (r *Ranges) Entry() weights.Entry {
	return weights.Entry{Name: rangesTensor, DType: weights.F32, Shape: []int{2, len(r.Min)}, Write: func(w io.Writer) error {
		if err := writeFloats(w, r.Min); err != nil {
			return err
		}
		return writeFloats(w, r.Max)
	}}
}

// OpenRanges reads ranges from the tensor "ranges" [2, D] of a safetensors file.
// Errors are a *weights.FileError that names the file and wraps weights.ErrCorrupt if
// there is no such tensor, or if it does not hold ranges.
func OpenRanges(path string) (*Ranges, error) {
	file, err := weights.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return readRanges(file, path)
}

func readRanges(file *weights.Checkpoint, path string) (*Ranges, error) {
	t, err := matrix(file, path, rangesTensor)
	if err != nil {
		return nil, err
	}
	if t.Shape[0] != 2 {
		return nil, badTensor(path, rangesTensor, fmt.Errorf("shape %v, want [2, D]", t.Shape))
	}
	values := make([]float32, t.Len())
	if err := t.Float32s(values); err != nil {
		return nil, err
	}
	r := &Ranges{Min: values[:t.Shape[1]:t.Shape[1]], Max: values[t.Shape[1]:]}
	if err := r.check(); err != nil {
		return nil, badTensor(path, rangesTensor, err)
	}
	return r, nil
}

// matrix is a tensor of two dimensions, neither of which is 0, with floats.
func matrix(file *weights.Checkpoint, path, name string) (*weights.Tensor, error) {
	t, ok := file.Tensor(name)
	if !ok {
		return nil, badTensor(path, name, errors.New("the file has no such tensor"))
	}
	if len(t.Shape) != 2 || t.Len() == 0 {
		return nil, badTensor(path, name, fmt.Errorf("shape %.100s, want a matrix", fmt.Sprint(t.Shape)))
	}
	if !slices.Contains([]weights.DType{weights.F64, weights.F32, weights.F16, weights.BF16}, t.DType) {
		return nil, badTensor(path, name, fmt.Errorf("type %s, want floats", t.Type()))
	}
	return t, nil
}

func badTensor(path, name string, err error) error {
	return &weights.FileError{Path: path, Tensor: name, Offset: -1, Err: fmt.Errorf("%w: %w", weights.ErrCorrupt, err)}
}

// writeFloats writes values as safetensors holds them.
func writeFloats(w io.Writer, values []float32) error {
	buf := make([]byte, 0, 4*len(values))
	for _, v := range values {
		buf = binary.LittleEndian.AppendUint32(buf, math.Float32bits(v))
	}
	_, err := w.Write(buf)
	return err
}
