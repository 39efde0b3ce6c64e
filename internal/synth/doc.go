// Package synth makes RoBERTa models whose weights are computed from a seed.
//
// Any program can make the same weights from this page, so results for a model
// of any size can be compared between implementations without a download.
// Element i, from 0 in row-major order, of the parameter that fairseq calls s is,
// in uint64 with wrap-around,
//
//	h = FNV-1a-64(s) ⊕ seed
//	z = h + (i+1) · 0x9E3779B97F4A7C15
//	z = (z ⊕ z>>30) · 0xBF58476D1CE4E5B9
//	z = (z ⊕ z>>27) · 0x94D049BB133111EB
//	z = z ⊕ z>>31
//	r = float32(z>>40) · 2⁻²³ − 1                exact, in [−1, 1)
//	w = r·a, or 1 + r·a for a LayerNorm's gain
//
// with a per kind of parameter: see amplitude. With these activations stay near
// 1 in every layer, attention stays peaky and tokens stay distinct, so that an
// error in any layer shows.
//
// The generator is SplitMix64: Guy Steele, Doug Lea and Christine Flood, "Fast
// Splittable Pseudorandom Number Generators", OOPSLA 2014, with the constants of
// David Stafford's variant 13. The hash is Glenn Fowler, Landon Noll and
// Kiem-Phong Vo's.
package synth
