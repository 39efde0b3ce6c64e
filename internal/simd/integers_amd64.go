//go:build !purego

package simd

import "golang.org/x/sys/cpu"

// The sets of tiles. They are variables because a set that is made at each call can take memory.
var (
	int8WordsAVX2   = intSet{[][]intKernel{int8Wordsx16AVX2}, 1}
	int8BytesAVX2   = intSet{[][]intKernel{int8Bytesx16AVX2}, 2}
	int8BytesAVX512 = intSet{[][]intKernel{int8Bytesx16AVX512, int8Bytesx32AVX512}, 4}
	int16AVX2       = intSet{tiles: [][]intKernel{int16x16AVX2}}
	int16DotsAVX2   = intSet{tiles: [][]intKernel{int16Dotsx16AVX2}}
	int16AVX512     = intSet{tiles: [][]intKernel{int16x16AVX512, int16x32AVX512}}
)

// int8Form is the form of rows that the active level multiplies fastest.
func int8Form() form {
	switch {
	case !dots.Load():
	case Active() == AVX512 && cpu.X86.HasAVX512VNNI, Active() >= AVX2 && cpu.X86.HasAVXVNNI:
		return unsignedBytes
	}
	return words
}

// int8Bytes says whether the processor has tiles of bytes at any level.
func int8Bytes() bool {
	return cpu.X86.HasAVXVNNI || cpu.X86.HasAVX512VNNI
}

// int8Tiles are the tiles of a level for rows in a form; there may be none.
func int8Tiles(l Level, f form) intSet {
	switch {
	case f == words:
		return int8WordsAVX2
	case f != unsignedBytes:
	case l == AVX512 && cpu.X86.HasAVX512VNNI:
		return int8BytesAVX512
	case cpu.X86.HasAVXVNNI:
		return int8BytesAVX2
	}
	return intSet{}
}

// int16Tiles are the tiles of a level for products in Int16.
func int16Tiles(l Level) intSet {
	switch {
	case !dots.Load():
	case l == AVX512 && cpu.X86.HasAVX512VNNI:
		return int16AVX512
	case cpu.X86.HasAVXVNNI:
		return int16DotsAVX2
	}
	return int16AVX2
}

// int8StartAt begins tiles of one panel or of two, which only AVX-512 has.
func int8StartAt(panels int, dst, sums *int32, w *uint8, ldw int, zero, at, extra *int32, rows, ldd int) {
	if panels == 2 {
		int8Start2AVX512(dst, sums, w, ldw, zero, at, extra, rows, ldd)
		return
	}
	int8StartAVX2(dst, sums, w, zero, at, extra, rows, ldd)
}

// addRest adds the products of Extra in rest to sums, lds bytes apart. Of words, tiles add all.
func (q *Int8Rows) addRest(sums *int32, lds int, rest []Large, row, h int) {
	int8LargeBytesAVX2(sums, lds, &q.bytes[row*q.stride], q.stride, h, &rest[0], len(rest))
}

// inTile is the weight as a tile adds it, and whether one does: in bytes if Extra has no
// more than 8 bits.
func (l Large) inTile(f form) (tileLarge, bool) {
	const middle = 15 // of lanes in the assembly file
	column := l.N % PanelWidth
	if f == words {
		return tileLarge{2 * (l.K &^ 1), 4 * (middle - 2*(column%4)), int32(uint32(uint16(l.Extra)) << (16 * (l.K & 1)))}, true
	}
	return tileLarge{l.K &^ 3, 4 * (middle - column), int32(uint32(uint8(l.Extra)) << (8 * (l.K & 3)))}, l.Extra == int32(int8(l.Extra))
}

// int8Peak does rounds of products in the active level's form of rows, and ops are those
// of a round. It is nil at the portable level.
func int8Peak() (run func(rounds int), ops int) {
	switch f := int8Form(); {
	case Active() == Generic:
		return nil, 0
	case f == words:
		return peakWordsAVX2, 48 * 2 * 16
	case Active() == AVX512 && cpu.X86.HasAVX512VNNI:
		return peakBytesAVX512, 48 * 2 * 64
	}
	return peakBytesAVX2, 48 * 2 * 32
}
