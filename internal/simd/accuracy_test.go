package simd

import (
	"math"
	"math/rand/v2"
	"testing"
)

// ulps is the distance of got from want in units of want's last place.
func ulps(got float32, want float64) float64 {
	w := float32(math.Abs(want))
	ulp := float64(math.Nextafter32(w, math.MaxFloat32)) - float64(w)
	return math.Abs(float64(got)-want) / ulp
}

// TestPolynomials compares the errors of the polynomials, evaluated in float64, with
// the stated bounds.
func TestPolynomials(t *testing.T) {
	horner := func(c []float32, x float64) float64 {
		y := 0.0
		for i := len(c) - 1; i >= 0; i-- {
			y = y*x + float64(c[i])
		}
		return y
	}
	var worstExp, worstGauss, worstTanh float64
	const n = 20000
	for i := range n + 1 {
		at := float64(i) / n
		r := math.Ln2 / 2 * (2*at - 1)
		worstExp = max(worstExp, math.Abs((1+r+r*r*horner(expPoly[:], r))/math.Exp(r)-1))
		u := 13.3 * at
		gauss := 0.5 * math.Erfc(u/math.Sqrt2) * math.Exp(u*u/2)
		worstGauss = max(worstGauss, math.Abs(horner(gaussPoly[:], 1/(1+u/4))/gauss-1))
		if x := tanhSplit * at; x > 0 {
			worstTanh = max(worstTanh, math.Abs((x+x*x*x*horner(tanhPoly[:], x*x))/math.Tanh(x)-1))
		}
	}
	for _, c := range []struct {
		name         string
		worst, bound float64
	}{{"expPoly", worstExp, expError}, {"gaussPoly", worstGauss, gaussError}, {"tanhPoly", worstTanh, tanhError}} {
		t.Logf("%s: relative error %.3g", c.name, c.worst)
		if c.worst > c.bound {
			t.Errorf("%s: relative error %.3g, stated bound %g", c.name, c.worst, c.bound)
		}
	}
}

// TestAccuracy compares the errors of the elementary functions, at many points, with
// the bounds that their comments state.
func TestAccuracy(t *testing.T) {
	worst := map[string]float64{}
	note := func(name string, v float64) { worst[name] = max(worst[name], v) }
	const n = 400_000
	for i := range n + 1 {
		at := float64(i) / n
		x := float32(-87.3 + (87.3+88)*at)
		note("exp, ulp", ulps(exp32(x), math.Exp(float64(x))))
		x = float32(-10 + 20*at)
		note("tanh, ulp", ulps(tanh32(x), math.Tanh(float64(x))))
		x = float32(math.Exp(-80 * at))
		note("tanh, ulp", ulps(tanh32(x), math.Tanh(float64(x))))

		v := []float32{float32(-6 + 12*at)}
		v64 := float64(v[0])
		geluGeneric(v)
		note("gelu, absolute", math.Abs(float64(v[0])-0.5*v64*math.Erfc(-v64/math.Sqrt2)))
		v[0] = float32(v64)
		geluTanhGeneric(v)
		inner := math.Sqrt(2/math.Pi) * (v64 + 0.044715*v64*v64*v64)
		note("geluTanh, absolute", math.Abs(float64(v[0])-0.5*v64*(1+math.Tanh(inner))))

		v[0] = float32(-80 + 160*at)
		v64 = float64(v[0])
		LogSigmoid(v, v)
		note("logSigmoid, ulp", ulps(v[0], min(v64, 0)-math.Log1p(math.Exp(-math.Abs(v64)))))

		l := math.Exp(-5 + 30*at)
		note("log, relative", math.Abs(log64(l)-math.Log(l))/max(1, math.Abs(math.Log(l))))
	}
	for name, bound := range map[string]float64{"exp, ulp": 1, "tanh, ulp": 2, "gelu, absolute": 4e-7, "geluTanh, absolute": 6e-7, "logSigmoid, ulp": 2, "log, relative": 3e-16} {
		t.Logf("%s: %.3g", name, worst[name])
		if worst[name] > bound {
			t.Errorf("%s: %.3g, stated bound %g", name, worst[name], bound)
		}
	}
}

// TestLevelsReductions compares softmax, log-softmax and LayerNorm with float64.
//
// The bounds of the relative errors in units of 2⁻²⁴: |x−max| from the subtraction of
// the maximum before exp; 6 from exp itself and the last steps; n/16 + 4 from a sum,
// since each of 16 lanes has n/16 terms and the tree is 4 high.
func TestLevelsReductions(t *testing.T) {
	testLevels(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(4, 4))
		for _, n := range []int{1, 3, 16, 17, 100, 512, 768, 1024, 50265} {
			x, gain, bias := make([]float32, n), make([]float32, n), make([]float32, n)
			fill(rng, x, false)
			fill(rng, gain, false)
			fill(rng, bias, false)
			top, total, mean := math.Inf(-1), 0.0, 0.0
			for _, v := range x {
				top = max(top, float64(v))
				mean += float64(v) / float64(n)
			}
			variance := 0.0
			for _, v := range x {
				total += math.Exp(float64(v) - top)
				variance += (float64(v) - mean) * (float64(v) - mean) / float64(n)
			}
			low := 0.0
			for _, v := range x {
				low = min(low, float64(v)-top)
			}
			const unit = 0x1p-24
			sums := float64(n)/16 + 4
			soft := append([]float32(nil), x...)
			logs, norm := make([]float32, n), make([]float32, n)
			Softmax(soft)
			LogSoftmax(logs, x)
			LayerNorm(norm, x, gain, bias, 1e-5)
			for i, v := range x {
				p := math.Exp(float64(v)-top) / total
				if d := math.Abs(float64(soft[i]) - p); d > p*unit*(6+sums-2*low)+0x1p-126 { // exp has no subnormal results
					t.Errorf("n=%d: Softmax is %v, want %v", n, soft[i], p)
				}
				l := float64(v) - top - math.Log(total)
				if d := math.Abs(float64(logs[i])-l) / max(1, math.Abs(l)); d > unit*(6+sums-low) {
					t.Errorf("n=%d: LogSoftmax is %v, want %v", n, logs[i], l)
				}
				y := (float64(v) - mean) / math.Sqrt(variance+1e-5)
				want := y*float64(gain[i]) + float64(bias[i])
				scale := math.Abs(y*float64(gain[i])) + math.Abs(float64(bias[i])) + math.Abs(float64(gain[i]))
				if d := math.Abs(float64(norm[i])-want) / scale; d > unit*(8+2*sums) {
					t.Errorf("n=%d: LayerNorm is %v, want %v", n, norm[i], want)
				}
				if t.Failed() {
					return
				}
			}
		}
	})
}
