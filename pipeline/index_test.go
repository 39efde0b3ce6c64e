package pipeline_test

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"testing"

	"github.com/goroberta/goroberta/pipeline"
	"github.com/goroberta/goroberta/weights"
)

var similarities = []pipeline.Similarity{pipeline.Cosine, pipeline.DotProduct, pipeline.Euclidean, pipeline.Manhattan}

// corpus makes n vectors: spread widely or within a factor, some equal, some zeros.
func corpus(n, dim int, scale float64, seed uint64) [][]float32 {
	rng := rand.New(rand.NewPCG(seed, 1))
	vectors := make([][]float32, n)
	for i := range vectors {
		v := make([]float32, dim)
		for k := range v {
			v[k] = float32(rng.NormFloat64() * scale)
		}
		switch {
		case i%7 == 3:
			copy(v, vectors[rng.IntN(i)])
		case i%50 == 9:
			clear(v)
		case i%11 == 5: // next to another one
			copy(v, vectors[rng.IntN(i)])
			v[rng.IntN(dim)] *= 1 + 0x1p-22
		}
		vectors[i] = v
	}
	return vectors
}

// plain finds hits by scoring every vector.
func plain(s pipeline.Similarity, vectors [][]float32, q []float32, k int) []pipeline.Hit {
	hits := make([]pipeline.Hit, len(vectors))
	for i, v := range vectors {
		hits[i] = pipeline.Hit{Index: i, Score: s.Score(q, v)}
	}
	slices.SortStableFunc(hits, func(a, b pipeline.Hit) int { return cmp.Compare(b.Score, a.Score) })
	return hits[:min(k, len(hits))]
}

func newIndex(t testing.TB, s pipeline.Similarity, vectors [][]float32, opts ...pipeline.Option) *pipeline.Index {
	t.Helper()
	ix, err := pipeline.NewIndex(s, vectors, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return ix
}

// TestSearch compares the hits with those of plain loops, bit for bit: in vectors of
// ordinary, tiny and huge values, for one query and many, and any number of threads.
func TestSearch(t *testing.T) {
	for _, test := range []struct {
		n, dim, queries int
		scale           float64
	}{
		{1, 1, 1, 1}, {15, 3, 2, 1}, {33, 17, 60, 1}, {4096, 8, 3, 1}, {9000, 20, 3, 1}, {5000, 384, 2, 1},
		{300, 24, 5, 1e-30}, {300, 24, 5, 1e-42}, {300, 24, 5, 1e17}, {300, 24, 5, 1e30}, {300, 24, 600, 1e-3},
	} {
		vectors := corpus(test.n, test.dim, test.scale, 1)
		queries := corpus(test.queries, test.dim, test.scale, 2)
		queries[len(queries)-1] = vectors[test.n/2]
		for _, s := range similarities {
			for _, threads := range []int{1, 3} {
				ix := newIndex(t, s, vectors, pipeline.WithThreads(threads))
				for _, k := range []int{1, 10, test.n + 1} {
					got, err := ix.Search(t.Context(), queries, k)
					if err != nil {
						t.Fatal(err)
					}
					for i, hits := range got {
						if i > 20 && i < len(queries)-5 {
							continue
						}
						if want := plain(s, vectors, queries[i], k); !slices.Equal(hits, want) {
							t.Fatalf("%s, %d×%d of %g, %d threads, query %d of %d, k=%d:\n%v, want\n%v", s, test.n, test.dim, test.scale, threads, i, len(queries), k, clip(hits), clip(want))
						}
					}
				}
			}
		}
	}
}

// TestSearchScales checks vectors so small that 1 divided by their length is no float32,
// among ordinary ones.
func TestSearchScales(t *testing.T) {
	vectors, small := corpus(600, 24, 1, 3), corpus(600, 24, 1e-41, 4)
	for i := range vectors {
		if i%2 == 0 {
			vectors[i] = small[i]
		}
	}
	for _, s := range similarities {
		ix := newIndex(t, s, vectors, pipeline.WithThreads(1))
		for _, k := range []int{1, 10, 400} {
			for i, q := range corpus(20, 24, 1, 5) {
				got, err := ix.Search(t.Context(), [][]float32{q}, k)
				if err != nil {
					t.Fatal(err)
				}
				if want := plain(s, vectors, q, k); !slices.Equal(got[0], want) {
					t.Fatalf("%s, query %d, k=%d:\n%v, want\n%v", s, i, k, clip(got[0]), clip(want))
				}
			}
		}
	}
}

func clip(h []pipeline.Hit) []pipeline.Hit { return h[:min(len(h), 12)] }

// TestSearchTies checks that of many equal vectors those with the smallest indices are
// found.
func TestSearchTies(t *testing.T) {
	vectors := make([][]float32, 10_000)
	for i := range vectors {
		vectors[i] = []float32{1, 2, 3}
	}
	for _, s := range similarities {
		got, err := newIndex(t, s, vectors, pipeline.WithThreads(2)).Search(t.Context(), [][]float32{{3, 2, 1}, {0, 0, 0}, {1, 2, 3}}, 5)
		if err != nil {
			t.Fatal(err)
		}
		for q := range got {
			for i, h := range got[q] {
				if h.Index != i || h.Score != got[q][0].Score {
					t.Errorf("%s, query %d: hits %v, want 0 to 4", s, q, got[q])
				}
			}
		}
		if got := got[2][0].Score; (s == pipeline.Euclidean || s == pipeline.Manhattan) && (got != 0 || math.Signbit(float64(got))) {
			t.Errorf("%s: equal vectors have score %v, want 0", s, got)
		}
	}
}

func TestScore(t *testing.T) {
	a, b := []float32{3, 4, 0}, []float32{0, 4, 3}
	for s, want := range map[pipeline.Similarity]float64{pipeline.Cosine: 0.64, pipeline.DotProduct: 16, pipeline.Euclidean: -math.Sqrt(18), pipeline.Manhattan: -6} {
		if got := s.Score(a, b); got != float32(want) {
			t.Errorf("%s: %v, want %v", s, got, want)
		}
		if got := s.Score(a, []float32{0, 0, 0}); s == pipeline.Cosine && got != 0 {
			t.Errorf("cosine with a vector of zeros: %v, want 0", got)
		}
	}
	if got := pipeline.Similarity("other").Score(a, b); got == got {
		t.Errorf("unknown similarity: %v, want NaN", got)
	}
	for _, other := range [][]float32{a[:2], append(slices.Clone(a), 1)} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("vectors of %d and %d values have a similarity", len(a), len(other))
				}
			}()
			pipeline.Cosine.Score(a, other)
		}()
	}
}

func TestIndexErrors(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	for _, bad := range [][]float32{{1, nan}, {1, inf}, {1}, {}, nil} {
		_, err := pipeline.NewIndex(pipeline.Cosine, [][]float32{{1, 2}, {3, 4}, bad, {5, 6}})
		if ie, ok := errors.AsType[*pipeline.InputError](err); !ok || ie.Index != 2 || !errors.Is(err, pipeline.ErrVector) {
			t.Errorf("vector %v: %v, want an InputError of 2 around ErrVector", bad, err)
		}
		ix := newIndex(t, pipeline.Cosine, [][]float32{{1, 2}})
		_, err = ix.Search(t.Context(), [][]float32{{1, 2}, bad}, 1)
		if ie, ok := errors.AsType[*pipeline.InputError](err); !ok || ie.Index != 1 || !errors.Is(err, pipeline.ErrVector) {
			t.Errorf("query %v: %v, want an InputError of 1 around ErrVector", bad, err)
		}
	}
	failed := errors.New("failed")
	_, err := pipeline.NewIndexSeq(pipeline.Cosine, func(yield func([]float32, error) bool) {
		_ = yield([]float32{1}, nil) && yield(nil, failed)
	})
	if ie, ok := errors.AsType[*pipeline.InputError](err); !ok || ie.Index != 1 || !errors.Is(err, failed) {
		t.Errorf("%v, want an InputError of 1", err)
	}
	for name, opt := range map[string]pipeline.Option{"threads": pipeline.WithThreads(0), "head": pipeline.WithHead("x")} {
		if _, err := pipeline.NewIndex(pipeline.Cosine, nil, opt); !errors.Is(err, pipeline.ErrOption) {
			t.Errorf("%s: %v, want ErrOption", name, err)
		}
	}
	if _, err := pipeline.NewIndex("best", nil); !errors.Is(err, pipeline.ErrOption) {
		t.Errorf("similarity best: %v, want ErrOption", err)
	}
	empty := newIndex(t, pipeline.Cosine, nil)
	if hits, err := empty.Search(t.Context(), [][]float32{{1}}, 3); err != nil || len(hits) != 1 || len(hits[0]) != 0 || empty.Len() != 0 {
		t.Errorf("empty index: %v, %v", hits, err)
	}
	if _, err := empty.Search(t.Context(), nil, 0); !errors.Is(err, pipeline.ErrOption) {
		t.Errorf("k=0: %v, want ErrOption", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := newIndex(t, pipeline.Cosine, corpus(100, 4, 1, 1)).Search(ctx, [][]float32{{1, 2, 3, 4}}, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want context.Canceled", err)
	}
}

// TestIndexFile checks that an index comes back from its file.
func TestIndexFile(t *testing.T) {
	vectors := corpus(5000, 12, 1, 3)
	ix := newIndex(t, pipeline.Euclidean, vectors)
	path := filepath.Join(t.TempDir(), "corpus.safetensors")
	if err := weights.WriteFile(path, nil, []weights.Entry{ix.Entry()}); err != nil {
		t.Fatal(err)
	}
	other, err := pipeline.OpenIndex(path, pipeline.Euclidean)
	if err != nil {
		t.Fatal(err)
	}
	if other.Len() != 5000 || other.Dim() != 12 || other.Similarity() != pipeline.Euclidean {
		t.Errorf("%d vectors of %d, %s", other.Len(), other.Dim(), other.Similarity())
	}
	for i, v := range vectors {
		if !slices.Equal(other.Vector(i), v) {
			t.Fatalf("vector %d is %v, want %v", i, other.Vector(i), v)
		}
	}
	bad := newIndex(t, pipeline.DotProduct, [][]float32{{1, 2}}).Entry()
	bad.Name = "vectors"
	if err := weights.WriteFile(path, nil, []weights.Entry{bad}); err != nil {
		t.Fatal(err)
	}
	_, err = pipeline.OpenIndex(path, pipeline.Cosine)
	if fe, ok := errors.AsType[*weights.FileError](err); !ok || fe.Path != path || fe.Tensor != "embeddings" {
		t.Errorf("%v, want a FileError of tensor embeddings", err)
	}
}

// TestSearchTogether searches one index from many goroutines.
func TestSearchTogether(t *testing.T) {
	vectors := corpus(3000, 24, 1, 4)
	ix := newIndex(t, pipeline.Cosine, vectors)
	var wg sync.WaitGroup
	for g := range 20 {
		wg.Go(func() {
			got, err := ix.Search(t.Context(), vectors[g:g+3], 4)
			if err != nil {
				t.Error(err)
				return
			}
			for i := range got {
				if want := plain(pipeline.Cosine, vectors, vectors[g+i], 4); !slices.Equal(got[i], want) {
					t.Errorf("goroutine %d: %v, want %v", g, got[i], want)
				}
			}
		})
	}
	wg.Wait()
}

// FuzzSearch compares the hits among vectors of any bits with those of plain loops.
func FuzzSearch(f *testing.F) {
	f.Add([]byte("any bytes are the bits of some vectors, eight values each, or one"), uint8(3), uint8(2))
	f.Add(bytes.Repeat([]byte{0, 0, 0, 1, 0, 0, 0, 0x80, 0xff, 0xff, 0x7f, 0x7f}, 20), uint8(2), uint8(1))
	f.Fuzz(func(t *testing.T, data []byte, dim, k uint8) {
		d := int(dim%9) + 1
		var vectors [][]float32
		for ; len(data) >= 4*d && len(vectors) < 200; data = data[4*d:] {
			v := make([]float32, d)
			for i := range v {
				v[i] = math.Float32frombits(uint32(data[4*i]) | uint32(data[4*i+1])<<8 | uint32(data[4*i+2])<<16 | uint32(data[4*i+3])<<24)
				if x := float64(v[i]); math.IsNaN(x) || math.IsInf(x, 0) {
					v[i] = 1
				}
			}
			vectors = append(vectors, v)
		}
		for _, s := range similarities {
			got, err := newIndex(t, s, vectors).Search(t.Context(), vectors, int(k)+1)
			if err != nil {
				t.Fatal(err)
			}
			for i := range got {
				if want := plain(s, vectors, vectors[i], int(k)+1); !slices.Equal(got[i], want) {
					t.Fatalf("%s, query %v: %v, want %v", s, vectors[i], got[i], want)
				}
			}
		}
	})
}

// BenchmarkSearch searches a million vectors of 384. Bytes are those of the corpus,
// which each search reads once, and operations the multiplications and additions of
// its product.
func BenchmarkSearch(b *testing.B) {
	const n, dim = 1_000_000, 384
	rng := rand.New(rand.NewPCG(1, 2))
	vector := func() []float32 {
		v := make([]float32, dim)
		for k := range v {
			v[k] = rng.Float32() - 0.5
		}
		return v
	}
	var queries [][]float32
	for range 32 {
		queries = append(queries, vector())
	}
	b.Run("memory", func(b *testing.B) { // how fast one thread reads so many bytes
		data := make([]byte, 1<<29)
		for b.Loop() {
			if bytes.IndexByte(data, 1) >= 0 {
				b.Fatal("found what is not there")
			}
		}
		b.ReportMetric(float64(len(data))*float64(b.N)/b.Elapsed().Seconds()/1e9, "GB/s")
	})
	for _, s := range similarities {
		ix, err := pipeline.NewIndexSeq(s, func(yield func([]float32, error) bool) {
			for range n {
				if !yield(vector(), nil) {
					return
				}
			}
		})
		if err != nil {
			b.Fatal(err)
		}
		for _, threads := range []int{1, 2} {
			for _, q := range []int{1, 32} {
				if s == pipeline.Manhattan && q > 1 {
					continue
				}
				b.Run(fmt.Sprintf("similarity=%s/queries=%d/threads=%d", s, q, threads), func(b *testing.B) {
					defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(threads))
					for b.Loop() {
						if _, err := ix.Search(b.Context(), queries[:q], 10); err != nil {
							b.Fatal(err)
						}
					}
					seconds := b.Elapsed().Seconds() / float64(b.N)
					b.ReportMetric(4*n*dim/seconds/1e9, "GB/s")
					b.ReportMetric(2*n*dim*float64(q)/seconds/1e9, "GFLOP/s")
				})
			}
		}
	}
}
