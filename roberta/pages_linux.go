//go:build linux && !purego

package roberta

import (
	"syscall"
	"unsafe"
)

// hugePage is the size of a huge page on amd64, and on arm64 with pages of 4 KiB.
const hugePage = 2 << 20

// newWeights allocates n weights in huge pages, where the system allows it:
// short inputs wait for weights from memory, and with small pages also for the
// processor to find out where they are (8 rows: a fifth more speed, 128: none).
func newWeights[E float32 | uint16](n int) []E {
	w := make([]E, n)
	size := int(unsafe.Sizeof(E(0)))
	if n*size < 2*hugePage {
		return w
	}
	b := unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(w))), n*size)
	lead := int(-uintptr(unsafe.Pointer(unsafe.SliceData(b))) % hugePage)
	b = b[lead:]
	// An error means small pages, as before.
	_ = syscall.Madvise(b[:len(b)&^(hugePage-1)], syscall.MADV_HUGEPAGE)
	return w
}
