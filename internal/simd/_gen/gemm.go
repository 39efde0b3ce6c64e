package main

import "fmt"

// The parameters of a tile; see type kernel in package simd.
const (
	tileParams     = "dst *float32, ldd int, x *float32, ldx int, w *float32, ldw int, k int, base *float32, ldb int, next unsafe.Pointer, ldn int, step int, tiles int"
	tileParamsHalf = "dst *float32, ldd int, x *float32, ldx int, w *uint16, ldw int, k int, base *float32, ldb int, next unsafe.Pointer, ldn int, step int"
	tileParamsKeep = tileParamsHalf + ", wide *float32"
)

// A weightKind says what a tile does with its weights: it takes float32, widens
// float16, or widens and keeps them for other tiles.
type weightKind int

const (
	full weightKind = iota
	half
	keep
)

func (k weightKind) params() string { return []string{tileParams, tileParamsHalf, tileParamsKeep}[k] }

// A tileSet is a field of type tileSet in package simd: tiles of all heights from
// low up.
type tileSet struct {
	field, kind string
	weights     weightKind
	panels, low int
}

// tileSets are a machine's. Only where there are several tiles are weights kept
// for others, and these are higher than half of the highest.
func tileSets(m machine) []tileSet {
	sets := []tileSet{
		{"one", "kernel", full, 1, 1},
		{"half", "kernelHalf", half, m.panels(), 1},
		{"keep", "kernelKeep", keep, m.panels(), m.rows()/2 + 1},
	}
	if m.panels() == 2 {
		sets = append([]tileSet{{"two", "kernel", full, 2, 1}}, sets...)
	}
	return sets
}

// gemm writes a machine's tiles.
func gemm(m machine) *file {
	f := &file{header: m.tileHeader()}
	for _, near := range m.fetches() {
		for _, t := range tileSets(m) {
			for r := t.low; r <= m.rows(); r++ {
				f.begin(tileName(m, t.weights, r, t.panels, near), t.weights.params(), "is a "+t.kind+".")
				m.tile(f, t.weights, r, t.panels, near)
			}
		}
	}
	return f
}

func tileName(m machine, k weightKind, rows, panels int, near bool) string {
	return fmt.Sprintf("gemm%sx%dx%d%s%s", []string{"F32", "F32F16", "F32F16Keep"}[k], rows, panels*16, m.name(), choose(near, "Near", ""))
}
