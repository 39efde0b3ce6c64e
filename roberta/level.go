package roberta

import "github.com/goroberta/goroberta/internal/simd"

// SIMDLevel names the set of instructions that models compute with: "avx512",
// "avx2", "neon" or "generic". The environment variable GOROBERTA_SIMD lowers
// it; Open returns an error if it asks for one that is not there. Results do
// not depend on the level.
func SIMDLevel() string { return simd.Active().String() }
