//go:build !purego

package simd

import "golang.org/x/sys/cpu"

func supported() []Level {
	var ls []Level
	x := &cpu.X86
	// Every processor with AVX2 and FMA has F16C too.
	if x.HasAVX2 && x.HasFMA {
		ls = append(ls, AVX2)
		if x.HasAVX512F && x.HasAVX512VL && x.HasAVX512BW && x.HasAVX512DQ {
			ls = append(ls, AVX512)
		}
	}
	return ls
}
