package tokenizer_test

import (
	"strconv"

	"github.com/goroberta/goroberta/tokenizer"
)

// letters is a Tokenizer in which each byte is a token, so that a token's span
// is its place among the tokens. Byte b has id 10+b.
type letters struct{}

const (
	bos = iota + 1 // 0 is a hole
	pad
	eos
	unk
	mask
)

var names = [...]string{bos: "<s>", pad: "<pad>", eos: "</s>", unk: "<unk>", mask: "<mask>"}

func (letters) Append(ids []int, text string) []int {
	for i := range len(text) {
		ids = append(ids, 10+int(text[i]))
	}
	return ids
}

func (l letters) AppendSpans(ids []int, spans []tokenizer.Span, text string) ([]int, []tokenizer.Span) {
	for i := range len(text) {
		spans = append(spans, tokenizer.Span{Start: i, End: i + 1})
	}
	return l.Append(ids, text), spans
}

func (l letters) AppendText(dst []byte, ids []int) []byte {
	for _, id := range ids {
		dst = append(dst, l.Bytes(id)...)
	}
	return dst
}

func (letters) Bytes(id int) []byte {
	switch {
	case id >= 10 && id < 266:
		return []byte{byte(id - 10)}
	case id >= 0 && id < len(names):
		return []byte(names[id])
	}
	return nil
}

func (letters) Kind(id int) tokenizer.Kind {
	switch {
	case id >= 10 && id < 266:
		return tokenizer.Text
	case id == bos || id == eos:
		return tokenizer.Marker
	case id == unk || id == mask:
		return tokenizer.Symbol
	}
	return tokenizer.Filler
}

func (letters) Len() int { return 272 } // rounded up to a multiple of 16

func (letters) Special() tokenizer.Special {
	return tokenizer.Special{BOS: bos, Pad: pad, EOS: eos, Unk: unk, Mask: mask}
}

func (letters) Template() tokenizer.Template { return tokenizer.Roberta(bos, eos) }

// spell writes ids so that one can read them: special tokens in angle brackets,
// holes as their numbers.
func spell(ids []int) string {
	s := ""
	for _, id := range ids {
		if b := (letters{}).Bytes(id); len(b) > 0 {
			s += string(b)
		} else {
			s += "[" + strconv.Itoa(id) + "]"
		}
	}
	return s
}
