package unigram

import "github.com/goroberta/goroberta/internal/trie"

// A Candidate is a piece that text may be cut into.
type Candidate[F Float] struct {
	Start, End int
	ID         int // of a piece; Options.Unknown for a character that no piece matches
	Known      bool
	Score      F
}

// Candidates yields what the search looks at: for each character the pieces that begin
// there, the shorter before the longer, and the character itself if no piece is.
func (m *Model[F]) Candidates(text string) func(yield func(Candidate[F]) bool) {
	return func(yield func(Candidate[F]) bool) {
		for at := 0; at < len(text); {
			size := min(CharLen(text[at]), len(text)-at)
			single := false
			base := trie.Root
			for end := at; end < len(text); {
				u := m.trie.Units[base^uint32(text[end])]
				if u.Label() != uint32(text[end]) {
					break
				}
				base = u.Base
				end++
				piece := u.Number()
				if piece < 0 {
					continue
				}
				single = single || end-at == size
				if !yield(Candidate[F]{at, end, int(m.ids[piece]), true, m.scores[piece]}) {
					return
				}
			}
			if !single && !yield(Candidate[F]{at, at + size, m.options.Unknown, false, m.options.UnknownScore}) {
				return
			}
			at += size
		}
	}
}

// Path returns the numbers of the candidates that the pieces of a path are, given where
// each piece ends. A piece that no candidate is consists of unknown characters.
func Path[F Float](candidates []Candidate[F], ends []int) []int {
	var path []int
	n, at := 0, 0
	take := func(end int, known bool) bool { // from at to end
		for i := n; i < len(candidates) && candidates[i].Start <= at; i++ {
			if c := &candidates[i]; c.Start == at && (c.End == end && c.Known || !known && !c.Known) {
				path, n, at = append(path, i), i+1, c.End
				return true
			}
		}
		return false
	}
	for _, end := range ends {
		for at < end && (take(end, true) || take(end, false)) {
		}
	}
	return path
}
