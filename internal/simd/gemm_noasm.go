//go:build purego || !(amd64 || arm64)

package simd

func product(dst []float32, ldd int, x []float32, ldx, m int, w *Matrix, ps Parts, base []float32, ldb int, _ []float32, _ Next) {
	productGeneric(dst, ldd, x, ldx, m, w, ps, base, ldb)
}
