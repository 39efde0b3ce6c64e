//go:build !purego

package simd

import "golang.org/x/sys/cpu"

// int8Form is the form of rows that the active level multiplies fastest.
func int8Form() form {
	if dots.Load() && Active() == NEON && int8Bytes() {
		return signedBytes
	}
	return words
}

// int8Bytes says whether the processor has tiles of bytes.
func int8Bytes() bool { return cpu.ARM64.HasASIMDDP }

// int8Tiles are the tiles of a level for rows in a form; nil if it has none.
func int8Tiles(_ Level, f form) int8Set {
	switch {
	case f == words:
		return int8Set{int8Wordsx16NEON}
	case f == signedBytes && int8Bytes():
		return int8Set{int8Bytesx16NEON}
	}
	return nil
}

// int8StartAt, int8LargeWordsAt and int8LargeBytesAt are those of the only level.
func int8StartAt(_ int, dst, sums *int32, w *uint8, _ int, zero, at, extra *int32, rows, ldd int) {
	int8StartNEON(dst, sums, w, zero, at, extra, rows, ldd)
}

func int8LargeWordsAt(sums *int32, lds int, x *int16, ldx, rows int, large *Large, n int) {
	int8LargeWordsNEON(sums, lds, x, ldx, rows, large, n)
}

func int8LargeBytesAt(sums *int32, lds int, x *uint8, ldx, rows int, large *Large, n int) {
	int8LargeBytesNEON(sums, lds, x, ldx, rows, large, n)
}

// int8Peak is nil: NEON has no measure of its own.
func int8Peak() (run func(rounds int), ops int) { return nil, 0 }
