package pipeline

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/goroberta/goroberta/tokenizer"
)

// A taggingCase is a line of testdata/entities.jsonl.gz.
type taggingCase struct {
	Model      string
	Labels     []string
	Text       string
	Words      []string
	WordLabels []*string `json:"word_labels"`
	Offsets    [][2]int
	Special    []bool
	Logits     [][]float32
	Results    []struct {
		Aggregation Aggregation
		Ignore      []string
		Entities    [][4]any
	}
}

func readTaggingCases(t *testing.T) []taggingCase {
	t.Helper()
	return readCases[taggingCase](t, "entities.jsonl.gz", 30)
}

// noUnknown is a vocabulary without <unk>.
type noUnknown struct{ tokenizer.Tokenizer }

func (noUnknown) Special() tokenizer.Special { return tokenizer.Special{Unk: -1} }

// job makes the job that a Tagger has of a case, in windows of size tokens that share
// stride, and what the model gives for it. size 0 is one window.
func (c *taggingCase) job(size, stride int, left bool) (*job, [][][]float32) {
	j := &job{text: c.Text}
	if c.Words != nil {
		j.words = tokenizer.NewWords(noUnknown{&letters{}}, c.Words).Places
	}
	var at []int
	for i, special := range c.Special {
		if !special {
			at = append(at, i)
		}
	}
	if size == 0 {
		size = len(at)
	}
	var given [][][]float32
	add := func(lo, hi int) {
		s, rows := sequence{}, [][]float32{}
		put := func(i, text int) {
			s.IDs, s.Sequence = append(s.IDs, 10+i), append(s.Sequence, text)
			s.Spans = append(s.Spans, tokenizer.Span{Start: c.Offsets[i][0], End: c.Offsets[i][1]})
			rows = append(rows, c.Logits[i])
		}
		put(0, -1)
		for _, i := range at[lo:hi] {
			put(i, 0)
		}
		put(len(c.Special)-1, -1)
		j.sequences, given = append(j.sequences, s), append(given, rows)
	}
	for k := 0; ; k += size - stride {
		lo, hi := k, min(k+size, len(at))
		if left {
			lo, hi = len(at)-hi, len(at)-lo
		}
		add(lo, hi)
		if k+size >= len(at) {
			return j, given
		}
	}
}

// TestEntities compares entities with those of transformers, made of the same logits:
// in one piece, and in windows, whose tokens have the same logits here.
func TestEntities(t *testing.T) {
	for n, c := range readTaggingCases(t) {
		for _, r := range c.Results {
			for _, w := range []struct {
				size, stride int
				left         bool
			}{{0, 0, false}, {5, 0, false}, {5, 2, false}, {7, 3, true}, {2, 1, true}} {
				tg := &Tagger{sequencer: &sequencer{tok: noUnknown{}, limit: tokenizer.Limit{Stride: w.stride, Left: w.left}}, labels: c.Labels, aggregation: r.Aggregation, ignore: r.Ignore}
				name := fmt.Sprintf("case %d, %s, ignore %q, windows %v of %q", n, r.Aggregation, r.Ignore, w, c.Text)
				j, given := c.job(w.size, w.stride, w.left)
				got, err := tg.finish(j, given)
				if err != nil {
					t.Fatal(name, err)
				}
				if len(got.Entities) != len(r.Entities) {
					t.Errorf("%s: %d entities, want %d", name, len(got.Entities), len(r.Entities))
					continue
				}
				for i, e := range got.Entities {
					want := r.Entities[i]
					if e.Label != want[0] || float64(e.Start) != want[2] || float64(e.End) != want[3] || math.Abs(float64(e.Score)-want[1].(float64)) > 1e-6 || e.Text != c.Text[e.Start:e.End] {
						t.Errorf("%s: entity %d is %+v, want %v", name, i, e, want)
					}
				}
				for i, want := range c.WordLabels {
					if want == nil {
						want = new(string)
					}
					if got.Words[i] != *want {
						t.Errorf("%s: word %d is %q, want %q", name, i, got.Words[i], *want)
					}
				}
				if (got.Words == nil) != (c.Words == nil) {
					t.Errorf("%s: words %q of %q", name, got.Words, c.Words)
				}
			}
		}
	}
}

// TestWindowsByContext checks which window's scores a token has: those of the window in
// which it is farther from a border, and at equal distance the earlier one's.
func TestWindowsByContext(t *testing.T) {
	const n = 11
	for _, test := range []struct {
		stride int
		left   bool
		want   []int // the window of each token
	}{
		{3, false, []int{0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1}}, // tokens 0–6 and 4–10: 5 is in the middle of what they share
		{3, true, []int{1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0}},  // tokens 4–10 and 0–6
		{4, false, []int{0, 0, 0, 0, 0, 1, 1, 1, 2, 2, 2}}, // 0–6, 3–9, 6–10
		{0, false, []int{0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1}},
	} {
		tg := &Tagger{sequencer: &sequencer{tok: noUnknown{}, limit: tokenizer.Limit{Stride: test.stride, Left: test.left}}, labels: []string{"a", "b"}}
		c := taggingCase{Text: "0123456789x", Special: make([]bool, n+2), Offsets: make([][2]int, n+2), Logits: make([][]float32, n+2)}
		c.Special[0], c.Special[n+1] = true, true
		for i := range n {
			c.Offsets[1+i] = [2]int{i, i + 1}
		}
		j, given := c.job(7, test.stride, test.left)
		for w, rows := range given {
			for i := range rows {
				given[w][i] = []float32{float32(w), 0} // tells the window
			}
		}
		var windows []int
		for _, token := range tg.tokens(j, given) {
			windows = append(windows, int(math.Round(math.Log(float64(token.scores[0]/token.scores[1])))))
		}
		if !slices.Equal(windows, test.want) {
			t.Errorf("stride %d, left %v: scores of windows %v, want %v", test.stride, test.left, windows, test.want)
		}
	}
}

// TestUnknownTokenBeginsWord checks a rule that no golden case has: transformers begins
// a word with every unknown token.
func TestUnknownTokenBeginsWord(t *testing.T) {
	text := "ab☃cd"
	if continues(text, &token{Span: tokenizer.Span{Start: 2, End: 5}, unknown: true}) {
		t.Error("an unknown token continues the word before it")
	}
	if !continues(text, &token{Span: tokenizer.Span{Start: 5, End: 7}}) {
		t.Error("what follows an unknown token does not continue it")
	}
}

func TestCountCharacters(t *testing.T) {
	text := "Zoë 🙂 met José\xff!"
	got := []int{0, 4, 5, 9, 2, 4, 14, len(text)}
	var offsets []*int
	for i := range got {
		offsets = append(offsets, &got[i])
	}
	countCharacters(text, offsets)
	want := []int{0, 3, 4, 5, 2, 3, 10, 16}
	if !slices.Equal(got, want) {
		t.Errorf("characters %v, want %v", got, want)
	}
}
