package train

import "math"

// A cholesky is a symmetric positive definite matrix A = L·Lᵀ.
type cholesky struct {
	n int
	l []float64 // the lower half, row-major
}

// factor factors A, whose lower half is a, in place. It is false if A is singular, as
// far as float64 can tell.
func factor(a []float64, n, threads int) (*cholesky, bool) {
	diagonal := make([]float64, n)
	for j := range n {
		diagonal[j] = a[j*n+j]
	}
	for j := range n {
		row := a[j*n:][:j+1]
		d := row[j] - dot(row[:j], row[:j])
		if !(d > 1e-13*diagonal[j]) || math.IsInf(d, 0) {
			return nil, false
		}
		row[j] = math.Sqrt(d)
		below := n - j - 1
		some := threads
		if j*below < 1<<16 { // too little to share
			some = 1
		}
		inParallel(some, (below+63)/64, func(b int) {
			for i := j + 1 + 64*b; i < min(n, j+65+64*b); i++ {
				other := a[i*n:][:j+1]
				other[j] = (other[j] - dot(other[:j], row[:j])) / row[j]
			}
		})
	}
	return &cholesky{n, a}, true
}

// solveRows sets each row of n values of x to A⁻¹ times that of b.
func (c *cholesky) solveRows(x, b []float64) {
	copy(x, b)
	for ; len(x) > 0; x = x[c.n:] {
		row := x[:c.n]
		for i := range row { // L·u = b
			row[i] = (row[i] - dot(c.l[i*c.n:][:i], row[:i])) / c.l[i*c.n+i]
		}
		for i := c.n - 1; i >= 0; i-- { // Lᵀ·x = u
			row[i] /= c.l[i*c.n+i]
			addScaled(row[:i], -row[i], c.l[i*c.n:][:i])
		}
	}
}
