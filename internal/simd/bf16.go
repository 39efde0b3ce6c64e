package simd

import (
	"math"
	"slices"
	"sync"
)

// Products of bfloat16, the upper 16 bits of a float32. Weights and activations are
// rounded to it, and then the product is that of float32: a product of two such values is
// exact, and each sum is rounded once, in the order of Float32's.
//
// VDPBF16PS, as Intel documents it, does the same for the terms of a pair, first for the
// upper halves: a fused multiply-add with rounding to nearest, ties to even. But it takes
// subnormal values for zero, and has zero instead of subnormal results. So that no sum is ever subnormal, values are rounded to
// multiples of 2⁻⁶³ where they are small: sums of products are then multiples of 2⁻¹²⁶,
// the least normal number. And what is 2⁶³ or more in magnitude becomes NaN, so that a product is
// never infinite while a sum with it would be finite.

const (
	// A value x with exponent e has 8 bits left after x + c − c, where c = 1.5·2ᵉ⁺¹⁶. c is
	// 2ᵉ·bf16Top·bf16Round, which is infinite from 2⁶³ on, and at least bf16Least, that of
	// e = −56.
	bf16Top   = 0x1p65
	bf16Round = 1.5 * 0x1p-49
	bf16Least = 1.5 * 0x1p-40
)

// roundBF16 sets dst to x, rounded to 8 significant bits, to the nearest value and to
// an even one if two are as near; small and large values as said above.
func roundBF16(dst, x []float32) {
	n := roundBF16Vec(dst, x)
	roundBF16Generic(dst[n:], x[n:])
}

func roundBF16Generic(dst, x []float32) {
	for i, v := range x {
		e := math.Float32frombits(math.Float32bits(v) & 0x7f800000)
		c := max(float32(float32(e*bf16Top)*bf16Round), bf16Least)
		dst[i] = float32(v+c) - c
	}
}

// pairBF16 sets dst to x, rounded to bfloat16. Of each pair of neighbours the second
// comes first. x has an even length.
func pairBF16(dst []uint16, x []float32) {
	n := pairBF16Vec(dst, x)
	pairBF16Generic(dst[n:], x[n:])
}

func pairBF16Generic(dst []uint16, x []float32) {
	for i := range x {
		var r [1]float32
		roundBF16Generic(r[:], x[i:i+1])
		dst[i^1] = uint16(math.Float32bits(r[0]) >> 16)
	}
}

// ToBF16 rounds src to bfloat16, as products in BFloat16 want it. NaN is kept. dst has
// src's length.
func ToBF16(dst []uint16, src []float32) {
	if len(dst) != len(src) {
		panic("simd: ToBF16 of other length")
	}
	var buf [1024]float32
	for len(src) > 0 {
		n := min(len(buf), len(src))
		roundBF16(buf[:n], src[:n])
		for i, v := range buf[:n] {
			dst[i] = uint16(math.Float32bits(v) >> 16)
		}
		dst, src = dst[n:], src[n:]
	}
}

// IsBF16 says whether ToBF16 would leave values of bfloat16 as they are, or has at most
// another NaN for a NaN.
func IsBF16(bits []uint16) bool {
	for _, b := range bits {
		// Exponents from −56 to 62, zero, and 2⁶³, to which less is rounded.
		if e := b >> 7 & 0xff; e-(127-56) < 63+56 || b<<1 == 0 || b<<1 == (127+63)<<8 {
			continue
		}
		v, r := widenBF16(b), [1]float32{}
		roundBF16Generic(r[:], []float32{v})
		if v != r[0] && v == v {
			return false
		}
	}
	return true
}

// FromBF16 widens bfloat16 values, exactly. dst and src have equal lengths.
func FromBF16(dst []float32, src []uint16) {
	if len(dst) != len(src) {
		panic("simd: FromBF16 of other length")
	}
	for i, b := range src {
		dst[i] = widenBF16(b)
	}
}

func widenBF16(b uint16) float32 { return math.Float32frombits(uint32(b) << 16) }

// wholePairs is k, filled up to an even number.
func wholePairs(k int) int { return (k + 1) &^ 1 }

// PairedLen is the number of elements of a packed matrix of n × k in BFloat16.
func PairedLen(n, k int) int { return PackedLen(n, wholePairs(k)) }

// PackBF16 packs W, n rows of k weights of bfloat16 with stride ldw, into panels for
// BFloat16. Two terms of an output feature are neighbours, the second before the first,
// because VDPBF16PS begins with the upper half of 32 bits:
//
//	panel 0
//	k=0, 1   w[0][1] w[0][0]  w[1][1] w[1][0]  …  w[15][0]
//	k=2, 3   w[0][3] w[0][2]  …
//	 ⋮
//
// K is filled up with zeros to an even number.
func PackBF16(dst, w []uint16, ldw, n, k int) {
	if len(dst) < PairedLen(n, k) || n > 0 && k > 0 && len(w) < (n-1)*ldw+k {
		panic("simd: short slice for PackBF16")
	}
	size := wholePairs(k) * PanelWidth
	for p := range Panels(n) {
		panel, of := dst[p*size:][:size], w[p*PanelWidth*ldw:]
		rows, done := min(PanelWidth, n-p*PanelWidth), 0
		if rows == PanelWidth && k > 0 {
			done = packPairsVec(panel, of, ldw, k)
		}
		packPairsGeneric(panel, of, ldw, rows, done, k)
	}
}

// packPairsGeneric packs columns k0 … k-1 of up to 16 rows.
func packPairsGeneric(panel, w []uint16, ldw, rows, k0, k int) {
	clear(panel[k0*PanelWidth:])
	for i := k0; i < k; i++ {
		for j := range rows {
			panel[i/2*2*PanelWidth+2*j+1-i%2] = w[j*ldw+i]
		}
	}
}

// PairAt is where a matrix of rows of k weights in BFloat16 has weight j of row n.
func PairAt(n, j, k int) int {
	return (n/PanelWidth*wholePairs(k)+j/2*2)*PanelWidth + n%PanelWidth*2 + 1 - j%2
}

// WeightsBF16 sets dst to row n of a matrix in BFloat16.
func WeightsBF16(dst []float32, w *Matrix, n int) {
	for k := range dst[:w.K] {
		dst[k] = widenBF16(w.BF16[PairAt(n, k, w.K)])
	}
}

// BF16Rows are rows of activations, rounded to bfloat16. The zero value is ready for use.
type BF16Rows struct {
	rows, terms int
	stride      int       // elements
	paired      bool      // which of the two
	floats      []float32 // as float32
	pairs       []uint16  // of each pair of neighbours the second first
}

// Reset makes room for rows of so many terms.
func (q *BF16Rows) Reset(rows, terms int) { q.resetAs(BF16Dots(), rows, terms) }

func (q *BF16Rows) resetAs(paired bool, rows, terms int) {
	q.paired, q.rows, q.terms = paired, rows, terms
	// See Matrix in package nn for the room at the end.
	q.stride = (wholePairs(terms)+PanelWidth-1)&^(PanelWidth-1) + PanelWidth
	if paired {
		q.stride += PanelWidth
		q.pairs = sized(q.pairs, rows*q.stride)
	} else {
		q.floats = sized(q.floats, rows*q.stride)
	}
}

// BF16RowBytes is the size of a row of so many terms, for what counts how many rows a
// cache holds.
func BF16RowBytes(terms int) int {
	if BF16Dots() {
		return 2 * terms
	}
	return 4 * terms
}

// BF16Exact reports whether products in BFloat16 have the bits here that they have everywhere.
// BFDOT gives others, and VDPBF16PS on a processor where it computes otherwise than Intel
// documents it; GOROBERTA_DOT=off leaves them out.
func BF16Exact() bool { return !BF16Dots() || exactPairs() }

// exactPairs compares products by such an instruction with those without. Their terms cancel for
// the most part and differ in size, so that another order of sums, or sums that are rounded
// less or more often, come out.
var exactPairs = sync.OnceValue(func() bool {
	const m, n, k = 15, 3 * PanelWidth, 64
	random := uint32(1)
	values := func(count int) []float32 {
		x := make([]float32, count)
		for i := range x {
			random = random*1664525 + 1013904223
			x[i] = math.Float32frombits(random&0x807fffff | (120+random>>8&15)<<23)
		}
		return x
	}
	x, bits := values(m*k), make([]uint16, n*k)
	ToBF16(bits, values(n*k))
	w := Matrix{Format: BFloat16, N: n, K: k, BF16: make([]uint16, PairedLen(n, k))}
	PackBF16(w.BF16, bits, k, n, k)
	var y [2][]float32
	for i := range y {
		y[i] = make([]float32, m*n)
		rows := new(BF16Rows)
		rows.resetAs(i == 0, m, k)
		rows.Set(x, k, 0, m)
		Multiply(&Job{Dst: y[i], DstStride: n, Rows: m, W: &w, Panels: w.All(), BF16: rows}, new(Scratch))
	}
	return slices.Equal(y[0], y[1])
})

// BF16Dots reports whether products in BFloat16 use VDPBF16PS or BFDOT.
func BF16Dots() bool { return dots.Load() && hasPairs(Active()) }

// Set rounds the rows lo … hi-1 of x, ldx apart. Several goroutines may set different
// rows at once.
func (q *BF16Rows) Set(x []float32, ldx, lo, hi int) {
	for r := lo; r < hi; r++ {
		from, whole := x[r*ldx:][:q.terms], q.terms&^1
		if q.paired {
			to := q.pairs[r*q.stride:]
			pairBF16(to[:whole], from[:whole])
			if whole < q.terms {
				last := [2]float32{from[whole]}
				pairBF16Generic(to[whole:], last[:])
			}
			continue
		}
		to := q.floats[r*q.stride:]
		roundBF16(to[:q.terms], from)
		to[q.terms] = 0 // the second of the last pair, if terms is odd
	}
}

// value is x[r][k].
func (q *BF16Rows) value(r, k int) float32 {
	if q.paired {
		return widenBF16(q.pairs[r*q.stride+k^1])
	}
	return q.floats[r*q.stride+k]
}

// size is how many rows there are and how many terms they have.
func (q *BF16Rows) size() (rows, terms int) {
	if q == nil {
		return 0, 0
	}
	return q.rows, q.terms
}
