//go:build !purego

package simd

import "golang.org/x/sys/cpu"

// The sets of tiles. They are variables because a set that is made at each call can take memory.
var (
	int8WordsNEON = intSet{tiles: [][]intKernel{int8Wordsx16NEON}}
	int8BytesNEON = intSet{tiles: [][]intKernel{int8Bytesx16NEON}}
	int16NEON     = intSet{tiles: [][]intKernel{int16x16NEON}}
)

// int8Form is the form of rows that the active level multiplies fastest.
func int8Form() form {
	if dots.Load() && Active() == NEON && int8Bytes() {
		return signedBytes
	}
	return words
}

// int8Bytes says whether the processor has tiles of bytes.
func int8Bytes() bool { return cpu.ARM64.HasASIMDDP }

// int8Tiles are the tiles of a level for rows in a form; there may be none.
func int8Tiles(_ Level, f form) intSet {
	switch {
	case f == words:
		return int8WordsNEON
	case f == signedBytes && int8Bytes():
		return int8BytesNEON
	}
	return intSet{}
}

// int16Tiles are the tiles for products in Int16.
func int16Tiles(Level) intSet { return int16NEON }

// int8StartAt begins tiles of one panel.
func int8StartAt(_ int, dst, sums *int32, w *uint8, _ int, zero, at, extra *int32, rows, ldd int) {
	int8StartNEON(dst, sums, w, zero, at, extra, rows, ldd)
}

// addRest adds the products of Extra in rest to sums, lds bytes apart.
func (q *Int8Rows) addRest(sums *int32, lds int, rest []Large, row, h int) {
	if q.form == words {
		int8LargeWordsNEON(sums, lds, &q.words[row*q.stride], 2*q.stride, h, &rest[0], len(rest))
		return
	}
	int8LargeBytesNEON(sums, lds, &q.bytes[row*q.stride], q.stride, h, &rest[0], len(rest))
}

// inTile: tiles add no large weights.
func (l Large) inTile(form) (tileLarge, bool) { return tileLarge{}, false }

// int8Peak is nil: NEON has no measure of its own.
func int8Peak() (run func(rounds int), ops int) { return nil, 0 }
