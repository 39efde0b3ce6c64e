package simd

import (
	"bytes"
	"math"
	"sync"
)

// A form is how rows of integers lie in memory, as the kernels that multiply them want it.
type form uint8

const (
	words         form = iota // int16: Qx
	unsignedBytes             // uint8: Qx + zero, and one Qx of more bits apart
	signedBytes               // the same with 128 less, int8
)

// Int8Rows are rows of activations, rounded to integers Qx with a scale for each row.
// All of a row but one value of largest magnitude lie within 256 integers; Qx = 0 is x = 0.
// The zero value is ready for use.
type Int8Rows struct {
	rows, terms int
	form        form
	stride      int // elements
	words       []int16
	bytes       []uint8
	scales      []float32
	// Of bytes: what they have for x = 0, and which one is that of the largest magnitude
	// and what it lacks.
	zero, at, extra []int32
}

// Reset makes room for rows of so many terms.
func (q *Int8Rows) Reset(rows, terms int) { q.resetAs(int8Form(), rows, terms) }

func (q *Int8Rows) resetAs(f form, rows, terms int) {
	q.rows, q.terms, q.form = rows, terms, f
	// See Matrix in package nn for the room at the end.
	q.stride = wholeGroups(terms) + 32
	q.scales = sized(q.scales, rows)
	if q.form == words {
		q.words = sized(q.words, rows*q.stride)
		return
	}
	q.bytes = sized(q.bytes, rows*q.stride)
	q.zero, q.at, q.extra = sized(q.zero, rows), sized(q.at, rows), sized(q.extra, rows)
}

func sized[E any](s []E, n int) []E {
	if cap(s) < n {
		return make([]E, n)
	}
	return s[:n]
}

// Int8RowBytes is the size of a row of so many terms, for what counts how many rows a
// cache holds.
func Int8RowBytes(terms int) int {
	if int8Form() == words {
		return 2 * terms
	}
	return terms
}

// Set rounds the rows lo … hi-1 of x, ldx apart, or of x·in where in is not nil: a factor
// for each term, the In of the weights that the rows are multiplied with. Several
// goroutines may set different rows at once.
func (q *Int8Rows) Set(x []float32, ldx, lo, hi int, in []float32) {
	if in != nil {
		q.setProducts(x, ldx, lo, hi, in[:q.terms])
		return
	}
	for r := lo; r < hi; r++ {
		q.set(r, x[r*ldx:][:q.terms])
	}
}

// products are rows of products with factors. On the stack they would be cleared each time.
var products = sync.Pool{New: func() any { return new([]float32) }}

// setProducts is Set with factors.
func (q *Int8Rows) setProducts(x []float32, ldx, lo, hi int, in []float32) {
	room := products.Get().(*[]float32)
	defer products.Put(room)
	*room = sized(*room, len(in))
	row := *room
	for r := lo; r < hi; r++ {
		mul(row, x[r*ldx:][:len(in)], in)
		q.set(r, row)
	}
}

func (q *Int8Rows) set(r int, x []float32) {
	high, low := extremes(x)
	hi, lo, largest := high[1], low[0], high[0]
	if -low[0] > high[0] {
		hi, lo, largest = high[0], low[1], low[0]
	}
	step := max(float32(hi/int8Steps)-float32(lo/int8Steps), float32(math.Abs(float64(largest)))/largestX, leastStep)
	inverse := 1 / step
	q.scales[r] = step
	if high[2] != high[2] { // NaN or infinite
		q.scales[r] = high[2]
	}
	end := wholeGroups(q.terms)
	if q.form == words {
		row := q.words[r*q.stride:][:end]
		toInt16(row[:len(x)], x, inverse)
		clear(row[len(x):])
		return
	}
	zero := -int32(math.RoundToEven(float64(lo * inverse)))
	row := q.bytes[r*q.stride:][:end]
	flip := uint8(0)
	if q.form == signedBytes {
		flip = 0x80
	}
	toBytes(row[:len(x)], x, inverse, float32(zero), flip)
	clear(row[len(x):]) // weights are zero there
	q.zero[r] = zero - int32(flip)
	q.at[r], q.extra[r] = 0, 0
	if at := indexRounded(x, row, largest, inverse, float32(zero), flip); at >= 0 {
		q.at[r] = int32(at)
		q.extra[r] = int32(math.RoundToEven(float64(largest*inverse))) - q.byte(r, at)
	}
}

// indexRounded is the first place of v in x, or -1. It looks for v's byte among those of x, row,
// because these are searched many at a time.
func indexRounded(x []float32, row []uint8, v, inverse, zero float32, flip uint8) int {
	var b [1]uint8
	toBytesGeneric(b[:], []float32{v}, inverse, zero)
	for at := 0; at < len(x); at++ {
		i := bytes.IndexByte(row[at:len(x)], b[0]^flip)
		if i < 0 {
			break
		}
		if at += i; x[at] == v {
			return at
		}
	}
	return -1
}

// byte is what byte k of row r stands for.
func (q *Int8Rows) byte(r, k int) int32 {
	b := q.bytes[r*q.stride+k]
	if q.form == signedBytes {
		return int32(int8(b)) - q.zero[r]
	}
	return int32(b) - q.zero[r]
}

// value is Qx[r][k].
func (q *Int8Rows) value(r, k int) int32 {
	switch {
	case q.form == words:
		return int32(q.words[r*q.stride+k])
	case int(q.at[r]) == k:
		return q.byte(r, k) + q.extra[r]
	}
	return q.byte(r, k)
}

// size is how many rows there are and how many terms they have.
func (q *Int8Rows) size() (rows, terms int) {
	if q == nil {
		return 0, 0
	}
	return q.rows, q.terms
}

// sumInt8 is Σ_k Qx·Qw of a row for one panel.
func (j *Job) sumInt8(sums *[PanelWidth]int32, row, panel int) {
	w, p := j.W, &j.W.I8
	k4 := wholeGroups(w.K)
	q := p.Q[panel*PanelWidth*k4:][:PanelWidth*k4]
	for k := 0; k < k4; k += 4 {
		var x [4]int32
		for i := range min(4, w.K-k) {
			x[i] = j.Int8.value(row, k+i)
		}
		group := q[k*PanelWidth:][:4*PanelWidth]
		for n := range sums {
			g := group[4*n:][:4]
			sums[n] += x[0]*int32(int8(g[0])) + x[1]*int32(int8(g[1])) + x[2]*int32(int8(g[2])) + x[3]*int32(int8(g[3]))
		}
	}
	for _, l := range p.large(panel) {
		sums[l.N%PanelWidth] += l.Extra * j.Int8.value(row, int(l.K))
	}
}

// extremes are the two largest and the two smallest of x and of two zeros. The third
// is 0, or NaN if any of x is NaN or infinite, and then the others are anything.
func extremes(x []float32) (high, low [3]float32) {
	var l [5]lanes
	n := extremesVec(&l, x)
	extremesGeneric(&l, x[n:])
	for i := range l[0] {
		if v := l[0][i]; v > high[0] {
			high[0], high[1] = v, larger(high[0], l[1][i])
		} else {
			high[1] = larger(high[1], v)
		}
		if v := l[2][i]; v < low[0] {
			low[0], low[1] = v, -larger(-low[0], -l[3][i])
		} else {
			low[1] = -larger(-low[1], -v)
		}
		high[2] += l[4][i]
	}
	return high, low
}

// larger is max without its rules for NaN and zeros, which take several times as long.
func larger(a, b float32) float32 {
	if b > a {
		return b
	}
	return a
}

func extremesGeneric(l *[5]lanes, x []float32) {
	for i, v := range x {
		j := i % PanelWidth
		l[1][j] = max(l[1][j], min(l[0][j], v))
		l[0][j] = max(l[0][j], v)
		l[3][j] = min(l[3][j], max(l[2][j], v))
		l[2][j] = min(l[2][j], v)
		l[4][j] = fma32(v, 0, l[4][j])
	}
}

// toInt16 sets dst to x·inverse, rounded to the nearest integer, to an even one if two
// are as near. Products must be within ±32767.
func toInt16(dst []int16, x []float32, inverse float32) {
	n := toInt16Vec(dst, x, inverse)
	toInt16Generic(dst[n:], x[n:], inverse)
}

func toInt16Generic(dst []int16, x []float32, inverse float32) {
	for i, v := range x {
		dst[i] = int16(math.RoundToEven(float64(v * inverse)))
	}
}

// toBytes sets dst to x·inverse, rounded as toInt16 does, plus zero, cut to 0 … 255, and
// the bits of flip changed.
func toBytes(dst []uint8, x []float32, inverse, zero float32, flip uint8) {
	n := toBytesVec(dst, x, inverse, zero)
	toBytesGeneric(dst[n:], x[n:], inverse, zero)
	if flip != 0 {
		for i := range dst {
			dst[i] ^= flip
		}
	}
}

func toBytesGeneric(dst []uint8, x []float32, inverse, zero float32) {
	for i, v := range x {
		dst[i] = uint8(max(0, min(float32(math.RoundToEven(float64(v*inverse)))+zero, byteMax)))
	}
}
