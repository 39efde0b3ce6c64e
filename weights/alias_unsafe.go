//go:build !purego && (amd64 || arm64 || 386 || arm || riscv64 || loong64 || ppc64le || mipsle || mips64le || wasm)

package weights

import "unsafe"

// AliasedFloat32s returns the elements of a contiguous F32 tensor without a
// copy, if the file is in memory and aligned. They may be the mapped file itself: do
// not write to them, and read them under Checkpoint.Guard, and not after Close.
func (t *Tensor) AliasedFloat32s() ([]float32, bool) { return aliased[float32](t, F32) }

// AliasedUint16s is AliasedFloat32s for the bits of an F16 or BF16 tensor.
func (t *Tensor) AliasedUint16s() ([]uint16, bool) {
	if t.DType == BF16 {
		return aliased[uint16](t, BF16)
	}
	return aliased[uint16](t, F16)
}

func aliased[E float32 | uint16](t *Tensor, d DType) ([]E, bool) {
	if t.DType != d || !t.isContiguous() || t.data.src.mem == nil {
		return nil, false
	}
	b, err := t.Bytes()
	if err != nil || len(b) == 0 {
		return nil, false
	}
	p := unsafe.Pointer(unsafe.SliceData(b))
	if uintptr(p)%unsafe.Sizeof(E(0)) != 0 {
		return nil, false
	}
	return unsafe.Slice((*E)(p), t.Len()), true
}
