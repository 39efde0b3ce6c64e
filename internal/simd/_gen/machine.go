package main

// A machine is an instruction set, seen as one with registers of 16 float32:
// one register of AVX-512, two of AVX2, four of NEON. v, d, a, b, x and y are
// such registers, from 0 to 6; k is a constant's name, or "" for what argK
// loaded; p is a pointer, from p0 to p3.
//
// Destinations come first; d may be one of the operands where not said otherwise.
type machine interface {
	name() string // as in Go names: AVX512
	file() string // as in file names: avx512
	arch() string
	rows() int   // of the highest tile
	panels() int // of the widest tile

	tileHeader() string
	tile(f *file, weights weightKind, rows, panels int, near bool)
	fetches() []bool // where tiles can fetch weights to: near or not
	pack(f *file)    // packing of 16 rows into a panel
	packF16(f *file) // of float16
	peak(f *file)    // what the arithmetic units can do at best

	setTable(t *table)
	writeTable(f *file)
	used() map[string]bool // constants that the functions written so far use

	begin(f *file)                                     // the start of a function
	arg(f *file, reg, name string)                     // loads a pointer, or n, from an argument
	argK(f *file, name string)                         // loads a float32 argument for constants named ""
	loop(f *file, body func(), advance map[string]int) // over n elements; advance is in bytes
	// loopAbreast is loop for long computations: several registers' elements at a
	// time where that helps. A body that collects changes register 0 by collect
	// only. Registers that it only reads are set within forAbreast.
	loopAbreast(f *file, collects bool, body func(), advance map[string]int)
	forAbreast(set func())
	together(f *file, op string, v int) // v of one = v of all four by op
	// eachRow repeats body as often as argument rows says and moves argument p by
	// argument ld, in bytes, after each.
	eachRow(f *file, body func(), p, ld string)
	offset(f *file, p, name string) // p += an argument, in bytes
	ret(f *file)

	load(f *file, v int, p string)
	loadF16(f *file, v int, p string)
	store(f *file, p string, v int)
	storeF16(f *file, p string, v int) // and rounds v to what was stored
	mov(f *file, d, a int)
	spread(f *file, d, a int) // d = a, whose elements are all the same
	constant(f *file, d int, k string)
	bin(f *file, op string, d, a, b int)              // d = a op b
	collect(f *file, op string, a int)                // 0 = 0 op a, for all of a's elements in their order
	across(f *file, op string, v, t int)              // all of v = v's elements by op in the fixed tree; t is scratch
	sqrt(f *file, v int)                              // v = √v
	binK(f *file, op string, d, a int, k string)      // d = a op k
	binKR(f *file, op string, d int, k string, b int) // d = k op b
	fma(f *file, d, a, b int)                         // d += a·b
	fmaK(f *file, d, a int, k string)                 // d += a·k
	horner(f *file, d, a int, k string)               // d = d·a + k, d ≠ a
	selectLess(f *file, d, a int, k string, x, y int) // d = a < k ? x : y
	selectMore(f *file, d, a, b, x, y int)            // d = a > b ? x : y
	selectEqual(f *file, d, a, b, x, y int)           // d = a == b ? x : y
	power(f *file, t, n int)                          // t, whose last bits are the whole number n, becomes 2ⁿ as timesPower takes it
	timesPower(f *file, x, y, t, q int, k string)     // x = x < k ? 0 : y·2ⁿ; y and q are scratch
}

var machines = []machine{&x86{wide: true}, &x86{}, &neon{}}

// constants is the part of a machine that knows its table.
type constants struct {
	t    *table
	uses map[string]bool
}

func (c *constants) setTable(t *table)     { c.t, c.uses = t, map[string]bool{} }
func (c *constants) used() map[string]bool { return c.uses }

func (c *constants) index(k string) int {
	c.uses[k] = true
	return c.t.index(k)
}
