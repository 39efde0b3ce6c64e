//go:build purego || !(amd64 || arm64)

package simd

func supported() []Level { return nil }
