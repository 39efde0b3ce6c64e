// Package simd computes the products, normalisations and functions that a
// transformer is made of, with AVX-512, AVX2 or NEON instructions where the
// processor has them, and in portable Go everywhere.
//
// # One result
//
// Every level of instructions gives the same bits, the portable one included.
// Each operation is defined by its twin in portable Go, whose name ends in Generic:
//
//   - A product adds its terms with fused multiply-adds in order of k, in blocks
//     of 256 terms that are then added in order to a base (a bias, or zero). Tiles
//     and threads only choose who computes which element. Blocks also keep the
//     rounding error from growing with √K.
//   - A reduction runs over 16 virtual lanes, element i in lane i mod 16; lanes are
//     then added by one fixed tree: i with i+8, i+4, i+2, i+1. Sixteen lanes are one
//     AVX-512 register, two of AVX2, four of NEON.
//   - exp, tanh and the normal distribution are one polynomial each, evaluated in
//     one order. Division is IEEE 754's. Nothing is approximated by the processor.
//
// The portable level has no fused multiply-add that is fast everywhere; fma32
// computes one exactly in float64. NaN gives NaN; which NaN is not promised.
//
// # Layout
//
// Weights are packed into panels of 16 output features, see Matrix. Activations
// are row-major with a stride; kernels read rows in place. A product writes
// whole panels, so rows have room for them. Rows should not be a multiple of
// 4096 bytes apart, or they all fall into one set of the first-level cache.
//
// # Choice of level
//
// The best level the processor has is chosen at start. The environment variable
// GOROBERTA_SIMD=generic, neon, avx2 or avx512 lowers it; see Err. The build tag
// purego leaves out all assembly.
//
// References: Goto and van de Geijn, Anatomy of High-Performance Matrix
// Multiplication, 2008; Cody and Waite, Software Manual for the Elementary
// Functions, 1980 (exp); Higham, Accuracy and Stability of Numerical
// Algorithms, 2002, chapter 4 (blocked sums).
package simd

//go:generate go run -C _gen . -out ..
