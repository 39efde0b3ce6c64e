package pipeline

import (
	"errors"
	"math"
	"slices"
)

// A Pooling makes one vector of the hidden states of a text's tokens, <s> and </s>
// included. They have the names of sentence-transformers.
type Pooling string

// The poolings.
const (
	CLS          Pooling = "cls"                  // the first token's
	MaxTokens    Pooling = "max"                  // the largest of each value
	Mean         Pooling = "mean"                 // Σ h / n
	MeanSqrtLen  Pooling = "mean_sqrt_len_tokens" // Σ h / √n
	WeightedMean Pooling = "weightedmean"         // Σ i·h_i / Σ i, i from 1
	LastToken    Pooling = "lasttoken"            // the last token's
)

// poolings are in the order in which the flags of old files join them.
var poolings = []Pooling{CLS, MaxTokens, Mean, MeanSqrtLen, WeightedMean, LastToken}

// errNothingToPool is the error for an input whose prompt takes all its tokens.
var errNothingToPool = errors.New("pipeline: the prompt leaves no token of the text to pool")

// A pool is what poolings know of some tokens of a text: rows of C values, added from the
// first token to the last. Sums run in float64 in that order, so equal rows give equal
// bits.
type pool struct {
	poolings []Pooling
	rows     int
	weights  float64 // Σ i
	first    []float32
	last     []float32
	largest  []float32
	sum      []float64 // Σ h
	weighted []float64 // Σ i·h_i
}

// add adds the hidden states of a token. position is its place in the text, from 0.
func (p *pool) add(row []float32, position int) {
	p.rows++
	p.weights += float64(position + 1)
	if p.rows == 1 {
		p.begin(row)
	}
	p.last = row
	if p.largest != nil {
		for i, v := range row {
			p.largest[i] = max(p.largest[i], v)
		}
	}
	if p.sum != nil {
		for i, v := range row {
			p.sum[i] += float64(v)
		}
	}
	if p.weighted != nil {
		w := float64(position + 1)
		for i, v := range row {
			p.weighted[i] += w * float64(v) // exact: both have few digits
		}
	}
}

// begin makes room for what the poolings need.
func (p *pool) begin(row []float32) {
	p.first = row
	for _, kind := range p.poolings {
		switch kind {
		case MaxTokens:
			p.largest = slices.Clone(row)
		case Mean, MeanSqrtLen:
			p.sum = make([]float64, len(row))
		case WeightedMean:
			p.weighted = make([]float64, len(row))
		}
	}
}

// own copies the rows that p keeps, whose memory belongs to a whole batch.
func (p *pool) own() {
	if !slices.Contains(p.poolings, CLS) {
		p.first = nil
	}
	if !slices.Contains(p.poolings, LastToken) {
		p.last = nil
	}
	p.first, p.last = slices.Clone(p.first), slices.Clone(p.last)
}

// join adds what the tokens after those of p have given.
func (p *pool) join(next *pool) {
	if p.rows == 0 || next.rows == 0 {
		if p.rows == 0 {
			*p = *next
		}
		return
	}
	p.rows += next.rows
	p.weights += next.weights
	p.last = next.last
	for i := range p.largest {
		p.largest[i] = max(p.largest[i], next.largest[i])
	}
	for i := range p.sum {
		p.sum[i] += next.sum[i]
	}
	for i := range p.weighted {
		p.weighted[i] += next.weighted[i]
	}
}

// vector joins the poolings of at least one row.
func (p *pool) vector() []float32 {
	var out []float32
	divide := func(sum []float64, by float64) {
		for _, v := range sum {
			out = append(out, float32(v/by))
		}
	}
	for _, kind := range p.poolings {
		switch kind {
		case CLS:
			out = append(out, p.first...)
		case LastToken:
			out = append(out, p.last...)
		case MaxTokens:
			out = append(out, p.largest...)
		case Mean:
			divide(p.sum, float64(p.rows))
		case MeanSqrtLen:
			divide(p.sum, math.Sqrt(float64(p.rows)))
		case WeightedMean:
			divide(p.weighted, p.weights)
		}
	}
	return out
}

// normalize divides a vector by its length. A vector of zeros stays one.
func normalize(v []float32) {
	sum := 0.0
	for _, x := range v {
		sum += float64(x) * float64(x)
	}
	length := max(math.Sqrt(sum), 1e-12) // as torch.nn.functional.normalize
	for i := range v {
		v[i] = float32(float64(v[i]) / length)
	}
}
