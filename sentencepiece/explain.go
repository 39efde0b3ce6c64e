package sentencepiece

import (
	"bytes"
	"strings"

	"github.com/goroberta/goroberta/internal/merges"
	"github.com/goroberta/goroberta/internal/trie"
	"github.com/goroberta/goroberta/internal/unigram"
	"github.com/goroberta/goroberta/tokenizer"
)

var _ tokenizer.Explainer = (*Tokenizer)(nil)

// Words returns the parts of the normalised text from one piece that begins with ▁ to the
// next, and the special tokens in it. The model cuts the text as a whole, but no piece of
// the result reaches from one of these words into the next.
func (t *Tokenizer) Words(text string) []tokenizer.Word {
	var words []tokenizer.Word
	t.eachPart(text, func(part string, base int) {
		words = t.appendWords(words, part, base)
	}, func(id, start, end int) {
		words = append(words, tokenizer.Word{Text: text[start:end], Span: tokenizer.Span{Start: start, End: end}, IDs: []int{id}, Whole: true})
	})
	return words
}

// eachPart hands on special tokens and the parts of a text between them, in order.
func (t *Tokenizer) eachPart(text string, part func(part string, base int), special func(id, start, end int)) {
	at := 0
	for t.marked != nil && at < len(text) {
		start, end, token := t.marked.find(text, at)
		if token == nil {
			break
		}
		if before := token.before(text[at:start]); before != "" {
			part(before, at)
		}
		special(token.ID, start, end)
		at = end
		if token.RStrip {
			at = len(text) - len(trimLeft(text[at:]))
		}
	}
	if at < len(text) {
		part(text[at:], at)
	}
}

// appendWords appends the words of a text in which nothing is special.
func (t *Tokenizer) appendWords(words []tokenizer.Word, text string, base int) []tokenizer.Word {
	ids, _ := t.appendPlain(nil, nil, text, base, false)
	s := t.model.cut(text, true)
	defer t.model.release(s)
	space := []byte(spaceSymbol)
	at, next := 0, 0 // of the last word: where it begins, and its first id
	var ends []int
	add := func(end, last int) {
		if end > at {
			span := tokenizer.Span{Start: base + s.origin[at], End: base + s.origin[end]}
			words = append(words, tokenizer.Word{Text: string(s.text[at:end]), Span: span, IDs: ids[next:last:last], Ends: ends})
		}
		at, next, ends = end, last, nil
	}
	start, n := 0, 0
	for _, token := range s.tokens {
		if bytes.HasPrefix(s.text[start:], space) {
			add(start, n)
		}
		n += t.idsOf(token.ID, s.text[start:token.End])
		if !t.model.bpe {
			ends = append(ends, token.End-at)
		}
		start = token.End
	}
	add(len(s.text), n)
	return words
}

// idsOf is the number of ids of a piece that text was cut into.
func (t *Tokenizer) idsOf(piece int, text []byte) int {
	m := t.model
	switch {
	case piece == m.unk && m.byteFallback:
		return len(text)
	case t.entries == nil:
		return 1
	case piece == m.unk && t.cutsUp:
		n := 0
		for range fields(text) {
			n++
		}
		return n
	case piece != m.unk && t.toID[piece] == cutUp:
		return len(t.parts[piece])
	}
	return 1
}

// Steps returns the normalised text, special tokens left as they are.
func (t *Tokenizer) Steps(text string) []tokenizer.Step {
	var b strings.Builder
	t.eachPart(text, func(part string, _ int) { b.WriteString(t.model.Normalize(part)) },
		func(_, start, end int) { b.WriteString(text[start:end]) })
	return []tokenizer.Step{{Name: "normalizer", Text: b.String()}}
}

// Explain returns the merges of a word or its lattice. Ids are the model's own: those of
// its file.
func (t *Tokenizer) Explain(word tokenizer.Word) tokenizer.Explanation {
	switch {
	case word.Whole:
		return tokenizer.Explanation{}
	case t.model.bpe:
		return t.model.merger.explain(word.Text)
	}
	return t.model.lattice(word.Text, word.Ends)
}

func (m *Model) lattice(text string, ends []int) (x tokenizer.Explanation) {
	var all []unigram.Candidate[float32]
	for c := range m.unigram.Candidates(text) {
		all = append(all, c)
		id := c.ID
		if !c.Known {
			id = -1
		}
		x.Lattice = append(x.Lattice, tokenizer.Candidate{Start: c.Start, End: c.End, Text: text[c.Start:c.End], ID: id, Score: float64(c.Score)})
	}
	for _, n := range unigram.Path(all, ends) {
		x.Lattice[n].Best = true
	}
	return x
}

// explain returns the merges of a text. Pieces that are UNUSED fall apart again afterwards.
func (g *merger) explain(text string) (x tokenizer.Explanation) {
	var symbols []int32
	var names []string // by symbol
	index := map[string]int32{}
	symbol := func(s string) int32 {
		n, ok := index[s]
		if !ok {
			n = int32(len(names))
			index[s], names = n, append(names, s)
		}
		return n
	}
	frozen := map[int32]bool{}
	for at := 0; at < len(text); {
		size := min(unigram.CharLen(text[at]), len(text)-at)
		name := text[at : at+size]
		if len(g.user.Units) > 0 {
			if _, n := trie.Longest(g.user, text[at:]); n > 0 {
				size, name = n, text[at:at+n]
				frozen[symbol(name)] = true
			}
		}
		x.Parts, symbols = append(x.Parts, name), append(symbols, symbol(name))
		at += size
	}
	rule := func(left, right int32) (merges.Rule, bool) {
		if frozen[left] || frozen[right] {
			return merges.Rule{}, false
		}
		n := trie.Find(g.texts, names[left]+names[right])
		if n < 0 {
			return merges.Rule{}, false
		}
		score := g.pieces[n].score
		return merges.Rule{Rank: -int(order(score)), Made: symbol(names[left] + names[right]), Score: float64(score)}, true
	}
	x.Merges = merges.Trace(symbols, false, rule, func(s int32) string { return names[s] })
	for i := range x.Merges {
		x.Merges[i].Rank = -1 // the score says it
	}
	return x
}
