package tokenizer

import "unicode"

// A Word is a part of a text whose ids a tokenizer finds by themselves, whatever stands
// beside it.
type Word struct {
	Text string // as the tokenizer's model takes it: normalised, with a space or ▁ before it
	Span Span   // the bytes of the text that it comes from
	IDs  []int
	// Ends says where in Text each piece of a unigram model's best path ends; other models
	// have none.
	Ends []int
	// Whole says that the word is a token that the tokenizer looks for in texts, such as
	// <mask>. Nothing in it is cut or merged.
	Whole bool
}

// A WordTokenizer is a Tokenizer that says how it cuts a text into words.
type WordTokenizer interface {
	Tokenizer
	// Words returns the words of text in order. Their ids, one after another, are those
	// of Append.
	Words(text string) []Word
}

// WordIDs returns the number of the word that each id of a text belongs to, counted from
// 0, as word_ids in Hugging Face's tokenizers. Words are those of a WordTokenizer. Any
// other tokenizer's begin where a token begins with white space or stands behind some,
// and at special tokens and after them.
func WordIDs(t Tokenizer, text string) []int {
	var numbers []int
	if w, ok := t.(WordTokenizer); ok {
		for n, word := range w.Words(text) {
			for range word.IDs {
				numbers = append(numbers, n)
			}
		}
		return numbers
	}
	ids, spans := t.AppendSpans(nil, nil, text)
	n, end, special := -1, 0, true
	for i, id := range ids {
		s := spans[i]
		begins := special || t.Kind(id) != Text || startsWithSpace(string(t.Bytes(id)))
		if begins || s.Start > end && startsWithSpace(text[end:]) {
			n++
		}
		numbers = append(numbers, n)
		end, special = max(end, s.End), t.Kind(id) != Text
	}
	return numbers
}

func startsWithSpace(s string) bool {
	for _, r := range s {
		return unicode.IsSpace(r)
	}
	return false
}
