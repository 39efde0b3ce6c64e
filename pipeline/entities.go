package pipeline

import (
	"slices"
	"strings"
)

// An Aggregation says how a Tagger makes entities of tokens. They are those of
// transformers, where they are called aggregation strategies.
//
// A label is a type, PER, after B- (an entity begins) or I- (it goes on). A label
// without either counts as I-. All but NoAggregation join neighbours while the type stays
// the same and no B- comes; such an entity's label is the type and its score the mean of
// its parts' scores.
//
// The last three give all tokens of a word one label first. A token continues the word
// before it unless it begins the text, is an unknown one, or has an ASCII space at its
// first character or the one before. So punctuation, line breaks and other white space
// end no word: "Paris," is one.
type Aggregation string

// The aggregations.
const (
	NoAggregation Aggregation = "none"    // each token by itself
	Simple        Aggregation = "simple"  // tokens are joined as they are
	First         Aggregation = "first"   // a word has the label of its first token
	Average       Aggregation = "average" // a word has the label of the largest mean score
	Max           Aggregation = "max"     // a word has the label of its token with the largest score
)

var aggregations = []Aggregation{NoAggregation, Simple, First, Average, Max}

// entities makes entities of a text's tokens.
func (t *Tagger) entities(text string, tokens []token) []Entity {
	var parts []Entity
	part := func(first, last *token, scores []float32) {
		k := argmax(scores)
		parts = append(parts, Entity{Label: t.labels[k], Score: scores[k], Start: first.Start, End: last.End})
	}
	for lo, hi := 0, 0; lo < len(tokens); lo = hi {
		hi = lo + 1
		if t.aggregation != NoAggregation && t.aggregation != Simple {
			for hi < len(tokens) && continues(text, &tokens[hi]) {
				hi++
			}
		}
		word := tokens[lo:hi]
		part(&word[0], &word[len(word)-1], t.wordScores(word))
	}
	if t.aggregation != NoAggregation {
		parts = join(parts)
	}
	entities := parts[:0]
	for _, e := range parts {
		if !slices.Contains(t.ignore, e.Label) {
			for e.Start < e.End && text[e.Start] == ' ' { // the first token may be a space alone
				e.Start++
			}
			e.Text = text[e.Start:max(e.Start, e.End)]
			entities = append(entities, e)
		}
	}
	return entities
}

// continues says whether a token belongs to the word before it.
func continues(text string, t *token) bool {
	return t.Start > 0 && !t.unknown && text[t.Start-1] != ' ' && (t.Start == len(text) || text[t.Start] != ' ')
}

// wordScores are the scores of a word, by those of its tokens.
func (t *Tagger) wordScores(word []token) []float32 {
	best := word[0].scores
	switch t.aggregation {
	case Max:
		for i := range word {
			if s := word[i].scores; s[argmax(s)] > best[argmax(best)] {
				best = s
			}
		}
	case Average:
		best = make([]float32, len(t.labels))
		for k := range best {
			sum := 0.0
			for i := range word {
				sum += float64(word[i].scores[k])
			}
			best[k] = float32(sum / float64(len(word)))
		}
	}
	return best
}

// join joins neighbours of one type.
func join(parts []Entity) []Entity {
	var joined []Entity
	for lo, hi := 0, 0; lo < len(parts); lo = hi {
		_, kind := cutLabel(parts[lo].Label)
		sum := 0.0
		for hi = lo; hi < len(parts); hi++ {
			if begins, k := cutLabel(parts[hi].Label); hi > lo && (begins || k != kind) {
				break
			}
			sum += float64(parts[hi].Score)
		}
		joined = append(joined, Entity{Label: groupLabel(parts[lo].Label), Score: float32(sum / float64(hi-lo)), Start: parts[lo].Start, End: parts[hi-1].End})
	}
	return joined
}

// cutLabel says whether a label begins an entity, and of which type it is.
func cutLabel(label string) (begins bool, kind string) {
	if kind, ok := strings.CutPrefix(label, "B-"); ok {
		return true, kind
	}
	return false, strings.TrimPrefix(label, "I-")
}

// groupLabel is the label of joined tokens. transformers takes what follows the first
// hyphen, whatever stands before it.
func groupLabel(label string) string {
	if _, kind, ok := strings.Cut(label, "-"); ok {
		return kind
	}
	return label
}
