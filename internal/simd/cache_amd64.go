//go:build !purego

package simd

// fetchNear says that kernels fetch the weights of the next block to the first-level
// cache instead of the second. That cache must hold such a block of two panels, 32 KiB,
// beside what is in use. With 48 KiB (Zen 5), products of 8 rows were 10 % faster and
// of 128 rows 1 %. With 32 KiB (Zen 4), 8 rows took twice as long.
var fetchNear = firstCache() >= 48<<10

// firstCache is the size in bytes of the first-level data cache, 0 if the
// processor does not say.
func firstCache() int {
	// Leaf 4 of Intel's manual, and AMD's of the same form.
	leaf := uint32(4)
	if most, _, _, _ := cpuid(0x80000000, 0); most >= 0x8000001d {
		leaf = 0x8000001d
	} else if most, _, _, _ := cpuid(0, 0); most < leaf {
		return 0
	}
	for i := uint32(0); ; i++ {
		kind, ways, sets, _ := cpuid(leaf, i)
		switch kind & 0xff {
		case 0: // no more caches
			return 0
		case 1<<5 | 1: // level 1, data
			return int(ways>>22+1) * int(ways>>12&0x3ff+1) * int(ways&0xfff+1) * int(sets+1)
		}
		if i == 8 {
			return 0
		}
	}
}

// cpuid executes the instruction CPUID; a to d are EAX to EDX.
func cpuid(leaf, subleaf uint32) (a, b, c, d uint32)
