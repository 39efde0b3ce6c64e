package fastbpe

import (
	"sync"
	"unicode/utf8"
)

// endOfWord is written after the last character of a word.
const endOfWord = "</w>"

// A cell is a piece of a word while it is merged. Cells are a linked list.
type cell struct {
	start, end int   // of the piece in the word
	symbol     int32 // -1 if no merge knows it
	rank, made int32 // of the merge with the next cell; rank 0: there is none
	prev, next int   // -1 at either end
}

// absorbed is the prev of a cell that is part of another.
const absorbed = -2

// A queue is a heap of cells whose merge with the next one waits, lowest rank first and
// from left to right: rank<<32 | cell.
type queue []uint64

func (q *queue) push(rank int32, cell int) {
	*q = append(*q, uint64(rank)<<32|uint64(cell))
	h := *q
	for i := len(h) - 1; i > 0; {
		up := (i - 1) / 2
		if h[up] <= h[i] {
			break
		}
		h[up], h[i] = h[i], h[up]
		i = up
	}
}

func (q queue) lowest() (rank int32, cell int) { return int32(q[0] >> 32), int(q[0] & (1<<32 - 1)) }

func (q *queue) pop() {
	h := *q
	n := len(h) - 1
	h[0] = h[n]
	h = h[:n]
	for i := 0; ; {
		down := 2*i + 1
		if down >= n {
			break
		}
		if down+1 < n && h[down+1] < h[down] {
			down++
		}
		if h[i] <= h[down] {
			break
		}
		h[i], h[down] = h[down], h[i]
		i = down
	}
	*q = h
}

// A merger merges the characters of words. Its memory is used again.
type merger struct {
	*Codes
	cells []cell
	queue queue
	batch []int
	text  []byte // of a symbol that is looked up
}

var mergers = sync.Pool{New: func() any { return new(merger) }}

// longestKept is the longest word in bytes whose memory is kept.
const longestKept = 1 << 16

// split cuts a word into pieces and hands them to yield, from left to right.
func (c *Codes) split(word string, yield func(start, end int)) {
	m := mergers.Get().(*merger)
	m.Codes = c
	m.reset(word)
	for len(m.queue) > 0 {
		m.mergeLowest()
	}
	for i := 0; i >= 0; i = m.cells[i].next {
		yield(m.cells[i].start, m.cells[i].end)
	}
	if len(word) <= longestKept {
		mergers.Put(m)
	}
}

// reset makes a cell of each character.
func (m *merger) reset(word string) {
	m.cells, m.queue = m.cells[:0], m.queue[:0]
	for i := 0; i < len(word); {
		_, size := utf8.DecodeRuneInString(word[i:])
		end := i + size
		m.text = append(m.text[:0], word[i:end]...)
		if end == len(word) {
			m.text = append(m.text, endOfWord...)
		}
		symbol, ok := m.symbols[string(m.text)]
		if !ok {
			symbol = -1
		}
		n := len(m.cells)
		m.cells = append(m.cells, cell{start: i, end: end, symbol: symbol, prev: n - 1, next: n + 1})
		i = end
	}
	m.cells[len(m.cells)-1].next = -1
	for i := range m.cells {
		m.wait(i)
	}
}

// wait looks up the merge of a cell with the next one and queues it.
func (m *merger) wait(i int) {
	c := &m.cells[i]
	c.rank = 0
	if c.symbol < 0 || c.next < 0 {
		return
	}
	if merge, ok := m.merges[[2]int32{c.symbol, m.cells[c.next].symbol}]; ok {
		c.rank, c.made = merge.rank, merge.made
		m.queue.push(c.rank, i)
	}
}

// mergeLowest merges all occurrences of the queue's lowest rank, from left to right. No
// new occurrence can arise meanwhile: a new neighbour is longer than either half.
func (m *merger) mergeLowest() {
	rank, _ := m.queue.lowest()
	m.batch = m.batch[:0]
	for len(m.queue) > 0 {
		r, i := m.queue.lowest()
		if r != rank {
			break
		}
		m.queue.pop()
		c := &m.cells[i]
		if c.prev == absorbed || c.rank != rank {
			continue // one of the two has been merged since
		}
		next := &m.cells[c.next]
		c.end, c.symbol, c.rank = next.end, c.made, 0
		c.next, next.prev = next.next, absorbed
		if c.next >= 0 {
			m.cells[c.next].prev = i
		}
		if p := c.prev; p >= 0 {
			m.cells[p].rank = 0 // its neighbour is another one now
		}
		m.batch = append(m.batch, i)
	}
	for k, i := range m.batch {
		if p := m.cells[i].prev; p >= 0 && (k == 0 || p != m.batch[k-1]) {
			m.wait(p)
		}
		m.wait(i)
	}
}
