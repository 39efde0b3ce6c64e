//go:build !purego

package simd

import "golang.org/x/sys/cpu"

// tileTable is the tiles of each level for each format, first those that fetch the
// next weights to the second-level cache, then those for fetchNear.
//
// An odd last panel is rare: the keys of a short sequence, a head of few classes. At
// AVX-512's level AVX2's tiles compute it too. They have half the speed at worst, for
// 0.2 % of the multiply-adds of roberta.base.
var tileTable = [2][AVX512 + 1][pairs + 1]tileSet{
	{
		AVX2: {
			Float32:  {panels: 1, kernels: gemmF32x16AVX2},
			Float16:  {panels: 1, kernels: gemmF32F16x16AVX2, widen: gemmF32F16Widex16AVX2},
			BFloat16: {panels: 1, kernels: gemmF32BF16x16AVX2, widen: gemmF32BF16Widex16AVX2},
			pairs:    {panels: 1, kernels: gemmBF16x16AVX2},
		},
		AVX512: {
			Float32:  {panels: 2, kernels: gemmF32x32AVX512, odd: AVX2},
			Float16:  {panels: 2, kernels: gemmF32F16x32AVX512, widen: gemmF32F16Widex32AVX512, odd: AVX2},
			BFloat16: {panels: 2, kernels: gemmF32BF16x32AVX512, widen: gemmF32BF16Widex32AVX512, odd: AVX2},
			pairs:    {panels: 2, kernels: gemmBF16x32AVX512, odd: AVX2},
		},
	},
	{
		AVX2: {
			Float32:  {panels: 1, kernels: gemmF32x16AVX2Near},
			Float16:  {panels: 1, kernels: gemmF32F16x16AVX2Near, widen: gemmF32F16Widex16AVX2Near},
			BFloat16: {panels: 1, kernels: gemmF32BF16x16AVX2Near, widen: gemmF32BF16Widex16AVX2Near},
			pairs:    {panels: 1, kernels: gemmBF16x16AVX2Near},
		},
		AVX512: {
			Float32:  {panels: 2, kernels: gemmF32x32AVX512Near, odd: AVX2},
			Float16:  {panels: 2, kernels: gemmF32F16x32AVX512Near, widen: gemmF32F16Widex32AVX512Near, odd: AVX2},
			BFloat16: {panels: 2, kernels: gemmF32BF16x32AVX512Near, widen: gemmF32BF16Widex32AVX512Near, odd: AVX2},
			pairs:    {panels: 2, kernels: gemmBF16x32AVX512Near, odd: AVX2},
		},
	},
}

// hasPairs says whether a level has VDPBF16PS, also for AVX2's registers.
func hasPairs(l Level) bool { return l == AVX512 && cpu.X86.HasAVX512BF16 }

// tiles is level l's row of the table for format f.
func tiles(l Level, f Format) *tileSet {
	near := 0
	if fetchNear {
		near = 1
	}
	return &tileTable[near][l][f]
}
