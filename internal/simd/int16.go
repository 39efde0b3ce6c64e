package simd

import "math"

// Products of 16-bit integers, for matrices that are made for one use, like keys and values
// of attention. As with 8 bits, an integer times a scale stands for a value: Qw·sw[n] for
// W(n, k) and Qx·sx[r] for x[r][k], and
//
//	y[r][n] = (Σ_k Qx[r][k]·Qw[n][k])·sx[r]·sw[n] + base[r][n]
//
// with a sum that is exact in int32, and then three operations, each rounded once. So that the
// sum fits, the magnitudes of a row's Qx add up to about 2¹⁸ at most, and |Qw| is at most about
// 8100. Weights then have 14 bits with their sign, activations 15 or 16 as a rule. VPDPWSSD does
// twice as many of these products as a fused multiply-add does of floats.

const (
	// int16Sum bounds the sum of a row's |Qx|, but for what rounding adds.
	int16Sum = 1 << 18
	// int16Top bounds each |Qx|.
	int16Top = math.MaxInt16
)

// Int16Panels are the weights of a Matrix in Int16, cut into panels. Two terms of an output
// feature are neighbours:
//
//	panel 0
//	k=0, 1   w[0][0] w[0][1]  w[1][0] w[1][1]  …  w[15][1]
//	k=2, 3   w[0][2] w[0][3]  …
//	 ⋮
//
// K is filled up with zeros to an even number.
type Int16Panels struct {
	Q      []int16   // PairedLen(N, K)
	Scales []float32 // sw, padded with zeros to whole panels
}

// int16Weight is the largest |Qw| of a product of so many terms. Rounding can make each |Qx|
// larger by a half, and the sum from which the step was made can be some thousandths too small.
func int16Weight(terms int) float32 {
	return float32(math.Floor(math.MaxInt32 / (1.01*int16Sum + float64(terms)/2)))
}

// Int16Rows are rows of activations, rounded to integers with a scale for each row. The scale
// is NaN if the sum of the row's magnitudes is not finite. The zero value is ready for use.
type Int16Rows struct {
	rows, terms int
	stride      int // elements
	words       []int16
	scales      []float32
	padded      []float32 // a row, filled up to whole panels
}

// Reset makes room for rows of so many terms.
func (q *Int16Rows) Reset(rows, terms int) {
	q.rows, q.terms = rows, terms
	// See Matrix in package nn for the room at the end.
	q.stride = Panels(terms)*PanelWidth + 2*PanelWidth
	q.words = sized(q.words, rows*q.stride)
	q.scales = sized(q.scales, rows+PanelWidth) // kernels store 16 at a time
}

// Set rounds all rows of x, ldx apart. One goroutine sets them all, because scales are stored
// 16 at a time.
func (q *Int16Rows) Set(x []float32, ldx int) { q.set(x, ldx, int16Top, 1.0/int16Sum) }

// set rounds rows to integers of at most limit, whose steps are at least share of the sum of
// their magnitudes.
func (q *Int16Rows) set(x []float32, ldx int, limit, share float32) {
	if q.rows > 0 && len(x) < (q.rows-1)*ldx+q.terms {
		panic("simd: short x for Int16Rows")
	}
	for r := q.setVec(x, ldx, limit, share); r < q.rows; r++ {
		row := q.words[r*q.stride:][:wholePairs(q.terms)]
		clear(row[q.terms:])
		q.scales[r] = toInt16Row(row, x[r*ldx:][:q.terms], limit, share)
	}
}

// toInt16Row rounds a row and returns its scale.
func toInt16Row(dst []int16, x []float32, limit, share float32) float32 {
	top, sums := float32(0), lanes{}
	for i, v := range x {
		v = float32(math.Abs(float64(v)))
		top = max(top, v)
		sums[i%PanelWidth] += v
	}
	sum := sums.sum()
	step := max(top/limit, float32(sum*share), leastStep)
	toInt16Generic(dst, x, 1/step)
	return float32(sum*0) + step
}

// newInt16 makes w a matrix of n × k in Int16, in its memory if that is large enough.
func (w *Matrix) newInt16(n, k int) {
	w.Format, w.N, w.K = Int16, n, k
	w.I16.Q = sized(w.I16.Q, PairedLen(n, k))
	w.I16.Scales = sized(w.I16.Scales, Panels(n)*PanelWidth)
}

// PackInt16 rounds W, n rows of k weights with stride ldw, to w in Int16. It uses w's memory
// and that of rows, whose rule for NaN it has.
func PackInt16(w *Matrix, x []float32, ldw, n, k int, rows *Int16Rows) {
	if n > 0 && k > 0 && len(x) < (n-1)*ldw+k {
		panic("simd: short slice for PackInt16")
	}
	w.newInt16(n, k)
	rows.Reset(Panels(n)*PanelWidth, k)
	clear(rows.words[n*rows.stride:])
	rows.rows = n
	rows.set(x, ldw, int16Weight(k), 0)
	clear(w.I16.Scales[copy(w.I16.Scales, rows.scales[:n]):])
	size := wholePairs(k) * PanelWidth
	for p := range Panels(n) {
		panel, words := w.I16.Q[p*size:][:size], rows.words[p*PanelWidth*rows.stride:]
		for i := packWordPairsVec(panel, words, rows.stride, wholePairs(k)); i < wholePairs(k); i += 2 {
			for j := range PanelWidth {
				copy(panel[i*PanelWidth+2*j:][:2], words[j*rows.stride+i:])
			}
		}
	}
}

// PackInt16Columns rounds V, k rows of n values with stride ldv, to w, a matrix in Int16 of n
// output and k input features: element (i, j) is v[j*ldv+i]. It uses w's memory.
func PackInt16Columns(w *Matrix, v []float32, ldv, k, n int) {
	if n > 0 && k > 0 && len(v) < (k-1)*ldv+n {
		panic("simd: short slice for PackInt16Columns")
	}
	w.newInt16(n, k)
	size, limit := wholePairs(k)*PanelWidth, int16Weight(k)
	for p := range Panels(n) {
		panel, of := w.I16.Q[p*size:][:size], v[min(p*PanelWidth, len(v)):]
		scales, cols := w.I16.Scales[p*PanelWidth:][:PanelWidth], min(PanelWidth, n-p*PanelWidth)
		var tops [2]lanes // and poison
		done := 0
		if cols == PanelWidth {
			done = columnTopsVec(&tops, of, ldv, k)
		}
		for i := done; i < k; i++ {
			for j, v := range of[i*ldv:][:cols] {
				tops[0][j] = max(tops[0][j], float32(math.Abs(float64(v))))
				tops[1][j] += v * 0
			}
		}
		var inverses lanes
		for j := range scales {
			step := max(tops[0][j]/limit, leastStep)
			scales[j], inverses[j] = tops[1][j]+step, 1/step
		}
		clear(scales[cols:])
		done = 0
		if cols == PanelWidth {
			done = packWordColumnsVec(panel, of, ldv, k, &inverses)
		}
		clear(panel[done*PanelWidth:])
		for i := done; i < k; i++ {
			for j, v := range of[i*ldv:][:cols] {
				panel[i/2*2*PanelWidth+2*j+i%2] = int16(math.RoundToEven(float64(v * inverses[j])))
			}
		}
	}
}

// size is how many rows there are and how many terms they have.
func (q *Int16Rows) size() (rows, terms int) {
	if q == nil {
		return 0, 0
	}
	return q.rows, q.terms
}

// sumInt16 is Σ_k Qx·Qw of a row for one panel.
func (j *Job) sumInt16(sums *[PanelWidth]int32, row, panel int) {
	q, k2 := j.Int16, wholePairs(j.W.K)
	x, pairs := q.words[row*q.stride:][:k2], j.W.I16.Q[panel*PanelWidth*k2:][:PanelWidth*k2]
	for k := 0; k < k2; k += 2 {
		x0, x1, pair := int32(x[k]), int32(x[k+1]), pairs[k*PanelWidth:][:2*PanelWidth]
		for n := range sums {
			sums[n] += x0*int32(pair[2*n]) + x1*int32(pair[2*n+1])
		}
	}
}
