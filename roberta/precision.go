package roberta

import (
	"errors"
	"fmt"
	"slices"

	"github.com/goroberta/goroberta/internal/simd"
)

// A Precision is the arithmetic of a model's matrices: the linear layers of its encoder, and
// the token embedding with the LM head's output matrix. LayerNorm, softmax, activation
// functions, classification heads, the pooler and the LM head's dense layer are float32 in each. In a precision below float32, products of queries
// with keys and of attention weights with values are those of 16-bit integers, whose error is a
// small part of the whole.
type Precision uint8

// The precisions.
const (
	// Float32 is the default: weights and activations in float32, or weights in float16
	// where that holds them exactly.
	Float32 Precision = iota
	// BFloat16 rounds weights and activations to bfloat16, the upper half of a float32, and
	// adds in float32. Weights take half the memory. Where the processor has AVX512-BF16, or on
	// arm64 BF16, long inputs are faster too. Those instructions may give other last bits than
	// other processors have; docs/numerics.md says when.
	BFloat16
	// Int8 rounds weights to 8 bits with a scale for each output feature, and activations
	// to 8 bits with a scale and a zero point for each token. Sums are exact.
	Int8
)

var precisionNames = []string{"fp32", "bf16", "int8"}

// String is the precision's name as the command takes it: fp32, bf16 or int8.
func (p Precision) String() string {
	if int(p) < len(precisionNames) {
		return precisionNames[p]
	}
	return fmt.Sprintf("Precision(%d)", uint8(p))
}

// MarshalText is String. It fails for what is no precision.
func (p Precision) MarshalText() ([]byte, error) {
	if int(p) >= len(precisionNames) {
		return nil, fmt.Errorf("roberta: no precision %d", p)
	}
	return []byte(p.String()), nil
}

// UnmarshalText is the inverse of String. It fails for other names.
func (p *Precision) UnmarshalText(name []byte) error {
	i := slices.Index(precisionNames, string(name))
	if i < 0 {
		return fmt.Errorf("roberta: precision %q, want one of %v", name, precisionNames)
	}
	*p = Precision(i)
	return nil
}

// WithPrecision sets the arithmetic of the model's matrices. Weights are rounded when
// the model is opened. Int8 is faster and takes a quarter of the memory, BFloat16 half of it,
// and is faster where the processor has instructions for it. Both change results a little:
// package pipeline's Compare measures by how much. The default is Float32, or for a file
// that Convert wrote in another precision that one. A file in Int8 opens in no other; one in
// BFloat16 opens in any, with the values that were rounded.
func WithPrecision(p Precision) Option {
	return func(o *options) error {
		if int(p) >= len(precisionNames) {
			return fmt.Errorf("roberta: no precision %d", p)
		}
		o.precision = &p
		return nil
	}
}

// ErrPrecision is returned where a model cannot have the precision that was asked for: its
// file has the matrices in Int8, or they are too large for Int8.
var ErrPrecision = errors.New("roberta: no model in this precision")

// precision is the one that was asked for, if the file can have it. nil asks for the
// file's own.
func (c *checkpoint) precision(asked *Precision) (Precision, error) {
	switch {
	case c.int8 && (asked == nil || *asked == Int8):
		return Int8, nil
	case c.int8:
		return 0, fmt.Errorf("%w: the file's matrices are %v, and %v cannot be made from that", ErrPrecision, Int8, *asked)
	case asked == nil && c.bf16:
		return BFloat16, nil
	case asked == nil:
		return Float32, nil
	case *asked == Int8 && max(c.config.Dim, c.config.FFNDim) > simd.MaxInt8Terms:
		return 0, fmt.Errorf("%w: %v adds at most %d products, and the model has rows of %d", ErrPrecision, Int8, simd.MaxInt8Terms, max(c.config.Dim, c.config.FFNDim))
	}
	return *asked, nil
}

// Precision is the arithmetic of the model's matrices.
func (m *Model) Precision() Precision { return m.precision }
