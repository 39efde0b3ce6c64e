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
	const most = utf8.UTFMax - 1 // what is longer is no character
	for n := 0; n < most && s.Start > 0 && !utf8.RuneStart(text[s.Start]); n++ {
		s.Start--
	}
	for n := 0; n < most && s.End < len(text) && !utf8.RuneStart(text[s.End]); n++ {
		s.End++
	}
	return s
}

// content is the number of tokens of a sequence that are not special.
func content(s *sequence) int {
	n := 0
	for _, text := range s.Sequence {
		if text >= 0 {
			n++
		}
	}
	return n
}

// windowStarts says which token of the text each window begins with. See
// tokenizer.Template.Windows.
func windowStarts(windows []sequence, limit *tokenizer.Limit) []int {
	starts := make([]int, len(windows))
	step := content(&windows[0]) - limit.Stride
	for w := range windows {
		starts[w] = w * step
	}
	if limit.Left {
		last := len(windows) - 1
		total := starts[last] + content(&windows[last])
		for w := range windows {
			starts[w] = total - starts[w] - content(&windows[w])
		}
	}
	return starts
}

// owners says for each token of a text in which of its windows it counts: of those that
// share it the one in which it is farther from a border that the text does not end at; of
// equal ones the earlier in the text.
func owners(windows []sequence, limit *tokenizer.Limit) []int {
	lo, total := windowStarts(windows, limit), 0
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
	of, lo := owners(windows, limit), windowStarts(windows, limit)
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
