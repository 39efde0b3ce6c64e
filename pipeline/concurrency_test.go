package pipeline_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/goroberta/goroberta/pipeline"
	"github.com/goroberta/goroberta/roberta"
	"github.com/goroberta/goroberta/tokenizer"
)

// TestConcurrentUse lets many goroutines use one pipeline of each kind. They get what
// one alone gets.
func TestConcurrentUse(t *testing.T) {
	m := open(t, "fulldict")
	tagHead(t, m, "ner", "O", "B-PER", "I-PER")
	c, err := pipeline.NewClassifier(m, pipeline.WithHead("mnli"))
	if err != nil {
		t.Fatal(err)
	}
	tg, err := pipeline.NewTagger(m, pipeline.WithIgnore())
	if err != nil {
		t.Fatal(err)
	}
	e, err := pipeline.NewEmbedder(m)
	if err != nil {
		t.Fatal(err)
	}
	setHead(t, m, "rank", roberta.ReadsFirst, 1)
	setHead(t, m, "choice", roberta.ReadsChoices, 1)
	setHead(t, m, "qa", roberta.ReadsSpans, 2)
	r, err1 := pipeline.NewReranker(m)
	ch, err2 := pipeline.NewChooser(m)
	z, err3 := pipeline.NewZeroShot(m, pipeline.WithMultiLabel())
	rd, err4 := pipeline.NewReader(m, pipeline.WithTopK(3), pipeline.WithLimit(tokenizer.Limit{Length: 30}))
	sparse, err5 := pipeline.NewSparseEmbedder(m)
	windows, err6 := pipeline.NewEmbedder(m, pipeline.WithPooling(pipeline.Mean, pipeline.CLS), pipeline.WithLimit(tokenizer.Limit{Length: 6}), pipeline.WithWindows(1))
	if err := errors.Join(err1, err2, err3, err4, err5, err6); err != nil {
		t.Fatal(err)
	}
	answer := func(text string) string {
		labels, err1 := c.Classify(t.Context(), text)
		entities, err2 := tg.Tag(t.Context(), text)
		vectors, err3 := e.Queries().Embed(t.Context(), []string{text, "other"})
		hits, err4 := r.Rank(t.Context(), text, []string{"a", text, "b"})
		choice, err5 := ch.Choose(t.Context(), text, "a", "b")
		zero, err6 := z.Classify(t.Context(), text, "a", "b")
		answers, err7 := rd.Answer(t.Context(), "who?", "x "+text)
		weights, err8 := sparse.Embed(t.Context(), []string{text})
		whole, err9 := windows.Embed(t.Context(), []string{text})
		return fmt.Sprint(labels, entities, vectors, hits, choice, zero, answers, weights, whole, errors.Join(err1, err2, err3, err4, err5, err6, err7, err8, err9))
	}
	if got := answer("Anna"); !strings.HasSuffix(got, "<nil>") {
		t.Fatal(got)
	}
	var texts, want []string
	for i := range 5 {
		texts = append(texts, strings.Repeat("Anna met Zoë. ", i))
		want = append(want, answer(texts[i]))
	}
	var wg sync.WaitGroup
	for g := range 100 {
		wg.Go(func() {
			i := g % len(texts)
			if got := answer(texts[i]); got != want[i] {
				t.Errorf("among others %q gives %.300s, alone %.300s", texts[i], got, want[i])
			}
			n := 0
			for labels, err := range c.ClassifySeq(t.Context(), pipeline.Texts(slices.Values(texts))) {
				if err != nil || !strings.HasPrefix(want[n], fmt.Sprint(labels)) {
					t.Errorf("text %d gives %v, %v", n, labels, err)
				}
				n++
			}
		})
	}
	wg.Wait()
}
