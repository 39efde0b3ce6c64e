package tokenizer

import "errors"

// Encode returns the ids of one input of a model: text between the special
// tokens of the tokenizer's template, for fairseq <s> text </s>. More texts make
// <s> text </s></s> more[0] </s></s> more[1] </s> and so on. Nothing is cut.
func Encode(t Tokenizer, text string, more ...string) []int {
	return t.Template().IDs(t, text, more...)
}

// EncodeNoSeparator is Encode with a single </s> between texts.
func EncodeNoSeparator(t Tokenizer, text string, more ...string) []int {
	return t.Template().NoSeparator().IDs(t, text, more...)
}

// IDs returns the ids of one input, of any length. A text that Check refuses has none.
func (tm Template) IDs(t Tokenizer, text string, more ...string) []int {
	n := len(text)
	for _, s := range more {
		n += len(s) + 8
	}
	ids := make([]int, 0, n/4+8) // English has 4 to 5 bytes a token
	parts := tm.parts(1 + len(more))
	for i := range parts {
		switch p := &parts[i]; {
		case p.Text < 0:
			ids = append(ids, p.ID)
		case p.Text == 0:
			ids = t.Append(ids, text)
		default:
			ids = t.Append(ids, more[p.Text-1])
		}
	}
	return ids
}

// An Encoding is one input of a model, with what is known of each token. Its
// slices have the same length, except that Types may be nil. They share no
// memory with any other Encoding.
type Encoding struct {
	IDs []int
	// Spans holds the bytes that each token stands for, counted in its own text.
	// A special token's span is empty: at the end of its text if it stands right
	// after a text, else at 0.
	Spans []Span
	// Sequence holds the index of the text that each token is of, and -1 for
	// special tokens.
	Sequence []int
	// Types holds the token types (token_type_ids), nil if all are 0.
	Types []int
}

// Encode returns one input with all that is known of its tokens. If it is
// longer than the limit allows it is truncated as the limit says, or else the
// error is a *LimitError. The zero Limit allows any length. Other errors are those of
// Check.
func (tm Template) Encode(t Tokenizer, limit Limit, text string, more ...string) (*Encoding, error) {
	in, err := tm.input(t, text, more)
	if err != nil {
		return nil, err
	}
	windows, err := limit.cut(in.lengths(), in.special, false)
	if err != nil {
		return nil, err
	}
	first := make([]window, len(windows))
	for i, w := range windows {
		first[i] = w.at(0)
	}
	return in.encoding(first), nil
}

// An input holds the tokens of an input's texts and the parts it consists of.
type input struct {
	parts   []Part
	special int // number of special tokens
	texts   []tokens
}

// tokens are those of one text.
type tokens struct {
	size  int // of the text, in bytes
	ids   []int
	spans []Span
}

func (tm Template) input(t Tokenizer, text string, more []string) (*input, error) {
	if err := errors.Join(Check(t, text), Check(t, more...)); err != nil {
		return nil, err
	}
	in := &input{parts: tm.parts(1 + len(more)), texts: make([]tokens, 1+len(more))}
	for _, p := range in.parts {
		if p.Text < 0 {
			in.special++
		}
	}
	for i := range in.texts {
		if i > 0 {
			text = more[i-1]
		}
		in.texts[i].size = len(text)
		in.texts[i].ids, in.texts[i].spans = t.AppendSpans(nil, nil, text)
	}
	return in, nil
}

// lengths returns the number of tokens of each text.
func (in *input) lengths() []int {
	lengths := make([]int, len(in.texts))
	for i, text := range in.texts {
		lengths[i] = len(text.ids)
	}
	return lengths
}

// encoding puts the tokens in each text's window between the special tokens.
func (in *input) encoding(windows []window) *Encoding {
	n := in.special
	for _, w := range windows {
		n += w.hi - w.lo
	}
	e := &Encoding{IDs: make([]int, 0, n), Spans: make([]Span, 0, n), Sequence: make([]int, 0, n)}
	end := 0 // of the text before, if the last part was a text
	for _, p := range in.parts {
		at := len(e.IDs)
		if p.Text < 0 {
			e.IDs = append(e.IDs, p.ID)
			e.Spans = append(e.Spans, Span{end, end})
			e.Sequence = append(e.Sequence, -1)
			end = 0
		} else {
			text, w := &in.texts[p.Text], windows[p.Text]
			e.IDs = append(e.IDs, text.ids[w.lo:w.hi]...)
			e.Spans = append(e.Spans, text.spans[w.lo:w.hi]...)
			for range w.hi - w.lo {
				e.Sequence = append(e.Sequence, p.Text)
			}
			end = text.size
		}
		if p.Type != 0 && e.Types == nil && len(e.IDs) > at {
			e.Types = make([]int, at, n)
		}
		for e.Types != nil && len(e.Types) < len(e.IDs) {
			e.Types = append(e.Types, p.Type)
		}
	}
	return e
}
