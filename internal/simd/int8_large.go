//go:build !purego && (amd64 || arm64)

package simd

import (
	"cmp"
	"slices"
	"unsafe"
)

// Tiles multiply 8 bits of a weight. What large weights exceed these by is added apart: on
// x86 by the tiles themselves, like further groups of terms, and the rest in what tiles
// begin with.

// A tilesLarge is the Large of a matrix as tiles want it.
type tilesLarge struct {
	forms [2]formLarge // for rows in words and in bytes
	// Of a matrix that a level may multiply with bytes:
	byTerm []Large // Large in order of K and then of N
	terms  []int32 // for each K the index of its first in byTerm, and last the number of all
	// For each panel the set of its large weights' terms modulo 64, as bits. It rules most
	// panels out for a row's largest value.
	some []uint64
}

// A formLarge is what tiles want for one form of rows.
type formLarge struct {
	in    []tileLarge // what tiles add by themselves, in order of N
	quads []int32     // for each four output features the index of their first in it, and last the number of all
	rest  []Large     // the others
	first []int32     // for each panel the index of its first in it, and last the number of all
}

// A tileLarge is the Extra of a Large, which a tile adds like a group of terms, or in words
// half a group: at is where that begins in a row of x, in bytes, lane where in the assembly
// file's lanes the mask begins that leaves the output feature alone, and value its terms.
type tileLarge struct{ at, lane, value int32 }

func (t *tilesLarge) of(f form) *formLarge { return &t.forms[min(f, unsignedBytes)] }

// forTiles is what tiles need of Large, for a matrix of k terms.
func (p *Int8Panels) forTiles(k int) (t tilesLarge) {
	panels := len(p.first) - 1
	t.prepare(words, p.Large, panels)
	if int8Bytes() {
		t.prepare(unsignedBytes, p.Large, panels)
		t.orderByTerm(p.Large, k, panels)
	}
	return t
}

// prepare fills in what tiles want for rows in form f.
func (t *tilesLarge) prepare(f form, large []Large, panels int) {
	o := t.of(f)
	o.quads, o.first = make([]int32, panels*PanelWidth/4+1), make([]int32, panels+1)
	for _, l := range large {
		if in, ok := l.inTile(f); ok {
			o.in = append(o.in, in)
			o.quads[l.N/4+1]++
		} else {
			o.rest = append(o.rest, l)
			o.first[l.N/PanelWidth+1]++
		}
	}
	addUp(o.quads)
	addUp(o.first)
}

// between is that of the panels first … end-1.
func (t tilesLarge) between(first, end int) tilesLarge {
	for i := range t.forms {
		if o := &t.forms[i]; o.first != nil {
			o.quads, o.first = o.quads[first*PanelWidth/4:end*PanelWidth/4+1], o.first[first:end+1]
		}
	}
	if t.some != nil {
		t.some = t.some[first:end]
	}
	return t
}

// orderByTerm fills in byTerm, terms and some.
func (t *tilesLarge) orderByTerm(large []Large, k, panels int) {
	t.some = make([]uint64, panels)
	for _, l := range large {
		t.some[l.N/PanelWidth] |= 1 << (l.K % 64)
	}
	t.byTerm, t.terms = slices.Clone(large), make([]int32, k+1)
	slices.SortStableFunc(t.byTerm, func(a, b Large) int { return cmp.Compare(a.K, b.K) })
	for _, l := range t.byTerm {
		t.terms[l.K+1]++
	}
	addUp(t.terms)
}

// ofTerm are the large weights of term k, for so many outputs from n on.
func (t *tilesLarge) ofTerm(k, n, outputs int32) []Large {
	ls := t.byTerm[t.terms[k]:t.terms[k+1]]
	for len(ls) > 8 { // a binary search, and then one by one
		if half := len(ls) / 2; ls[half].N < n {
			ls = ls[half:]
		} else if ls[half].N >= n+outputs {
			ls = ls[:half]
		} else {
			break
		}
	}
	for len(ls) > 0 && ls[0].N < n {
		ls = ls[1:]
	}
	for len(ls) > 0 && ls[len(ls)-1].N >= n+outputs {
		ls = ls[:len(ls)-1]
	}
	return ls
}

// setLarge sets the large weights of the panels from p on. A register of sums has so many
// times four columns.
func (t *intTile) setLarge(large *formLarge, p, panels, quads int) {
	first := large.quads[4*p : 4*(p+panels)+1]
	t.large, t.bounds = nil, [5][2]int{}
	if first[0] == first[len(first)-1] {
		return
	}
	t.large = unsafe.Pointer(&large.in[first[0]])
	for i := range (len(first)-1)/quads + 1 {
		t.bounds[i][0] = int(unsafe.Sizeof(tileLarge{})) * int(first[i*quads]-first[0])
	}
}

// addLarge adds to sums [h, ld], of h rows from row on and for panels from panel on, what
// tiles leave out of the products of Extra: of large weights that they do not add, and, of
// bytes, what a row's largest value lacks times every Large of its term. Zero points are taken
// off already.
func (q *Int8Rows) addLarge(sums []int32, ld int, p *Int8Panels, panel, panels, row, h int) {
	o := p.tiles.of(q.form)
	for i := range panels {
		if rest := o.rest[o.first[panel+i]:o.first[panel+i+1]]; len(rest) > 0 {
			q.addRest(&sums[i*PanelWidth], 4*ld, rest, row, h)
		}
	}
	if q.form == words {
		return
	}
	// In part of a matrix, Large has the whole one's N.
	n := p.Large[p.first[panel]].N &^ (PanelWidth - 1)
	for i := panel; p.first[i+1] == p.first[panel]; i++ {
		n -= PanelWidth
	}
	some := p.tiles.some[panel]
	if panels == 2 {
		some |= p.tiles.some[panel+1]
	}
	for r, at := range q.at[row:][:h] {
		if some>>(at%64)&1 == 0 {
			continue
		}
		for _, l := range p.tiles.ofTerm(at, n, int32(panels*PanelWidth)) {
			sums[r*ld+int(l.N-n)] += l.Extra * q.extra[row+r]
		}
	}
}
