package train

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/goroberta/goroberta/roberta"
)

// AdamW's constants: those of the paper and of torch, but for the learning rate's default,
// which is an option.
const (
	beta1       = 0.9
	beta2       = 0.999
	stabilizer  = 1e-8
	weightDecay = 0.01
)

// patience is after how many epochs without a smaller loss on the held-out examples the
// search ends.
const patience = 10

// A moment is a parameter's gradient and its averages.
type moment struct {
	w, grad []float32
	m, v    []float32
	decay   float64
}

// adamw is an optimiser (Loshchilov and Hutter, Decoupled Weight Decay Regularization,
// 2019, algorithm 2). Biases are not decayed.
type adamw struct {
	rate    float64
	steps   int
	threads int
	moments []moment
}

func newAdamW(l *layers, rate float64) *adamw {
	a := &adamw{rate: rate, threads: l.threads}
	for _, p := range []moment{
		{w: l.dense.w.F32, grad: l.denseW, decay: weightDecay}, {w: l.dense.bias, grad: l.denseBias},
		{w: l.out.w.F32, grad: l.outW, decay: weightDecay}, {w: l.out.bias, grad: l.outBias},
	} {
		p.m, p.v = make([]float32, len(p.w)), make([]float32, len(p.w))
		a.moments = append(a.moments, p)
	}
	return a
}

// step moves the parameters along their gradients:
//
//	m = β₁m + (1−β₁)g     v = β₂v + (1−β₂)g²     w = w − η·λ·w − η·m̂/(√v̂ + ε)
func (a *adamw) step() {
	a.steps++
	size := a.rate / (1 - math.Pow(beta1, float64(a.steps)))
	second := 1 / math.Sqrt(1-math.Pow(beta2, float64(a.steps)))
	for _, p := range a.moments {
		keep := float32(1 - a.rate*p.decay)
		const piece = 1 << 14
		inParallel(a.threads, (len(p.w)+piece-1)/piece, func(i int) {
			from, to := i*piece, min((i+1)*piece, len(p.w))
			w, m, v := p.w[from:to], p.m[from:to], p.v[from:to]
			for j, g := range p.grad[from:to] {
				m[j] += float32((1 - beta1) * (g - m[j]))
				v[j] += float32((1 - beta2) * (float32(g*g) - v[j]))
				root := float32(math.Sqrt(float64(v[j])))
				w[j] = float32(keep*w[j]) - float32(float32(size)*m[j])/(float32(float32(second)*root)+stabilizer)
			}
		})
	}
}

// twoLayers fits fairseq's head by AdamW. The weights that are kept are those of the epoch
// with the smallest loss on the held-out examples, or on the others if none are held out.
func (o *options) twoLayers(ctx context.Context, s *Set, weights []float64, held *part) (*Fit, error) {
	var mean, deviation []float64
	x, judge := &s.Features, s
	if held != nil {
		judge = &held.Set
	}
	judged := &judge.Features
	if o.standardize {
		mean, deviation = s.moments()
		x, judged = x.standardized(mean, deviation), judged.standardized(mean, deviation)
	}
	rng := rand.New(rand.NewPCG(o.seed, 0))
	l := newLayers(rng, s.Dim, o.inner, len(s.Labels), o.threads)
	optimizer := newAdamW(l, o.rate)
	n := net{dense: &l.dense, out: l.out}
	best, bestEpoch := math.Inf(1), 0
	var kept [4][]float32
	class, size := make([]int, 0, batchRows), make([]float64, 0, batchRows)
	for epoch := 1; epoch <= o.epochs && epoch-bestEpoch <= patience; epoch++ {
		order := rng.Perm(x.Len())
		for len(order) > 0 {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			class, size = class[:0], size[:0]
			for b, i := range order[:min(batchRows, len(order))] {
				copy(l.x[b*l.dim:], x.Row(i))
				class, size = append(class, s.Class[i]), append(size, weights[s.Class[i]])
			}
			order = order[len(class):]
			l.step(class, size)
			optimizer.step()
		}
		o.stepped(epoch)
		loss := meanLoss(n.logits(judged, o.threads), judge, weights)
		if !(loss < best) && bestEpoch > 0 {
			continue
		}
		best, bestEpoch = loss, epoch
		for i, p := range optimizer.moments {
			kept[i] = append(kept[i][:0], p.w...)
		}
	}
	for i, p := range optimizer.moments {
		copy(p.w, kept[i])
	}
	loss := meanLoss(n.logits(x, o.threads), s, weights)
	if math.IsNaN(loss) || math.IsInf(loss, 0) {
		return nil, fmt.Errorf("%w: the loss is %v: the features are too large, or the learning rate", ErrFeatures, loss)
	}
	fit := &Fit{Steps: bestEpoch, Loss: loss}
	dense := l.dense.weights()
	if o.standardize {
		fold(&dense, mean, deviation)
	}
	fit.Weights = roberta.HeadWeights{Dense: &dense, Activation: "tanh", Out: l.out.weights(), Labels: slices.Clone(s.Labels)}
	return fit, nil
}

// meanLoss is Σ w·(−log p) / Σ w.
func meanLoss(logits []float32, s *Set, weights []float64) float64 {
	k := len(s.Labels)
	z, p := make([]float64, k), make([]float64, k)
	sum, total := 0.0, 0.0
	for i, y := range s.Class {
		for c, v := range logits[i*k:][:k] {
			z[c] = float64(v)
		}
		loss, _ := likelihood(p, z, y)
		sum += float64(weights[y] * loss)
		total += weights[y]
	}
	return sum / total
}

// standardized are the features less their means, divided by their deviations.
func (f *Features) standardized(mean, deviation []float64) *Features {
	g := &Features{f.Dim, make([]float32, len(f.Values))}
	for i := range f.Len() {
		row := g.Row(i)
		for j, v := range f.Row(i) {
			row[j] = float32((float64(v) - mean[j]) / deviation[j])
		}
	}
	return g
}

// fold makes a layer of standardised features one of features as they are.
func fold(l *roberta.LinearWeights, mean, deviation []float64) {
	for n := range l.Out {
		bias := float64(l.Bias[n])
		row := l.W[n*l.In:][:l.In]
		for j, v := range row {
			w := float64(v) / deviation[j]
			bias -= float64(w * mean[j])
			row[j] = float32(w)
		}
		l.Bias[n] = float32(bias)
	}
}
