package bpe

import (
	"github.com/goroberta/goroberta/internal/merges"
	"github.com/goroberta/goroberta/tokenizer"
)

var _ tokenizer.Explainer = (*Tokenizer)(nil)

// Steps returns nothing: texts are taken as they are.
func (t *Tokenizer) Steps(string) []tokenizer.Step { return nil }

// Explain returns the merges of a word.
func (t *Tokenizer) Explain(word tokenizer.Word) tokenizer.Explanation {
	if t.encoder == nil {
		return tokenizer.Explanation{}
	}
	return t.encoder.Explain(word.Text)
}

// Explain returns the merges of a piece. Bytes and tokens are written as in GPT-2's
// files: "Ġa" for " a".
func (e *Encoder) Explain(piece string) tokenizer.Explanation {
	if _, ok := e.whole[piece]; ok {
		return tokenizer.Explanation{Parts: []string{Written([]byte(piece))}} // it is not merged
	}
	v := e.vocabulary
	var x tokenizer.Explanation
	symbols := make([]int32, len(piece))
	for i := range len(piece) {
		symbols[i] = int32(v.bytes[piece[i]])
		x.Parts = append(x.Parts, Written([]byte{piece[i]}))
	}
	rule := func(left, right int32) (merges.Rule, bool) {
		rank, made := v.pairs.find(uint32(left), uint32(right))
		return merges.Rule{Rank: int(rank), Made: int32(made)}, rank != noRank
	}
	x.Merges = merges.Trace(symbols, true, rule, func(s int32) string { return Written([]byte(v.token(uint32(s)))) })
	return x
}
