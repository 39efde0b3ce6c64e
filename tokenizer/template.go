package tokenizer

import "slices"

// A Template says which special tokens an input has and where its texts stand
// among them.
type Template struct {
	Single []Part // an input of one text, which is text 0
	// Pair is an input of two texts, 0 and 1 in this order. More texts follow
	// in the same way: before each of them stands what Pair has between its two.
	Pair []Part
}

// A Part of a Template is a special token or the place of a text.
type Part struct {
	Text int // the index of the text, or -1 for a special token
	ID   int // the special token, if Text is -1
	Type int // the token type of all tokens of the part
}

// Roberta returns the template of fairseq and of RobertaProcessing in
// tokenizer.json: <s> a </s>, and <s> a </s></s> b </s> for two texts, with
// these ids for <s> and </s>.
func Roberta(bos, eos int) Template {
	begin, end := Part{Text: -1, ID: bos}, Part{Text: -1, ID: eos}
	return Template{
		Single: []Part{begin, {Text: 0}, end},
		Pair:   []Part{begin, {Text: 0}, end, end, {Text: 1}, end},
	}
}

// Plain returns the template without special tokens.
func Plain() Template {
	return Template{Single: []Part{{Text: 0}}, Pair: []Part{{Text: 0}, {Text: 1}}}
}

// NoSeparator returns t with one special token between two texts, the first of
// those that t has there: <s> a </s> b </s> instead of <s> a </s></s> b </s>.
func (t Template) NoSeparator() Template {
	first, second := t.places()
	if second-first > 2 {
		t.Pair = slices.Delete(slices.Clone(t.Pair), first+2, second)
	}
	return t
}

// places returns where the first and the last text of Pair are in it.
func (t Template) places() (first, last int) {
	isText := func(p Part) bool { return p.Text >= 0 }
	first = slices.IndexFunc(t.Pair, isText)
	for last = len(t.Pair) - 1; last > first && !isText(t.Pair[last]); last-- {
	}
	return first, last
}

// parts returns the parts of an input of n texts.
func (t Template) parts(n int) []Part {
	switch n {
	case 1:
		return t.Single
	case 2:
		return t.Pair
	}
	first, last := t.places()
	parts := slices.Clone(t.Pair[:last+1])
	for i := 2; i < n; i++ {
		parts = append(parts, t.Pair[first+1:last]...)
		parts = append(parts, Part{Text: i, Type: t.Pair[last].Type})
	}
	return append(parts, t.Pair[last+1:]...)
}
