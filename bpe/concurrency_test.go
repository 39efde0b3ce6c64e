package bpe

import (
	"slices"
	"sync"
	"testing"
)

// TestOneTokenizerManyGoroutines: options are arguments of a call and not state
// of the tokenizer, so calls beside each other give what each gives alone.
func TestOneTokenizerManyGoroutines(t *testing.T) {
	enc := newDefaults().encoder // with an empty cache
	tok := NewTokenizer(enc, DefaultDictionary())
	texts := []string{"Hello world!", "naïve café 中文 👍", " spaces  and\ttabs ", "it's 12,345.67", "\xff\xfe not UTF-8"}
	type result struct {
		with, without, offsets []int
		spans                  []Span
		text                   string
	}
	call := func(i int) (r result) {
		a, b := texts[i%len(texts)], texts[(i+1)%len(texts)]
		r.with, r.without = tok.Encode(a, b), tok.EncodeNoSeparator(a, b)
		r.offsets, r.spans = tok.EncodeOffsets(a, b)
		r.text = tok.Decode(r.with)
		return r
	}
	want := make([]result, len(texts))
	serial := NewTokenizer(Default(), DefaultDictionary())
	for i := range want {
		a, b := texts[i], texts[(i+1)%len(texts)]
		want[i] = result{with: serial.Encode(a, b), without: serial.EncodeNoSeparator(a, b)}
		want[i].offsets, want[i].spans = serial.EncodeOffsets(a, b)
		want[i].text = serial.Decode(want[i].with)
	}
	var wg sync.WaitGroup
	for g := range 64 {
		wg.Go(func() {
			for i := range 50 {
				got, w := call(i+g), want[(i+g)%len(want)]
				if !slices.Equal(got.with, w.with) || !slices.Equal(got.without, w.without) || !slices.Equal(got.offsets, w.offsets) ||
					!slices.Equal(got.spans, w.spans) || got.text != w.text {
					t.Errorf("goroutine %d, call %d: %+v, want %+v", g, i, got, w)
					return
				}
			}
		})
	}
	wg.Wait()
}
