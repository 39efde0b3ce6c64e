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
