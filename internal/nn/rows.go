package nn

import "github.com/goroberta/goroberta/internal/simd"

// rows calls f for chunks lo … hi-1 of the rows 0 … n-1.
func (t team) rows(n int, f func(lo, hi int)) {
	t.pool.Run((n+rowChunk-1)/rowChunk, func(_, item int) { f(item*rowChunk, min(n, (item+1)*rowChunk)) })
}

// selected is the selected rows of x: x itself if all rows are selected.
func (t team) selected(u use, x matrix, s Selection) matrix {
	if !s.some {
		return x
	}
	y := t.matrix(u, len(s.rows), x.cols)
	for i, r := range s.rows {
		copy(y.row(i), x.row(r))
	}
	return y
}

// norm is LN(x), row by row.
func (t team) norm(u use, x matrix, n *Norm, eps float32) matrix {
	y := t.matrix(u, x.rows, x.cols)
	t.normInto(y, x, n, eps)
	return y
}

// normInto sets y = LN(x), row by row. y may be x.
func (t team) normInto(y, x matrix, n *Norm, eps float32) {
	t.rows(x.rows, func(lo, hi int) {
		for r := lo; r < hi; r++ {
			simd.LayerNorm(y.row(r), x.row(r), n.Gain, n.Bias, eps)
		}
	})
}

// add sets x = x + y.
func (t team) add(x, y matrix) {
	t.rows(x.rows, func(lo, hi int) {
		for r := lo; r < hi; r++ {
			simd.Add(x.row(r), y.row(r))
		}
	})
}

// addNorm sets x = LN(x + y), row by row.
func (t team) addNorm(x, y matrix, n *Norm, eps float32) {
	t.rows(x.rows, func(lo, hi int) {
		simd.AddLayerNorm(x.from(lo, 0), x.stride, y.from(lo, 0), y.stride, hi-lo, n.Gain, n.Bias, eps)
	})
}
