//go:build purego || !(amd64 || arm64)

package simd

// There is no level but the portable one here, so Vec functions do nothing.

func softmaxVec(x []float32, ld, rows, n, width int) int { return 0 }
func packColumnVec(panel, v []float32, ldv, k int) int   { return 0 }
func packVec(panel, w []float32, ldw, k int) int         { return 0 }
func packF16Vec(panel, w []uint16, ldw, k int) int       { return 0 }
func packPairsVec(panel, w []uint16, ldw, k int) int     { return 0 }

func addLayerNormVec(x []float32, ldx int, y []float32, ldy, rows int, gain, bias []float32, eps float32) int {
	return 0
}
