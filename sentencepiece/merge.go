package sentencepiece

import (
	"bytes"
	"math"

	"github.com/goroberta/goroberta/internal/trie"
	"github.com/goroberta/goroberta/internal/unigram"
)

// A merger cuts text into the pieces of a BPE model. The text begins as its characters,
// and user-defined symbols, which stay as they are. Again and again the two neighbours
// are merged that make the piece of the highest score, the leftmost among equal ones,
// until no two neighbours make a piece. Then pieces that are UNUSED fall into the two
// parts that they can be made of.
//
// Of all ways to make such a piece the library remembers the last one that it saw as a
// pair of neighbours anywhere in the text, merged or not. But there is only one: for two
// neighbours to make the piece, no merge may have reached across either of its ends, so
// that the merges inside were those of the piece's text alone, and what that was before its
// last merge is the same everywhere. So the parts are found once, and words do not depend
// on each other.
type merger struct {
	pieces []piece
	texts  trie.Trie
	user   trie.Trie // no units: there are none
	unk    int
	join   bool    // neighbouring unknown characters make one token
	left   []int32 // by piece: the length of the left part of an UNUSED one, or 0; nil if there are none
	words  bool    // no piece reaches from one word into the next
}

func newMerger(m *Model) *merger {
	g := &merger{pieces: m.pieces, texts: m.texts, user: m.normalizer.user, unk: m.unk, join: !m.byteFallback, words: true}
	for i := range m.pieces {
		switch p := &m.pieces[i]; p.kind {
		case Unused:
			if g.left == nil {
				g.left = make([]int32, len(m.pieces))
			}
			fallthrough
		case Normal, UserDefined:
			if crossesWords(p.text) {
				g.words = false
			}
		}
	}
	if g.left != nil {
		g.takeApart()
	}
	return g
}

// takeApart finds the parts of all UNUSED pieces: what their texts alone are before their
// last merge.
func (g *merger) takeApart() {
	var m merging
	for i := range g.pieces {
		p := &g.pieces[i]
		if p.kind != Unused || p.text == nul {
			continue
		}
		text := []byte(p.text)
		m.symbols = m.symbols[:0]
		for at := 0; at < len(text); {
			s := g.symbol(text, at)
			m.symbols = append(m.symbols, s)
			at = s.end
		}
		g.mergeAll(&m, text)
		if s := &m.symbols[0]; s.end == len(text) {
			g.left[i] = int32(m.left)
		}
	}
}

// crossesWords reports whether s has a ▁ after anything else.
func crossesWords(s string) bool {
	word := false
	for len(s) > 0 {
		if len(s) >= len(spaceSymbol) && s[:len(spaceSymbol)] == spaceSymbol {
			if word {
				return true
			}
			s = s[len(spaceSymbol):]
		} else {
			word = true
			s = s[1:]
		}
	}
	return false
}

// A symbol is a part of the text.
type symbol struct {
	start, end int
	prev, next int    // the neighbours, or -1
	piece      int    // the piece that it is, or -1
	base       uint32 // the node of the trie where it leads
	frozen     bool   // it is never merged
}

// A pair is two neighbours that make a piece. It is void once either has grown.
type pair struct {
	score       int32 // in the order of scores
	left, right int
	piece       int
	base        uint32
	size        int
}

// before reports whether p is merged before q.
func (p *pair) before(q *pair) bool {
	return p.score > q.score || p.score == q.score && p.left < q.left
}

// order returns a number that is greater for a greater score. -0 comes before 0, as in the
// library.
func order(score float32) int32 {
	i := int32(math.Float32bits(score))
	return i ^ i>>31&math.MaxInt32
}

// merging is the memory of a merger.
type merging struct {
	symbols []symbol
	pairs   []pair // a heap
	left    int    // the length of the left part of the last merge, 0 if there was none
}

// append appends the tokens of text.
func (g *merger) append(m *merging, tokens []unigram.Token, text []byte) []unigram.Token {
	m.symbols = m.symbols[:0]
	first := len(tokens)
	space := []byte(spaceSymbol)
	afterSpace := true
	for at := 0; at < len(text); {
		s := g.symbol(text, at)
		if g.words && !afterSpace && bytes.HasPrefix(text[at:], space) {
			// A word begins, and no piece reaches into it: the words before are done.
			tokens = g.merge(m, tokens, first, text)
			m.symbols = m.symbols[:0]
		}
		afterSpace = bytes.HasSuffix(text[s.start:s.end], space)
		m.symbols = append(m.symbols, s)
		at = s.end
	}
	return g.merge(m, tokens, first, text)
}

// symbol returns what the text has at byte at before anything is merged.
func (g *merger) symbol(text []byte, at int) symbol {
	s := symbol{start: at}
	if len(g.user.Units) > 0 {
		if _, n := trie.Longest(g.user, text[at:]); n > 0 {
			s.end, s.frozen = at+n, true
		}
	}
	if !s.frozen {
		s.end = min(at+unigram.CharLen(text[at]), len(text))
	}
	s.piece, s.base = trie.Walk(g.texts, trie.Root, text[s.start:s.end])
	return s
}

// merge merges m.symbols and appends the result. The tokens of this text begin at
// tokens[first].
func (g *merger) merge(m *merging, tokens []unigram.Token, first int, text []byte) []unigram.Token {
	if len(m.symbols) == 0 {
		return tokens
	}
	g.mergeAll(m, text)
	for i := 0; i >= 0; i = m.symbols[i].next {
		s := &m.symbols[i]
		tokens = g.emit(tokens, first, text[s.start:s.end], s.piece, s.end, 0)
	}
	return tokens
}

// mergeAll merges m.symbols, of which there is one at least.
func (g *merger) mergeAll(m *merging, text []byte) {
	for i := range m.symbols {
		m.symbols[i].prev, m.symbols[i].next = i-1, i+1
	}
	m.symbols[len(m.symbols)-1].next = -1
	m.pairs, m.left = m.pairs[:0], 0
	for i := range len(m.symbols) - 1 {
		g.offer(m, text, i, i+1)
	}
	for len(m.pairs) > 0 {
		p := m.pop()
		left, right := &m.symbols[p.left], &m.symbols[p.right]
		if left.start == left.end || right.start == right.end || right.end-left.start != p.size {
			continue
		}
		m.left = left.end - left.start
		left.end, left.piece, left.base, left.next = right.end, p.piece, p.base, right.next
		right.start = right.end
		if left.next >= 0 {
			m.symbols[left.next].prev = p.left
		}
		g.offer(m, text, left.prev, p.left)
		g.offer(m, text, p.left, left.next)
	}
}

// offer adds the pair of two symbols, if they make a piece.
func (g *merger) offer(m *merging, text []byte, left, right int) {
	if left < 0 || right < 0 {
		return
	}
	l, r := &m.symbols[left], &m.symbols[right]
	if l.frozen || r.frozen || l.base == 0 {
		return
	}
	n, base := trie.Walk(g.texts, l.base, text[r.start:r.end])
	if n < 0 {
		return
	}
	m.push(pair{order(g.pieces[n].score), left, right, n, base, r.end - l.start})
}

// maxSplits is how deep pieces are split, as the library has it.
const maxSplits = 100

// emit appends the tokens of a symbol, which ends at end, at some depth of splitting.
func (g *merger) emit(tokens []unigram.Token, first int, text []byte, n, end, depth int) []unigram.Token {
	if n >= 0 && g.pieces[n].kind == Unused && depth <= maxSplits {
		if k := int(g.left[n]); k > 0 {
			tokens = g.emit(tokens, first, text[:k], trie.Find(g.texts, text[:k]), end-len(text)+k, depth+1)
			return g.emit(tokens, first, text[k:], trie.Find(g.texts, text[k:]), end, depth+1)
		}
		n = -1 // a character
	}
	if n < 0 {
		n = g.unk
		if k := len(tokens) - 1; g.join && k >= first && tokens[k].ID == n {
			tokens[k].End = end
			return tokens
		}
	}
	return append(tokens, unigram.Token{ID: n, End: end})
}

// push adds p to the heap.
func (m *merging) push(p pair) {
	m.pairs = append(m.pairs, p)
	h := m.pairs
	i := len(h) - 1
	for i > 0 {
		up := (i - 1) / 2
		if !p.before(&h[up]) {
			break
		}
		h[i] = h[up]
		i = up
	}
	h[i] = p
}

// pop takes the pair that is merged first from the heap.
func (m *merging) pop() pair {
	h := m.pairs
	top, last := h[0], h[len(h)-1]
	h = h[:len(h)-1]
	m.pairs = h
	if len(h) == 0 {
		return top
	}
	i := 0
	for {
		k := 2*i + 1
		if k >= len(h) {
			break
		}
		if k+1 < len(h) && h[k+1].before(&h[k]) {
			k++
		}
		if !h[k].before(&last) {
			break
		}
		h[i] = h[k]
		i = k
	}
	h[i] = last
	return top
}
