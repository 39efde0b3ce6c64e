package metrics

import (
	"slices"
	"strings"
	"unicode"
)

// An Answered is a question with its true answers and the one that was given.
type Answered struct {
	Answers  []string // any of them is right; none: the question has no answer
	Given    string   // "" says that there is no answer
	NoAnswer float64  // the probability, or any score, that there is none
}

// SQuADScores are percentages of questions.
type SQuADScores struct {
	Exact float64 `json:"exact"`
	F1    float64 `json:"f1"`
	Total int     `json:"total"`

	// Of the questions with an answer, and of those without.
	HasAns *SQuADPart `json:"has_ans,omitempty"` // nil: there are none
	NoAns  *SQuADPart `json:"no_ans,omitempty"`

	// The best that a threshold on NoAnswer reaches, and the smallest such threshold: what
	// lies above it is no answer.
	BestExact          float64 `json:"best_exact"`
	BestExactThreshold float64 `json:"best_exact_thresh"`
	BestF1             float64 `json:"best_f1"`
	BestF1Threshold    float64 `json:"best_f1_thresh"`
}

// A SQuADPart is the scores of some of the questions.
type SQuADPart struct {
	Exact float64 `json:"exact"`
	F1    float64 `json:"f1"`
	Total int     `json:"total"`
}

// ScoreSQuAD is SQuAD 2.0's official metric. A question whose NoAnswer exceeds the
// threshold counts as one without an answer, whatever was given. 1 suits probabilities
// if the given answers alone are to count.
func ScoreSQuAD(questions []Answered, threshold float64) *SQuADScores {
	r := &SQuADScores{Total: len(questions)}
	exact, f1 := make([]float64, len(questions)), make([]float64, len(questions))
	var part [2]SQuADPart
	for i, q := range questions {
		exact[i], f1[i] = q.score()
		e, f, k := exact[i], f1[i], 0
		if len(q.Answers) > 0 {
			k = 1
		}
		if q.NoAnswer > threshold {
			e = float64(1 - k)
			f = e
		}
		part[k].Exact, part[k].F1, part[k].Total = part[k].Exact+e, part[k].F1+f, part[k].Total+1
	}
	r.Exact, r.F1 = percent(part[0].Exact+part[1].Exact, r.Total), percent(part[0].F1+part[1].F1, r.Total)
	for k := range part {
		p := &part[k]
		p.Exact, p.F1 = percent(p.Exact, p.Total), percent(p.F1, p.Total)
	}
	if part[0].Total > 0 {
		r.NoAns = &part[0]
	}
	if part[1].Total > 0 {
		r.HasAns = &part[1]
	}
	r.BestExact, r.BestExactThreshold = best(questions, exact)
	r.BestF1, r.BestF1Threshold = best(questions, f1)
	return r
}

func percent(sum float64, n int) float64 {
	if n == 0 {
		return 0
	}
	return 100 * sum / float64(n)
}

// best finds the threshold with the best score, as find_best_thresh does.
func best(questions []Answered, scores []float64) (score, threshold float64) {
	order := make([]int, len(questions))
	now := 0.0
	for i, q := range questions {
		order[i] = i
		if len(q.Answers) == 0 {
			now++
		}
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch x, y := questions[a].NoAnswer, questions[b].NoAnswer; {
		case x < y:
			return -1
		case x > y:
			return 1
		}
		return 0
	})
	most := now
	for _, i := range order {
		switch q := questions[i]; {
		case len(q.Answers) > 0:
			now += scores[i]
		case q.Given != "":
			now--
		}
		if now > most {
			most, threshold = now, questions[i].NoAnswer
		}
	}
	return percent(most, len(questions)), threshold
}

// score is the best score over the true answers. One that normalises to nothing does not
// count; if none counts, the question has no answer.
func (q *Answered) score() (exact, f1 float64) {
	given := normalAnswer(q.Given)
	some := false
	for _, a := range q.Answers {
		if truth := normalAnswer(a); len(truth) > 0 {
			exact, f1 = max(exact, exactMatch(truth, given)), max(f1, overlap(truth, given))
			some = true
		}
	}
	if !some {
		return exactMatch(nil, given), overlap(nil, given)
	}
	return exact, f1
}

// ExactMatch is 1 if two answers are equal once case, ASCII punctuation, the articles a,
// an and the, and the amount of white space are left out; else 0. SQuAD's compute_exact.
func ExactMatch(truth, given string) float64 {
	return exactMatch(normalAnswer(truth), normalAnswer(given))
}

// AnswerF1 is the F1 of the words that two answers have in common, in the form of
// ExactMatch; 1 if both have none. SQuAD's compute_f1.
func AnswerF1(truth, given string) float64 { return overlap(normalAnswer(truth), normalAnswer(given)) }

func exactMatch(a, b []string) float64 {
	if slices.Equal(a, b) {
		return 1
	}
	return 0
}

func overlap(a, b []string) float64 {
	if len(a) == 0 || len(b) == 0 {
		return exactMatch(a, b)
	}
	left := map[string]int{}
	for _, w := range a {
		left[w]++
	}
	same := 0
	for _, w := range b {
		if left[w] > 0 {
			left[w]--
			same++
		}
	}
	if same == 0 {
		return 0
	}
	precision, recall := float64(same)/float64(len(b)), float64(same)/float64(len(a))
	return 2 * precision * recall / (precision + recall)
}

// normalAnswer is the words of an answer in the form that is compared. (SQuAD compares
// them joined by spaces, which is the same.)
func normalAnswer(s string) []string {
	s = strings.Map(func(r rune) rune {
		if r < 0x80 && (unicode.IsPunct(r) || unicode.IsSymbol(r)) {
			return -1
		}
		return r
	}, pythonLower(s))
	return strings.FieldsFunc(withoutArticles(s), pythonSpace)
}

// withoutArticles puts a space in the place of each of a, an and the that is a word: a
// run of letters, digits and underscores.
func withoutArticles(s string) string {
	var b strings.Builder
	for len(s) > 0 {
		end := strings.IndexFunc(s, func(r rune) bool { return !pythonWord(r) })
		if end < 0 {
			end = len(s)
		}
		switch word := s[:end]; word {
		case "a", "an", "the":
			b.WriteByte(' ')
		default:
			b.WriteString(word)
		}
		s = s[end:]
		if next := strings.IndexFunc(s, pythonWord); next < 0 {
			b.WriteString(s)
			s = ""
		} else {
			b.WriteString(s[:next])
			s = s[next:]
		}
	}
	return b.String()
}
