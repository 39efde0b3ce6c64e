// Package trie finds which texts of a set another text begins with. Its trie is made
// for walking fast, one byte at a time.
//
// A [Trie] is a double array. The children of a node lie around its base: the one for
// byte c at base ^ c. A unit is
//
//	base    32 bits   where the children of this node lie
//	        23 bits   the number of the text that ends here plus 1, or 0
//	         1 bit    the unit is free
//	         8 bits   the byte that leads here
//
// No two nodes with children have the same base, so the byte alone tells whether a
// unit is the child looked for. The first 256 units are free for ever: they lie
// around base 0, which nodes without children have.
//
// Reference: Aoe 1989, An Efficient Digital Search Algorithm by Using a Double-Array
// Structure; the variant with exclusive or is darts-clone's.
package trie

// Max is the largest number of texts.
const Max = 1<<23 - 2

// A Trie does not change and may be used by any number of goroutines. The zero Trie
// may not be used: see New.
type Trie struct{ Units []Unit }

// A Unit is a node, or free.
type Unit struct{ Base, meta uint32 }

const (
	block = 256
	free  = 1 << 8

	// Root is the base of the trie's root.
	Root = uint32(block)
)

// Label returns the byte that leads to the node, or no byte if the unit is free.
func (u Unit) Label() uint32 { return u.meta & 0x1FF }

// Number returns the number of the text that ends at the node, or -1.
func (u Unit) Number() int { return int(u.meta>>9) - 1 }

// Text is what can be looked for.
type Text interface{ ~string | ~[]byte }

// Walk goes from the node with this base along s. It returns the number of the text
// that ends where it arrives, or -1, and the base of that node. If the trie does not
// have the way, both number and base are of no node: -1 and 0, from where no way leads.
func Walk[S Text](t Trie, base uint32, s S) (number int, to uint32) {
	number = -1
	for i := range len(s) {
		c := uint32(s[i])
		u := t.Units[base^c]
		if u.Label() != c {
			return -1, 0
		}
		base, number = u.Base, u.Number()
	}
	return number, base
}

// Find returns the number of s, or -1 if it is not in the trie.
func Find[S Text](t Trie, s S) int {
	number, _ := Walk(t, Root, s)
	return number
}

// Longest returns the number and the length of the longest text that s begins with,
// and -1, 0 if there is none.
func Longest[S Text](t Trie, s S) (number, length int) {
	number, base := -1, Root
	for i := range len(s) {
		c := uint32(s[i])
		u := t.Units[base^c]
		if u.Label() != c {
			break
		}
		base = u.Base
		if n := u.Number(); n >= 0 {
			number, length = n, i+1
		}
	}
	return number, length
}
