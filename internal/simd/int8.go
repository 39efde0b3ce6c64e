package simd

import (
	"math"
	"slices"
)

// Products of 8-bit integers. A weight W(n, k) is Qw·sw[n], an activation x[r][k] is
// Qx·sx[r], and
//
//	y[r][n] = (Σ_k Qx[r][k]·Qw[n][k])·sx[r]·sw[n] + base[r][n]
//
// The sum is exact in int32, so its order does not matter. Then come the conversion to
// float32, a product with sx and a fused multiply-add with sw and the base, each rounded
// once.
//
// Few values are much larger than the others of their row, and would leave these a
// coarse step. They are integers of more bits: one of each row of x, see Int8Rows,
// and up to maxLarge of each row of W, see Int8Panels.
//
// Where some input features are always much larger than others, a factor for each
// evens them out: x[r][k]·In[k] is rounded in place of x[r][k], and W(n, k)/In[k] in
// place of W(n, k), which leaves the products as they are.

const (
	byteMax = 255.0
	// int8Steps is how many steps lie between the smallest and the largest of a row's
	// values but one. With 255, both ends could be rounded outwards to 257 values.
	int8Steps = 254
	// largestX and largestW bound |Qx| and |Qw|. With one |Qx| above 255 and four |Qw|
	// above 128, sums of maxTerms terms fit int32.
	largestX = 32000
	largestW = 16000
	maxTerms = 32 << 10
	// leastStep bounds steps from below, so that their reciprocals are finite.
	leastStep = 0x1p-120
	// maxLarge is how many weights of an output feature may have more than 8 bits, and
	// worthLarge how much smaller the step has to become for each.
	maxLarge   = 4
	worthLarge = 0.15
)

// Int8Panels are the weights of a Matrix in Int8, cut into panels. Four terms of an output
// feature are neighbours:
//
//	panel 0
//	k=0…3   w[0][0] … w[0][3]  w[1][0] … w[1][3]  …  w[15][3]
//	k=4…7   w[0][4] … w[0][7]  …
//	 ⋮
//
// K is filled up with zeros to a multiple of four. Element (n, k) is at
// ((n/16*K/4+k/4)*16+n%16)*4 + k%4.
type Int8Panels struct {
	Q      []uint8   // Int8Len(N, K) bytes, each an int8
	Scales []float32 // sw, padded with zeros to whole panels
	Large  []Large   // weights of more than 8 bits, in order of N
	In     []float32 // K factors of x, see Int8Rows.Set; nil: none

	first []int32 // for each panel the index of its first Large, and last the number of all
	sums  []int32 // Σ_k Qw for each output feature, padded; nil where no level wants bytes
	tiles tilesLarge
}

// Large is a weight of more than 8 bits: Qw(N, K) = Q(N, K) + Extra.
type Large struct{ N, K, Extra int32 }

// Int8Len is the number of elements of a packed matrix of n × k in Int8.
func Int8Len(n, k int) int { return Panels(n) * PanelWidth * wholeGroups(k) }

// wholeGroups is k, filled up to a multiple of four.
func wholeGroups(k int) int { return (k + 3) &^ 3 }

// NewInt8 is a matrix of n × k that is held in p. It returns false if slices are too
// short or In is not K long, or if Large names weights that are not there, is not in order, or has values
// that are too large.
func NewInt8(n, k int, p Int8Panels) (Matrix, bool) {
	panels := Panels(n)
	if k > maxTerms || p.In != nil && len(p.In) != k || len(p.Q) < Int8Len(n, k) || len(p.Scales) < panels*PanelWidth {
		return Matrix{}, false
	}
	p.first = make([]int32, panels+1)
	last := Large{K: -1}
	for i, l := range p.Large {
		if l.N < 0 || int(l.N) >= n || l.K < 0 || int(l.K) >= k || l.Extra > largestW || l.Extra < -largestW ||
			l.N < last.N || l.N == last.N && l.K <= last.K {
			return Matrix{}, false
		}
		if i >= maxLarge && p.Large[i-maxLarge].N == l.N {
			return Matrix{}, false
		}
		last = l
		p.first[l.N/PanelWidth+1]++
	}
	addUp(p.first)
	p.tiles = p.forTiles(k)
	w := Matrix{Format: Int8, N: n, K: k, I8: p}
	if int8Bytes() {
		w.I8.sums = w.int8Sums()
	}
	return w, true
}

// addUp makes numbers of things in classes, each one place on, the index of the first of
// each class, and at the end the number of all.
func addUp(counts []int32) {
	for i := range counts[1:] {
		counts[i+1] += counts[i]
	}
}

// int8Sums is Σ_k Qw for each output feature: a product with a row of ones, in words. The
// sums are below 2²⁴, so float32 has them exactly.
func (w *Matrix) int8Sums() []int32 {
	width := Panels(w.N) * PanelWidth
	ones := Int8Rows{rows: 1, terms: w.K, stride: wholeGroups(w.K), scales: []float32{1}}
	ones.words = slices.Repeat([]int16{1}, ones.stride)
	clear(ones.words[w.K:]) // in a file, anything may be there
	unscaled := *w
	unscaled.I8.Scales = slices.Repeat([]float32{1}, width)
	y, sums := make([]float32, width), make([]int32, width)
	Multiply(&Job{Dst: y, DstStride: width, Rows: 1, W: &unscaled, Panels: w.All(), Int8: &ones}, new(Scratch))
	for i, v := range y {
		sums[i] = int32(v)
	}
	return sums
}

// Between is the panels first … end-1 of a matrix in Int8, in the same memory, to multiply
// with and for nothing else: its Large is still that of the whole matrix.
func (w *Matrix) Between(first, end int) Matrix {
	lo, hi, p := first*PanelWidth, min(end*PanelWidth, w.N), w.I8
	p.Q = p.Q[Int8Len(lo, w.K):]
	p.Scales, p.first = p.Scales[lo:], p.first[first:end+1]
	if p.sums != nil {
		p.sums = p.sums[lo:]
	}
	p.tiles = p.tiles.between(first, end)
	return Matrix{Format: Int8, N: hi - lo, K: w.K, I8: p}
}

// MaxInt8Terms is the largest K of a Matrix in Int8.
const MaxInt8Terms = maxTerms

// PackInt8 rounds W, n rows of k weights with stride ldw, to a Matrix in Int8. A row
// with a NaN or an infinity has NaN for a scale, and so has what is computed with it.
// q, if not nil, is memory of zeros for the panels. in, if not nil, becomes the matrix's In:
// W(n, k)/in[k] is rounded.
func PackInt8(w []float32, ldw, n, k int, q []uint8, in []float32) Matrix {
	if n > 0 && k > 0 && len(w) < (n-1)*ldw+k || k > maxTerms {
		panic("simd: short slice for PackInt8")
	}
	if q == nil {
		q = make([]uint8, Int8Len(n, k))
	}
	p := Int8Panels{Q: q, Scales: make([]float32, Panels(n)*PanelWidth), In: in}
	wide, quotients := make([]int16, wholeGroups(k)), make([]float32, len(in))
	for i := range n {
		row := w[i*ldw:][:k]
		if in != nil {
			for j, v := range row {
				quotients[j] = v / in[j]
			}
			row = quotients
		}
		var step float32
		step, p.Scales[i] = weightStep(row)
		toInt16(wide[:k], row, 1/step)
		at := i/PanelWidth*PanelWidth*wholeGroups(k) + i%PanelWidth*4
		for j := 0; j < k; j += 4 {
			for t, v := range wide[j : j+4] {
				narrow := max(-127, min(v, 127))
				if narrow != v {
					p.Large = append(p.Large, Large{int32(i), int32(j + t), int32(v - narrow)})
				}
				q[at+j*PanelWidth+t] = uint8(narrow)
			}
		}
		if p.Scales[i] != p.Scales[i] { // the integers of such a row are anything
			p.Large = slices.DeleteFunc(p.Large, func(l Large) bool { return l.N == int32(i) })
		}
	}
	m, ok := NewInt8(n, k, p)
	if !ok {
		panic("simd: PackInt8 made what NewInt8 refuses")
	}
	return m
}

// JoinInt8 is a matrix of n output features: those of ms, each of which begins a panel.
// Their panels lie one after another in q. They have one In.
func JoinInt8(n, k int, q []uint8, ms ...Matrix) (Matrix, bool) {
	p := Int8Panels{Q: q}
	for _, m := range ms {
		p.In = m.I8.In
		at := len(p.Scales)
		p.Scales = append(p.Scales, m.I8.Scales[:Panels(m.N)*PanelWidth]...)
		for _, l := range m.I8.Large {
			l.N += int32(at)
			p.Large = append(p.Large, l)
		}
	}
	return NewInt8(n, k, p)
}

// weightStep is the step to which the weights of an output feature are rounded, and their
// scale: the step, or NaN if any of them is NaN or infinite.
func weightStep(w []float32) (step, scale float32) {
	// The largest magnitudes, in falling order.
	var top [maxLarge + 1]float32
	poison := float32(0)
	for _, v := range w {
		poison += v * 0
		if v = float32(math.Abs(float64(v))); v > top[maxLarge] {
			i := maxLarge
			for ; i > 0 && v > top[i-1]; i-- {
				top[i] = top[i-1]
			}
			top[i] = v
		}
	}
	large := 0
	for i := 1; i <= maxLarge; i++ {
		if float64(top[i])*(1+worthLarge*float64(i)) < float64(top[large])*(1+worthLarge*float64(large)) {
			large = i
		}
	}
	if poison != poison {
		return leastStep, poison
	}
	step = max(top[large]/127, top[0]/largestW, leastStep)
	return step, step
}

// WeightsInt8 sets dst to row n of a matrix in Int8, as float32: Qw·sw·In.
func WeightsInt8(dst []float32, w *Matrix, n int) {
	p := &w.I8
	k4 := wholeGroups(w.K)
	at, scale := n/PanelWidth*PanelWidth*k4+n%PanelWidth*4, p.Scales[n]
	for k := range dst[:w.K] {
		dst[k] = float32(int8(p.Q[at+k/4*4*PanelWidth+k%4])) * scale
	}
	for _, l := range p.large(n / PanelWidth) {
		if int(l.N) == n {
			dst[l.K] = float32(int32(int8(p.Q[at+int(l.K)/4*4*PanelWidth+int(l.K)%4]))+l.Extra) * scale
		}
	}
	if p.In != nil {
		mul(dst[:w.K], dst[:w.K], p.In)
	}
}

// large are the weights of more than 8 bits of a panel.
func (p *Int8Panels) large(panel int) []Large { return p.Large[p.first[panel]:p.first[panel+1]] }
