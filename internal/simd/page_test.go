//go:build linux

package simd

import (
	"math/rand/v2"
	"syscall"
	"testing"
	"unsafe"
)

// atPageEnd returns n floats whose end is the end of readable memory, so that
// reading beyond them faults.
func atPageEnd(t *testing.T, n int) []float32 { return atPageEndOf[float32](t, n) }

func atPageEndOf[E any](t *testing.T, n int) []E {
	bytes := n * int(unsafe.Sizeof(*new(E)))
	page := syscall.Getpagesize()
	size := (bytes + page - 1) / page * page
	mem, err := syscall.Mmap(-1, 0, size+page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Skip(err)
	}
	if err := syscall.Mprotect(mem[size:], syscall.PROT_NONE); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Munmap(mem) })
	return unsafe.Slice((*E)(unsafe.Pointer(&mem[size-bytes])), n)
}

func TestLevelsReadNothingBeyond(t *testing.T) {
	testLevels(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(1, 1))
		for _, n := range []int{1, 15, 16, 17, 48, 100} {
			x, y := atPageEnd(t, n), atPageEnd(t, n)
			fill(rng, x, false)
			fill(rng, y, false)
			for _, f := range []func([]float32){GELU, GELUTanh, Tanh, ReLU, ReLUSquared, Softmax, func(x []float32) { Scale(x, 2) }} {
				f(x)
			}
			LogSoftmax(y, x)
			h := unsafe.Slice((*uint16)(unsafe.Pointer(&atPageEnd(t, (n+1)/2)[0])), (n+1)/2*2)
			h = h[len(h)-n:]
			FromF16(x, h)
			ToF16Exact(h, x)
			Add(x, y)
			Larger(x, y)
			mul(x, x, y)
			LayerNorm(x, x, y, y, 1e-5)
		}
		for m := 1; m <= 15; m++ {
			for _, k := range []int{1, 2, 5, 16} {
				w := Matrix{N: 48, K: k, F32: atPageEnd(t, PackedLen(48, k))}
				h := unsafe.Slice((*uint16)(unsafe.Pointer(&atPageEnd(t, PackedLen(48, k)/2)[0])), PackedLen(48, k))
				x, dst, base := atPageEnd(t, m*k), atPageEnd(t, m*48), atPageEnd(t, 48)
				Multiply(testJob(dst, 48, x, k, m, &w, base), new(Scratch))
				Multiply(testJob(dst, 48, x, k, m, &Matrix{Format: Float16, N: 48, K: k, F16: h}, base), new(Scratch))
				b := unsafe.Slice((*uint16)(unsafe.Pointer(&atPageEnd(t, PairedLen(48, k)/2)[0])), PairedLen(48, k))
				Multiply(testJob(dst, 48, x, k, m, &Matrix{Format: BFloat16, N: 48, K: k, BF16: b}, base), new(Scratch))
			}
		}
		for _, k := range []int{8, 9, 16} {
			Pack(atPageEnd(t, PackedLen(16, k)), atPageEnd(t, 16*k), k, 16, k)
			h := func(n int) []uint16 { return unsafe.Slice((*uint16)(unsafe.Pointer(&atPageEnd(t, n/2)[0])), n) }
			PackF16(h(PackedLen(16, k)), h(16*k), k, 16, k)
			if k%2 == 0 {
				PackBF16(h(PairedLen(16, k)), h(16*k), k, 16, k)
			}
			ToBF16(make([]uint16, k), atPageEnd(t, k))
			PackColumns(atPageEnd(t, PackedLen(16, k)), atPageEnd(t, 16*k), 16, k, 16)
		}
	})
}

// TestLevelsInt8ReadsNothingBeyond: nothing outside of a product's slices is read or
// written; rows of integers have no room after them here.
func TestLevelsInt8ReadsNothingBeyond(t *testing.T) {
	testLevels(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(1, 2))
		const n = 48
		for _, f := range forms(t) {
			for m := 1; m <= 15; m++ {
				for _, k := range []int{1, 4, 15, 17, 64} {
					k4 := wholeGroups(k)
					weights, x := make([]float32, n*k), atPageEnd(t, m*k)
					fillLarge(rng, weights, false)
					fillLarge(rng, x, false)
					w := PackInt8(weights, k, n, k, atPageEndOf[uint8](t, Int8Len(n, k)), nil)
					w.I8.Scales = onPage(t, w.I8.Scales)
					w.I8.Large = onPage(t, w.I8.Large)
					w.I8.sums = onPage(t, w.I8.sums)
					q := Int8Rows{rows: m, terms: k, form: f, stride: k4, scales: atPageEnd(t, m)}
					if f == words {
						q.words = atPageEndOf[int16](t, m*k4)
					} else {
						q.bytes = atPageEndOf[uint8](t, m*k4)
						q.zero, q.at, q.extra = atPageEndOf[int32](t, m), atPageEndOf[int32](t, m), atPageEndOf[int32](t, m)
					}
					q.Set(x, k, 0, m, nil)
					j := Job{Dst: atPageEnd(t, m*n), DstStride: n, Rows: m, W: &w, Panels: w.All(), Base: atPageEnd(t, n), Int8: &q}
					Multiply(&j, new(Scratch))
					j.Dst = atPageEnd(t, m*n)
					j.Base, j.BaseStride = j.Dst, n
					Multiply(&j, new(Scratch))
				}
			}
		}
	})
}

// TestLevelsInt16ReadsNothingBeyond is that of Int16.
func TestLevelsInt16ReadsNothingBeyond(t *testing.T) {
	testLevels(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(1, 3))
		for m := 1; m <= 15; m++ {
			for _, k := range []int{1, 2, 15, 16, 64} {
				for _, n := range []int{16, 20, 48} {
					x, w := atPageEnd(t, m*k), atPageEnd(t, n*k)
					fill(rng, x, false)
					fill(rng, w, false)
					for _, columns := range []bool{false, true} {
						var rows Int16Rows
						var packed Matrix
						if columns {
							PackInt16Columns(&packed, w, n, k, n)
						} else {
							PackInt16(&packed, w, k, n, k, &rows)
						}
						rows.Reset(m, k)
						rows.Set(x, k)
						packed.I16.Q, packed.I16.Scales = onPage(t, packed.I16.Q), onPage(t, packed.I16.Scales)
						rows.words = onPage(t, rows.words[:(m-1)*rows.stride+wholePairs(k)])
						rows.scales = onPage(t, rows.scales[:m])
						width := Panels(n) * PanelWidth
						Multiply(&Job{Dst: atPageEnd(t, m*width), DstStride: width, Rows: m, W: &packed, Panels: packed.All(), Base: atPageEnd(t, width), Int16: &rows}, new(Scratch))
					}
				}
			}
		}
	})
}

// onPage is a copy of s at a page's end.
func onPage[E any](t *testing.T, s []E) []E {
	if len(s) == 0 {
		return s
	}
	c := atPageEndOf[E](t, len(s))
	copy(c, s)
	return c
}
