package pipeline

import (
	"github.com/goroberta/goroberta/tokenizer"
)

// letters is a tokenizer with a token for each byte, 10 more than it.
type letters struct {
	tokenizer.Tokenizer
	ignoresSpace bool // a space at the beginning is no token
}

func (l *letters) Append(ids []int, text string) []int {
	ids, _ = l.AppendSpans(ids, nil, text)
	return ids
}

func (l *letters) AppendSpans(ids []int, spans []tokenizer.Span, text string) ([]int, []tokenizer.Span) {
	for i := range len(text) {
		if i == 0 && text[i] == ' ' && l.ignoresSpace {
			continue
		}
		ids, spans = append(ids, 10+int(text[i])), append(spans, tokenizer.Span{Start: i, End: i + 1})
	}
	return ids, spans
}

func (l *letters) Special() tokenizer.Special {
	return tokenizer.Special{BOS: 0, Pad: 1, EOS: 2, Unk: 3, Mask: 4}
}

func (l *letters) Template() tokenizer.Template { return tokenizer.Roberta(0, 2) }
