package pipeline

import (
	"errors"
	"math"
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

// pool joins poolings of rows, which are not empty. skip rows were left out before
// them. Sums run in float64 from the first row to the last, so equal rows give equal
// bits.
func pool(poolings []Pooling, rows [][]float32, skip int) []float32 {
	C := len(rows[0])
	out := make([]float32, 0, C*len(poolings))
	sum := make([]float64, C)
	for _, p := range poolings {
		switch p {
		case CLS:
			out = append(out, rows[0]...)
		case LastToken:
			out = append(out, rows[len(rows)-1]...)
		case MaxTokens:
			out = append(out, rows[0]...)
			largest := out[len(out)-C:]
			for _, row := range rows[1:] {
				for i, v := range row {
					largest[i] = max(largest[i], v)
				}
			}
		default:
			clear(sum)
			weights := 0.0
			for t, row := range rows {
				w := 1.0
				if p == WeightedMean {
					w = float64(skip + t + 1)
				}
				weights += w
				for i, v := range row {
					sum[i] += w * float64(v)
				}
			}
			if p == MeanSqrtLen {
				weights = math.Sqrt(weights)
			}
			for _, v := range sum {
				out = append(out, float32(v/weights))
			}
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
