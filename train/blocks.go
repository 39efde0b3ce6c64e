package train

import (
	"sync"
	"sync/atomic"
)

// blocks is how many parts a sum over examples has. It is a constant, and the parts are
// added in order, so that results do not depend on the number of threads.
const blocks = 16

// inBlocks calls f for each block of n examples, from … to-1, in up to so many
// goroutines.
func inBlocks(n, threads int, f func(block, from, to int)) {
	inParallel(threads, blocks, func(b int) { f(b, n*b/blocks, n*(b+1)/blocks) })
}

// inParallel calls f(0) … f(n-1), in up to so many goroutines.
func inParallel(threads, n int, f func(i int)) {
	if threads = min(threads, n); threads <= 1 {
		for i := range n {
			f(i)
		}
		return
	}
	var next atomic.Int64
	var wg sync.WaitGroup
	for range threads {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				f(i)
			}
		})
	}
	wg.Wait()
}

// dot is Σ a[j]·b[j]. Its order is fixed: four partial sums. The conversions keep
// compilers from fusing products into sums on some architectures.
func dot(a, b []float64) float64 {
	b = b[:len(a)]
	var s0, s1, s2, s3 float64
	j := 0
	for ; j+4 <= len(a); j += 4 {
		s0 += float64(a[j] * b[j])
		s1 += float64(a[j+1] * b[j+1])
		s2 += float64(a[j+2] * b[j+2])
		s3 += float64(a[j+3] * b[j+3])
	}
	for ; j < len(a); j++ {
		s0 += float64(a[j] * b[j])
	}
	return (s0 + s1) + (s2 + s3)
}

// addScaled adds v·x to y.
func addScaled(y []float64, v float64, x []float64) {
	x = x[:len(y)]
	for j := range y {
		y[j] += float64(v * x[j])
	}
}

// dot4 is the product of w with each of four rows of x. The order of each is fixed: two
// partial sums.
func dot4(w, x []float64) (a, b, c, d float64) {
	n := len(w)
	x0, x1, x2, x3 := x[:n], x[n:2*n], x[2*n:3*n], x[3*n:4*n]
	var a1, b1, c1, d1 float64
	j := 0
	for ; j+2 <= n; j += 2 {
		v, v1 := w[j], w[j+1]
		a += float64(v * x0[j])
		b += float64(v * x1[j])
		c += float64(v * x2[j])
		d += float64(v * x3[j])
		a1 += float64(v1 * x0[j+1])
		b1 += float64(v1 * x1[j+1])
		c1 += float64(v1 * x2[j+1])
		d1 += float64(v1 * x3[j+1])
	}
	if j < n {
		a += float64(w[j] * x0[j])
		b += float64(w[j] * x1[j])
		c += float64(w[j] * x2[j])
		d += float64(w[j] * x3[j])
	}
	return a + a1, b + b1, c + c1, d + d1
}

// addScaled4 adds the sum of four rows of x, each times its factor, to y.
func addScaled4(y []float64, a, b, c, d float64, x []float64) {
	n := len(y)
	x0, x1, x2, x3 := x[:n], x[n:2*n], x[2*n:3*n], x[3*n:4*n]
	for j := range y {
		y[j] += (float64(a*x0[j]) + float64(b*x1[j])) + (float64(c*x2[j]) + float64(d*x3[j]))
	}
}
