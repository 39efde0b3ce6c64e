package main

import "fmt"

const neonTileHeader = `Tiles of a product; see type tile. Registers:

	R0 … R5         rows of x, which are ldx (R8) apart
	R6              panel of w
	R7              terms that are left
	R10             where a Wide tile leaves its weights
	R11             the tile's argument
	R12 … R15       x, dst, base and the number of tiles that are left
	V0 …            acc, four a row
	V24 …           x, one a row: four terms, or one
	V30, V31        w, a quarter of a panel each

Four terms go once round the loop, so that x is loaded by vectors and used by
element. next, ldn and step are left to the processor's own prefetching.
`

// A neonTile writes one tile.
type neonTile struct {
	*neon
	kind tileKind
	rows int
}

func (t neonTile) write(fn function) {
	t.begin(fn, 0)
	t.op("MOVD", t.arg("t"), R(11))
	for i, name := range []string{"x", "dst", "base", "tiles"} {
		t.op("MOVD", field(R(11), name), R(12+i))
	}
	t.op("MOVD", field(R(11), "ldx"), R(8))
	again := t.label("tile")
	t.place(again)
	t.op("MOVD", R(12), R(0))
	for r := 1; r < t.rows; r++ {
		t.op("ADD", R(8), R(r-1), R(r))
	}
	t.op("MOVD", field(R(11), "w"), R(6))
	t.op("MOVD", field(R(11), "k"), R(7))
	if t.kind.wide {
		t.op("MOVD", field(R(11), "wide"), R(10))
	}
	t.products(choose(t.kind.dot, "BFDOT", "FMLA"))

	t.comment("dst[r][n] = base[r][n] + acc[r][n]")
	t.op("MOVD", field(R(11), "ldd"), R(1))
	t.op("MOVD", field(R(11), "ldb"), R(3))
	for r := range t.rows {
		t.op("VLD1", at(R(14), 0), list(24))
		for q := range 4 {
			t.word("FADD", V(4*r+q), V(24+q), V(4*r+q))
		}
		t.op("VST1", list(V(4*r)), at(R(13), 0))
		t.op("ADD", R(3), R(14))
		t.op("ADD", R(1), R(13))
	}
	t.comment("The next tile, of the rows below: x += rows·ldx")
	t.op("MOVD", imm(t.rows), R(1))
	t.op("MADD", R(1), R(12), R(8), R(12))
	t.op("SUBS", imm(1), R(15))
	t.op("BNE", again)
	t.ret()
}

// products adds up the products of all terms, from registers R0 … R7 on. by is the
// instruction, which takes x from an element of a vector.
func (t neonTile) products(by string) {
	four, last, one, done := t.label("four"), t.label("last"), t.label("one"), t.label("done")
	t.comment("acc[r][n] = 0")
	for i := range 4 * t.rows {
		t.zero(V(i))
	}
	t.op("SUBS", imm(4), R(7))
	t.op("BLT", last)
	t.place(four)
	for r := range t.rows {
		t.op("FMOVQ.P", at(R(r), 16), V(24+r).scalar())
	}
	t.terms(4, by)
	t.advance(4)
	t.op("SUBS", imm(4), R(7))
	t.op("BGE", four)
	t.place(last)
	t.op("ADDS", imm(4), R(7))
	t.op("BEQ", done)
	t.place(one)
	few := choose(t.kind.pairs, 2, 1)
	for r := range t.rows {
		t.op(choose(t.kind.pairs, "FMOVD.P", "FMOVS.P"), at(R(r), 4*few), V(24+r).scalar())
	}
	t.terms(few, by)
	t.advance(few)
	t.op("SUBS", imm(few), R(7))
	t.op("BNE", one)
	t.place(done)
}

// terms adds n terms.
func (t neonTile) terms(n int, by string) {
	for k := 0; k < n; k += choose(t.kind.pairs, 2, 1) {
		if t.kind.pairs {
			t.pair(k)
		} else {
			t.term(k, by)
		}
	}
}

// pair adds the terms k and k+1, whose weights are the upper and the lower halves of a
// panel.
func (t neonTile) pair(k int) {
	t.comment("acc[r][n] += x[r][k]·w[k][n], k += 1, twice")
	for q := range 4 {
		t.op("FMOVQ", at(R(6), 32*k+16*q), V(30).scalar())
		t.op("VSHL", imm(16), V(30).as("S4"), V(31).as("S4"))
		t.op("VUSHR", imm(16), V(30).as("S4"), V(30).as("S4"))
		t.op("VSHL", imm(16), V(30).as("S4"), V(30).as("S4"))
		for i, w := range []V{30, 31} {
			if t.kind.wide {
				t.op("FMOVQ", w.scalar(), at(R(10), 64*(k+i)+16*q))
			}
			for r := range t.rows {
				t.word(fmt.Sprint("FMLA", k+i), V(4*r+q), w, V(24+r))
			}
		}
	}
}

// term adds one term, k terms on: acc[r][n] += x[r][k]·w[k][n].
func (t neonTile) term(k int, by string) {
	t.comment("acc[r][n] += x[r][k]·w[k][n], k += 1")
	for q := range 4 {
		w := V(30 + q%2)
		switch {
		case t.kind.size == 2:
			t.op("FMOVD", at(R(6), 32*k+8*q), w.scalar())
			t.word("FCVTL", w, w, 0)
			if t.kind.wide {
				t.op("FMOVQ", w.scalar(), at(R(10), 64*k+16*q))
			}
		case q%2 == 0:
			t.op("FLDPQ", at(R(6), 64*k+16*q), reg("(F30, F31)"))
		}
		for r := range t.rows {
			t.word(fmt.Sprint(by, k), V(4*r+q), w, V(24+r))
		}
	}
}

// advance goes over so many terms of w.
func (t neonTile) advance(terms int) {
	t.op("ADD", imm(16*terms*t.kind.size), R(6))
	if t.kind.wide {
		t.op("ADD", imm(64*terms), R(10))
	}
}
