//go:build !purego

package simd

// Vec functions do as much of an operation as is a multiple of 16 elements, at
// the active level, and return how much they did.

// tiles are a level's products; nil for the portable one.
func tiles(l Level) *tileSet {
	if l == NEON {
		return &tilesNEON
	}
	return nil
}

// whole is how many of n elements the active level's functions do.
func whole(n int) int {
	if Active() == Generic {
		return 0
	}
	return n &^ (PanelWidth - 1)
}

func fromF16Vec(dst []float32, src []uint16) int {
	n := whole(len(src))
	if n == 0 {
		return 0
	}
	fromF16NEON(&dst[0], &src[0], n)
	return n
}

func maxVec(a *lanes, x []float32) int {
	n := whole(len(x))
	if n == 0 {
		return 0
	}
	maxNEON((*[16]float32)(a), &x[0], n)
	return n
}

func expSumVec(a *lanes, x []float32, top float32) int {
	n := whole(len(x))
	if n == 0 {
		return 0
	}
	expSumNEON((*[16]float32)(a), &x[0], n, top)
	return n
}

func sumVec(a *lanes, x []float32) int {
	n := whole(len(x))
	if n == 0 {
		return 0
	}
	sumNEON((*[16]float32)(a), &x[0], n)
	return n
}

func sumSquaresVec(a *lanes, x []float32, mean float32) int {
	n := whole(len(x))
	if n == 0 {
		return 0
	}
	sumSquaresNEON((*[16]float32)(a), &x[0], n, mean)
	return n
}

func normalizeVec(dst, x, gain, bias []float32, mean, scale float32) int {
	n := whole(len(x))
	if n == 0 {
		return 0
	}
	normalizeNEON(&dst[0], &x[0], &gain[0], &bias[0], n, mean, scale)
	return n
}

func addVec(dst, x, y []float32) int {
	n := whole(len(x))
	if n == 0 {
		return 0
	}
	addNEON(&dst[0], &x[0], &y[0], n)
	return n
}

func scaleVec(x []float32, s float32) int {
	n := whole(len(x))
	if n == 0 {
		return 0
	}
	scaleNEON(&x[0], n, s)
	return n
}

func geluVec(x []float32) int {
	n := whole(len(x))
	if n == 0 {
		return 0
	}
	geluNEON(&x[0], n)
	return n
}

func tanhVec(x []float32) int {
	n := whole(len(x))
	if n == 0 {
		return 0
	}
	tanhNEON(&x[0], n)
	return n
}

func geluTanhVec(x []float32) int {
	n := whole(len(x))
	if n == 0 {
		return 0
	}
	geluTanhNEON(&x[0], n)
	return n
}

func reluVec(x []float32) int {
	n := whole(len(x))
	if n == 0 {
		return 0
	}
	reluNEON(&x[0], n)
	return n
}

func reluSquaredVec(x []float32) int {
	n := whole(len(x))
	if n == 0 {
		return 0
	}
	reluSquaredNEON(&x[0], n)
	return n
}

// packVec is for processors whose stores to a column are slower than shuffles.
func packVec(panel, w []float32, ldw, k int) int { return 0 }
