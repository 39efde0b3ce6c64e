// Command fit finds the polynomials of package simd: exp's, that of the normal
// distribution and tanh's. It prints them as Go source, with the largest relative
// error of the function when the coefficients are rounded to float32 and nothing
// else is rounded.
//
// A fit minimises the squares of the weighted error at Chebyshev points, over and
// over, with the weights of points where the error is large raised each time
// (Lawson 1961); that levels the error, as a minimax polynomial's is.
package main

import (
	"fmt"
	"math"
)

// A target is a function on [low, high] to be approximated. weight turns an
// error of the polynomial into a relative error of the function it is for.
type target struct {
	name      string
	low, high float64
	degree    int
	f, weight func(x float64) float64
}

// gaussAt is |x| where R's argument 1/(1+|x|/4) is t.
func gaussAt(t float64) float64 { return (1/t - 1) * 4 }

func gauss(t float64) float64 {
	u := gaussAt(t)
	return 0.5 * math.Erfc(u/math.Sqrt2) * math.Exp(u*u/2)
}

var targets = []target{
	{
		name: "expPoly", low: -math.Ln2 / 2, high: math.Ln2 / 2, degree: 4,
		f: func(r float64) float64 { // (exp(r) − 1 − r)/r²
			if math.Abs(r) > 0.1 {
				return (math.Expm1(r) - r) / (r * r)
			}
			return series(r, func(n int) float64 { return 1 / math.Gamma(float64(n+3)) })
		},
		weight: func(r float64) float64 { return r * r / math.Exp(r) },
	},
	{
		name: "gaussPoly", low: 1 / (1 + 13.3/4), high: 1, degree: 9,
		f: gauss, weight: func(t float64) float64 { return 1 / gauss(t) },
	},
	{
		name: "tanhPoly", low: 0, high: 0.625 * 0.625, degree: 4,
		f: func(s float64) float64 { // (tanh(x)/x − 1)/x², s = x²
			if x := math.Sqrt(s); x > 0.05 {
				return (math.Tanh(x)/x - 1) / s
			}
			c := []float64{-1. / 3, 2. / 15, -17. / 315, 62. / 2835, -1382. / 155925, 21844. / 6081075}
			return series(s, func(n int) float64 {
				if n < len(c) {
					return c[n]
				}
				return 0
			})
		},
		weight: func(s float64) float64 {
			x := math.Sqrt(s)
			if x == 0 {
				return 0
			}
			return s * x / math.Tanh(x)
		},
	},
}

// series is Σ c(n)·xⁿ for |x| ≤ 0.1.
func series(x float64, c func(n int) float64) float64 {
	sum := 0.0
	for n := 15; n >= 0; n-- {
		sum = sum*x + c(n)
	}
	return sum
}

func main() {
	for _, t := range targets {
		c := fit(t)
		fmt.Printf("var %s = [%d]float32{", t.name, len(c))
		for i, v := range c {
			if i > 0 {
				fmt.Print(", ")
			}
			fmt.Print(float32(v))
		}
		fmt.Printf("} // error %.2g\n", t.worst(c))
	}
}

// worst is the largest weighted error of a polynomial with rounded coefficients.
func (t target) worst(c []float64) float64 {
	worst := 0.0
	const n = 20000
	for i := range n + 1 {
		x := t.low + (t.high-t.low)*float64(i)/n
		y := 0.0
		for j := len(c) - 1; j >= 0; j-- {
			y = y*x + float64(float32(c[j]))
		}
		worst = max(worst, math.Abs(y-t.f(x))*t.weight(x))
	}
	return worst
}

// fit returns the coefficients, from the constant one up.
func fit(t target) []float64 {
	const points, rounds = 400, 60
	x, y, w, lawson := make([]float64, points), make([]float64, points), make([]float64, points), make([]float64, points)
	for i := range x {
		x[i] = (t.low+t.high)/2 + (t.high-t.low)/2*math.Cos(math.Pi*(float64(i)+0.5)/points)
		y[i], w[i], lawson[i] = t.f(x[i]), t.weight(x[i]), 1
	}
	var c []float64
	for range rounds {
		a, b := make([][]float64, points), make([]float64, points)
		for i := range a {
			s := math.Sqrt(lawson[i]) * w[i]
			b[i] = y[i] * s
			a[i] = make([]float64, t.degree+1)
			for j := range a[i] {
				a[i][j] = s * math.Pow(x[i], float64(j))
			}
		}
		c = leastSquares(a, b)
		worst := 0.0
		errs := make([]float64, points)
		for i := range x {
			v := 0.0
			for j := t.degree; j >= 0; j-- {
				v = v*x[i] + c[j]
			}
			errs[i] = math.Abs(v-y[i]) * w[i]
			worst = max(worst, errs[i])
		}
		top := 0.0
		for i, e := range errs {
			lawson[i] *= math.Pow(e/worst+1e-12, 0.7)
			top = max(top, lawson[i])
		}
		for i := range lawson {
			lawson[i] /= top
		}
	}
	return c
}

// leastSquares minimises |a·c − b| by Householder reflections. It overwrites a
// and b.
func leastSquares(a [][]float64, b []float64) []float64 {
	rows, cols := len(a), len(a[0])
	for j := range cols {
		norm := 0.0
		for i := j; i < rows; i++ {
			norm = math.Hypot(norm, a[i][j])
		}
		if a[j][j] > 0 {
			norm = -norm
		}
		// v = column − norm·e, kept in v; the column becomes norm·e.
		v := make([]float64, rows)
		vv := 0.0
		for i := j; i < rows; i++ {
			v[i] = a[i][j]
			if i == j {
				v[i] -= norm
			}
			vv += v[i] * v[i]
		}
		reflect := func(get func(i int) *float64) {
			dot := 0.0
			for i := j; i < rows; i++ {
				dot += v[i] * *get(i)
			}
			for i := j; i < rows; i++ {
				*get(i) -= 2 * dot / vv * v[i]
			}
		}
		for k := j; k < cols; k++ {
			reflect(func(i int) *float64 { return &a[i][k] })
		}
		reflect(func(i int) *float64 { return &b[i] })
	}
	c := make([]float64, cols)
	for j := cols - 1; j >= 0; j-- {
		c[j] = b[j]
		for k := j + 1; k < cols; k++ {
			c[j] -= a[j][k] * c[k]
		}
		c[j] /= a[j][j]
	}
	return c
}
