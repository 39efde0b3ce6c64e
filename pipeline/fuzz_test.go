package pipeline_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/goroberta/goroberta/pipeline"
	"github.com/goroberta/goroberta/roberta"
	"github.com/goroberta/goroberta/tokenizer"
)

// FuzzTag checks that entities lie in the text, in its order, with each aggregation, in
// one window and in several.
func FuzzTag(f *testing.F) {
	m, err := roberta.Open("../testdata/goldens/tiny")
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { m.Close() })
	tagHead(f, m, "ner", "O", "B-PER", "I-PER", "LOC", "I-", "B-B-x")
	for _, text := range []string{"", " ", "Zoë Müller met José in 東京 🙂.", "\xff\xf0\x9f a\u0301\u00a0b\n\tc  d", strings.Repeat("the a of ", 30)} {
		f.Add(text, 2)
	}
	aggregations := []pipeline.Aggregation{pipeline.NoAggregation, pipeline.Simple, pipeline.First, pipeline.Average, pipeline.Max}
	f.Fuzz(func(t *testing.T, text string, stride int) {
		if len(text) > 2000 {
			t.Skip()
		}
		const length = 12
		for _, a := range aggregations {
			tg, err := pipeline.NewTagger(m, pipeline.WithHead("ner"), pipeline.WithAggregation(a), pipeline.WithIgnore(),
				pipeline.WithLimit(tokenizer.Limit{Length: length, Left: stride%2 == 0}), pipeline.WithWindows(int(uint(stride)%(length-2))))
			if err != nil {
				t.Fatal(err)
			}
			for _, in := range []pipeline.Input{pipeline.Text(text), pipeline.Words(strings.Split(text, "e")...)} {
				tagging, err := tg.TagAll(t.Context(), []pipeline.Input{in})
				if err != nil {
					t.Fatal(err)
				}
				whole, last := tagging[0].Text, 0
				for _, e := range tagging[0].Entities {
					if e.Start < 0 || e.End < e.Start || e.End > len(whole) || e.Text != whole[e.Start:e.End] {
						t.Fatalf("%s: entity %+v of %q", a, e, whole)
					}
					if e.Start < last-utf8.UTFMax { // tokens may share a character
						t.Fatalf("%s: entity %+v begins before %d, in %q", a, e, last, whole)
					}
					if utf8.ValidString(whole) && !utf8.ValidString(e.Text) {
						t.Fatalf("%s: entity %+v cuts a character of %q", a, e, whole)
					}
					if !(e.Score >= 0 && e.Score <= 1.000001) {
						t.Fatalf("%s: score %v", a, e.Score)
					}
					last = max(last, e.Start)
				}
				if len(tagging[0].Words) != len(in.Words) {
					t.Fatalf("%s: %d labels for %d words", a, len(tagging[0].Words), len(in.Words))
				}
			}
		}
	})
}
