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

func (q *Int16Rows) setVec(x []float32, ldx int, limit, share float32) int { return 0 }

func columnTopsVec(tops *[2]lanes, v []float32, ldv, k int) int                      { return 0 }
func packWordColumnsVec(panel []int16, v []float32, ldv, k int, inverses *lanes) int { return 0 }
func packWordPairsVec(panel, words []int16, stride, k int) int                       { return 0 }
