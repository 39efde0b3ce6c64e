package fastbpe

import (
	"strings"
	"unicode/utf8"

	"github.com/goroberta/goroberta/internal/merges"
	"github.com/goroberta/goroberta/tokenizer"
)

var _ tokenizer.Explainer = (*Tokenizer)(nil)

// Words returns what stands between white space, after tweets were rewritten, and the added
// tokens of text. A text that Check refuses has none.
func (t *Tokenizer) Words(text string) []tokenizer.Word {
	var words []tokenizer.Word
	e := &emitter{Tokenizer: t, text: text}
	n := 0
	add := func(start, end int, whole bool) {
		span := tokenizer.Span{Start: start, End: end}
		if e.tweet != nil {
			span = e.tweet.span(start, end)
		}
		words = append(words, tokenizer.Word{Text: e.text[start:end], Span: span, IDs: append([]int(nil), e.ids[n:]...), Whole: whole})
		n = len(e.ids)
	}
	e.done = func(start, end int) { add(start, end, false) }
	if t.fairseq {
		for start, end := range spaces(text) {
			e.word(start, end)
		}
		return words
	}
	e.withSpans = true // tweets are asked for the places of their words
	t.added.parts(text, e.part, func(id, start, end int) {
		e.emit(id, start, end)
		add(start, end, true)
	})
	if e.err != nil {
		return nil
	}
	return words
}

// Steps returns the normal form of a tweet, for a tokenizer that makes it.
func (t *Tokenizer) Steps(text string) []tokenizer.Step {
	if !t.tweets || t.Check(text) != nil {
		return nil
	}
	var b strings.Builder
	t.added.parts(text, func(start, end int) {
		if tweet, err := normalize(text, start, end, false); err == nil {
			b.Write(tweet.text)
		}
	}, func(_, start, end int) { b.WriteString(text[start:end]) })
	return []tokenizer.Step{{Name: "normalizeTweet", Text: b.String()}}
}

// Explain returns the merges of a word. The last part has </w> after it, as in bpe.codes.
func (t *Tokenizer) Explain(word tokenizer.Word) tokenizer.Explanation {
	var x tokenizer.Explanation
	var symbols []int32
	for i := 0; i < len(word.Text); {
		_, size := utf8.DecodeRuneInString(word.Text[i:])
		part := word.Text[i : i+size]
		if i += size; i == len(word.Text) {
			part += endOfWord
		}
		symbol, ok := t.codes.symbols[part]
		if !ok {
			symbol = -1
		}
		x.Parts, symbols = append(x.Parts, part), append(symbols, symbol)
	}
	rule := func(left, right int32) (merges.Rule, bool) {
		if left < 0 || right < 0 {
			return merges.Rule{}, false
		}
		m, ok := t.codes.merges[[2]int32{left, right}]
		return merges.Rule{Rank: int(m.rank) - 1, Made: m.made}, ok
	}
	x.Merges = merges.Trace(symbols, true, rule, func(int32) string { return "" })
	for i := range x.Merges {
		m := &x.Merges[i]
		m.Made = strings.Join(x.Parts[m.From:m.To], "")
	}
	return x
}
