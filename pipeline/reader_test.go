package pipeline_test

import (
	"cmp"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/goroberta/goroberta/pipeline"
	"github.com/goroberta/goroberta/roberta"
	"github.com/goroberta/goroberta/tokenizer"
)

const passage = "  The lighthouse at Skagen was built in 1858; its bricks came from Ålborg and the  lens from Paris.\n\nThe last keeper, Zoë Müller, left in 1988. " +
	"It's 東京タワー, said the lens; the Lens, 🙂 the LENS from Paris."

// bruteForce answers without words and windows of its own: it sorts all stretches of all
// windows.
func bruteForce(t testing.TB, m *roberta.Model, q pipeline.Question, limit tokenizer.Limit, longest int) (answers []pipeline.Answer, none float64) {
	t.Helper()
	tok, err := m.Tokenizer()
	if err != nil {
		t.Fatal(err)
	}
	windows, err := tok.Template().Windows(tok, limit, q.Text, q.Context)
	if err != nil {
		t.Fatal(err)
	}
	none = 1
	for e := range windows {
		r, err := m.Compute(t.Context(), roberta.Request{Inputs: []roberta.Input{m.Input(e)}, Head: "qa"})
		if err != nil {
			t.Fatal(err)
		}
		p := func(i, k int) float64 {
			sum := 0.0
			for j := range e.IDs {
				if j == 0 || e.Sequence[j] == 1 {
					sum += math.Exp(float64(r.HeadTokenLogits.Row(0, j)[k]))
				}
			}
			return math.Exp(float64(r.HeadTokenLogits.Row(0, i)[k])) / sum
		}
		none = min(none, p(0, 0)*p(0, 1))
		for i := range e.IDs {
			for k := i; k < min(len(e.IDs), i+longest); k++ {
				if e.Sequence[i] != 1 || e.Sequence[k] != 1 {
					continue
				}
				start, end := e.Spans[i].Start, e.Spans[k].End
				for start < e.Spans[i].End && q.Context[start] == ' ' {
					start++
				}
				for !utf8.RuneStart(q.Context[min(start, len(q.Context)-1)]) {
					start--
				}
				for end < len(q.Context) && !utf8.RuneStart(q.Context[end]) {
					end++
				}
				if start < end {
					answers = append(answers, pipeline.Answer{Text: q.Context[start:end], Score: float32(p(i, 0) * p(k, 1)), Start: start, End: end})
				}
			}
		}
	}
	slices.SortFunc(answers, func(a, b pipeline.Answer) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.Start, b.Start), cmp.Compare(a.End, b.End))
	})
	var texts []string
	answers = slices.DeleteFunc(answers, func(a pipeline.Answer) bool {
		was := slices.ContainsFunc(texts, func(s string) bool { return strings.EqualFold(s, a.Text) })
		texts = append(texts, a.Text)
		return was
	})
	return answers, none
}

func sameAnswers(got, want []pipeline.Answer) bool {
	return slices.EqualFunc(got, want, func(a, b pipeline.Answer) bool {
		return math.Abs(float64(a.Score/b.Score-1)) < 1e-5 && a.Text == b.Text && a.Start == b.Start && a.End == b.End
	})
}

func TestAnswer(t *testing.T) {
	m := open(t, "fulldict")
	setHead(t, m, "qa", roberta.ReadsSpans, 2)
	q := pipeline.Question{Text: "Where did the lens come from?", Context: passage}
	for _, test := range []struct {
		limit   tokenizer.Limit
		given   bool
		longest int
		k       int
	}{
		{tokenizer.Limit{Length: 384, Stride: 128}, false, 15, 5},
		{tokenizer.Limit{Length: 30, Stride: 5}, true, 15, 20},
		{tokenizer.Limit{Length: 30, Stride: 15, Left: true}, false, 3, 1},
		{tokenizer.Limit{Length: 40, Stride: 0}, true, 60, 7},
	} {
		limit := test.limit
		limit.Truncation = tokenizer.OnlySecond
		want, none := bruteForce(t, m, q, limit, test.longest)
		for _, batch := range []int{1, 64, 4096} {
			opts := []pipeline.Option{pipeline.WithoutAlignment(), pipeline.WithMaxAnswer(test.longest), pipeline.WithTopK(test.k), pipeline.WithBatch(batch)}
			if test.given {
				opts = append(opts, pipeline.WithWindows(test.limit.Stride))
			}
			if test.limit.Length != 384 {
				opts = append(opts, pipeline.WithLimit(tokenizer.Limit{Length: test.limit.Length, Left: test.limit.Left}))
			}
			r, err := pipeline.NewReader(m, opts...)
			if err != nil {
				t.Fatal(err)
			}
			all, err := r.AnswerAll(t.Context(), []pipeline.Question{q, {Text: "other", Context: "x"}, q})
			if err != nil {
				t.Fatal(err)
			}
			if !sameAnswers(all[0], want[:test.k]) || !slices.Equal(all[0], all[2]) {
				t.Errorf("%+v, batches of %d: answers %v and %v, want %v", test.limit, batch, all[0], all[2], want[:test.k])
			}
			if r, err = pipeline.NewReader(m, append(opts, pipeline.WithImpossible(), pipeline.WithTopK(1000))...); err != nil {
				t.Fatal(err)
			}
			got, err := r.Answer(t.Context(), q.Text, q.Context)
			if err != nil {
				t.Fatal(err)
			}
			i := slices.IndexFunc(got, func(a pipeline.Answer) bool { return a.Text == "" })
			if i < 0 || !near(got[i].Score, float32(none), 1e-6) || got[i].Start != 0 || got[i].End != 0 || !slices.IsSortedFunc(got, func(a, b pipeline.Answer) int { return cmp.Compare(b.Score, a.Score) }) {
				t.Errorf("%+v: no answer is %d of %v, want its score %v", test.limit, i, got, none)
			}
			if j := slices.IndexFunc(got, func(a pipeline.Answer) bool { return a.NoAnswer != got[i].Score }); j >= 0 || all[0][0].NoAnswer != 0 {
				t.Errorf("%+v: NoAnswer of %v and %v", test.limit, got[max(j, 0)], all[0][0])
			}
		}
	}
}

// TestAnswerAlign checks that answers are whole words, and count characters on request.
func TestAnswerAlign(t *testing.T) {
	m := open(t, "fulldict")
	setHead(t, m, "qa", roberta.ReadsSpans, 2)
	var byBytes []pipeline.Answer
	for _, opts := range [][]pipeline.Option{{}, {pipeline.WithCharacters()}} {
		r, err := pipeline.NewReader(m, append(opts, pipeline.WithTopK(10000))...)
		if err != nil {
			t.Fatal(err)
		}
		got, err := r.Answer(t.Context(), "Where?", passage)
		if err != nil || len(got) < 50 {
			t.Fatal(len(got), err)
		}
		letter := func(i int) bool {
			c, _ := utf8.DecodeRuneInString(passage[i:])
			return i < len(passage) && (c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == 'ë' || c == 'ü' || c == 'Å' || c >= 0x3000 && c < 0xa000)
		}
		for i, a := range got {
			if len(opts) > 0 {
				if runes := []rune(passage); string(runes[a.Start:a.End]) != a.Text || a.Text != byBytes[i].Text {
					t.Errorf("characters %d to %d are not %q", a.Start, a.End, a.Text)
				}
				continue
			}
			if a.Text != passage[a.Start:a.End] {
				t.Errorf("%q is not at %d", a.Text, a.Start)
			}
			if a.Start > 0 && a.Text[0] != '\'' {
				if _, n := utf8.DecodeLastRuneInString(passage[:a.Start]); letter(a.Start-n) && letter(a.Start) {
					t.Errorf("%q begins inside a word", a.Text)
				}
			}
			if _, n := utf8.DecodeLastRuneInString(a.Text); letter(a.End-n) && letter(a.End) {
				t.Errorf("%q ends inside a word", a.Text)
			}
		}
		byBytes = got
	}
}

func TestReaderErrors(t *testing.T) {
	m := open(t, "fulldict")
	if _, err := pipeline.NewReader(m); !errors.Is(err, pipeline.ErrHead) {
		t.Errorf("error %v, want ErrHead", err)
	}
	setHead(t, m, "qa", roberta.ReadsSpans, 2)
	for _, test := range []struct {
		opts []pipeline.Option
		text string
	}{
		{[]pipeline.Option{pipeline.WithTopK(0)}, "best 0"},
		{[]pipeline.Option{pipeline.WithMaxAnswer(0)}, "answers of 0 tokens"},
		{[]pipeline.Option{pipeline.WithWindows(3), pipeline.WithLimit(tokenizer.Limit{Truncation: tokenizer.LongestFirst})}, "windows of the context alone"},
		{[]pipeline.Option{pipeline.WithMultiLabel()}, "a Reader has no WithMultiLabel"},
	} {
		if _, err := pipeline.NewReader(m, test.opts...); !errors.Is(err, pipeline.ErrOption) || !strings.Contains(err.Error(), test.text) {
			t.Errorf("error %v, want ErrOption with %q", err, test.text)
		}
	}
	r, err := pipeline.NewReader(m, pipeline.WithLimit(tokenizer.Limit{Length: 20}))
	if err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("a long question ", 10)
	for _, test := range []struct {
		q    pipeline.Question
		want error
	}{
		{pipeline.Question{Text: "", Context: "a"}, pipeline.ErrInput},
		{pipeline.Question{Text: "a", Context: ""}, pipeline.ErrInput},
		{pipeline.Question{Text: long, Context: passage}, tokenizer.ErrTooLong},
		{pipeline.Question{Text: "one two three four five six seven", Context: passage}, tokenizer.ErrTooLong}, // a stride of 10
	} {
		n := 0
		for a, err := range r.AnswerSeq(t.Context(), slices.Values([]pipeline.Question{{Text: "a", Context: "b"}, test.q, {Text: "a", Context: passage}})) {
			if n == 1 && (a != nil || !errors.Is(err, test.want)) || n != 1 && (err != nil || len(a) != 1) {
				t.Errorf("%.40q: answer %d is %v, %v, want %v", test.q.Text, n, a, err, test.want)
			}
			n++
		}
	}
	cut, err := pipeline.NewReader(m, pipeline.WithLimit(tokenizer.Limit{Length: 20, Truncation: tokenizer.OnlySecond}), pipeline.WithTopK(1000))
	if err != nil {
		t.Fatal(err)
	}
	got, err := cut.Answer(t.Context(), "Where?", passage)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range got {
		if a.End > 60 {
			t.Errorf("%+v lies beyond what is left of the context", a)
		}
	}
	if spaces, err := r.Answer(t.Context(), "Where?", "   "); err != nil || len(spaces) != 0 {
		t.Errorf("in a context of spaces: %v, %v", spaces, err)
	}
}

// FuzzAnswer checks that answers lie in the context, on characters' borders, best first
// and each once, aligned or not, in one window and in several.
func FuzzAnswer(f *testing.F) {
	m, err := roberta.Open("../testdata/goldens/tiny")
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { m.Close() })
	setHead(f, m, "qa", roberta.ReadsSpans, 2)
	for _, text := range []string{"a", "   ", passage, "\xff\xf0\x9f a\u0301\u00a0b\n\tc  d", strings.Repeat("the a of ", 20), "'s 're '\u2028\u3000x"} {
		f.Add("who?", text, 2, 3)
	}
	f.Fuzz(func(t *testing.T, question, text string, stride, longest int) {
		if len(question) > 12 || len(text) > 300 || question == "" || text == "" {
			t.Skip()
		}
		const length = 40
		longest = 1 + int(uint(longest)%20)
		for _, opts := range [][]pipeline.Option{{}, {pipeline.WithoutAlignment(), pipeline.WithImpossible()}} {
			opts = append(opts, pipeline.WithLimit(tokenizer.Limit{Length: length, Left: stride%2 == 0}), pipeline.WithWindows(int(uint(stride)%8)), pipeline.WithTopK(50), pipeline.WithMaxAnswer(longest))
			r, err := pipeline.NewReader(m, opts...)
			if err != nil {
				t.Fatal(err)
			}
			answers, err := r.Answer(t.Context(), question, text)
			if errors.Is(err, tokenizer.ErrTooLong) {
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			c, err := pipeline.NewReader(m, append(opts, pipeline.WithCharacters())...)
			if err != nil {
				t.Fatal(err)
			}
			characters, err := c.Answer(t.Context(), question, text)
			if err != nil || len(characters) != len(answers) {
				t.Fatalf("%d answers by characters, %v, %d by bytes", len(characters), err, len(answers))
			}
			seen := map[string]bool{}
			for i, a := range answers {
				if a.Start < 0 || a.End < a.Start || a.End > len(text) || a.Text != text[a.Start:a.End] {
					t.Fatalf("answer %+v of %q", a, text)
				}
				if utf8.ValidString(text) && !utf8.ValidString(a.Text) {
					t.Fatalf("answer %+v cuts a character of %q", a, text)
				}
				if !(a.Score >= 0 && a.Score <= 1) || i > 0 && a.Score > answers[i-1].Score {
					t.Fatalf("score %v after %v", a.Score, answers[max(i-1, 0)].Score)
				}
				if seen[a.Text] || a.Text == "" && len(opts) == 4 {
					t.Fatalf("%q is an answer twice, or unasked", a.Text)
				}
				seen[a.Text] = true
				b := characters[i]
				if b.Text != a.Text || b.Start != utf8.RuneCountInString(text[:a.Start]) || b.End-b.Start != utf8.RuneCountInString(a.Text) {
					t.Fatalf("answer %+v by characters is %+v", a, b)
				}
			}
		}
	})
}
