package simd

// PanelWidth is the number of output features in a panel: one AVX-512 register,
// two of AVX2, four of NEON.
const PanelWidth = 16

// kBlock is the number of terms that are added before they are added to the rest.
// It sets the rounding error; see docs/numerics.md.
const kBlock = 256

// ProductScratch is the number of float32 that Product wants as scratch memory:
// one block of two panels, widened from float16.
const ProductScratch = 2 * PanelWidth * kBlock

// A Matrix holds the weights of y = x·Wᵀ + b, N output by K input features, cut
// into panels of 16 output features so that one step of a kernel reads one
// cache line:
//
//	panel 0                      panel 1
//	k=0   w[0][0]  … w[15][0]    w[16][0] … w[31][0]
//	k=1   w[0][1]  … w[15][1]    w[16][1] … w[31][1]
//	 ⋮
//
// The last panel is filled up with zeros. Element (n, k) is at
// (n/16*K+k)*16 + n%16, as float32 or as the bits of a float16; one of the two
// slices is set. float16 is widened on the way and gives the same result as the
// float32 of the same value.
type Matrix struct {
	Format Format
	N, K   int
	F32    []float32 // Float32
	F16    []uint16  // Float16
}

// A Format is the type that the elements of a Matrix have in memory.
type Format uint8

// The formats of a Matrix.
const (
	Float32 Format = iota
	Float16        // widened in the kernels, exactly
)

// A Job is one product: Rows rows of y = base + x·Wᵀ, for some panels of W:
//
//	Dst[r*DstStride+n] = Base[r*BaseStride+n] + Σ_k X[r*XStride+k]·W(n, k)
//
// for r = 0 … Rows-1 and n in the panels. Strides are in elements. Whole panels
// are written. A nil Base is zero; a BaseStride of 0 is one row for all, a bias.
// Base may be Dst; X must not overlap with it.
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
	Next       Next // what the caller expects to multiply next
}

// PanelRanges are the panels [First, End) and Count-1 further ranges, each Step
// panels after the one before.
type PanelRanges struct{ First, End, Step, Count int }

// A Scratch is the working memory of Multiply, for one goroutine at a time.
type Scratch struct {
	wide [ProductScratch]float32
}

// Multiply computes a job.
func Multiply(j *Job, s *Scratch) {
	ProductParts(j.Dst, j.DstStride, j.X, j.XStride, j.Rows, j.W, Parts{j.Panels.First, j.Panels.End, j.Panels.Step, j.Panels.Count}, j.Base, j.BaseStride, s.wide[:], j.Next)
}

// bytes is the size of a weight.
func (w *Matrix) bytes() int {
	if w.F16 != nil {
		return 2
	}
	return 4
}

// Panels is the number of panels of n output features.
func Panels(n int) int { return (n + PanelWidth - 1) / PanelWidth }

// PackedLen is the number of elements of a packed matrix of n × k.
func PackedLen(n, k int) int { return Panels(n) * PanelWidth * k }

// Product computes m rows of y = base + x·Wᵀ for the panels [p0, p1) of w:
//
//	dst[r*ldd+n] = base[r*ldb+n] + Σ_k x[r*ldx+k]·w(n, k)    n = 16·p0 … 16·p1-1
//
// Whole panels are written. A base of nil is zero, one with ldb 0 is one row
// for all (a bias). base may be dst; x must not overlap with it. scratch has
// ProductScratch elements and belongs to the call.
func Product(dst []float32, ldd int, x []float32, ldx, m int, w *Matrix, p0, p1 int, base []float32, ldb int, scratch []float32) {
	ProductParts(dst, ldd, x, ldx, m, w, Parts{p0, p1, 0, 1}, base, ldb, scratch, Next{})
}

// Parts are the panels [P0, P1) and those Step, 2·Step … further: Count ranges.
type Parts struct{ P0, P1, Step, Count int }

// Next is the matrix, and its panel, that the caller expects to multiply next: its
// weights are fetched from memory while the last ones of a product are multiplied.
// Nothing depends on it but the time. The zero Next is nothing.
type Next struct {
	W     *Matrix
	Panel int
}

// ProductParts is Product for several ranges of panels.
func ProductParts(dst []float32, ldd int, x []float32, ldx, m int, w *Matrix, ps Parts, base []float32, ldb int, scratch []float32, then Next) {
	if m <= 0 || ps.P0 >= ps.P1 || ps.Count <= 0 {
		return
	}
	p0, p1 := ps.P0, ps.P1+ps.Step*(ps.Count-1)
	width, weights := p1*PanelWidth, len(w.F32)
	if w.F16 != nil {
		weights = len(w.F16)
	}
	switch {
	case p0 < 0 || p1 > Panels(w.N) || ps.Step < 0:
		panic("simd: panels out of range")
	case weights < PackedLen(w.N, w.K):
		panic("simd: short weights")
	case len(dst) < (m-1)*ldd+width:
		panic("simd: short dst")
	case w.K > 0 && len(x) < (m-1)*ldx+w.K:
		panic("simd: short x")
	case base != nil && len(base) < (m-1)*ldb+width:
		panic("simd: short base")
	case w.F16 != nil && len(scratch) < ProductScratch:
		panic("simd: short scratch")
	}
	if w.K > 0 {
		product(dst, ldd, x, ldx, m, w, ps, base, ldb, scratch, then)
		return
	}
	for i := range ps.Count {
		lo, hi := (ps.P0+i*ps.Step)*PanelWidth, (ps.P1+i*ps.Step)*PanelWidth
		for r := range m {
			row := dst[r*ldd:][lo:hi]
			if base == nil {
				clear(row)
			} else {
				copy(row, base[r*ldb+lo:])
			}
		}
	}
}
