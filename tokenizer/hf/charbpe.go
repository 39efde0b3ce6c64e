package hf

import (
	"fmt"
	"slices"
	"sync"
	"unicode/utf8"
)

// charBPE is a BPE whose pieces start as their characters, each merge done by itself,
// the one of lowest rank and of these the leftmost first. It does all that
// tokenizer.json can ask of a BPE: characters that the vocabulary lacks, prefixes
// and suffixes inside words, merges in any order.
type charBPE struct {
	vocab  *vocabulary
	merges map[[2]int32]mergeTo
	unk    int32 // the place of the unknown token, or -1: unknown characters vanish

	fuseUnk      bool // neighbours that are unknown are one token
	byteFallback bool // unknown characters become their bytes, if all are there
	whole        bool // a piece that is a token is not merged
	prefix       string
	suffix       string
	mapped       bool            // pieces are bytes; a character of the vocabulary stands for each
	bytes        [256]int32      // the place of <0x00> and so on, or -1
	special      map[string]bool // not to be taken whole

	words *wordCache
}

type mergeTo struct{ rank, made int32 }

// A symbol is a part of a piece while it is merged.
type symbol struct {
	token      int32 // its place in the vocabulary
	size       int32 // bytes of the piece, or of the characters that stand for its bytes
	prev, next int32 // -1 at either end; prev is gone once the symbol is part of another
}

// gone is the prev of a symbol that is part of another.
const gone = -2

// A merger holds a piece while it is merged.
type merger struct {
	symbols []symbol
	queue   []candidate // a heap
	name    []byte
}

type candidate struct{ rank, at, made int32 }

var mergers = sync.Pool{New: func() any { return new(merger) }}

func newCharBPE(v *vocabulary, merges []merge) *charBPE {
	m := &charBPE{vocab: v, merges: make(map[[2]int32]mergeTo, len(merges)), unk: -1, words: new(wordCache)}
	for rank, r := range merges {
		m.merges[[2]int32{r.left, r.right}] = mergeTo{int32(rank), r.made}
	}
	for b := range m.bytes {
		m.bytes[b] = -1
		if i, ok := v.index[fmt.Sprintf("<0x%02X>", b)]; ok {
			m.bytes[b] = i
		}
	}
	return m
}

func (m *charBPE) withoutSpecial(special map[string]bool) model {
	plain := *m
	plain.special = special
	plain.words = new(wordCache)
	return &plain
}

func (m *charBPE) appendIDs(ids []int, piece string, _ *scratch) []int {
	if key, ok := keyOf(piece); ok {
		ids, ok, again := m.words.append(ids, key)
		if ok {
			return ids
		}
		n := len(ids)
		ids = m.merge(ids, nil, piece)
		if again {
			m.words.add(key, ids[n:])
		}
		return ids
	}
	return m.merge(ids, nil, piece)
}

func (m *charBPE) appendTokens(tokens []token, piece string, _ *scratch) []token {
	m.merge(nil, &tokens, piece)
	return tokens
}

// merge appends the ids of piece to ids, or its tokens to tokens if that is not nil.
func (m *charBPE) merge(ids []int, tokens *[]token, piece string) []int {
	first := 0
	if tokens != nil {
		first = len(*tokens)
	}
	if m.whole {
		name := piece
		if m.mapped {
			name = mappedText(piece)
		}
		if i, ok := m.vocab.index[name]; ok && !m.special[name] {
			if tokens != nil {
				*tokens = append(*tokens, token{int(m.vocab.ids[i]), 0, len(piece), name})
				return ids
			}
			return append(ids, int(m.vocab.ids[i]))
		}
	}
	w := mergers.Get().(*merger)
	w.symbols = w.symbols[:0]
	m.cut(w, piece)
	m.mergeAll(w)
	at := 0
	for _, s := range w.symbols {
		if s.prev == gone {
			continue
		}
		id := int(m.vocab.ids[s.token])
		if tokens == nil {
			ids = append(ids, id)
		} else {
			*tokens = append(*tokens, token{id, at, at + int(s.size), m.vocab.names[s.token]})
		}
		at += int(s.size)
	}
	if m.mapped && tokens != nil {
		unmap((*tokens)[first:], piece)
	}
	if cap(w.symbols) <= 1<<16 { // the memory of a very long piece is not kept
		mergers.Put(w)
	}
	return ids
}

// unmap makes places in piece of places among the characters that stand for its bytes.
// Sizes are those of the characters, which is not the same where bytes vanished: then
// the tokens after them stand too far left, as they do in the tokenizers library.
func unmap(tokens []token, piece string) {
	i, at := 0, 0 // byte i has the characters from at on
	for k := range tokens {
		t := &tokens[k]
		for i < len(piece) && at+len(byteNames[piece[i]]) <= t.lo {
			at += len(byteNames[piece[i]])
			i++
		}
		lo := i
		end, j := at, i
		for j < len(piece) && end < t.hi {
			end += len(byteNames[piece[j]])
			j++
		}
		t.lo, t.hi = lo, j
	}
}

// cut makes the characters of piece symbols. Unknown ones are put off until a known
// one comes, so bytes of a fallback overtake them, as in the tokenizers library.
func (m *charBPE) cut(w *merger, piece string) {
	unknown := int32(0) // bytes of unknown characters that are not symbols yet
	for i := 0; i < len(piece); {
		n := 1
		if !m.mapped {
			_, n = utf8.DecodeRuneInString(piece[i:])
		}
		var name []byte
		if i > 0 {
			name = append(w.name[:0], m.prefix...)
		} else {
			name = w.name[:0]
		}
		size := int32(n)
		if m.mapped {
			name = append(name, byteNames[piece[i]]...)
			size = int32(len(byteNames[piece[i]]))
		} else {
			name = append(name, piece[i:i+n]...)
		}
		i += n
		if i == len(piece) {
			name = append(name, m.suffix...)
		}
		w.name = name
		if t, ok := m.vocab.index[string(name)]; ok {
			if unknown > 0 {
				w.add(m.unk, unknown)
				unknown = 0
			}
			w.add(t, size)
			continue
		}
		if m.byteFallback && m.haveBytes(name) {
			for _, b := range name {
				w.add(m.bytes[b], 1)
			}
			continue
		}
		if m.unk < 0 {
			continue
		}
		if unknown > 0 && !m.fuseUnk {
			w.add(m.unk, unknown)
			unknown = 0
		}
		unknown += size
	}
	if unknown > 0 {
		w.add(m.unk, unknown)
	}
}

func (m *charBPE) haveBytes(name []byte) bool {
	return !slices.ContainsFunc(name, func(b byte) bool { return m.bytes[b] < 0 })
}

func (w *merger) add(token, size int32) {
	n := int32(len(w.symbols))
	if n > 0 {
		w.symbols[n-1].next = n
	}
	w.symbols = append(w.symbols, symbol{token, size, n - 1, -1})
}

func (m *charBPE) mergeAll(w *merger) {
	w.queue = w.queue[:0]
	for i := range len(w.symbols) - 1 {
		m.pair(w, int32(i))
	}
	for len(w.queue) > 0 {
		c := w.pop()
		s := &w.symbols[c.at]
		if s.prev == gone || s.next < 0 {
			continue
		}
		right := w.symbols[s.next]
		if to, ok := m.merges[[2]int32{s.token, right.token}]; !ok || to.made != c.made {
			continue // one of the two has been merged since
		}
		w.symbols[s.next].prev = gone
		s.token = c.made
		s.size += right.size
		s.next = right.next
		if s.next >= 0 {
			w.symbols[s.next].prev = c.at
		}
		if s.prev >= 0 {
			m.pair(w, s.prev)
		}
		m.pair(w, c.at)
	}
}

// pair queues the merge of symbol i with the next one.
func (m *charBPE) pair(w *merger, i int32) {
	s := &w.symbols[i]
	if s.next < 0 {
		return
	}
	if to, ok := m.merges[[2]int32{s.token, w.symbols[s.next].token}]; ok {
		w.push(candidate{to.rank, i, to.made})
	}
}

func (a candidate) before(b candidate) bool {
	return a.rank < b.rank || a.rank == b.rank && a.at < b.at
}

func (w *merger) push(c candidate) {
	w.queue = append(w.queue, c)
	q := w.queue
	i := len(q) - 1
	for i > 0 {
		up := (i - 1) / 4
		if !c.before(q[up]) {
			break
		}
		q[i] = q[up]
		i = up
	}
	q[i] = c
}

func (w *merger) pop() candidate {
	q := w.queue
	top := q[0]
	n := len(q) - 1
	c := q[n]
	q = q[:n]
	w.queue = q
	if n == 0 {
		return top
	}
	i := 0
	for {
		first := 4*i + 1
		if first >= n {
			break
		}
		best := first
		for j := first + 1; j < min(first+4, n); j++ {
			if q[j].before(q[best]) {
				best = j
			}
		}
		if !q[best].before(c) {
			break
		}
		q[i] = q[best]
		i = best
	}
	q[i] = c
	return top
}
