package roberta

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/goroberta/goroberta/internal/simd"
	"github.com/goroberta/goroberta/tokenizer"
)

// An Answer is what DisambiguatePronoun finds.
type Answer struct {
	Query  bool           // the text marks a query; the answer is Refers
	Refers bool           // the pronoun refers to the query
	Text   string         // the likeliest candidate, if the text marks no query
	Scores []PronounScore // of the candidates in their order, then of the query
}

// A PronounScore is the mean log-probability of a candidate's tokens in the
// pronoun's place, all of them masked.
type PronounScore struct {
	Text  string
	Score float32
}

// Errors of DisambiguatePronoun.
var (
	// ErrPronoun is wrapped by the other ones, and returned for a candidate that has
	// no tokens.
	ErrPronoun = errors.New("roberta: cannot disambiguate")
	// ErrPronounMark is returned for a text without exactly one [pronoun], or with
	// underscores that do not mark exactly one _query_.
	ErrPronounMark = fmt.Errorf("%w: want one [pronoun] and at most one _query_", ErrPronoun)
	// ErrPronounFirst is returned for a text that begins with its pronoun:
	// nothing before it can be referred to. As in fairseq.
	ErrPronounFirst = fmt.Errorf("%w: the text begins with the pronoun", ErrPronoun)
	// ErrPronounMisaligned is returned if the [pronoun] is part of a word.
	ErrPronounMisaligned = fmt.Errorf("%w: the marked pronoun is no word of its own", ErrPronoun)
	// ErrNoCandidate is returned if no candidate is given, or none that differs
	// from the query.
	ErrNoCandidate = fmt.Errorf("%w: no candidate", ErrPronoun)
)

// DisambiguatePronoun says what the [pronoun] of a text refers to, with a
// checkpoint trained on the Winograd Schema Challenge:
//
//	"The _trophy_ would not fit in the suitcase because [it] was too big."
//
// With a _query_ the answer is whether the query is at least as likely in the
// pronoun's place as every candidate. Candidates that contain the query or are
// contained in it, ignoring case, are left out. Without a query the answer is
// the likeliest candidate. Candidates are the text's noun phrases, which
// fairseq gets from spaCy; here the caller gives them.
//
// Errors are ErrPronoun or one of the four that wrap it, ErrNoLMHead, ErrNoVocabulary
// and those of ExtractFeatures. As fairseq's disambiguate_pronoun
// (examples/roberta/wsc/wsc_task.py), with one correction: with an init_token
// fairseq's mask covers the token after the candidate as well.
func (m *Model) DisambiguatePronoun(ctx context.Context, text string, candidates []string) (Answer, error) {
	if err := m.enter(); err != nil {
		return Answer{}, err
	}
	defer m.leave()
	if m.lm == nil {
		return Answer{}, ErrNoLMHead
	}
	if m.tok == nil {
		return Answer{}, m.noTok
	}
	if err := m.checkText(0, text); err != nil {
		return Answer{}, err
	}
	p, err := parsePronoun(text)
	if err != nil {
		return Answer{}, err
	}
	spans := p.candidates(candidates)
	if len(spans) == 0 {
		return Answer{}, ErrNoCandidate
	}
	ans := Answer{Query: p.hasQuery}
	texts := spans
	if p.hasQuery {
		texts = append(texts, p.query)
	}
	scores, err := m.spanScores(ctx, p, texts)
	if err != nil {
		return Answer{}, err
	}
	for i, s := range spans {
		ans.Scores = append(ans.Scores, PronounScore{s, scores[i]})
	}
	if p.hasQuery {
		ans.Refers = true
		for _, s := range scores[:len(spans)] {
			ans.Refers = ans.Refers && scores[len(spans)] >= s
		}
		ans.Scores = append(ans.Scores, PronounScore{p.query, scores[len(spans)]})
		return ans, nil
	}
	top := 0
	for i, s := range scores {
		if s > scores[top] {
			top = i
		}
	}
	// fairseq decodes the masked tokens, which is the candidate without white
	// space around it and with <unk> for what the dictionary lacks.
	ids, lo, hi := m.spanTokens(p, spans[top])
	ans.Text = strings.TrimFunc(tokenizer.Decode(m.tok, ids[lo:hi]), isSpace)
	return ans, nil
}

// spanTokens encodes the sentence with a text in the pronoun's place, at [lo, hi).
func (m *Model) spanTokens(p pronounText, text string) (ids []int, lo, hi int) {
	var init []int
	if m.cfg.InitToken >= 0 {
		init = []int{m.cfg.InitToken}
	}
	ids = m.tok.Append(append([]int(nil), init...), p.prefix+p.lead+text+p.trail+p.suffix)
	ids = append(ids, m.tok.Special().EOS)
	lo = len(m.tok.Append(append([]int(nil), init...), p.prefix))
	hi = lo + len(m.tok.Append(nil, p.lead+text))
	return ids, min(lo, len(ids)), min(hi, len(ids))
}

// candidatesAtOnce bounds the candidates whose tokens are in memory at a time.
const candidatesAtOnce = 64

// spanScores scores each text in the pronoun's place.
func (m *Model) spanScores(ctx context.Context, p pronounText, texts []string) ([]float32, error) {
	var scores []float32
	for some := range slices.Chunk(texts, candidatesAtOnce) {
		var questions []question
		var targets [][]int
		for i, text := range some {
			if err := m.checkText(len(scores)+i, text); err != nil {
				return nil, err
			}
			ids, lo, hi := m.spanTokens(p, text)
			if lo == hi {
				return nil, fmt.Errorf("%w: candidate %s has no tokens", ErrPronoun, quote(text))
			}
			if err := m.checkLength(len(scores)+i, ids); err != nil {
				return nil, err
			}
			targets = append(targets, slices.Clone(ids[lo:hi]))
			var places []int
			for j := lo; j < hi; j++ {
				ids[j] = m.tok.Special().Mask
				places = append(places, j)
			}
			n := len(scores) + i
			questions = append(questions, question{Input{Tokens: ids}, places, func(j int, logp []float32) {
				simd.LogSoftmax(logp, logp)
				scores[n] += logp[targets[i][j]]
			}})
		}
		first := len(scores)
		scores = append(scores, make([]float32, len(some))...)
		if err := m.ask(ctx, slices.Values(questions)); err != nil {
			return nil, err
		}
		for i := range some {
			scores[first+i] /= float32(len(targets[i]))
		}
	}
	return scores, nil
}

// A pronounText is a sentence cut at its pronoun.
type pronounText struct {
	prefix, lead, trail, suffix string // lead and trail are "" or " "
	query                       string
	hasQuery                    bool
}

// parsePronoun reads the marks of a text and cuts it at the pronoun as
// fairseq does (examples/roberta/wsc/wsc_utils.py, convert_sentence_to_json and
// jsonl_iterator). Words are separated by single spaces.
func parsePronoun(text string) (p pronounText, err error) {
	if n := strings.Count(text, "_"); n == 2 {
		p.hasQuery = true
		_, rest, _ := strings.Cut(text, "_")
		p.query, _, _ = strings.Cut(rest, "_")
		if strings.HasSuffix(p.query, ".") || strings.HasSuffix(p.query, ",") {
			p.query = p.query[:len(p.query)-1]
		}
		if strings.TrimFunc(p.query, isSpace) == "" {
			return p, fmt.Errorf("%w: the query is empty", ErrPronounMark)
		}
	} else if n != 0 {
		return p, fmt.Errorf("%w: the text has %d underscores", ErrPronounMark, n)
	}
	open, end := strings.Index(text, "["), strings.Index(text, "]")
	if strings.Count(text, "[") != 1 || strings.Count(text, "]") != 1 || end < open {
		return p, fmt.Errorf("%w: the text has %d [ and %d ]", ErrPronounMark, strings.Count(text, "["), strings.Count(text, "]"))
	}
	before := trimRight(text[:open])
	if strings.Trim(before, "_") == "" {
		return p, ErrPronounFirst
	}
	bare := strings.NewReplacer("_", "", "[", "", "]", "")
	pronoun := stripPronoun(bare.Replace(text[open:end]))
	words := strings.Split(bare.Replace(text), " ")
	i := len(strings.Split(before, " "))
	if i >= len(words) || stripPronoun(words[i]) != pronoun {
		i++ // a double space before the pronoun
	}
	if pronoun == "" || i >= len(words) || stripPronoun(words[i]) != pronoun {
		return p, ErrPronounMisaligned
	}
	p.prefix = detokenize(words[:i])
	pronoun = detokenize([]string{pronoun})
	p.suffix = detokenize(words[i+1:])
	p.lead = " "
	if i+1 < len(words) {
		p.trail = " "
	}
	if strings.HasSuffix(pronoun, ".") || strings.HasSuffix(pronoun, ",") {
		p.suffix = pronoun[len(pronoun)-1:] + p.trail + p.suffix
	}
	if strings.HasPrefix(p.suffix, ".") || strings.HasPrefix(p.suffix, ",") || p.suffix == "" {
		p.trail = ""
	}
	return p, nil
}

// stripPronoun removes the punctuation that may follow a pronoun.
func stripPronoun(s string) string { return strings.TrimRight(s, `.,"`) }

// candidates leaves out what overlaps with the query
// (wsc_utils.py, filter_noun_chunks), and what is blank.
func (p *pronounText) candidates(cs []string) []string {
	var out []string
	query := strings.ToLower(p.query)
	for _, c := range cs {
		lower := strings.ToLower(c)
		if strings.TrimFunc(c, isSpace) == "" {
			continue
		}
		if p.hasQuery && (strings.Contains(query, lower) || strings.Contains(lower, query)) {
			continue
		}
		out = append(out, c)
	}
	return out
}
