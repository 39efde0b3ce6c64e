package roberta

import "github.com/goroberta/goroberta/internal/simd"

// activation returns the function that fairseq means by name, in place; nil is
// the identity (fairseq/utils.py, get_activation_fn). Config.check has seen
// the name before.
func activation(name string) func([]float32) {
	switch name {
	case "gelu":
		return simd.GELU
	case "gelu_accurate", "gelu_fast":
		return simd.GELUTanh
	case "tanh":
		return simd.Tanh
	case "relu":
		return simd.ReLU
	case "relu_squared":
		return simd.ReLUSquared
	}
	return nil
}
