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

// Path returns which of the candidates of text, by their number, are on the best path: the
// tokens of Append, before unknown ones are joined.
func (m *Model[F]) Path(text string, candidates []Candidate[F]) []int {
	apart := &Model[F]{trie: m.trie, scores: m.scores, ids: m.ids, options: m.options}
	apart.options.Join = false
	tokens := new(lattice[F]).search(apart, nil, []byte(text))
	var path []int
	at, n := 0, 0
	for _, t := range tokens {
		for n < len(candidates) && (candidates[n].Start != at || candidates[n].End != t.End) {
			n++
		}
		path = append(path, n)
		at = t.End
	}
	return path
}
