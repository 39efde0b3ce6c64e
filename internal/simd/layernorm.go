package simd

import "math"

// LayerNorm sets dst = (x−μ)/√(σ²+ε)·gain + bias, with μ and σ² the mean and the
// biased variance of x. All slices have one length; dst may be x.
func LayerNorm(dst, x, gain, bias []float32, eps float32) {
	n := len(x)
	if len(dst) != n || len(gain) != n || len(bias) != n {
		panic("simd: LayerNorm of other length")
	}
	if n == 0 {
		return
	}
	var l lanes
	done := sumVec(&l, x)
	sumGeneric(&l, x[done:])
	mean := l.sum() / float32(n)

	l = lanes{}
	done = sumSquaresVec(&l, x, mean)
	sumSquaresGeneric(&l, x[done:], mean)
	variance := l.sum() / float32(n)
	// The float64 root of a float32, rounded, is the float32 root.
	scale := 1 / float32(math.Sqrt(float64(variance+eps)))

	done = normalizeVec(dst, x, gain, bias, mean, scale)
	normalizeGeneric(dst[done:], x[done:], gain[done:], bias[done:], mean, scale)
}

// AddLayerNorm sets rows of x, ldx apart and as long as gain, to the LayerNorm of
// x + y.
func AddLayerNorm(x []float32, ldx int, y []float32, ldy, rows int, gain, bias []float32, eps float32) {
	n := len(gain)
	switch {
	case rows <= 0 || n == 0:
		return
	case len(bias) != n || ldx < n || ldy < n || len(x) < (rows-1)*ldx+n || len(y) < (rows-1)*ldy+n:
		panic("simd: AddLayerNorm of other length")
	}
	for r := addLayerNormVec(x, ldx, y, ldy, rows, gain, bias, eps); r < rows; r++ {
		row := x[r*ldx:][:n]
		Add(row, y[r*ldy:][:n])
		LayerNorm(row, row, gain, bias, eps)
	}
}

func sumGeneric(l *lanes, x []float32) {
	for i, v := range x {
		l[i%PanelWidth] += v
	}
}

func sumSquaresGeneric(l *lanes, x []float32, mean float32) {
	for i, v := range x {
		d := v - mean
		l[i%PanelWidth] = fma32(d, d, l[i%PanelWidth])
	}
}

func normalizeGeneric(dst, x, gain, bias []float32, mean, scale float32) {
	for i, v := range x {
		dst[i] = fma32(float32((v-mean)*scale), gain[i], bias[i])
	}
}
