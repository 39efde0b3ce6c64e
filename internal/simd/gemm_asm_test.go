//go:build !purego && (amd64 || arm64)

package simd

import "testing"

// TestTileTable: a level has the tiles that Scratch.multiply takes from the table.
func TestTileTable(t *testing.T) {
	for _, l := range Supported()[1:] {
		for _, f := range formats {
			set := tiles(l, f)
			rows := len(set.kernels) - 1
			for r := 1; r <= rows; r++ {
				if set.kernels[r] == nil || set.widen != nil && r > rows/2 && set.widen[r] == nil {
					t.Errorf("%v has no tile of %d rows for %s", l, r, formatNames[f])
				}
			}
			if set.panels == 2 && tiles(set.odd, f).panels != 1 || set.panels < 1 || set.panels > 2 || rows < 1 {
				t.Errorf("%v for %s: %d panels, %v for an odd one, %d rows", l, formatNames[f], set.panels, set.odd, rows)
			}
		}
	}
}
