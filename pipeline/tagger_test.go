package pipeline_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/goroberta/goroberta/pipeline"
	"github.com/goroberta/goroberta/roberta"
	"github.com/goroberta/goroberta/tokenizer"
)

// TestTag compares entities of single tokens with the logits of PredictTokens.
func TestTag(t *testing.T) {
	m := open(t, "fulldict")
	names := []string{"O", "B-PER", "I-PER"}
	tagHead(t, m, "ner", names...)
	tg, err := pipeline.NewTagger(m, pipeline.WithAggregation(pipeline.NoAggregation), pipeline.WithIgnore())
	if err != nil {
		t.Fatal(err)
	}
	const text = "Zoë Müller met José, 東京 🙂."
	got, err := tg.Tag(t.Context(), text)
	if err != nil {
		t.Fatal(err)
	}
	tok, _ := m.Tokenizer()
	ids, spans := tok.AppendSpans(nil, nil, text)
	logits, err := m.PredictTokens(t.Context(), "ner", m.Encode(text))
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != len(ids) {
		t.Fatalf("%d entities of %d tokens", len(got), len(ids))
	}
	for i, e := range got {
		z := logits.Row(0, 1+i)
		best, sum := 0, 0.0
		for k, v := range z {
			sum += math.Exp(float64(v))
			if v > z[best] {
				best = k
			}
		}
		start, end := spans[i].Start, spans[i].End
		if text[start] == ' ' { // the tokenizer has it in the word
			start++
		}
		for !utf8.RuneStart(text[start]) { // and characters in several tokens
			start--
		}
		for end < len(text) && !utf8.RuneStart(text[end]) {
			end++
		}
		want := pipeline.Entity{Label: names[best], Score: float32(math.Exp(float64(z[best])) / sum), Start: start, End: end, Text: text[start:end]}
		if !near(e.Score, want.Score, 1e-6) {
			t.Errorf("score %v, want %v", e.Score, want.Score)
		}
		if e.Score = want.Score; e != want {
			t.Errorf("entity %d is %+v, want %+v", i, e, want)
		}
	}
	c, err := pipeline.NewTagger(m, pipeline.WithAggregation(pipeline.NoAggregation), pipeline.WithIgnore(), pipeline.WithCharacters())
	if err != nil {
		t.Fatal(err)
	}
	characters, err := c.Tag(t.Context(), text)
	if err != nil {
		t.Fatal(err)
	}
	runes := []rune(text)
	for i, e := range characters {
		if string(runes[e.Start:e.End]) != e.Text || e.Text != got[i].Text {
			t.Errorf("characters %d to %d are %q, want %q", e.Start, e.End, string(runes[e.Start:e.End]), got[i].Text)
		}
	}
}

// TestTagSpaces checks that no entity begins with a space, also where tokens are spaces.
func TestTagSpaces(t *testing.T) {
	m := open(t, "fulldict")
	tagHead(t, m, "ner", "PER")
	for _, a := range []pipeline.Aggregation{pipeline.NoAggregation, pipeline.Simple, pipeline.First} {
		tg, err := pipeline.NewTagger(m, pipeline.WithAggregation(a))
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range []string{"   New York", "New   York", "   ", " \n x"} {
			got, err := tg.Tag(t.Context(), text)
			if err != nil || len(got) == 0 {
				t.Fatalf("%q: %v, error %v", text, got, err)
			}
			for _, e := range got {
				if strings.HasPrefix(e.Text, " ") || e.Text != text[e.Start:e.End] {
					t.Errorf("%s, %q: entity %+v", a, text, e)
				}
			}
		}
	}
}

// TestTagWindows checks that a text that is too long is read, and only with windows.
func TestTagWindows(t *testing.T) {
	m := open(t, "fulldict")
	tagHead(t, m, "ner", "O", "B-PER", "I-PER")
	text := strings.Repeat("Anna Smith met Zoë Müller in São Paulo. ", 5)
	limit := pipeline.WithLimit(tokenizer.Limit{Length: 20})
	tg, err := pipeline.NewTagger(m, limit)
	if err != nil {
		t.Fatal(err)
	}
	_, err = tg.Tag(t.Context(), text)
	if e, ok := errors.AsType[*roberta.LengthError](err); !ok || e.Max != 20 {
		t.Errorf("error %v, want a LengthError of 20 tokens", err)
	}
	for _, stride := range []int{0, 5, 17} {
		tg, err := pipeline.NewTagger(m, limit, pipeline.WithWindows(stride), pipeline.WithIgnore(), pipeline.WithBatch(30))
		if err != nil {
			t.Fatal(err)
		}
		got, err := tg.Tag(t.Context(), text)
		if err != nil {
			t.Fatal(err)
		}
		if len(got) == 0 || got[0].Start != 0 || got[len(got)-1].End < len(text)-1 {
			t.Fatalf("stride %d: entities %v do not reach from the beginning to the end", stride, got)
		}
		for i, e := range got {
			if e.Text != text[e.Start:e.End] || i > 0 && e.Start < got[i-1].End {
				t.Errorf("stride %d: entity %+v after %+v", stride, e, got[i-1])
			}
		}
		short, err := tg.Tag(t.Context(), "Anna Smith")
		if err != nil {
			t.Fatal(err)
		}
		if whole, err := pipeline.NewTagger(m, pipeline.WithIgnore()); err != nil {
			t.Fatal(err)
		} else if want, err := whole.Tag(t.Context(), "Anna Smith"); err != nil || !slices.Equal(short, want) {
			t.Errorf("a short text gives %v with windows and %v without, %v", short, want, err)
		}
	}
	tg, err = pipeline.NewTagger(m, limit, pipeline.WithWindows(18))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tg.Tag(t.Context(), text); !errors.Is(err, tokenizer.ErrTooLong) {
		t.Errorf("windows of 18 tokens that share 18: error %v, want a LimitError", err)
	}
}

// TestTagWords checks that words get the tokens that they have in a text.
func TestTagWords(t *testing.T) {
	m := open(t, "fulldict")
	names := []string{"O", "B-PER", "I-PER"}
	tagHead(t, m, "ner", names...)
	for _, a := range []pipeline.Aggregation{pipeline.NoAggregation, pipeline.Simple, pipeline.First, pipeline.Average, pipeline.Max} {
		tg, err := pipeline.NewTagger(m, pipeline.WithAggregation(a), pipeline.WithIgnore())
		if err != nil {
			t.Fatal(err)
		}
		const text = "Zoë Müller-Lüdenscheidt met José ."
		got, err := tg.TagAll(t.Context(), []pipeline.Input{pipeline.Words(strings.Fields(text)...), pipeline.Text(text), pipeline.Words("Zoë", "", "x"), pipeline.Words()})
		if err != nil {
			t.Fatal(err)
		}
		if got[0].Text != text || !slices.Equal(got[0].Entities, got[1].Entities) || got[1].Words != nil {
			t.Errorf("%s: words give %+v, the text %+v", a, got[0], got[1])
		}
		if a == pipeline.NoAggregation {
			at, want := 0, []string{}
			for _, word := range strings.Fields(text) {
				i := slices.IndexFunc(got[0].Entities, func(e pipeline.Entity) bool { return e.Start >= at })
				want = append(want, got[0].Entities[i].Label)
				at += len(word) + 1
			}
			if !slices.Equal(got[0].Words, want) {
				t.Errorf("labels of words %q, want %q", got[0].Words, want)
			}
		}
		if w := got[2].Words; len(w) != 3 || w[0] == "" || w[1] != "" || w[2] == "" {
			t.Errorf("an empty word has a label: %q", w)
		}
		if len(got[3].Words) != 0 || got[3].Words == nil || len(got[3].Entities) != 0 {
			t.Errorf("no words give %+v", got[3])
		}
	}
}

func TestTaggerErrors(t *testing.T) {
	m := open(t, "fulldict")
	if _, err := pipeline.NewTagger(m); !errors.Is(err, pipeline.ErrHead) || !strings.Contains(fmt.Sprint(err), "none that classifies tokens") {
		t.Errorf("error %v, want ErrHead", err)
	}
	tagHead(t, m, "ner", "A", "B")
	for _, opts := range [][]pipeline.Option{
		{pipeline.WithAggregation("best")}, {pipeline.WithTopK(1)}, {pipeline.WithFunction(roberta.Softmax)}, {pipeline.WithWindows(-1)}, {pipeline.WithNormalize(true)},
	} {
		if _, err := pipeline.NewTagger(m, opts...); !errors.Is(err, pipeline.ErrOption) {
			t.Errorf("error %v, want ErrOption", err)
		}
	}
	tg, err := pipeline.NewTagger(m)
	if err != nil {
		t.Fatal(err)
	}
	for _, in := range []pipeline.Input{pipeline.Text("a", "b"), pipeline.Tokens(0, 2), {}, {Texts: []string{"a"}, Words: []string{"b"}, Tokens: []int{1}}} {
		if got, err := tg.TagAll(t.Context(), []pipeline.Input{in}); !errors.Is(err, pipeline.ErrInput) {
			t.Errorf("%+v: %v, %v, want ErrInput", in, got, err)
		}
	}
	if got, err := tg.Tag(t.Context(), ""); err != nil || len(got) != 0 {
		t.Errorf("an empty text: %v, %v", got, err)
	}
	tagHead(t, m, "ner", "A", "B", "C")
	if got, err := tg.Tag(t.Context(), "a"); !errors.Is(err, pipeline.ErrHead) {
		t.Errorf("after the head was replaced: %v, %v, want ErrHead", got, err)
	}
}
