//go:build !purego

package simd

// int8Form is the form of rows that the active level multiplies fastest.
func int8Form() form { return words }

// int8Bytes says whether the processor has tiles of bytes.
func int8Bytes() bool { return false }

// int8Tiles are the tiles of a level for rows in a form; nil if it has none.
func int8Tiles(_ Level, f form) int8Set { return nil }

// int8StartAt sets dst[r][n] = extra[r]·w[at[r]][n] − zero[r]·sums[n].
func int8StartAt(dst, sums *int32, w *uint8, zero, at, extra *int32, rows, ldd int) {
	panic("simd: no tiles of bytes")
}

// addLarge adds the products of h rows from row on with weights of more than 8 bits to
// sums [h, ld]. Of bytes, the start has taken off the zero points already.
func (q *Int8Rows) addLarge(sums []int32, ld int, large []Large, row, h int) {
	for _, l := range large {
		for r := range h {
			x := q.value(row+r, int(l.K))
			if q.form != words {
				x += q.zero[row+r]
			}
			sums[r*ld+int(l.N)%PanelWidth] += l.Extra * x
		}
	}
}

// int8Peak is nil: NEON has no measure of its own.
func int8Peak() (run func(rounds int), ops int) { return nil, 0 }
