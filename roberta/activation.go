package roberta

import (
	"github.com/goroberta/goroberta/internal/nn"
	"github.com/goroberta/goroberta/internal/simd"
)

// activations are the functions that fairseq knows, by name; nil is the identity.
// gelu_accurate and gelu_fast are two names of the tanh approximation
// (fairseq/utils.py, get_activation_fn; fairseq/modules/gelu.py).
var activations = map[string]nn.Activation{
	"gelu":          simd.GELU,
	"gelu_accurate": simd.GELUTanh,
	"gelu_fast":     simd.GELUTanh,
	"relu":          simd.ReLU,
	"relu_squared":  simd.ReLUSquared,
	"tanh":          simd.Tanh,
	"linear":        nil,
}
