package pipeline

import "math"

// A dense layer is y = act(W·x + b), plus x itself where the layer is a residual one.
type dense struct {
	w          []float32 // [out, in], row-major
	bias       []float32 // [out]; nil: zeros
	activation func(float64) float64
	addInput   bool      // the layer is a residual one
	residual   []float32 // [out, in]: multiplied with x first; nil: x as it is
}

func (d *dense) apply(x []float32) []float32 {
	y := make([]float32, len(d.w)/len(x))
	for i := range y {
		sum := dot(d.w[i*len(x):], x)
		if d.bias != nil {
			sum += float64(d.bias[i])
		}
		sum = d.activation(sum)
		switch {
		case d.residual != nil:
			sum += dot(d.residual[i*len(x):], x)
		case d.addInput:
			sum += float64(x[i])
		}
		y[i] = float32(sum)
	}
	return y
}

// dot is Σ w[i]·x[i] over x, from the first to the last.
func dot(w, x []float32) float64 {
	sum := 0.0
	w = w[:len(x)]
	for i, v := range x {
		sum += float64(w[i]) * float64(v)
	}
	return sum
}

// activations are torch's modules, by the last part of their Python paths.
var activations = map[string]func(float64) float64{
	"Identity": func(x float64) float64 { return x },
	"Tanh":     math.Tanh,
	"ReLU":     func(x float64) float64 { return max(x, 0) },
	"GELU":     func(x float64) float64 { return x * (1 + math.Erf(x/math.Sqrt2)) / 2 },
	"Sigmoid":  func(x float64) float64 { return 1 / (1 + math.Exp(-x)) },
	"SiLU":     func(x float64) float64 { return x / (1 + math.Exp(-x)) },
}

// layerNorm is torch.nn.LayerNorm.
type layerNorm struct{ weight, bias []float32 }

func (l *layerNorm) apply(x []float32) []float32 {
	n := float64(len(x))
	mean, variance := 0.0, 0.0
	for _, v := range x {
		mean += float64(v)
	}
	mean /= n
	for _, v := range x {
		variance += (float64(v) - mean) * (float64(v) - mean)
	}
	scale := 1 / math.Sqrt(variance/n+1e-5)
	y := make([]float32, len(x))
	for i, v := range x {
		y[i] = float32((float64(v)-mean)*scale*float64(l.weight[i]) + float64(l.bias[i]))
	}
	return y
}

// unitLength is the module Normalize.
type unitLength struct{}

func (unitLength) apply(v []float32) []float32 {
	normalize(v)
	return v
}
