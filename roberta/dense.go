package roberta

import (
	"errors"
	"fmt"

	"gorgonia.org/tensor"

	"github.com/goroberta/goroberta/internal/simd"
)

// newDense wraps values that nothing else refers to.
func newDense(values []float32, shape ...int) *tensor.Dense {
	return tensor.New(tensor.WithShape(shape...), tensor.WithBacking(values))
}

// zeros is a tensor (B, T, C) for the rows of a batch.
func (b *batch) zeros(C int) *tensor.Dense {
	return newDense(make([]float32, b.sequences()*b.width*C), b.sequences(), b.width, C)
}

// fill copies x to its places in dst [B, T, C].
func fill(dst *tensor.Dense, places []int, x matrix) {
	out := dst.Data().([]float32)
	for i, p := range places {
		copy(out[p*x.cols:][:x.cols], x.row(i))
	}
}

// logSoftmax sets x to log(softmax(x)).
func logSoftmax(x []float32) { simd.LogSoftmax(x, x) }

// ErrTokens is returned by TokensFromDense for a tensor that holds no tokens.
var ErrTokens = errors.New("roberta: not a tensor of tokens")

// TokensFromDense reads tokens from a tensor of shape (T) or (B, T), of type
// int, int64 or int32 and padded with 1, as fairseq's batches are. Views and
// transposed tensors are read as their shape says. The tensor is not kept.
// Errors are ErrTokens, with what is wrong.
func TokensFromDense(t *tensor.Dense) ([][]int, error) {
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
