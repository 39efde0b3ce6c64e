package simd

// PanelWidth is the number of output features in a panel: one AVX-512 register,
// two of AVX2, four of NEON.
const PanelWidth = 16

// kBlock is the number of terms that are added before they are added to the rest.
// It sets the rounding error; see docs/numerics.md.
const kBlock = 256

// A Matrix holds the weights of y = x·Wᵀ + b, N output by K input features, cut
// into panels of 16 output features, so that one step of a kernel reads one
// cache line:
//
//	panel 0                      panel 1
//	k=0   w[0][0]  … w[15][0]    w[16][0] … w[31][0]
//	k=1   w[0][1]  … w[15][1]    w[16][1] … w[31][1]
//	 ⋮
//
// The last panel is filled up with zeros. Element (n, k) is at (n/16*K+k)*16 + n%16
// of the slice that Format names. The slice has PackedLen(N, K) elements.
type Matrix struct {
	Format Format
	N, K   int
	F32    []float32 // the weights if Format is Float32
	F16    []uint16  // their bits if Format is Float16
	BF16   []uint16  // their bits if Format is BFloat16, in pairs of terms; see PackBF16

	// I8 and I16 have the weights if Format is Int8 or Int16, in panels of another order.
	I8  Int8Panels
	I16 Int16Panels
}

// A Format is the type that the elements of a Matrix have in memory.
type Format uint8

// The formats of a Matrix.
const (
	Float32  Format = iota
	Float16         // kernels widen it, exactly: results are those of the same values in float32
	BFloat16        // of weights and activations; see BF16Rows
	Int8            // integers with a scale for each output feature; see Int8Panels
	Int16           // the same of 16 bits, for matrices that are made for one use; see Int16Panels
)

// bytes is the size of a weight.
func (f Format) bytes() int {
	switch f {
	case Float16, BFloat16, Int16:
		return 2
	case Int8:
		return 1
	}
	return 4
}

// len is the number of weights in memory.
func (w *Matrix) len() int {
	switch w.Format {
	case Float16:
		return len(w.F16)
	case BFloat16:
		return len(w.BF16)
	case Int8:
		return len(w.I8.Q)
	case Int16:
		return len(w.I16.Q)
	}
	return len(w.F32)
}

// terms is the number of terms that a panel has in memory.
func (w *Matrix) terms() int {
	switch w.Format {
	case BFloat16, Int16:
		return wholePairs(w.K)
	case Int8:
		return wholeGroups(w.K)
	}
	return w.K
}

// All is all panels of w.
func (w *Matrix) All() PanelRanges { return PanelRanges{End: Panels(w.N), Count: 1} }

// Panels is the number of panels of n output features.
func Panels(n int) int { return (n + PanelWidth - 1) / PanelWidth }

// PackedLen is the number of elements of a packed matrix of n × k.
func PackedLen(n, k int) int { return Panels(n) * PanelWidth * k }

// A Job is one product: Rows rows of y = base + x·Wᵀ, for some panels of W:
//
//	Dst[r*DstStride+n] = Base[r*BaseStride+n] + Σ_k X[r*XStride+k]·W(n, k)
//
// for r = 0 … Rows-1 and n in the panels. Strides are in elements. Whole panels
// are written. A nil Base is zero; a BaseStride of 0 is one row for all, a bias.
// Base may be Dst; X must not overlap with it.
//
// ByTerms and Next change the time that a job takes, never its result.
type Job struct {
	Dst        []float32
	DstStride  int
	X          []float32
	XStride    int
	Rows       int
	W          *Matrix
	Panels     PanelRanges
	Base       []float32
	BaseStride int

	// For W in Int8, x is rows Row … of Int8 instead of X, and for W in BFloat16 or Int16
	// those of BF16 or Int16.
	Int8  *Int8Rows
	BF16  *BF16Rows
	Int16 *Int16Rows
	Row   int

	// ByTerms walks through X by blocks of its columns, all panels for each block.
	// Set it if the rows of X would not stay in the second-level cache while the
	// panels of W pass. Otherwise one panel after the other is finished, so that Dst
	// is read and written less.
	ByTerms bool

	// Next is what the caller expects to multiply next.
	Next Next
}

// PanelRanges are the panels First … End-1, and Count-1 more such ranges, each of
// them Step panels after the one before.
type PanelRanges struct{ First, End, Step, Count int }

// Next is a matrix and one of its panels. Their weights are fetched from memory
// while the last ones of a job are multiplied. A nil W fetches nothing.
type Next struct {
	W     *Matrix
	Panel int
}

// Multiply computes a job. It panics if a slice is too short or a panel is not
// there.
func Multiply(j *Job, s *Scratch) {
	w, ps := j.W, j.Panels
	if j.Rows <= 0 || ps.First >= ps.End || ps.Count <= 0 {
		return
	}
	end := ps.End + ps.Step*(ps.Count-1)
	last, width := j.Rows-1, end*PanelWidth
	switch {
	case ps.First < 0 || end > Panels(w.N) || ps.Step < 0:
		panic("simd: panels out of range")
	case w.len() < PackedLen(w.N, w.terms()):
		panic("simd: short weights")
	case len(j.Dst) < last*j.DstStride+width:
		panic("simd: short dst")
	case w.Format < BFloat16 && w.K > 0 && len(j.X) < last*j.XStride+w.K:
		panic("simd: short x")
	case j.Base != nil && len(j.Base) < last*j.BaseStride+width:
		panic("simd: short base")
	}
	switch w.Format {
	case BFloat16:
		j.checkRows(j.BF16.size())
	case Int8:
		j.checkRows(j.Int8.size())
		multiplyIntegers(j, s)
		return
	case Int16:
		j.checkRows(j.Int16.size())
		multiplyIntegers(j, s)
		return
	}
	if w.K == 0 {
		multiplyGeneric(j)
		return
	}
	multiply(j, s)
}

// checkRows is Multiply's check of rows that stand in for X.
func (j *Job) checkRows(rows, terms int) {
	if terms != j.W.K || j.Row < 0 || j.Row+j.Rows > rows {
		panic("simd: short x")
	}
}
