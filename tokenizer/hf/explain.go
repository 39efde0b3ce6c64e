package hf

import (
	"strings"
	"unicode/utf8"

	"github.com/goroberta/goroberta/internal/merges"
	"github.com/goroberta/goroberta/internal/unigram"
	"github.com/goroberta/goroberta/tokenizer"
)

var _ tokenizer.Explainer = (*Tokenizer)(nil)

// Explain returns the merges of a word or its lattice. Pieces are written as in the file.
func (t *Tokenizer) Explain(word tokenizer.Word) tokenizer.Explanation {
	if word.Whole || word.Text == "" {
		return tokenizer.Explanation{}
	}
	switch m := t.model.(type) {
	case *byteBPE:
		return m.encoder.Explain(word.Text)
	case *charBPE:
		return m.explain(word.Text)
	case *unigramModel:
		return m.explain(word.Text)
	}
	return tokenizer.Explanation{}
}

func (m *charBPE) explain(piece string) (x tokenizer.Explanation) {
	if m.whole {
		name := piece
		if m.mapped {
			name = mappedText(piece)
		}
		if _, ok := m.vocab.index[name]; ok && !m.special[name] {
			x.Parts = []string{name}
			return x
		}
	}
	var w merger
	m.cut(&w, piece)
	symbols := make([]int32, len(w.symbols))
	for i, s := range w.symbols {
		symbols[i] = s.token
		x.Parts = append(x.Parts, m.vocab.names[s.token])
	}
	rule := func(left, right int32) (merges.Rule, bool) {
		to, ok := m.merges[[2]int32{left, right}]
		return merges.Rule{Rank: int(to.rank), Made: to.made}, ok
	}
	x.Merges = merges.Trace(symbols, false, rule, func(s int32) string { return m.vocab.names[s] })
	return x
}

func (m *unigramModel) explain(piece string) (x tokenizer.Explanation) {
	var all []unigram.Candidate[float64]
	for c := range m.search.Candidates(piece) {
		all = append(all, c)
		id := c.ID
		if !c.Known {
			id = -1
		}
		x.Lattice = append(x.Lattice, tokenizer.Candidate{Start: c.Start, End: c.End, Text: piece[c.Start:c.End], ID: id, Score: c.Score})
	}
	var ends []int
	for _, t := range m.search.Append(nil, piece) {
		ends = append(ends, t.End)
	}
	for _, n := range unigram.Path(all, ends) {
		x.Lattice[n].Best = true
	}
	return x
}

// Steps returns the text after each normaliser. They see what lies between added tokens;
// those that are found in the normalised text are still text here.
func (t *Tokenizer) Steps(text string) []tokenizer.Step {
	if t.Check(text) != nil {
		return nil
	}
	var mem scratch
	texts := make([]strings.Builder, len(t.normalizer))
	s := t.splitter(t.raw, text)
	for c, ok := s.next(); ok; c, ok = s.next() {
		if c.lo >= c.hi {
			continue
		}
		mem.reset()
		p := piece{text: text[c.lo:c.hi], base: c.lo, orig: c.lo, mem: &mem}
		if c.id < 0 && !t.anyBytes && !utf8.ValidString(p.text) {
			p = p.toValid()
		}
		for i, n := range t.normalizer {
			if c.id < 0 {
				p = n.normalize(p)
			}
			texts[i].WriteString(p.text)
		}
	}
	var steps []tokenizer.Step
	for i, n := range t.normalizer {
		steps = append(steps, tokenizer.Step{Name: nameOf(n), Text: texts[i].String()})
	}
	return steps
}

// nameOf is what tokenizer.json calls a normaliser.
func nameOf(n normalizer) string {
	switch n := n.(type) {
	case precompiled:
		return "Precompiled"
	case form:
		return [...]string{"NFC", "NFD", "NFKC", "NFKD"}[n.Form]
	case lowercase:
		return "Lowercase"
	case stripAccents:
		return "StripAccents"
	case nmt:
		return "Nmt"
	case stripNormalizer:
		return "Strip"
	case replaceNormalizer:
		return "Replace"
	case prepend:
		return "Prepend"
	}
	return "ByteLevel"
}
