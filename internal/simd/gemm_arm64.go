//go:build !purego

package simd

// tileTable is the tiles of NEON for each format.
var tileTable = [BFloat16 + 1]tileSet{
	Float32:  {panels: 1, kernels: gemmF32x16NEON},
	Float16:  {panels: 1, kernels: gemmF32F16x16NEON, widen: gemmF32F16Widex16NEON},
	BFloat16: {panels: 1, kernels: gemmF32BF16x16NEON, widen: gemmF32BF16Widex16NEON},
}

// hasPairs: BFDOT and BFMMLA round to odd, and so to other results; see docs/numerics.md.
func hasPairs(Level) bool { return false }

// tiles is level l's row of the table for format f.
func tiles(_ Level, f Format) *tileSet { return &tileTable[f] }
