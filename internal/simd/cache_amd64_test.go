//go:build !purego

package simd

import "testing"

// TestOtherTiles tests the tiles that fetchNear does not choose on this processor.
func TestOtherTiles(t *testing.T) {
	fetchNear = !fetchNear
	defer func() { fetchNear = !fetchNear }()
	t.Run("Product", TestLevelsProduct)
	t.Run("ProductRanges", TestLevelsProductRanges)
	t.Run("ProductExact", TestLevelsProductExact)
	t.Run("ProductHard", TestLevelsProductHard)
	t.Run("ProductByTerms", TestLevelsProductByTerms)
}

func TestFirstCache(t *testing.T) {
	n := firstCache()
	t.Logf("first-level data cache of %d bytes", n)
	if n < 0 || n > 1<<20 || n%4096 != 0 {
		t.Errorf("a first-level data cache of %d bytes", n)
	}
}
