package pipeline

import (
	"fmt"

	"github.com/goroberta/goroberta/roberta"
	"github.com/goroberta/goroberta/tokenizer"
)

// A onceReader is a tokenizer.Tokenizer that encodes one text once: the query, prompt or
// text that stands in many pairs.
type onceReader struct {
	tokenizer.Tokenizer
	text  string
	known bool // ids and spans are those of text
	ids   []int
	spans []tokenizer.Span
	err   error // of Check
}

func (o *onceReader) know() {
	if o.known {
		return
	}
	o.known = true
	if o.err = tokenizer.Check(o.Tokenizer, o.text); o.err == nil {
		o.ids, o.spans = o.Tokenizer.AppendSpans(nil, nil, o.text)
	}
}

func (o *onceReader) Check(text string) error {
	if text != o.text {
		return tokenizer.Check(o.Tokenizer, text)
	}
	o.know()
	return o.err
}

func (o *onceReader) Append(ids []int, text string) []int {
	if text != o.text {
		return o.Tokenizer.Append(ids, text)
	}
	o.know()
	return append(ids, o.ids...)
}

func (o *onceReader) AppendSpans(ids []int, spans []tokenizer.Span, text string) ([]int, []tokenizer.Span) {
	if text != o.text {
		return o.Tokenizer.AppendSpans(ids, spans, text)
	}
	o.know()
	return append(ids, o.ids...), append(spans, o.spans...)
}

// pairs encodes pairs of a text with each of others. Errors say which pair it was.
func (q *sequencer) pairs(text string, others []string) ([]sequence, error) {
	if q.tok == nil {
		return nil, q.noTok
	}
	once := &onceReader{Tokenizer: q.tok, text: text}
	all := make([]sequence, 0, len(others))
	for i, other := range others {
		ss, err := q.read(once, []string{text, other})
		if err != nil {
			if e, ok := err.(*roberta.LengthError); ok {
				e.Sequence = i
				return nil, e
			}
			return nil, fmt.Errorf("pair %d: %w", i, err)
		}
		all = append(all, ss...)
	}
	return all, nil
}
