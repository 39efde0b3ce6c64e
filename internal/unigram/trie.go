package unigram

// maxPieces is how many pieces a unit can number.
const maxPieces = 1<<23 - 2

// A trie of pieces is a double array. The children of a node lie around its base:
// the one for byte c at base ^ c. A unit is
//
//	base    32 bits   where the children of this node lie
//	        23 bits   the number of the piece that ends here plus 1, or 0
//	         1 bit    the unit is free
//	         8 bits   the byte that leads here
//
// No two nodes with children have the same base, so the byte alone tells whether a
// unit is the child looked for. The first 256 units are free for ever: they lie
// around base 0, which nodes without children have. The root has base 256.
type trie struct{ units []unit }

type unit struct{ base, meta uint32 }

const (
	block = 256
	root  = block
	free  = 1 << 8
)

func (u unit) label() uint32 { return u.meta & 0x1FF } // no byte if the unit is free
func (u unit) piece() int32  { return int32(u.meta>>9) - 1 }

// find returns the number of the piece that is s, or -1.
func (t trie) find(s string) int32 {
	piece, base := int32(-1), uint32(root)
	for i := range len(s) {
		c := uint32(s[i])
		u := t.units[base^c]
		if u.label() != c {
			return -1
		}
		base, piece = u.base, u.piece()
	}
	return piece
}
