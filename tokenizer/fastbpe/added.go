package fastbpe

import (
	"strings"
	"unicode/utf8"
)

// A matcher finds added tokens in texts: the leftmost one, and of those that begin there
// the longest. It is a trie of bytes.
type matcher struct {
	nodes []node
	added []Added
}

type node struct {
	next  map[byte]int32
	added int // index in added, -1: none ends here
}

func newMatcher(added []Added) *matcher {
	m := &matcher{nodes: []node{{added: -1}}, added: added}
	for i, a := range added {
		at := int32(0)
		for j := range len(a.Text) {
			n := &m.nodes[at]
			to, ok := n.next[a.Text[j]]
			if !ok {
				to = int32(len(m.nodes))
				if n.next == nil {
					n.next = map[byte]int32{}
				}
				n.next[a.Text[j]] = to
				m.nodes = append(m.nodes, node{added: -1})
			}
			at = to
		}
		m.nodes[at].added = i
	}
	return m
}

// longest returns the longest token that s begins with, nil if there is none.
func (m *matcher) longest(s string) *Added {
	var found *Added
	at := int32(0)
	for i := range len(s) {
		to, ok := m.nodes[at].next[s[i]]
		if !ok {
			break
		}
		if at = to; m.nodes[at].added >= 0 {
			found = &m.added[m.nodes[at].added]
		}
	}
	return found
}

// parts hands the tokens of a text to token and what is between them to part, from left
// to right. A nil matcher finds none.
func (m *matcher) parts(text string, part func(start, end int), token func(id, start, end int)) {
	from := 0
	for at := 0; m != nil && at < len(text); {
		a := m.longest(text[at:])
		if a == nil {
			_, size := utf8.DecodeRuneInString(text[at:])
			at += size
			continue
		}
		end := at
		if a.LStrip {
			end = from + len(strings.TrimRightFunc(text[from:at], isSpace))
		}
		if end > from {
			part(from, end)
		}
		token(a.ID, at, at+len(a.Text))
		at += len(a.Text)
		if a.RStrip {
			at = len(text) - len(strings.TrimLeftFunc(text[at:], isSpace))
		}
		from = at
	}
	if from < len(text) {
		part(from, len(text))
	}
}
