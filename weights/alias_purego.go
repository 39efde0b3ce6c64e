//go:build purego || !(amd64 || arm64 || 386 || arm || riscv64 || loong64 || ppc64le || mipsle || mips64le || wasm)

package weights

// AliasedFloat32s returns the elements of a contiguous F32 tensor without a
// copy where the platform allows it, which this build does not.
func (t *Tensor) AliasedFloat32s() ([]float32, bool) { return nil, false }

// AliasedUint16s is AliasedFloat32s for the bits of an F16 or BF16 tensor.
func (t *Tensor) AliasedUint16s() ([]uint16, bool) { return nil, false }
