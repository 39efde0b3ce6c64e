package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/goroberta/goroberta/pipeline"
	"github.com/goroberta/goroberta/roberta"
	"github.com/goroberta/goroberta/tokenizer"
)

var maskTexts = []string{
	"The <mask> sat on the mat.", "<mask>", "no mask", "He said  <mask>", strings.Repeat("word ", 20) + "<mask>" + strings.Repeat(" more", 20),
	strings.Repeat("far too long ", 300) + "<mask>", "Zoë <mask> José\xff",
}

// TestFillerInBatches: answers do not depend on the batch, and are those of the model;
// what fails costs only itself.
func TestFillerInBatches(t *testing.T) {
	m := open(t, "fulldict")
	tok, err := m.Tokenizer()
	if err != nil {
		t.Fatal(err)
	}
	tokens := m.Encode("Two words here.")
	tokens[1], tokens[2] = tok.Special().Mask, tok.Special().Mask
	inputs := []pipeline.Input{pipeline.Tokens(tokens...), pipeline.Tokens(0, 9, 2), pipeline.Text("a <mask>", "pair"), pipeline.Words("a", "<mask>"), {}}
	for _, text := range maskTexts {
		inputs = append(inputs, pipeline.Text(text))
	}
	for name, opts := range map[string][]pipeline.Option{
		"each": nil, "joint": {pipeline.WithJoint(2), pipeline.WithTopK(3)}, "targets": {pipeline.WithTargets(" cat", " dog", " cat")},
	} {
		var want []string
		for _, batch := range []int{1, 30, 4096} {
			f, err := pipeline.NewFiller(m, append(opts, pipeline.WithBatch(batch))...)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			answered := 0
			for fills, err := range f.FillSeq(t.Context(), slices.Values(inputs)) {
				if err == nil {
					answered++
					got = append(got, fmt.Sprint(*fills))
				} else {
					got = append(got, err.Error())
				}
			}
			if want == nil {
				want = got
			}
			if !slices.Equal(got, want) || answered != 6 {
				t.Errorf("%s: %d answers in batches of %d tokens:\n%.2000q\nwant\n%.2000q", name, answered, batch, got, want)
			}
			for i := range inputs {
				fills, err := f.FillAll(t.Context(), inputs[i:i+1])
				if err != nil {
					if !strings.HasSuffix(want[i], strings.TrimPrefix(errors.Unwrap(err).Error(), "roberta: ")) {
						t.Errorf("%s: input %d alone: %v, want %s", name, i, err, want[i])
					}
				} else if got := fmt.Sprint(*fills[0]); got != want[i] {
					t.Errorf("%s: input %d alone: %.200s, want %.200s", name, i, got, want[i])
				}
			}
		}
	}
	f, err := pipeline.NewFiller(m)
	if err != nil {
		t.Fatal(err)
	}
	fills, err := f.Fill(t.Context(), maskTexts[0])
	if err != nil {
		t.Fatal(err)
	}
	own, err := m.FillMask(t.Context(), maskTexts[0], 5)
	if err != nil || !slices.Equal(fills.Masks[0], own) {
		t.Errorf("%v, want %v, %v", fills.Masks, own, err)
	}
}

// TestFillerErrors: what a Filler cannot do is an error when it is made.
func TestFillerErrors(t *testing.T) {
	m := open(t, "fulldict")
	for name, c := range map[string]struct {
		opts []pipeline.Option
		want error
	}{
		"k":       {[]pipeline.Option{pipeline.WithTopK(50266)}, roberta.ErrTopK},
		"beam 0":  {[]pipeline.Option{pipeline.WithJoint(0)}, pipeline.ErrOption},
		"beam":    {[]pipeline.Option{pipeline.WithJoint(50266)}, pipeline.ErrOption},
		"targets": {[]pipeline.Option{pipeline.WithTargets(" unbelievableness")}, roberta.ErrTarget},
		"empty":   {[]pipeline.Option{pipeline.WithTargets("")}, roberta.ErrTarget},
		"head":    {[]pipeline.Option{pipeline.WithHead("mnli")}, pipeline.ErrOption},
		"words":   {[]pipeline.Option{pipeline.WithWordL2R()}, pipeline.ErrOption},
	} {
		if _, err := pipeline.NewFiller(m, c.opts...); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	for name, opt := range map[string]pipeline.Option{"targets": pipeline.WithTargets("a"), "joint": pipeline.WithJoint(1), "top k": pipeline.WithTopK(1)} {
		if _, err := pipeline.NewScorer(m, opt); !errors.Is(err, pipeline.ErrOption) {
			t.Errorf("a Scorer with %s: %v", name, err)
		}
	}
	none := open(t, "hf/tiny-mnli") // has no LM head
	_, err1 := pipeline.NewFiller(none)
	_, err2 := pipeline.NewScorer(none)
	if !errors.Is(err1, roberta.ErrNoLMHead) || !errors.Is(err2, roberta.ErrNoLMHead) {
		t.Errorf("no LM head: %v, %v", err1, err2)
	}
}

// TestScorer holds scores to those of clozes, for texts, pairs, tokens and cut texts.
func TestScorer(t *testing.T) {
	m := open(t, "fulldict")
	tok, err := m.Tokenizer()
	if err != nil {
		t.Fatal(err)
	}
	text, pair := "An unbelievableness, isn't it?", "Zoë's  naïveté"
	words := tokenizer.WordIDs(tok, text)
	// logProbs are those of tokens [lo, hi) of ids, hidden alone or with the rest of the word.
	logProbs := func(ids []int, places []int, words []int) (all []float32) {
		for n, at := range places {
			end := n + 1
			for words != nil && end < len(places) && words[end] == words[n] {
				end++
			}
			hidden := slices.Clone(ids)
			for i := at; i < at+end-n; i++ {
				hidden[i] = tok.Special().Mask
			}
			x, err := m.ClozeLogProbs(t.Context(), roberta.Inputs(ids), [][]roberta.Cloze{{{At: at, End: at + end - n}}})
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, x[0]...)
			logits, err := m.LMLogits(t.Context(), hidden)
			if err != nil {
				t.Fatal(err)
			}
			sum, top := 0.0, float64(slices.Max(logits.Row(0, at)))
			for _, v := range logits.Row(0, at) {
				sum += math.Exp(float64(v) - top)
			}
			if want := float64(logits.Row(0, at)[ids[at]]) - top - math.Log(sum); math.Abs(want-float64(x[0][0])) > 1e-5 {
				t.Errorf("cloze at %d of %v: %v, want %v", at, ids, x[0][0], want)
			}
		}
		return all
	}
	span := func(lo, hi int) (places []int) {
		for i := lo; i < hi; i++ {
			places = append(places, i)
		}
		return places
	}
	whole, both := m.Encode(text), m.Encode(text, pair)
	n, more := len(words), len(both)-len(m.Encode(text, ""))
	cut := func(left bool) pipeline.Option {
		return pipeline.WithLimit(tokenizer.Limit{Length: 6, Truncation: tokenizer.LongestFirst, Left: left})
	}
	short := append(slices.Clone(whole[:5]), 2)
	tail := append([]int{0}, whole[len(whole)-5:]...)
	for name, c := range map[string]struct {
		in     pipeline.Input
		opts   []pipeline.Option
		ids    []int
		places []int
		words  []int
	}{
		"text":      {pipeline.Text(text), nil, whole, span(1, n+1), nil},
		"words":     {pipeline.Text(text), []pipeline.Option{pipeline.WithWordL2R()}, whole, span(1, n+1), words},
		"pair":      {pipeline.Text(text, pair), nil, both, append(span(1, n+1), span(n+3, n+3+more)...), nil},
		"tokens":    {pipeline.Tokens(append([]int{1}, whole...)...), nil, append([]int{1}, whole...), span(2, n+2), nil},
		"cut":       {pipeline.Text(text), []pipeline.Option{cut(false)}, short, span(1, 5), nil},
		"cut words": {pipeline.Text(text), []pipeline.Option{cut(false), pipeline.WithWordL2R()}, short, span(1, 5), words[:4]},
		"cut left":  {pipeline.Text(text), []pipeline.Option{cut(true), pipeline.WithWordL2R()}, tail, span(1, 5), words[n-4:]},
	} {
		s, err := pipeline.NewScorer(m, c.opts...)
		if err != nil {
			t.Fatal(err)
		}
		got, err := s.ScoreAll(t.Context(), []pipeline.Input{pipeline.Text("other"), c.in})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		want, sum := logProbs(c.ids, c.places, c.words), 0.0
		for i, x := range got[1].Tokens {
			if i >= len(want) || x.LogProb != want[i] || x.ID != c.ids[c.places[i]] || x.Token != tokenizer.TokenText(tok, x.ID) {
				t.Errorf("%s: token %d is %+v, want %v", name, i, x, want)
				break
			}
			sum += float64(x.LogProb)
		}
		if len(got[1].Tokens) != len(want) || got[1].LogLikelihood != sum || got[1].PseudoPerplexity != math.Exp(-sum/float64(len(want))) {
			t.Errorf("%s: %+v, want %v", name, got[1], want)
		}
	}
}

// TestScorerErrors: what cannot be scored costs only itself.
func TestScorerErrors(t *testing.T) {
	m := open(t, "fulldict")
	s, err := pipeline.NewScorer(m, pipeline.WithWordL2R(), pipeline.WithBatch(20))
	if err != nil {
		t.Fatal(err)
	}
	inputs := []pipeline.Input{
		pipeline.Text("one"), pipeline.Text(""), pipeline.Text(strings.Repeat("long ", 600)), pipeline.Tokens(0, 9, 2), pipeline.Words("a"), pipeline.Text("two"),
	}
	want := []error{nil, pipeline.ErrInput, roberta.ErrTooLong, pipeline.ErrInput, pipeline.ErrInput, nil}
	i := 0
	for score, err := range s.ScoreSeq(t.Context(), slices.Values(inputs)) {
		if !errors.Is(err, want[i]) || err == nil && (want[i] != nil || len(score.Tokens) != 1) {
			t.Errorf("input %d: %v, %v, want %v", i, score, err, want[i])
		}
		i++
	}
	if i != len(want) {
		t.Errorf("%d answers", i)
	}
	plain, err := pipeline.NewScorer(m)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := plain.ScoreAll(t.Context(), []pipeline.Input{pipeline.Tokens(0, 1, 2)}); !errors.Is(err, pipeline.ErrInput) {
		t.Errorf("special tokens alone: %v", err)
	}
	if _, err := plain.ScoreAll(t.Context(), []pipeline.Input{pipeline.Tokens(0, 9, 60000, 2)}); !errors.Is(err, roberta.ErrToken) {
		t.Errorf("a token outside the vocabulary: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := plain.Score(ctx, "a"); !errors.Is(err, context.Canceled) {
		t.Errorf("a context that has ended: %v", err)
	}
}
