package main

import "strings"

// A machine is an instruction set that writes functions of rows of floats to its
// file. It is seen as one with registers of 16 float32: one register of AVX-512,
// two of AVX2, four of NEON. v, d, a, b, x and y are such registers, from 0 to 6; a and
// b may also be K. k is a constant's name; p is a pointer, from p0 to p3.
//
// Destinations come first; d may be one of the operands where not said otherwise.
type machine interface {
	begin(fn function, frame int)
	params() []parameter
	comment(format string, args ...any)

	start()               // what every function of rows begins with
	arg16(p, name string) // loads a pointer, or n, from an argument
	k(name string) int    // loads a constant to K, and returns K
	hold(name string) int // loads a float32 argument to K, and returns K
	ret()

	loop(body func(), advance map[string]int) // over n elements; advance is in bytes
	// loopAbreast is loop for long computations: body is written for several
	// registers' elements at a time where that helps, for wide, which has that many
	// registers for each. If it collects, register 0 remains one, and body changes
	// it by collect only. Registers that body only reads are set on abreast.
	loopAbreast(collects bool, body func(wide machine), advance map[string]int)
	abreast() machine          // as wide as loopAbreast's widest
	together(op string, v int) // v = v op the other registers that abreast has for it
	// eachRow repeats body as often as argument rows says and moves argument p by
	// argument ld, in bytes, after each.
	eachRow(body func(), p, ld string)
	offset(p, name string) // p += an argument, in bytes

	pack()              // packing of 16 rows into a panel
	packF16()           // of float16
	packPairs()         // of pairs of bfloat16
	peak()              // what the arithmetic units can do at best
	peakInt8()          // with integers
	integers() []string // tiles of integers; their lists in Go
	writeTable()        // the constants that were used

	load(v int, p string)
	loadF16(v int, p string)
	store(p string, v int)
	storeF16(p string, v int)   // and rounds v to what was stored
	storePairs(p string, v int) // the upper halves of v, of each pair of neighbours the second first; v is scratch
	storeInt16(p string, v int) // v holds whole numbers, here and for bytes, which are from 0 to 255; v is scratch
	storeBytes(p string, v int)
	storeWordPairs(p string, a, b int) // whole numbers of a and b in turns, as int16; both are scratch
	advance(p string, bytes int)
	mov(d, a int)
	spread(d, a int) // d = a, whose elements are all the same and may be set in its first register only
	constant(d int, k string)
	bin(op string, d, a, b int)               // d = a op b
	collect(op string, a int)                 // 0 = 0 op a, for all of a's elements in their order
	across(op string, v, t int)               // all of v = v's elements by op in the fixed tree; t is scratch
	sqrt(v int)                               // v = √v
	fma(d, a, b int)                          // d += a·b
	horner(d, a int, k string)                // d = d·a + k, d ≠ a
	choose(compare string, d, a, b, x, y int) // d = a < b or a == b, as compare says, ? x : y
	power(t, n int)                           // t, whose last bits are the whole number n, becomes 2ⁿ as timesPower takes it
	timesPower(x, y, t, q int, k string)      // x = x < k ? 0 : y·2ⁿ; y and q are scratch
}

// K is the register with 16 times the scalar that machine.k or hold loaded last.
const K = 7

// A target is a level of package simd, for which files are written.
type target struct {
	name, file, arch string // in Go names, in file names, GOARCH
	rows, cols       int    // of the largest tile
	near             []bool // where tiles can fetch weights to: near or not
	tileHeader       string
	intHeader        string
	tile             func(f *file, fn function, k tileKind, rows int, near bool)
	machine          func(f *file, c *constants) machine
}

var targets = []target{
	x86Target("AVX512", true, 14, 32),
	x86Target("AVX2", false, 6, 16),
	{
		name: "NEON", file: "neon", arch: "arm64", rows: 6, cols: 16, near: []bool{false}, tileHeader: neonTileHeader, intHeader: neonIntHeader,
		tile:    func(f *file, fn function, k tileKind, rows int, _ bool) { neonTile{&neon{file: f}, k, rows}.write(fn) },
		machine: func(f *file, c *constants) machine { return &neon{f, c} },
	},
}

func x86Target(name string, wide bool, rows, cols int) target {
	return target{
		name: name, file: strings.ToLower(name), arch: "amd64", rows: rows, cols: cols, near: []bool{false, true}, tileHeader: x86TileHeader, intHeader: x86IntHeader,
		tile: func(f *file, fn function, k tileKind, rows int, near bool) {
			x86Tile{&x86{file: f, wide: wide}, k, rows, near}.write(fn)
		},
		machine: func(f *file, c *constants) machine { return &x86{file: f, constants: c, wide: wide, times: 1} },
	}
}
