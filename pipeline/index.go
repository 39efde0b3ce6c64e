package pipeline

import (
	"fmt"
	"io"
	"iter"
	"math"
	"slices"

	"github.com/goroberta/goroberta/internal/simd"
	"github.com/goroberta/goroberta/weights"
)

// An Index is a corpus of vectors in which Search finds those that are most like a
// query's. It compares a query with every vector: nothing is approximated, trained or
// missed. It is immutable; any number of goroutines may search it at once.
//
// The vectors are held once, as a matrix in the layout of the library's kernels: 4·n·D
// bytes for n vectors of D values, and up to 12·n beside.
type Index struct {
	similarity Similarity
	n, dim     int
	blocks     []block
	threads    int
}

// blockVectors is how many vectors are packed at a time: whole panels.
const blockVectors = 4096

// A block is blockVectors of an Index, or what is left of them.
type block struct {
	matrix simd.Matrix // N vectors of K values
	// factor is what makes a key of a product: see bound.
	factor []float32
	// longest is the largest length of the vectors, shortest the smallest that is not 0 and
	// whose inverse is a float32.
	longest, shortest float64
}

// NewIndex makes an Index of vectors of equal length, which it copies. Hits have their
// places in vectors. WithThreads is the only option.
//
// Errors are ErrOption, and an *InputError that names the first vector that has another
// number of values than the first one, or a value that is not finite; it wraps
// ErrVector.
func NewIndex(s Similarity, vectors [][]float32, opts ...Option) (*Index, error) {
	return NewIndexSeq(s, func(yield func([]float32, error) bool) {
		for _, v := range vectors {
			if !yield(v, nil) {
				return
			}
		}
	}, opts...)
}

// NewIndexSeq is NewIndex for vectors that come one by one, as from Embedder.EmbedSeq.
// The first error among them is returned as an *InputError.
func NewIndexSeq(s Similarity, vectors iter.Seq2[[]float32, error], opts ...Option) (*Index, error) {
	b, err := newIndexBuilder(s, opts)
	if err != nil {
		return nil, err
	}
	for v, err := range vectors {
		if err == nil {
			err = b.add(v)
		}
		if err != nil {
			return nil, &InputError{b.n + len(b.waiting)/max(b.dim, 1), err}
		}
	}
	return b.end(), nil
}

// OpenIndex makes an Index of the tensor "embeddings" [n, D] of a safetensors file, as
// `roberta embed -o` and Index.Entry write it. It reads the file and closes it. Errors
// are those of NewIndex, and a *weights.FileError that names the file and wraps
// weights.ErrCorrupt if there is no such tensor of floats.
func OpenIndex(path string, s Similarity, opts ...Option) (*Index, error) {
	file, err := weights.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	t, err := matrix(file, path, vectorsTensor)
	if err != nil {
		return nil, err
	}
	ix, err := NewIndexSeq(s, rows(t), opts...)
	if ie, ok := err.(*InputError); ok {
		return nil, badTensor(path, vectorsTensor, fmt.Errorf("row %d: %w", ie.Index, ie.Err))
	}
	return ix, err
}

// vectorsTensor is the name of a file's vectors.
const vectorsTensor = "embeddings"

// rows yields the rows of a matrix, in memory that is used again.
func rows(t *weights.Tensor) iter.Seq2[[]float32, error] {
	return func(yield func([]float32, error) bool) {
		n, dim := t.Shape[0], t.Shape[1]
		const most = 1 << 18 // values at a time
		step := max(1, most/dim)
		buf := make([]float32, min(step, n)*dim)
		for lo := 0; lo < n; lo += step {
			hi := min(lo+step, n)
			if err := t.RowsFloat32(buf[:(hi-lo)*dim], lo, hi); err != nil {
				yield(nil, err)
				return
			}
			for r := range hi - lo {
				if !yield(buf[r*dim:][:dim], nil) {
					return
				}
			}
		}
	}
}

// WithThreads sets with how many goroutines an Index is searched, from 1. The default
// is GOMAXPROCS. Hits do not depend on it.
func WithThreads(n int) Option {
	return func(o *options) error {
		if n < 1 {
			return fmt.Errorf("%w: %d threads", ErrOption, n)
		}
		o.threads = n
		return o.only(index, "WithThreads")
	}
}

// Len is the number of vectors.
func (ix *Index) Len() int { return ix.n }

// Dim is the number of values of a vector; 0 if there are no vectors.
func (ix *Index) Dim() int { return ix.dim }

// Similarity is what hits are scored by.
func (ix *Index) Similarity() Similarity { return ix.similarity }

// Vector is a copy of vector i.
func (ix *Index) Vector(i int) []float32 {
	if i < 0 || i >= ix.n {
		panic(fmt.Sprintf("pipeline: vector %d of %d", i, ix.n))
	}
	v := make([]float32, ix.dim)
	packed := ix.blocks[i/blockVectors].vector(i % blockVectors)
	for k := range v {
		v[k] = packed[k*simd.PanelWidth]
	}
	return v
}

// vector is vector i of the block, with its values a panel's width apart.
func (b *block) vector(i int) []float32 {
	return b.matrix.F32[i/simd.PanelWidth*simd.PanelWidth*b.matrix.K+i%simd.PanelWidth:]
}

// Entry is the tensor "embeddings" [n, D], float32, which OpenIndex reads:
//
//	err := weights.WriteFile("corpus.safetensors", nil, []weights.Entry{ix.Entry()})
func (ix *Index) Entry() weights.Entry {
	return weights.Entry{Name: vectorsTensor, DType: weights.F32, Shape: []int{ix.n, ix.dim}, Write: func(w io.Writer) error {
		for i := range ix.n {
			if err := writeFloats(w, ix.Vector(i)); err != nil {
				return err
			}
		}
		return nil
	}}
}

// An indexBuilder packs vectors.
type indexBuilder struct {
	*Index
	waiting []float32 // vectors of the next block, end to end
}

func newIndexBuilder(s Similarity, opts []Option) (*indexBuilder, error) {
	o, err := newOptions(index, opts)
	if err == nil {
		err = s.check()
	}
	if err != nil {
		return nil, err
	}
	return &indexBuilder{Index: &Index{similarity: s, threads: o.threads}}, nil
}

// add adds a vector.
func (b *indexBuilder) add(v []float32) error {
	if err := checkFinite(v); err != nil {
		return err
	}
	if b.dim == 0 {
		b.dim = len(v)
	}
	if err := checkVector(v, b.dim); err != nil {
		return err
	}
	if b.waiting = append(b.waiting, v...); len(b.waiting) == blockVectors*b.dim {
		b.pack()
	}
	return nil
}

// pack makes a block of the vectors that wait.
func (b *indexBuilder) pack() {
	n := len(b.waiting) / b.dim
	x := block{matrix: simd.Matrix{N: n, K: b.dim, F32: make([]float32, simd.PackedLen(n, b.dim))}, shortest: math.Inf(1)}
	simd.Pack(x.matrix.F32, b.waiting, b.dim, n, b.dim)
	if b.similarity == Cosine || b.similarity == Euclidean {
		x.factor = make([]float32, n)
	}
	for i := range n {
		square := squares(b.waiting[i*b.dim:][:b.dim])
		length := math.Sqrt(square)
		x.longest = max(x.longest, length)
		inverse := 1 / length
		switch {
		case inverse > math.MaxFloat32 && length > 0: // no float32: a key is NaN, which goes on
			inverse = math.NaN()
		case length > 0:
			x.shortest = min(x.shortest, length)
		}
		switch {
		case b.similarity == Cosine && length > 0:
			x.factor[i] = float32(inverse)
		case b.similarity == Euclidean:
			x.factor[i] = float32(square)
		}
	}
	b.blocks, b.n, b.waiting = append(b.blocks, x), b.n+n, b.waiting[:0]
}

func (b *indexBuilder) end() *Index {
	if len(b.waiting) > 0 {
		b.pack()
	}
	b.blocks = slices.Clip(b.blocks)
	return b.Index
}
