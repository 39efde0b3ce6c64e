package pipeline

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"unicode"

	"github.com/goroberta/goroberta/tokenizer"
)

// A stretch is one of a context that may be an answer.
type stretch struct {
	tokenizer.Span
	score float64
}

// finish makes answers of the logits of all windows.
func (r *Reader) finish(j *job, given [][][]float32) ([]Answer, error) {
	best := top[stretch]{
		k: r.topK,
		order: func(a, b stretch) int {
			return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.Start, b.Start), cmp.Compare(a.End, b.End))
		},
		key: func(s stretch) string { return lower(j.text[s.Start:s.End]) },
	}
	none, noAnswer := 1.0, float32(0)
	for w := range j.sequences {
		none = min(none, r.window(&best, j.text, &j.sequences[w], given[w]))
	}
	found := best.best()
	if r.impossible {
		noAnswer = float32(none)
		at, _ := slices.BinarySearchFunc(found, none, func(s stretch, none float64) int {
			if s.score >= none {
				return -1
			}
			return 1
		})
		found = slices.Insert(found, at, stretch{score: none})
		found = found[:min(len(found), r.topK)]
	}
	answers := make([]Answer, len(found))
	var offsets []*int
	for i, s := range found {
		answers[i] = Answer{j.text[s.Start:s.End], float32(s.score), s.Start, s.End, noAnswer}
		offsets = append(offsets, &answers[i].Start, &answers[i].End)
	}
	if r.characters {
		countCharacters(j.text, offsets)
	}
	return answers, nil
}

// window adds the stretches of a window, and returns how likely it is that it holds no
// answer.
func (r *Reader) window(best *top[stretch], text string, s *sequence, logits [][]float32) float64 {
	var places []tokenizer.Span // of the context's tokens
	var starts, ends []float64  // their probabilities, after those of <s>
	add := func(i int) {
		starts, ends = append(starts, float64(logits[i][0])), append(ends, float64(logits[i][1]))
	}
	special := len(s.Sequence) > 0 && s.Sequence[0] < 0
	if special {
		add(0)
	}
	for i, of := range s.Sequence {
		if of == 1 {
			places = append(places, r.place(text, s.Spans[i]))
			add(i)
		}
	}
	probabilities(starts)
	probabilities(ends)
	none := 0.0
	if special {
		none = starts[0] * ends[0]
		starts, ends = starts[1:], ends[1:]
	}
	wide := places
	if s.words != nil {
		wide = widen(places, s.words)
	}
	for i := range places {
		for k := i; k < len(places) && k-i < r.maxAnswer; k++ {
			x := stretch{tokenizer.Span{Start: wide[i].Start, End: wide[k].End}, starts[i] * ends[k]}
			if x.Start < x.End && best.wants(x) && strings.Trim(text[x.Start:x.End], " ") != "" {
				best.add(x)
			}
		}
	}
	return none
}

// place is where a token is, without white space before it that stands for a space.
func (r *Reader) place(text string, s tokenizer.Span) tokenizer.Span {
	s = place(text, s)
	if !r.byteLevel {
		s.Start = s.End - len(strings.TrimLeftFunc(text[s.Start:s.End], unicode.IsSpace))
	}
	return s
}

// probabilities is softmax in place, in float64.
func probabilities(z []float64) {
	if len(z) == 0 {
		return
	}
	most, sum := slices.Max(z), 0.0
	for i := range z {
		z[i] = math.Exp(z[i] - most)
		sum += z[i]
	}
	for i := range z {
		z[i] /= sum
	}
}

// widen gives each token the place of its word, as far as a window shows it. words are the
// tokens' numbers of words. A token may be the space before a word: its place is then empty,
// and where the word starts.
func widen(places []tokenizer.Span, words []int) []tokenizer.Span {
	wide := make([]tokenizer.Span, len(places))
	for lo, hi := 0, 0; lo < len(places); lo = hi {
		whole := places[lo]
		for hi = lo + 1; hi < len(places) && words[hi] == words[lo]; hi++ {
			whole.Start, whole.End = min(whole.Start, places[hi].Start), max(whole.End, places[hi].End)
		}
		for i := lo; i < hi; i++ {
			wide[i] = whole
		}
	}
	return wide
}
