//go:build !purego

package simd

// Vec functions do as much of an operation as is a multiple of 16 elements, at
// the active level, and return how much they did.

//go:noescape
func pack16AVX2(panel *float32, w *float32, ldw int, k int)

// tiles are a level's products; nil for the portable one.
func tiles(l Level) *tileSet {
	switch l {
	case AVX512:
		return &tilesAVX512
	case AVX2:
		return &tilesAVX2
	}
	return nil
}

// whole is how many of n elements the active level's functions do.
func whole(n int) (int, Level) {
	l := Active()
	if l == Generic {
		return 0, l
	}
	return n &^ (PanelWidth - 1), l
}

func fromF16Vec(dst []float32, src []uint16) int {
	n, l := whole(len(src))
	if n == 0 {
		return 0
	}
	if l == AVX512 {
		fromF16AVX512(&dst[0], &src[0], n)
	} else {
		fromF16AVX2(&dst[0], &src[0], n)
	}
	return n
}

func maxVec(a *lanes, x []float32) int {
	n, l := whole(len(x))
	if n == 0 {
		return 0
	}
	if l == AVX512 {
		maxAVX512((*[16]float32)(a), &x[0], n)
	} else {
		maxAVX2((*[16]float32)(a), &x[0], n)
	}
	return n
}

func expSumVec(a *lanes, x []float32, top float32) int {
	n, l := whole(len(x))
	if n == 0 {
		return 0
	}
	if l == AVX512 {
		expSumAVX512((*[16]float32)(a), &x[0], n, top)
	} else {
		expSumAVX2((*[16]float32)(a), &x[0], n, top)
	}
	return n
}

func sumVec(a *lanes, x []float32) int {
	n, l := whole(len(x))
	if n == 0 {
		return 0
	}
	if l == AVX512 {
		sumAVX512((*[16]float32)(a), &x[0], n)
	} else {
		sumAVX2((*[16]float32)(a), &x[0], n)
	}
	return n
}

func sumSquaresVec(a *lanes, x []float32, mean float32) int {
	n, l := whole(len(x))
	if n == 0 {
		return 0
	}
	if l == AVX512 {
		sumSquaresAVX512((*[16]float32)(a), &x[0], n, mean)
	} else {
		sumSquaresAVX2((*[16]float32)(a), &x[0], n, mean)
	}
	return n
}

func normalizeVec(dst, x, gain, bias []float32, mean, scale float32) int {
	n, l := whole(len(x))
	if n == 0 {
		return 0
	}
	if l == AVX512 {
		normalizeAVX512(&dst[0], &x[0], &gain[0], &bias[0], n, mean, scale)
	} else {
		normalizeAVX2(&dst[0], &x[0], &gain[0], &bias[0], n, mean, scale)
	}
	return n
}

func addVec(dst, x, y []float32) int {
	n, l := whole(len(x))
	if n == 0 {
		return 0
	}
	if l == AVX512 {
		addAVX512(&dst[0], &x[0], &y[0], n)
	} else {
		addAVX2(&dst[0], &x[0], &y[0], n)
	}
	return n
}

func scaleVec(x []float32, s float32) int {
	n, l := whole(len(x))
	if n == 0 {
		return 0
	}
	if l == AVX512 {
		scaleAVX512(&x[0], n, s)
	} else {
		scaleAVX2(&x[0], n, s)
	}
	return n
}

func geluVec(x []float32) int {
	n, l := whole(len(x))
	if n == 0 {
		return 0
	}
	if l == AVX512 {
		geluAVX512(&x[0], n)
	} else {
		geluAVX2(&x[0], n)
	}
	return n
}

func tanhVec(x []float32) int {
	n, l := whole(len(x))
	if n == 0 {
		return 0
	}
	if l == AVX512 {
		tanhAVX512(&x[0], n)
	} else {
		tanhAVX2(&x[0], n)
	}
	return n
}

func geluTanhVec(x []float32) int {
	n, l := whole(len(x))
	if n == 0 {
		return 0
	}
	if l == AVX512 {
		geluTanhAVX512(&x[0], n)
	} else {
		geluTanhAVX2(&x[0], n)
	}
	return n
}

func reluVec(x []float32) int {
	n, l := whole(len(x))
	if n == 0 {
		return 0
	}
	if l == AVX512 {
		reluAVX512(&x[0], n)
	} else {
		reluAVX2(&x[0], n)
	}
	return n
}

func reluSquaredVec(x []float32) int {
	n, l := whole(len(x))
	if n == 0 {
		return 0
	}
	if l == AVX512 {
		reluSquaredAVX512(&x[0], n)
	} else {
		reluSquaredAVX2(&x[0], n)
	}
	return n
}

// packVec packs as many of k columns of 16 rows as is a multiple of 8.
func packVec(panel, w []float32, ldw, k int) int {
	if k &^= 7; k == 0 || Active() == Generic {
		return 0
	}
	pack16AVX2(&panel[0], &w[0], 4*ldw, k)
	return k
}
