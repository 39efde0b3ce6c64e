package roberta

// States holds a row of C values for each token of a batch of sequences: hidden
// states, or logits. The rows of pads are not held, so the memory is that of the
// tokens alone. It belongs to the caller.
type States struct {
	layout *layout
	cols   int
	values []float32 // the rows of all sequences end to end
}

// Shape is (B, T, C): B sequences, T the length of the longest one, pads included.
func (s *States) Shape() Shape { return Shape{len(s.layout.lengths), s.layout.longest(), s.cols} }

// Len is the number of tokens of a sequence, pads included.
func (s *States) Len(sequence int) int { return s.layout.lengths[sequence] }

// Row is the row of a token, in the States' own memory: sequence 0 … B-1, token 0 …
// Len(sequence)-1. A pad has no row: nil.
func (s *States) Row(sequence, token int) []float32 {
	r := s.layout.row(sequence, token)
	if r < 0 {
		return nil
	}
	return s.values[r*s.cols:][:s.cols:s.cols]
}

// Float32s is all values as Shape says, row-major: element (b, t, c) is at
// (b·T+t)·C+c. Rows of pads and rows past a sequence's end are zeros. If there are
// none of these it is the States' own memory, else a new slice of B·T·C values,
// which can be far more than the States themselves.
func (s *States) Float32s() []float32 {
	B, T := len(s.layout.lengths), s.layout.longest()
	if len(s.values) == B*T*s.cols {
		return s.values
	}
	out := make([]float32, B*T*s.cols)
	for b, n := range s.layout.lengths {
		for t := range n {
			copy(out[(b*T+t)*s.cols:], s.Row(b, t))
		}
	}
	return out
}
