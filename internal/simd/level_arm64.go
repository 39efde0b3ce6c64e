//go:build !purego

package simd

import (
	"encoding/binary"
	"os"
)

// NEON is part of every 64-bit ARM processor.
func supported() []Level { return []Level{NEON} }

// hasBFDOT says whether Linux reports BFDOT. Package cpu does not tell, and other systems
// have no such list.
var hasBFDOT = func() bool {
	const (
		hwcap2 = 26 // the key in the list that the kernel gives a process (getauxval(3))
		bf16   = 1 << 14
	)
	list, err := os.ReadFile("/proc/self/auxv")
	for ; err == nil && len(list) >= 16; list = list[16:] {
		if binary.LittleEndian.Uint64(list) == hwcap2 {
			return binary.LittleEndian.Uint64(list[8:])&bf16 != 0
		}
	}
	return false
}()
