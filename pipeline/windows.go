package pipeline

import (
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
