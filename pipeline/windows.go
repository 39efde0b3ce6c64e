package pipeline

import (
	"math"
	"slices"
	"unicode/utf8"

	"github.com/goroberta/goroberta/tokenizer"
)

// place is where a token is: its span without the spaces before a word, which some
// tokenizers count into it and others do not, and with the whole of characters that are
// cut into several tokens.
func place(text string, s tokenizer.Span) tokenizer.Span {
	for s.Start < s.End && text[s.Start] == ' ' {
		s.Start++
	}
	if s.Start == s.End {
		return s
	}
	s.Start, _ = border(text, s.Start)
	_, s.End = border(text, s.End)
	return s
}

// border returns where the character begins and ends that a place is inside of: twice the
// place if it is a border. A byte that is not UTF-8 is a character.
func border(text string, i int) (before, after int) {
	for at := i - 1; at >= 0 && i-at < utf8.UTFMax && i < len(text) && !utf8.RuneStart(text[i]); at-- {
		if utf8.RuneStart(text[at]) {
			if _, n := utf8.DecodeRuneInString(text[at:]); at+n > i {
				return at, at + n
			}
			break
		}
	}
	return i, i
}

// content is the number of tokens of a sequence that are not special.
func content(s *sequence) int { return len(s.Sequence) - ofText(s, -1) }

// ofText is the number of tokens of a sequence that are of one of its texts; -1: that are
// special.
func ofText(s *sequence, text int) int {
	n := 0
	for _, t := range s.Sequence {
		if t == text {
			n++
		}
	}
	return n
}

// windowStarts says which token of the text each window begins with. size is how many
// tokens of that text a window has. See tokenizer.Template.Windows.
func windowStarts(windows []sequence, limit *tokenizer.Limit, size func(*sequence) int) []int {
	starts := make([]int, len(windows))
	step := size(&windows[0]) - limit.Stride
	for w := range windows {
		starts[w] = w * step
	}
	if limit.Left {
		last := len(windows) - 1
		total := starts[last] + size(&windows[last])
		for w := range windows {
			starts[w] = total - starts[w] - size(&windows[w])
		}
	}
	return starts
}

// owners says for each token of a text in which of its windows it counts: of those that
// share it the one in which it is farther from a border that the text does not end at; of
// equal ones the earlier in the text.
func owners(windows []sequence, limit *tokenizer.Limit) []int {
	lo, total := windowStarts(windows, limit, content), 0
	for w := range windows {
		total = max(total, lo[w]+content(&windows[w]))
	}
	of, context := make([]int, total), make([]int, total) // context of each token in its owner so far
	const whole = math.MaxInt / 2
	for w := range windows {
		n := content(&windows[w])
		for at := range n {
			before, after := at, n-1-at
			if lo[w] == 0 {
				before = whole
			}
			if lo[w]+n == total {
				after = whole
			}
			k := lo[w] + at
			if c := 1 + min(before, after); c > context[k] || c == context[k] && limit.Left {
				context[k], of[k] = c, w
			}
		}
	}
	return of
}

// placed says of each token of each window which token of the whole input it is, special
// tokens included, or −1 if it counts in another window. Special tokens before the text
// count in its first window, those after it in its last. It returns the windows in the
// text's order, and the number of the input's tokens.
func placed(windows []sequence, limit *tokenizer.Limit) (ordered []sequence, tokens int) {
	of, lo := owners(windows, limit), windowStarts(windows, limit, content)
	for w := range windows {
		s := &windows[w]
		s.places = make([]int, len(s.IDs))
		n, at, leading := content(s), 0, 0
		for i, text := range s.Sequence {
			s.places[i] = -1
			switch k := lo[w] + at; {
			case text >= 0:
				if of[k] == w {
					s.places[i] = leading + k
				}
				at++
			case at == 0:
				leading++
				if lo[w] == 0 {
					s.places[i] = i
				}
			case at == n && lo[w]+n == len(of):
				s.places[i] = lo[w] + i
			}
			tokens = max(tokens, s.places[i]+1)
		}
	}
	if limit.Left {
		slices.Reverse(windows)
	}
	return windows, tokens
}
