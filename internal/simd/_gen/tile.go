package main

import "fmt"

// A tileKind says what a tile reads and leaves.
type tileKind struct {
	name  string // in Go names
	size  int    // bytes of a weight
	wide  bool   // leaves the weights in memory as float32, for the tiles below
	pairs bool   // reads bfloat16 in pairs of terms, see PackBF16, and so an even number of terms
	dot   bool   // multiplies such pairs with pairs of x, by VDPBF16PS or BFDOT; a term is then a pair
	about string // what the documentation of a tile says of its weights
}

var tileKinds = []tileKind{
	{name: "F32", size: 4},
	{name: "F32F16", size: 2, about: ", w in float16"},
	{name: "F32F16Wide", size: 2, wide: true, about: ", w in float16, which it leaves in wide as float32"},
	{name: "F32BF16", size: 2, pairs: true, about: ", w in pairs of bfloat16"},
	{name: "F32BF16Wide", size: 2, pairs: true, wide: true, about: ", w in pairs of bfloat16, which it leaves in wide as float32"},
	{name: "BF16", size: 4, dot: true, about: ", x and w in pairs of bfloat16"},
}

// low is the number of rows of the lowest tile of this kind. A Wide tile leaves weights
// for other tiles, and where a block has several, each has more than half of the rows of
// the highest.
func (k tileKind) low(t target) int { return choose(k.wide, t.rows/2+1, 1) }

// list is the name of the list of a machine's tiles in Go.
func (k tileKind) list(t target, near bool) string {
	return fmt.Sprintf("gemm%sx%d%s%s", k.name, t.cols, t.name, choose(near, "Near", ""))
}

// function is a tile, as Go declares it.
func (k tileKind) function(t target, rows int, near bool) function {
	return function{
		name:   fmt.Sprintf("gemm%sx%dx%d%s%s", k.name, rows, t.cols, t.name, choose(near, "Near", "")),
		params: "t *tile",
		doc: fmt.Sprintf("sets dst[r][n] = base[r][n] + Σ_k x[r][k]·w[k][n] for %d row%s and %d columns%s; %stwin: multiplyGeneric.",
			rows, choose(rows == 1, "", "s"), t.cols, k.about, choose(near, "for fetchNear; ", "")),
	}
}

// gemm writes a machine's tiles.
func gemm(t target) *file {
	f := &file{header: t.tileHeader}
	for _, near := range t.near {
		for _, k := range tileKinds {
			for r := k.low(t); r <= t.rows; r++ {
				t.tile(f, k.function(t, r, near), k, r, near)
			}
		}
	}
	return f
}

// field is what a tile's argument t, at base, has for a kernel; see type tile in
// package simd.
func field(base reg, name string) mem { return mem{base: base, name: "tile_" + name} }
