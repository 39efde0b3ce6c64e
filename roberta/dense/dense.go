// Package dense converts between goroberta's results and gorgonia.org/tensor. It is
// the only package of goroberta that needs that module.
//
//	x, err := m.ExtractFeatures(ctx, tokens)
//	t := dense.Of(x)      // *tensor.Dense of shape (1, 5, 1024)
//	v := t.Float32s()     // its values
//
// # Read a Dense by Float32s, never by Data
//
// In gorgonia.org/tensor v0.9.24 Data keeps the address of the values as a mere
// number while it allocates. If the tensor is not used afterwards, the garbage
// collector may free the values meanwhile, and the slice that Data returns shows
// whatever comes to lie there: another call's results, or a crash. Float32s does not
// do this. Where only Data will do, call runtime.KeepAlive(t) after it. Nothing of
// this concerns the results themselves: their methods return plain slices.
package dense

import (
	"errors"
	"fmt"

	"gorgonia.org/tensor"

	"github.com/goroberta/goroberta/roberta"
)

// A Result is what has a shape and float32 values: *roberta.States, *roberta.Matrix.
type Result interface {
	Shape() roberta.Shape
	Float32s() []float32
}

// Of returns a result as a tensor of its shape: contiguous, row-major float32. It
// shares the result's memory unless sequences differ in length; see
// roberta.States.Float32s. Read the tensor by Float32s (see the package comment).
func Of(x Result) *tensor.Dense {
	return tensor.New(tensor.WithShape(x.Shape()...), tensor.WithBacking(x.Float32s()))
}

// ErrTokens is returned by Tokens for a tensor that holds no tokens.
var ErrTokens = errors.New("dense: not a tensor of tokens")

// Tokens reads tokens from a tensor of shape (T) or (B, T), of type
// int, int64 or int32 and padded with 1, as fairseq's batches are. Views and
// transposed tensors are read as their shape says. The tensor is not kept.
// Errors are ErrTokens, with what is wrong.
func Tokens(t *tensor.Dense) ([][]int, error) {
	if t == nil {
		return nil, fmt.Errorf("%w: nil", ErrTokens)
	}
	shape := t.Shape()
	rows, cols := 1, 0
	switch {
	case shape.IsScalar():
		return nil, fmt.Errorf("%w: a scalar, want shape (T) or (B, T)", ErrTokens)
	case len(shape) == 1:
		cols = shape[0]
	case len(shape) == 2:
		rows, cols = shape[0], shape[1]
	default:
		return nil, fmt.Errorf("%w: shape %v, want (T) or (B, T)", ErrTokens, shape)
	}
	if t.IsMasked() {
		return nil, fmt.Errorf("%w: a masked tensor; pad with 1 instead", ErrTokens)
	}
	if dt := t.Dtype(); dt != tensor.Int && dt != tensor.Int64 && dt != tensor.Int32 {
		return nil, fmt.Errorf("%w: elements are %v, want int, int64 or int32", ErrTokens, dt)
	}
	out := make([][]int, rows)
	for b := range out {
		out[b] = make([]int, cols)
		for i := range cols {
			at := []int{b, i}[2-len(shape):]
			v, err := t.At(at...)
			if err != nil {
				return nil, fmt.Errorf("%w: element %v: %w", ErrTokens, at, err)
			}
			switch v := v.(type) {
			case int:
				out[b][i] = v
			case int64:
				out[b][i] = int(v)
			case int32:
				out[b][i] = int(v)
			}
		}
	}
	return out, nil
}
