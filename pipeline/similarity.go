package pipeline

import (
	"fmt"
	"math"
	"slices"
)

// A Similarity says how alike two vectors are: the larger, the more. They have the names
// of sentence-transformers.
type Similarity string

// The similarities.
const (
	Cosine     Similarity = "cosine"    // Σ aᵢ·bᵢ / (‖a‖·‖b‖), 0 for a vector of zeros
	DotProduct Similarity = "dot"       // Σ aᵢ·bᵢ
	Euclidean  Similarity = "euclidean" // −√Σ (aᵢ−bᵢ)²
	Manhattan  Similarity = "manhattan" // −Σ |aᵢ−bᵢ|
)

var similarities = []Similarity{Cosine, DotProduct, Euclidean, Manhattan}

// check is an error for a similarity that is none of these.
func (s Similarity) check() error {
	if !slices.Contains(similarities, s) {
		return fmt.Errorf("%w: similarity %.100q, want one of %q", ErrOption, string(s), similarities)
	}
	return nil
}

// Score is the similarity of two vectors. Sums run in float64 from the first value to
// the last, and distances are sums of differences, so two equal vectors have distance 0
// and near ones the right distance. (sentence-transformers computes Euclidean distances
// from a product of matrices in float32, which is inexact near 0.) An unknown similarity
// gives NaN, and Score panics if a and b have other numbers of values.
func (s Similarity) Score(a, b []float32) float32 {
	if len(a) != len(b) {
		panic(fmt.Sprintf("pipeline: the similarity of vectors of %d and %d values", len(a), len(b)))
	}
	return s.score(a, b, 1, s.length(a), s.length(b))
}

// score is Score where value i of b is at b[i·stride], and for Cosine the lengths of both
// are known.
func (s Similarity) score(a, b []float32, stride int, lengthA, lengthB float64) float32 {
	sum := 0.0
	switch s {
	case Cosine, DotProduct:
		for i, x := range a {
			sum += float64(x) * float64(b[i*stride])
		}
		if s == Cosine && sum != 0 {
			sum /= lengthA * lengthB
		}
	case Euclidean:
		for i, x := range a {
			d := float64(x) - float64(b[i*stride])
			sum += float64(d * d) // rounded, as not every machine would do by itself
		}
		sum = 0 - math.Sqrt(sum) // 0, and not −0, for equal vectors
	case Manhattan:
		for i, x := range a {
			sum += math.Abs(float64(x) - float64(b[i*stride]))
		}
		sum = 0 - sum
	default:
		return float32(math.NaN())
	}
	return float32(sum)
}

// length is ‖v‖ if the similarity asks for it, else 0.
func (s Similarity) length(v []float32) float64 {
	if s != Cosine {
		return 0
	}
	return math.Sqrt(squares(v))
}

// squares is Σ v².
func squares(v []float32) float64 { return dot(v, v) }
