package tokenizer

// An Explainer is a WordTokenizer that shows how the tokens of a word come about.
type Explainer interface {
	WordTokenizer
	// Steps returns what becomes of a text before its words are cut into tokens: each
	// normaliser, and the text after it. There are none for a tokenizer that takes texts as
	// they are.
	Steps(text string) []Step
	// Explain returns how the tokens of a word, one of Words, are found. A word that is Whole
	// has nothing to explain.
	Explain(word Word) Explanation
}

// A Step is what is done with a text, and the text after it.
type Step struct{ Name, Text string }

// An Explanation is how a word is cut: by merges in a BPE, by a lattice in a unigram model.
type Explanation struct {
	// Parts is what the word begins as in a BPE: its characters or bytes, as the
	// vocabulary's files write them.
	Parts []string
	// Merges are done one after another.
	Merges []Merge
	// Lattice has every piece that a unigram model may cut from the word, by where they
	// begin, the shorter before the longer.
	Lattice []Candidate
}

// A Merge makes one piece of two neighbours: Parts[From:Mid] and Parts[Mid:To].
type Merge struct {
	From, Mid, To int
	Made          string
	Rank          int     // the place of the merge among all, from 0; the lowest comes first
	Score         float64 // of a SentencePiece model, whose Rank is -1: the highest comes first
}

// A Candidate is a piece that a word may be cut into.
type Candidate struct {
	Start, End int // bytes of the word's Text
	Text       string
	ID         int // -1: an unknown character
	Score      float64
	Best       bool // it is on the path with the largest sum of scores
}

// Pieces is what the word is in the end: the parts after all merges, or the best path.
func (e *Explanation) Pieces() []string {
	var all []string
	for _, c := range e.Lattice {
		if c.Best {
			all = append(all, c.Text)
		}
	}
	made := make([]Merge, len(e.Parts)) // by From: the last merge there
	for _, m := range e.Merges {
		made[m.From] = m
	}
	for i := 0; i < len(e.Parts); {
		if m := made[i]; m.To > 0 {
			all, i = append(all, m.Made), m.To
		} else {
			all, i = append(all, e.Parts[i]), i+1
		}
	}
	return all
}
