//go:build !purego

package simd

// tileTable is the tiles of NEON for each format.
var tileTable = [pairs + 1]tileSet{
	Float32:  {panels: 1, kernels: gemmF32x16NEON},
	Float16:  {panels: 1, kernels: gemmF32F16x16NEON, widen: gemmF32F16Widex16NEON},
	BFloat16: {panels: 1, kernels: gemmF32BF16x16NEON, widen: gemmF32BF16Widex16NEON},
	pairs:    {panels: 1, kernels: gemmBF16x16NEON},
}

// hasPairs says whether a level has BFDOT.
func hasPairs(l Level) bool { return l == NEON && hasBFDOT }

// tiles is level l's row of the table for format f.
func tiles(_ Level, f Format) *tileSet { return &tileTable[f] }
