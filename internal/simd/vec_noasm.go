//go:build purego || !(amd64 || arm64)

package simd

// A Vec function does a prefix of its rows with the instructions of the active level
// and returns the prefix's length. Here is no level but the portable one, so 0.

func geluVec([]float32) int                                              { return 0 }
func tanhVec([]float32) int                                              { return 0 }
func geluTanhVec([]float32) int                                          { return 0 }
func reluVec([]float32) int                                              { return 0 }
func reluSquaredVec([]float32) int                                       { return 0 }
func scaleVec([]float32, float32) int                                    { return 0 }
func addVec(dst, x, y []float32) int                                     { return 0 }
func normalizeVec(dst, x, gain, bias []float32, mean, scale float32) int { return 0 }
func maxVec(*lanes, []float32) int                                       { return 0 }
func sumVec(*lanes, []float32) int                                       { return 0 }
func sumSquaresVec(*lanes, []float32, float32) int                       { return 0 }
func expSumVec(*lanes, []float32, float32) int                           { return 0 }
func markNaNVec(*lanes, []float32) int                                   { return 0 }
func fromF16Vec([]float32, []uint16) int                                 { return 0 }
func toF16Vec(*lanes, []uint16, []float32) int                           { return 0 }
func softmaxVec(x []float32, ld, rows, n, width int) int                 { return 0 }
func packColumnVec(panel, v []float32, ldv, k int) int                   { return 0 }
func packVec(panel, w []float32, ldw, k int) int                         { return 0 }
func packF16Vec(panel, w []uint16, ldw, k int) int                       { return 0 }

func addLayerNormVec(x []float32, ldx int, y []float32, ldy, rows int, gain, bias []float32, eps float32) int {
	return 0
}
