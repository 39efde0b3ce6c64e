//go:build !purego && (amd64 || arm64)

package simd

// A kernel computes one tile of a product, for one block of k terms:
//
//	dst[r][n] = base[r][n] + Σ x[r][k]·w[k][n]
//
// ldd, ldx and ldb are row strides, ldw is the distance to the next panel where
// the tile is two panels wide, all in bytes.
type kernel func(dst *float32, ldd int, x *float32, ldx int, w *float32, ldw int, k int, base *float32, ldb int)

// A kernel16 is a kernel for weights in float16.
type kernel16 func(dst *float32, ldd int, x *float32, ldx int, w *uint16, ldw int, k int, base *float32, ldb int)

// A tileSet is a level's kernels by their number of rows, from 1.
type tileSet struct {
	rows   int        // of the highest tile
	panels int        // of the widest tile, 1 or 2
	wide   []kernel   // two panels wide
	one    []kernel   // one panel wide
	wide16 []kernel16 // float16, as wide as panels
}

func product(dst []float32, ldd int, x []float32, ldx, m int, w *Matrix, p0, p1 int, base []float32, ldb int, scratch []float32) {
	t := tiles(Active())
	if t == nil {
		productGeneric(dst, ldd, x, ldx, m, w, p0, p1, base, ldb)
		return
	}
	height := tileHeight(m, t.rows)
	for p := p0; p < p1; p += t.panels {
		width := min(t.panels, p1-p)
		n := p * PanelWidth
		for k0 := 0; k0 < w.K; k0 += kBlock {
			k := min(kBlock, w.K-k0)
			at, step := (p*w.K+k0)*PanelWidth, w.K*PanelWidth
			// From the second block on the sum so far is the base.
			b, ldb := base, ldb
			switch {
			case k0 > 0:
				b, ldb = dst[n:], ldd
			case base == nil:
				b, ldb = zeros[:], 0
			default:
				b = base[n:]
			}
			weights := w.F32
			if w.F16 != nil {
				// A tile widens on the way. Several would do so again and again.
				if m <= t.rows && width == t.panels {
					t.wide16[m](&dst[n], 4*ldd, &x[k0], 4*ldx, &w.F16[at], 2*step, k, &b[0], 4*ldb)
					continue
				}
				for i := range width {
					FromF16(scratch[i*kBlock*PanelWidth:][:k*PanelWidth], w.F16[at+i*step:][:k*PanelWidth])
				}
				weights, at, step = scratch, 0, kBlock*PanelWidth
			}
			kernels := t.one
			if width == 2 {
				kernels = t.wide
			}
			for r := 0; r < m; r += height {
				h := min(height, m-r)
				kernels[h](&dst[r*ldd+n], 4*ldd, &x[r*ldx+k0], 4*ldx, &weights[at], 4*step, k, &b[r*ldb], 4*ldb)
			}
		}
	}
}
