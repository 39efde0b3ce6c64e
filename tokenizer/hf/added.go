package hf

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// An AddedToken is a token that is found in the text itself, before the model sees
// what lies between.
type AddedToken struct {
	Content    string
	ID         int  // as the file says; the vocabulary and the order of the tokens decide
	SingleWord bool // not where a letter, a digit or "_" is next to it
	LStrip     bool // takes the white space before it
	RStrip     bool // takes the white space after it
	Normalized bool // is looked for in the normalised text, in its own normalised form
	Special    bool // is left out when decoding without special tokens
}

// A matcher finds tokens in a text: the leftmost, and of those the longest.
type matcher struct {
	patterns []pattern      // sorted by text
	first    [256][2]uint32 // the patterns that begin with a byte
	only     int            // the byte that all of them begin with, or -1
}

type pattern struct {
	text string
	id   int // of the token
}

// newMatcher returns a matcher of patterns, or nil if there are none. Of two with one
// text the one with the smaller id is found; the tokenizers library takes either.
func newMatcher(patterns []pattern) *matcher {
	patterns = slices.DeleteFunc(patterns, func(p pattern) bool { return p.text == "" })
	if len(patterns) == 0 {
		return nil
	}
	slices.SortFunc(patterns, func(a, b pattern) int {
		return cmp.Or(strings.Compare(a.text, b.text), cmp.Compare(a.id, b.id))
	})
	patterns = slices.CompactFunc(patterns, func(a, b pattern) bool { return a.text == b.text })
	m := &matcher{patterns: patterns, only: int(patterns[0].text[0])}
	for i, p := range patterns {
		r := &m.first[p.text[0]]
		if r[1] == 0 {
			r[0] = uint32(i)
		}
		r[1] = uint32(i) + 1
		if int(p.text[0]) != m.only {
			m.only = -1
		}
	}
	return m
}

// find returns the first match in s from byte at on. Its time is that of the text
// times the length of the longest token at worst.
func (m *matcher) find(s string, at int) (id, start, end int, ok bool) {
	for ; at < len(s); at++ {
		if m.only >= 0 {
			n := strings.IndexByte(s[at:], byte(m.only))
			if n < 0 {
				return 0, 0, 0, false
			}
			at += n
		} else {
			for m.first[s[at]][1] == 0 {
				if at++; at == len(s) {
					return 0, 0, 0, false
				}
			}
		}
		r := m.first[s[at]]
		if i, n := longest(m.patterns[r[0]:r[1]], s[at:]); n > 0 {
			return m.patterns[int(r[0])+i].id, at, at + n, true
		}
	}
	return 0, 0, 0, false
}

// longest returns which of the patterns, all of which begin with the byte that s
// begins with, is the longest that s begins with, and its length. It returns a length
// of 0 if there is none.
func longest(patterns []pattern, s string) (index, n int) {
	lo, hi := 0, len(patterns)
	for depth := 1; lo < hi; depth++ {
		// patterns[lo:hi] are those that begin with s[:depth]; the shortest comes first.
		if len(patterns[lo].text) == depth {
			index, n = lo, depth
			lo++
		}
		if depth == len(s) || lo == hi {
			break
		}
		c := s[depth]
		if hi-lo > 1 {
			part := patterns[lo:hi]
			at, _ := slices.BinarySearchFunc(part, c, func(p pattern, c byte) int { return cmp.Compare(p.text[depth], c) })
			end, _ := slices.BinarySearchFunc(part[at:], c, func(p pattern, c byte) int {
				if p.text[depth] > c {
					return 1
				}
				return -1
			})
			lo, hi = lo+at, lo+at+end
		} else if patterns[lo].text[depth] != c {
			break
		}
	}
	return index, n
}

// A cut is a part of a text: a token, or what lies between tokens.
type cut struct {
	id     int // of the token, or -1
	lo, hi int // where it is in the text
}

// A splitter cuts a text at its tokens. A nil matcher finds none.
type splitter struct {
	t       *Tokenizer
	m       *matcher
	text    string
	at      int    // where to look on: the end of the last match
	done    int    // the end of the last cut
	pending cut    // comes next, if it has a token
	space   [2]int // the white space that a token took on its right
}

func (t *Tokenizer) splitter(m *matcher, text string) splitter {
	return splitter{t: t, m: m, text: text, pending: cut{id: -1}}
}

// next returns the next part, or false after the last. Parts may be empty or overlap:
// a token may begin in the white space that the one before it took.
func (s *splitter) next() (cut, bool) {
	if s.pending.id >= 0 {
		c := s.pending
		s.pending.id = -1
		return c, true
	}
	for s.m != nil {
		id, start, end, ok := s.m.find(s.text, s.at)
		if !ok {
			break
		}
		s.at = end
		token := s.t.added.get(id)
		if token.Special && s.t.plain {
			continue
		}
		if token.SingleWord && (endsWithWord(s.text[:start]) || startsWithWord(s.text[end:])) {
			continue
		}
		if token.LStrip {
			// What an earlier token took stays with it.
			from := min(s.done, start)
			start = max(from+len(strings.TrimRightFunc(s.text[from:start], unicode.IsSpace)), s.done)
		}
		if token.RStrip {
			// The white space that the token before took ends at the same place.
			if end < s.space[0] || end > s.space[1] {
				s.space = [2]int{end, len(s.text) - len(strings.TrimLeftFunc(s.text[end:], unicode.IsSpace))}
			}
			end = s.space[1]
		}
		c := cut{id, start, end}
		before := cut{-1, s.done, start}
		s.done = end
		if before.lo < before.hi {
			s.pending = c
			return before, true
		}
		return c, true
	}
	s.m = nil
	if s.done != len(s.text) {
		c := cut{-1, s.done, len(s.text)}
		s.done = len(s.text)
		return c, true
	}
	return cut{}, false
}

func startsWithWord(s string) bool {
	c, _ := utf8.DecodeRuneInString(s)
	return s != "" && isWord(c)
}

func endsWithWord(s string) bool {
	c, _ := utf8.DecodeLastRuneInString(s)
	return s != "" && isWord(c)
}

// isWord reports whether a regular expression's \w matches c: letters, marks, decimal
// digits, connecting punctuation and the joiners (Unicode Technical Standard 18,
// Annex C).
func isWord(c rune) bool {
	if c < utf8.RuneSelf {
		return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_'
	}
	return unicode.Is(wordTable, c)
}

// addedTokens are the added tokens of a tokenizer, by their ids.
type addedTokens struct {
	tokens  map[int]*addedToken
	ids     map[string]int  // by their contents
	special map[string]bool // the contents of those that are special
}

type addedToken struct {
	AddedToken
	normal string // its normalised form, if Normalized, else Content
}

// get returns the token with this id, or nil.
func (a *addedTokens) get(id int) *addedToken { return a.tokens[id] }
