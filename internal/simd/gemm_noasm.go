//go:build purego || !(amd64 || arm64)

package simd

func product(dst []float32, ldd int, x []float32, ldx, m int, w *Matrix, p0, p1 int, base []float32, ldb int, _ []float32) {
	productGeneric(dst, ldd, x, ldx, m, w, p0, p1, base, ldb)
}
