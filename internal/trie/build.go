package trie

import (
	"slices"
	"strings"
)

// openBlocks is how many of the last blocks nodes are placed in. It bounds the time
// to find a place; the price is the units that are still free when a block is closed.
const openBlocks = 16

// New returns the trie of the texts text(0) to text(n-1), where n is at most Max. Of
// equal ones the last counts. Empty ones are left out. The trie keeps no reference
// to the texts.
//
// It takes time and memory in proportion to the texts, whatever they are.
func New(n int, text func(i int) string) Trie {
	order := make([]int32, 0, n)
	for i := range n {
		if text(i) != "" {
			order = append(order, int32(i))
		}
	}
	slices.SortFunc(order, func(i, j int32) int {
		if c := strings.Compare(text(int(i)), text(int(j))); c != 0 {
			return c
		}
		return int(j - i) // the last one first
	})
	order = slices.CompactFunc(order, func(i, j int32) bool { return text(int(i)) == text(int(j)) })
	b := &builder{text: text, head: -1, tail: -1}
	b.addBlock() // around base 0: of no node
	for b.head >= 0 {
		b.remove(b.head)
	}
	b.addBlock()
	if len(order) > 0 {
		b.children(Root, order, 0)
	}
	return Trie{slices.Clip(b.units)}
}

// A builder makes a trie. The free units of the open blocks are a list, in order.
type builder struct {
	text       func(i int) string
	units      []Unit
	used       []bool  // by base: some node has it
	next, prev []int32 // by free unit of an open block: its neighbours in the list, or -1
	head, tail int32   // of the list, or -1
}

// addBlock adds a block of free units, and closes the oldest one that is open.
func (b *builder) addBlock() {
	for range block {
		n := int32(len(b.units))
		b.units = append(b.units, Unit{meta: free})
		b.used = append(b.used, false)
		b.next = append(b.next, -1)
		b.prev = append(b.prev, b.tail)
		if b.tail >= 0 {
			b.next[b.tail] = n
		} else {
			b.head = n
		}
		b.tail = n
	}
	for closed := int32(len(b.units) - openBlocks*block); b.head >= 0 && b.head < closed; {
		b.remove(b.head)
	}
}

// remove takes a unit out of the list.
func (b *builder) remove(n int32) {
	before, after := b.prev[n], b.next[n]
	if before >= 0 {
		b.next[before] = after
	} else {
		b.head = after
	}
	if after >= 0 {
		b.prev[after] = before
	} else {
		b.tail = before
	}
}

// children places the children of a node around base: the nodes that the texts of
// order have at depth. All of these texts are longer.
func (b *builder) children(base uint32, order []int32, depth int) {
	b.used[base] = true
	label := func(i int) byte { return b.text(int(order[i]))[depth] }
	for i := 0; i < len(order); { // all of them first, so that their own children find other units
		c := label(i)
		p := base ^ uint32(c)
		b.remove(int32(p))
		b.units[p].meta = uint32(c)
		for i < len(order) && label(i) == c {
			i++
		}
	}
	for i := 0; i < len(order); {
		c, start := label(i), i
		for i < len(order) && label(i) == c {
			i++
		}
		below := order[start:i]
		p := base ^ uint32(c)
		if first := below[0]; len(b.text(int(first))) == depth+1 {
			b.units[p].meta |= uint32(first+1) << 9
			below = below[1:]
		}
		if len(below) > 0 {
			to := b.place(below, depth+1)
			b.units[p].Base = to
			b.children(to, below, depth+1)
		}
	}
}

// place returns a base around which the nodes fit that the texts of order have at
// depth.
func (b *builder) place(order []int32, depth int) uint32 {
	var labels [block]byte
	n := 0
	for _, i := range order {
		if c := b.text(int(i))[depth]; n == 0 || labels[n-1] != c {
			labels[n] = c
			n++
		}
	}
search:
	for p := b.head; p >= 0; p = b.next[p] {
		base := uint32(p) ^ uint32(labels[0])
		if b.used[base] {
			continue
		}
		for _, c := range labels[1:n] {
			if b.units[base^uint32(c)].meta != free {
				continue search
			}
		}
		return base
	}
	b.addBlock()
	return uint32(len(b.units) - block)
}
