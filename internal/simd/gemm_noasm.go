//go:build purego || !(amd64 || arm64)

package simd

func multiply(j *Job, _ *Scratch) { multiplyGeneric(j) }
