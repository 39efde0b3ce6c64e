package train

import (
	"context"
	"math"
	"math/rand/v2"
	"reflect"
	"testing"
)

// TestLayersGradients holds the gradients of a step to differences of the loss, computed in
// float64 and plain loops.
func TestLayersGradients(t *testing.T) {
	for _, size := range []struct{ dim, inner, classes, rows int }{{5, 3, 2, 1}, {16, 16, 3, 32}, {37, 21, 19, 7}, {64, 40, 4, 31}} {
		rng := rand.New(rand.NewPCG(1, uint64(size.dim)))
		l := newLayers(rng, size.dim, size.inner, size.classes, 3)
		class, s := make([]int, size.rows), make([]float64, size.rows)
		for b := range size.rows {
			class[b], s[b] = rng.IntN(size.classes), 0.5+rng.Float64()
			for j := range size.dim {
				l.x[b*size.dim+j] = float32(rng.NormFloat64())
			}
		}
		l.step(class, s)
		// The loss of weights that are given in order.
		loss := func() float64 {
			dense, out := l.dense.weights(), l.out.weights()
			sum, total := 0.0, 0.0
			for b, y := range class {
				h, z := make([]float64, size.inner), make([]float64, size.classes)
				for n := range h {
					h[n] = float64(dense.Bias[n])
					for j := range size.dim {
						h[n] += float64(dense.W[n*size.dim+j]) * float64(l.x[b*size.dim+j])
					}
					h[n] = math.Tanh(h[n])
				}
				norm := 0.0
				for k := range z {
					z[k] = float64(out.Bias[k])
					for n := range h {
						z[k] += float64(out.W[k*size.inner+n]) * h[n]
					}
					norm += math.Exp(z[k])
				}
				sum += s[b] * (math.Log(norm) - z[y])
				total += s[b]
			}
			return sum / total
		}
		for name, p := range map[string][2][]float32{"W1": {l.dense.w.F32, l.denseW}, "b1": {l.dense.bias, l.denseBias}, "W2": {l.out.w.F32, l.outW}, "b2": {l.out.bias, l.outBias}} {
			for range 40 {
				i := rng.IntN(len(p[0]))
				const h = 1e-2 // a power of two would do; the error of a central difference is h²
				old := p[0][i]
				p[0][i] = old + h
				up, moved := loss(), float64(p[0][i])
				p[0][i] = old - h
				down := loss()
				moved -= float64(p[0][i])
				p[0][i] = old
				if want := (up - down) / moved; math.Abs(want-float64(p[1][i])) > 2e-5+1e-3*math.Abs(want) {
					t.Errorf("%+v: gradient of %s[%d] is %v, want %v", size, name, i, p[1][i], want)
				}
			}
		}
	}
}

// TestAdamW holds a step to the paper's formula.
func TestAdamW(t *testing.T) {
	l := newLayers(rand.New(rand.NewPCG(1, 2)), 3, 2, 2, 2)
	a := newAdamW(l, 0.01)
	w := float64(l.dense.w.F32[0])
	bias := float64(l.dense.bias[1])
	var m, v, mb, vb float64
	for step := 1; step <= 5; step++ {
		g := math.Sin(float64(step))
		l.denseW[0], l.denseBias[1] = float32(g), float32(-g)
		a.step()
		move := func(m, v *float64, g float64) float64 {
			*m = 0.9**m + 0.1*g
			*v = 0.999**v + 0.001*g*g
			return 0.01 * *m / (1 - math.Pow(0.9, float64(step))) / (math.Sqrt(*v/(1-math.Pow(0.999, float64(step)))) + 1e-8)
		}
		w = w*(1-0.01*0.01) - move(&m, &v, g)
		bias -= move(&mb, &vb, -g)
	}
	if got := float64(l.dense.w.F32[0]); math.Abs(got-w) > 1e-6 {
		t.Errorf("a weight is %v, want %v", got, w)
	}
	if got := float64(l.dense.bias[1]); math.Abs(got-bias) > 1e-6 {
		t.Errorf("a bias is %v, want %v", got, bias)
	}
}

// rings is two classes that no linear head tells apart: points within a circle and around it.
func rings(n int) *Set {
	rng := rand.New(rand.NewPCG(3, 4))
	s := &Set{Features: Features{Dim: 2}, Labels: []string{"in", "out"}}
	for i := range n {
		r, a := float64(i%2)*2+rng.Float64(), rng.Float64()*2*math.Pi
		s.Values = append(s.Values, float32(100+10*r*math.Cos(a)), float32(10*r*math.Sin(a)))
		s.Class = append(s.Class, i%2)
	}
	return s
}

func TestTwoLayers(t *testing.T) {
	s := rings(400)
	linear, err := Head(context.Background(), s)
	if err != nil {
		t.Fatal(err)
	}
	if linear.Train.Accuracy > 0.8 {
		t.Fatalf("a linear head has an accuracy of %v", linear.Train.Accuracy)
	}
	opts := []Option{WithInner(16), WithStandardize(), WithSeed(7), WithLearningRate(0.01)}
	var first *Fit
	for _, threads := range []int{1, 2, 5} {
		fit, err := Head(context.Background(), s, append(opts, WithThreads(threads))...)
		if err != nil {
			t.Fatal(err)
		}
		if fit.Train.Accuracy < 0.98 || fit.HeldOut.Accuracy < 0.95 || fit.HeldOut.Examples != 40 || fit.Train.Examples != 360 {
			t.Errorf("accuracy %v of %d, held out %v of %d", fit.Train.Accuracy, fit.Train.Examples, fit.HeldOut.Accuracy, fit.HeldOut.Examples)
		}
		if math.Abs(fit.Loss-fit.Train.LogLoss) > 1e-5 { // of standardised features, and of folded weights
			t.Errorf("loss %v, the report has %v", fit.Loss, fit.Train.LogLoss)
		}
		if first == nil {
			first = fit
		} else if !reflect.DeepEqual(fit, first) {
			t.Errorf("%d threads give another head than one", threads)
		}
	}
	other, err := Head(context.Background(), s, append(opts, WithSeed(8))...)
	if err != nil {
		t.Fatal(err)
	}
	if reflect.DeepEqual(other.Weights, first.Weights) {
		t.Error("another seed gives the same head")
	}
}

// TestTwoLayersThreads holds that large layers, whose products several goroutines share,
// have equal bits whatever their number.
func TestTwoLayersThreads(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	s := &Set{Features: Features{Dim: 300}, Labels: []string{"a", "b", "c"}}
	for i := range 96 {
		for range s.Dim {
			s.Values = append(s.Values, float32(rng.NormFloat64()))
		}
		s.Class = append(s.Class, i%3)
	}
	var first *Fit
	for _, threads := range []int{1, 4} {
		fit, err := Head(context.Background(), s, WithInner(260), WithEpochs(2), WithThreads(threads))
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = fit
		} else if !reflect.DeepEqual(fit, first) {
			t.Errorf("%d threads give another head than one", threads)
		}
	}
}
